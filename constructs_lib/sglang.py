"""SGLang: how it is started and stopped, what its metrics are called, and what differs between its versions."""

from __future__ import annotations

from constructs_lib.server_image import Version, known_version
from constructs_lib.server_process import (
    OFFLINE,
    Launch,
    ServerMetrics,
    ServerProcess,
    adapter_paths,
    leave_sec,
    memory_fraction,
)
from constructs_lib.specs import ServerSpec
from constructs_lib.specs.mounts import CACHE

CONTAINER = "sglang"
"""Name of the container of a server."""

TOKEN_USAGE_METRIC = "sglang:token_usage"
ENGINE_LABEL = "inference.networking.k8s.io/engine-type"
"""By it the endpoint picker of chart v1.5.0 reads the metrics of a pod as SGLang's."""

# sgl-project/sglang#13320 (November 2025): `/health` answers at once if this variable is false. Until then it waits up
# to 20 s for a token that it has generated, and fails more often the busier the server is.
FAST_HEALTH_FROM = (0, 5, 6)
SLOW_HEALTH_SEC = 20
# Before, one info metric had both as labels (llm-d/llm-d-router#2294).
CACHE_GAUGES_FROM = (0, 5, 12)

ENV = {
    **OFFLINE,
    "PYTHONUNBUFFERED": "1",
    # Not all of the home folder: the image has compiled kernels below it.
    "TRITON_CACHE_DIR": f"{CACHE}/triton",
    "TORCHINDUCTOR_CACHE_DIR": f"{CACHE}/inductor",
    "SGLANG_DG_CACHE_DIR": f"{CACHE}/deep_gemm",
}
FAST_HEALTH = {"SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION": "false"}
"""A server that hangs is then ended by its own watchdog, after 300 s (`--watchdog-timeout`)."""


def version(server: ServerSpec) -> Version:
    """
    Return the SGLang version, such as (0, 5, 6): environment and metrics follow from it, so it is never guessed.

    Raises:
        ValueError: Neither the spec nor the image's tag names it.
    """
    return known_version(server)


def has_fast_health(server: ServerSpec) -> bool:
    """Return whether `/health` can answer without generating a token."""
    return version(server) >= FAST_HEALTH_FROM


def metrics(server: ServerSpec) -> ServerMetrics:
    """Return the metrics that `--enable-metrics` turns on."""
    gauges = version(server) >= CACHE_GAUGES_FROM
    return ServerMetrics(
        engine="sglang",
        gauge=TOKEN_USAGE_METRIC,
        queued="sglang:num_queue_reqs",
        running="sglang:num_running_reqs",
        page_size="sglang:page_size" if gauges else "",
        pages="sglang:num_pages" if gauges else "",
    )


def process(server: ServerSpec, launch: Launch) -> ServerProcess:
    """
    Return the process.

    SIGTERM lets running requests end, without a deadline, and the server takes new ones meanwhile: it comes when load
    balancer and picker have let go, and the pod's grace period is the deadline.
    """
    return ServerProcess(
        container=CONTAINER,
        command=("python3", "-m", "sglang.launch_server"),
        args=tuple(_args(server, launch)),
        env=ENV | (FAST_HEALTH if has_fast_health(server) else {}),
        wait_sec=leave_sec(server.termination_grace_sec),
        pod_labels={ENGINE_LABEL: "sglang"},
    )


def describe(server: ServerSpec) -> str:
    """Return which SGLang it is, and what follows from it."""
    number = ".".join(map(str, version(server)))
    health = "answers at once" if has_fast_health(server) else f"waits up to {SLOW_HEALTH_SEC} s for a token"
    return f"SGLang {number}: gauge {TOKEN_USAGE_METRIC}, health check {health}"


def _args(server: ServerSpec, launch: Launch) -> list[str]:
    fraction = memory_fraction(server.gpu_memory_percent, launch.gpu_memory_share)
    return [
        *([f"--model-path={launch.weights.path}"] if launch.weights else []),
        f"--served-model-name={launch.served_name}",
        f"--tp={launch.chips}",
        "--host=0.0.0.0",
        f"--port={server.http_port}",
        "--enable-metrics",
        *([f"--context-length={server.max_model_len}"] if server.max_model_len is not None else []),
        *([f"--mem-fraction-static={fraction}"] if fraction is not None else []),
        *_adapters(server, launch),
        *server.extra_args,
    ]


def _adapters(server: ServerSpec, launch: Launch) -> list[str]:
    """Allow every adapter in one batch. The list of paths ends where the next argument begins."""
    paths = adapter_paths(launch.weights)
    if not paths:
        return []
    rank = [f"--max-lora-rank={server.max_lora_rank}"] if server.max_lora_rank is not None else []
    # One more: requests without an adapter take a place of the batch as well.
    return ["--lora-paths", *paths, "--enable-lora", f"--max-loras-per-batch={len(paths) + 1}", *rank]
