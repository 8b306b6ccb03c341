"""What the manifests need to know of a server, whichever it is: its process, and the metrics that others read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from constructs_lib.specs import WeightsSpec

LEAVE_SEC = 30
"""Until load balancer and endpoint picker no longer choose a pod that goes: the upper end of what
gateway-api-inference-extension observed (its config/manifests/vllm/gpu-deployment.yaml)."""
EXIT_SEC = 5
"""For a process to end once its requests have."""
OFFLINE = {"HF_HUB_OFFLINE": "1"}
"""The weights are mounted; a look-up at Hugging Face would hang where nodes cannot reach it."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """
    What a server is started for, beside its own settings.

    Attributes:
        served_name: The name that clients send as `model`.
        weights: Weights to serve; None where the image of a custom server brings them.
        chips: Chips over which the model is split.
        on_tpu: Whether these are TPUs.
        gpu_memory_share: Share of a GPU's memory that it may plan for, 0 to 1, where other pods use the GPU too.
    """

    served_name: str
    weights: WeightsSpec | None
    chips: int = 1
    on_tpu: bool = False
    gpu_memory_share: float | None = None


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """
    The process of a server in its container.

    Attributes:
        container: Name of the container.
        command: Empty for the image's own.
        args: Its arguments, the user's own last.
        env: Environment variables that it needs.
        wait_sec: Seconds between the decision to end a pod and SIGTERM; 0 or less means none.
        pod_labels: More labels of the pod, which nothing selects it by.
    """

    container: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    wait_sec: int
    pod_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ServerMetrics:
    """
    Names of the metrics that show the load of a server, as its `/metrics` has them; empty where it has none.

    Attributes:
        engine: What the endpoint picker calls the server.
        gauge: From 0 to 1: how full it is, such as its KV cache.
        queued: Requests that wait.
        running: Requests that run.
        lora: The adapters that are loaded, with labels as vLLM writes them.
        cache_info: Size of the KV cache as labels, as vLLM writes them.
        page_size: Tokens in a page of the KV cache, as a gauge.
        pages: Pages of the KV cache, as a gauge.
    """

    engine: str
    gauge: str
    queued: str = ""
    running: str = ""
    lora: str = ""
    cache_info: str = ""
    page_size: str = ""
    pages: str = ""


def adapter_paths(weights: WeightsSpec | None) -> list[str]:
    """Return the adapters as vLLM and SGLang take them: name and path."""
    adapters = weights.lora_adapters if weights else {}
    return [f"{name}={adapter.path}" for name, adapter in adapters.items()]


def memory_fraction(percent: int | None, share: float | None) -> str | None:
    """Return the part of a GPU's memory to plan for: *percent* as given, else its *share*; None for the default."""
    fraction = share if percent is None else percent / 100
    return None if fraction is None else f"{fraction:g}"


def leave_sec(grace_sec: int) -> int:
    """Return the seconds of *grace_sec* in which load balancer and picker let go of a pod, before SIGTERM."""
    return min(LEAVE_SEC, grace_sec // 2)
