"""vLLM: how it is started and stopped, what its metrics are called, and what differs between its versions."""

from __future__ import annotations

from constructs_lib.server_image import Version, known_version
from constructs_lib.server_process import (
    EXIT_SEC,
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

CONTAINER = "vllm"
"""Name of the container of a server."""

# vLLM renamed the gauge in 0.10.2 and exports one of the two.
KV_CACHE_METRIC = "vllm:kv_cache_usage_perc"
KV_CACHE_METRIC_BEFORE_0_10_2 = "vllm:gpu_cache_usage_perc"

# `--shutdown-timeout` came with vllm-project/vllm#36666 (March 2026, after 0.17); this is the first version that has it
# for sure. A server that does not know an argument does not start, so rather too late than too early.
FIRST_THAT_DRAINS = (0, 20, 0)

# Images of 0.9 and 0.10 do not look where GKE mounts the GPU driver (vllm-project/vllm#18859, fixed by #25766).
DRIVER_LOST_FROM, DRIVER_FOUND_FROM = (0, 9, 0), (0, 11, 0)
DRIVER_PATH = "/usr/local/nvidia/lib64:/usr/local/cuda/lib64"

MIDDLEWARE = "region_header.RegionHeader"
"""Adds the region to every answer: constructs_lib/data/region_header.py."""

ENV = {
    **OFFLINE,
    "VLLM_NO_USAGE_STATS": "1",
    "PYTHONUNBUFFERED": "1",
    "VLLM_CACHE_ROOT": f"{CACHE}/vllm",
    "VLLM_XLA_CACHE_PATH": f"{CACHE}/xla",
}


def version(server: ServerSpec) -> Version:
    """
    Return the vLLM version, such as (0, 27, 0): arguments and metrics follow from it, so it is never guessed.

    Raises:
        ValueError: Neither the spec nor the image's tag names it.
    """
    return known_version(server)


def kv_cache_metric(server: ServerSpec) -> str:
    """Return the gauge, 0 to 1, of the KV cache in use."""
    return KV_CACHE_METRIC_BEFORE_0_10_2 if version(server) < (0, 10, 2) else KV_CACHE_METRIC


def metrics(server: ServerSpec) -> ServerMetrics:
    """Return the metrics that the version exports."""
    return metrics_with(kv_cache_metric(server))


def metrics_with(gauge: str) -> ServerMetrics:
    """Return the metrics of a version that calls the KV cache's *gauge* so."""
    return ServerMetrics(
        engine="vllm",
        gauge=gauge,
        queued="vllm:num_requests_waiting",
        running="vllm:num_requests_running",
        lora="vllm:lora_requests_info",
        cache_info="vllm:cache_config_info",
    )


def drains_on_sigterm(server: ServerSpec) -> bool:
    """Return whether the server can finish running requests after SIGTERM (`--shutdown-timeout`) or aborts them."""
    return version(server) >= FIRST_THAT_DRAINS


def environment(server: ServerSpec, *, tpu: bool, adapters: bool) -> dict[str, str]:
    """Return what the version needs on these chips: where the driver is, what to log, how to have adapters."""
    if tpu:
        # Logs of the TPU library are for ever added to below /tmp and fill the disk (marin-community/marin#2078).
        logs = {"TPU_LOG_DIR": "disabled"}
        # The default one has none (vllm-project/tpu-inference 0.27, LoRA tests).
        return logs | ({"MODEL_IMPL_TYPE": "vllm"} if adapters else {})
    lost = DRIVER_LOST_FROM <= version(server) < DRIVER_FOUND_FROM
    return {"LD_LIBRARY_PATH": DRIVER_PATH} if lost else {}


def shutdown(server: ServerSpec) -> tuple[int, int]:
    """
    Divide the seconds that a pod has to go (`termination_grace_sec`).

    A vLLM that cannot drain aborts its requests at SIGTERM, so it gets the signal as late as possible.

    Returns:
        Seconds to wait before SIGTERM, and seconds to drain after it (`--shutdown-timeout`); 0 or less means none.
    """
    grace_sec = server.termination_grace_sec
    if not drains_on_sigterm(server):
        return grace_sec - 2 * EXIT_SEC, 0
    wait_sec = leave_sec(grace_sec)
    return wait_sec, grace_sec - wait_sec - EXIT_SEC


def process(server: ServerSpec, launch: Launch) -> ServerProcess:
    """Return the process."""
    wait_sec, drain_sec = shutdown(server)
    adapters = bool(launch.weights and launch.weights.lora_adapters)
    return ServerProcess(
        container=CONTAINER,
        command=("python3", "-m", "vllm.entrypoints.openai.api_server"),
        args=tuple(_args(server, launch, drain_sec)),
        env=ENV | environment(server, tpu=launch.on_tpu, adapters=adapters),
        wait_sec=wait_sec,
    )


def describe(server: ServerSpec) -> str:
    """Return which vLLM it is, and what follows from it."""
    number = ".".join(map(str, version(server)))
    ending = "finishes running requests at SIGTERM" if drains_on_sigterm(server) else "aborts requests at SIGTERM"
    return f"vLLM {number}: gauge {kv_cache_metric(server)}, {ending}"


def _args(server: ServerSpec, launch: Launch, drain_sec: int) -> list[str]:
    fraction = memory_fraction(server.gpu_memory_percent, launch.gpu_memory_share)
    return [
        *([f"--model={launch.weights.path}"] if launch.weights else []),
        f"--served-model-name={launch.served_name}",
        f"--tensor-parallel-size={launch.chips}",
        f"--port={server.http_port}",
        f"--middleware={MIDDLEWARE}",
        *([f"--max-model-len={server.max_model_len}"] if server.max_model_len is not None else []),
        *([f"--gpu-memory-utilization={fraction}"] if fraction is not None else []),
        *([f"--shutdown-timeout={drain_sec}"] if drain_sec > 0 else []),
        *_adapters(server, launch),
        *server.extra_args,
    ]


def _adapters(server: ServerSpec, launch: Launch) -> list[str]:
    """Allow every adapter in one batch. The list of modules ends where the next argument begins."""
    modules = adapter_paths(launch.weights)
    if not modules:
        return []
    rank = [f"--max-lora-rank={server.max_lora_rank}"] if server.max_lora_rank is not None else []
    return ["--lora-modules", *modules, "--enable-lora", f"--max-loras={len(modules)}", *rank]
