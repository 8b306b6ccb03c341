"""What differs between versions of vLLM, told from the tag of its image."""

from __future__ import annotations

import re

Version = tuple[int, int, int]

# vLLM renamed the gauge in 0.10.2 and exports one of the two.
KV_CACHE_METRIC = "vllm:kv_cache_usage_perc"
KV_CACHE_METRIC_BEFORE_0_10_2 = "vllm:gpu_cache_usage_perc"

# `--shutdown-timeout` came with vllm-project/vllm#36666 (March 2026, after 0.17); this is the first version that has it
# for sure. A server that does not know an argument does not start, so rather too late than too early.
FIRST_THAT_DRAINS = (0, 20, 0)

# Until load balancer and endpoint picker no longer choose a pod that goes: the upper end of what
# gateway-api-inference-extension observed (its config/manifests/vllm/gpu-deployment.yaml).
LEAVE_SEC = 30
# For the process to end once its requests have.
EXIT_SEC = 5


def version(image: str) -> Version | None:
    """
    The vLLM version that the tag of *image* tells, such as (0, 27, 0); None for a digest only or another kind of tag.

    A pre-release counts as its release: `v0.11.1-rc1` is (0, 11, 1).
    """
    name = image.split("@")[0].rsplit("/", 1)[-1]
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", name.partition(":")[2])
    if found is None:
        return None
    major, minor, patch = found.groups(default="0")
    return int(major), int(minor), int(patch)


def kv_cache_metric(image: str) -> str:
    """The gauge, 0 to 1, of the KV cache in use. An image that does not tell its version is taken for a new one."""
    told = version(image)
    return KV_CACHE_METRIC_BEFORE_0_10_2 if told is not None and told < (0, 10, 2) else KV_CACHE_METRIC


def drains_on_sigterm(image: str) -> bool:
    """
    Whether the server can finish running requests after SIGTERM (`--shutdown-timeout`) instead of aborting them.

    An image that does not tell its version is taken for one that cannot.
    """
    told = version(image)
    return told is not None and told >= FIRST_THAT_DRAINS


def shutdown(image: str, grace_sec: int) -> tuple[int, int]:
    """
    How a pod uses the *grace_sec* seconds it has to go.

    A vLLM that cannot drain aborts its requests at SIGTERM, so it gets the signal as late as possible.

    Returns:
        Seconds to wait before SIGTERM, and seconds to drain after it (`--shutdown-timeout`); 0 or less means none.
    """
    if not drains_on_sigterm(image):
        return grace_sec - 2 * EXIT_SEC, 0
    wait_sec = min(LEAVE_SEC, grace_sec // 2)
    return wait_sec, grace_sec - wait_sec - EXIT_SEC
