"""What differs between versions of vLLM, which the spec or the tag of vLLM's own image names."""

from __future__ import annotations

import re

from constructs_lib.server_image import VERSION, Version, numbers, server_image
from constructs_lib.specs import ServerSpec

# vLLM renamed the gauge in 0.10.2 and exports one of the two.
KV_CACHE_METRIC = "vllm:kv_cache_usage_perc"
KV_CACHE_METRIC_BEFORE_0_10_2 = "vllm:gpu_cache_usage_perc"

# `--shutdown-timeout` came with vllm-project/vllm#36666 (March 2026, after 0.17); this is the first version that has it
# for sure. A server that does not know an argument does not start, so rather too late than too early.
FIRST_THAT_DRAINS = (0, 20, 0)

# Images of 0.9 and 0.10 do not look where GKE mounts the GPU driver (vllm-project/vllm#18859, fixed by #25766).
DRIVER_LOST_FROM, DRIVER_FOUND_FROM = (0, 9, 0), (0, 11, 0)
DRIVER_PATH = "/usr/local/nvidia/lib64:/usr/local/cuda/lib64"


# Until load balancer and endpoint picker no longer choose a pod that goes: the upper end of what
# gateway-api-inference-extension observed (its config/manifests/vllm/gpu-deployment.yaml).
LEAVE_SEC = 30
# For the process to end once its requests have.
EXIT_SEC = 5


def find_version(server: ServerSpec) -> Version | None:
    """Return the vLLM version of the spec, else that of the tag of vLLM's own image; None where neither names it."""
    if server.version is None:
        return server_image(server.image).version
    found = re.match(VERSION, server.version)
    return numbers(found) if found else None


def version(server: ServerSpec) -> Version:
    """
    Return the vLLM version, such as (0, 27, 0): arguments and metrics follow from it, so it is never guessed.

    Raises:
        ValueError: Neither the spec nor the image's tag names it.
    """
    found = find_version(server)
    if found is None:
        raise ValueError(f"version must be given for an image whose tag does not name it, got '{server.image}'")
    return found


def kv_cache_metric(server: ServerSpec) -> str:
    """Return the gauge, 0 to 1, of the KV cache in use."""
    return KV_CACHE_METRIC_BEFORE_0_10_2 if version(server) < (0, 10, 2) else KV_CACHE_METRIC


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
    wait_sec = min(LEAVE_SEC, grace_sec // 2)
    return wait_sec, grace_sec - wait_sec - EXIT_SEC
