"""The settings of what runs in each cluster: the model server and the InferencePool before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.specs.hugging_face import KubernetesSecretSpec
from constructs_lib.specs.image import wrong_image
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text

ServerKind = Literal["vllm", "sglang", "custom"]

PickerChartName = Literal["inferencepool", "llm-d-router"]
PORTS = {"vllm": 8000, "sglang": 30000}
"""The port that each server listens on if none is given; a custom one must name its own."""


@dataclass(frozen=True, kw_only=True)
class ServerSpec:
    """
    The servers of a model: one pod per accelerator node, or several where a pod takes some of a node's GPUs.

    Args:
        image: Container image with a tag or digest; of a tag that moves, such as `nightly`, you are warned.
        kind: `vllm`, `sglang` (GPUs only), or `custom` for any other HTTP server. Only vLLM's answers say by a header
            which region gave them.
        version: Version of the server in the image, such as `0.11.0`. Default: the tag of the server's own images and
            mirrors whose path ends so. Needed for other images, digests and moving tags; not for `custom`.
        command: Command of a `custom` server. Default: the image's own.
        extra_args: More arguments for the server, as they are; for `custom` all of them.
        env: Environment variables by name. A value is in plan and state: a secret is for `secret_env`.
        secret_env: Environment variables by name, each from a Secret in the platform's namespace.
        port: HTTP port. Default: 8000 for vllm, 30000 for sglang; `custom` names its own.
        health_path: Path that answers 200 once the server is ready. Default: `/health`; `custom` names its own.
        metric: Gauge from 0 to 1 that shows how full a `custom` server is. Default: none; the server is then behind a
            multi-cluster Service in place of an InferencePool.
        gpu_memory_percent: Share of each chip's memory that vllm or sglang takes. Default: the server's own, or its
            part of a GPU that other pods use too.
        gpu_memory_gib: GiB of GPU memory that a `custom` server needs: checked, since nothing limits it.
        tensor_parallel_size: Chips that hold the model together; fewer GPUs than a node has let several pods share it.
            Default: the chips of one node, of the smallest machine where there are several pools.
        max_model_len: Longest context in tokens. Default: what the model allows, which may not fit in memory.
        max_lora_rank: Highest rank of the model's adapters. Default: the server's own.
        file_cache_gib: GiB of the node's disk that hold the weights. Default: weights and a tenth.
        cpus: CPUs that a pod asks for. Default: half of its share of the node, of the smallest machine.
        memory_gib: GiB of memory that a pod asks for, beside its sidecar. Default: four fifths of its share of the
            node, of the smallest machine. There is no limit.
        read_only_root_filesystem: Whether the image's own files cannot be changed; home and temporary files are on
            volumes then. Default: on for vllm/vllm-openai and vllm/vllm-tpu where GKE installs the driver.
        startup_timeout_sec: Seconds in which the weights must be loaded and compiled.
        termination_grace_sec: Seconds for running requests to end when a pod goes.
        metric_export_name: Name under which the metric reaches the load balancer.
    """

    image: str
    kind: ServerKind = "vllm"
    version: str | None = None
    command: tuple[str, ...] = ()
    extra_args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    secret_env: dict[str, KubernetesSecretSpec] = field(default_factory=dict)
    port: Annotated[int | None, Between(1, 65535)] = None
    health_path: str | None = None
    metric: str | None = None
    gpu_memory_percent: Annotated[int | None, Between(1, 99)] = None
    gpu_memory_gib: Annotated[int | None, Between(1, 1024)] = None
    tensor_parallel_size: int | None = None
    max_model_len: int | None = None
    max_lora_rank: int | None = None
    file_cache_gib: int | None = None
    # No machine of docs/machines.md has as many; SRV-ROOM knows what each has.
    cpus: Annotated[int | None, Between(1, 512)] = None
    memory_gib: Annotated[int | None, Between(1, 8192)] = None
    read_only_root_filesystem: bool | None = None
    startup_timeout_sec: int = 1800
    termination_grace_sec: int = 130
    metric_export_name: str = "kv-cache"

    def __post_init__(self) -> None:
        path = re.sub(r"^\w+://[^/]*/?", "", str(self.health_path))
        texts = [
            *wrong_text("version", self.version, r"\d+\.\d+(\.\d+)?(\.?post\d+)?", "read like 0.11.0"),
            *wrong_image(self.image),
            *wrong_text("health_path", self.health_path, r"(?s)/.*", "start with '/'", f"write '/{path}'"),
            *wrong_text("metric", self.metric, r"[A-Za-z_:][A-Za-z0-9_:]*", "be the name of a Prometheus metric"),
        ]
        refuse([*wrong_settings(self), *texts])

    @property
    def http_port(self) -> int:
        """The port that it listens on: as given, or the one of its kind."""
        return self.port or PORTS.get(self.kind, 0)

    @property
    def ready_path(self) -> str:
        """The path that answers once it is ready."""
        return self.health_path or "/health"

    @property
    def answers_with_region(self) -> bool:
        """
        Whether each answer has the header `x-inference-region`.

        Of all kinds vLLM alone loads a middleware by an argument; SGLang (sglang/launch_server.py) has none.
        """
        return self.kind == "vllm"

    @property
    def has_pool(self) -> bool:
        """Whether it is behind an InferencePool, whose picker reads its metric; else it is behind a Service."""
        return self.kind != "custom" or self.metric is not None


@dataclass(frozen=True, kw_only=True)
class InferencePoolSpec:
    """
    The model servers of one cluster as one pool, with the endpoint picker that chooses among them.

    Args:
        chart: Which chart brings it: `inferencepool`, or `llm-d-router`, which continues it. To change it there are
            steps (docs/day-2.md): the new picker starts before the old one ends.
        chart_version: Version of the chart: v1.0.1, v1.1.0, v1.2.1, v1.3.1, v1.4.0 or v1.5.0 of `inferencepool`;
            v0.10.0 of `llm-d-router`.
        endpoint_picker_replicas: 2 for a standby: one is active, the other waits.
    """

    chart: PickerChartName = "inferencepool"
    chart_version: str = "v1.5.0"
    endpoint_picker_replicas: Annotated[int, Between(1, 5)] = 1

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
