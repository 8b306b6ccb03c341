"""What differs between versions of vLLM, told from the tag of its image or from the config."""

from __future__ import annotations

import re

from constructs_lib.specs import ModelServerSpec

Version = tuple[int, int, int]

# vLLM renamed the gauge in 0.10.2 and exports one of the two.
KV_CACHE_METRIC = "vllm:kv_cache_usage_perc"
KV_CACHE_METRIC_BEFORE_0_10_2 = "vllm:gpu_cache_usage_perc"

# `--shutdown-timeout` came with vllm-project/vllm#36666 (March 2026, after 0.17); this is the first version that has it
# for sure. A server that does not know an argument does not start, so rather too late than too early.
FIRST_THAT_DRAINS = (0, 20, 0)

# Images of 0.9 and 0.10 do not look where GKE mounts the GPU driver (vllm-project/vllm#18859, fixed by #25766).
DRIVER_LOST_FROM, DRIVER_FOUND_FROM = (0, 9, 0), (0, 11, 0)
DRIVER_PATH = "/usr/local/nvidia/lib64:/usr/local/cuda/lib64"

OWN_IMAGE = re.compile(r"(.*/)?vllm/vllm-(openai|tpu)[:@].*")

# Until load balancer and endpoint picker no longer choose a pod that goes: the upper end of what
# gateway-api-inference-extension observed (its config/manifests/vllm/gpu-deployment.yaml).
LEAVE_SEC = 30
# For the process to end once its requests have.
EXIT_SEC = 5


def version(server: ModelServerSpec) -> Version | None:
    """
    The vLLM version that the config or the image's tag tells, such as (0, 27, 0); None for a digest or another tag.

    A pre-release counts as its release: `v0.11.1-rc1` is (0, 11, 1).
    """
    name = server.image.split("@")[0].rsplit("/", 1)[-1]
    told = server.vllm_version or name.partition(":")[2]
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", told)
    if found is None:
        return None
    major, minor, patch = found.groups(default="0")
    return int(major), int(minor), int(patch)


def own_image(server: ModelServerSpec) -> bool:
    """Whether the image is one of vLLM's own, or a mirror's copy: what they write, and where, is known."""
    return OWN_IMAGE.fullmatch(server.image) is not None


def kv_cache_metric(server: ModelServerSpec) -> str:
    """The gauge, 0 to 1, of the KV cache in use. An image that does not tell its version is taken for a new one."""
    told = version(server)
    return KV_CACHE_METRIC_BEFORE_0_10_2 if told is not None and told < (0, 10, 2) else KV_CACHE_METRIC


def drains_on_sigterm(server: ModelServerSpec) -> bool:
    """
    Whether the server can finish running requests after SIGTERM (`--shutdown-timeout`) instead of aborting them.

    An image that does not tell its version is taken for one that cannot.
    """
    told = version(server)
    return told is not None and told >= FIRST_THAT_DRAINS


def environment(server: ModelServerSpec, *, tpu: bool, adapters: bool) -> dict[str, str]:
    """What the version needs to be told on these chips: where the driver is, what to log, how to have adapters."""
    told = version(server)
    if tpu:
        # Logs of the TPU library are for ever added to below /tmp and fill the disk (marin-community/marin#2078).
        logs = {"TPU_LOG_DIR": "disabled"}
        # The default one has none (vllm-project/tpu-inference 0.27, LoRA tests).
        return logs | ({"MODEL_IMPL_TYPE": "vllm"} if adapters else {})
    lost = told is not None and DRIVER_LOST_FROM <= told < DRIVER_FOUND_FROM
    return {"LD_LIBRARY_PATH": DRIVER_PATH} if lost else {}


def shutdown(server: ModelServerSpec) -> tuple[int, int]:
    """
    How a pod uses the seconds it has to go (`termination_grace_sec`).

    A vLLM that cannot drain aborts its requests at SIGTERM, so it gets the signal as late as possible.

    Returns:
        Seconds to wait before SIGTERM, and seconds to drain after it (`--shutdown-timeout`); 0 or less means none.
    """
    grace_sec = server.termination_grace_sec
    if not drains_on_sigterm(server):
        return grace_sec - 2 * EXIT_SEC, 0
    wait_sec = min(LEAVE_SEC, grace_sec // 2)
    return wait_sec, grace_sec - wait_sec - EXIT_SEC
