"""What is told from the tag of vLLM's images, and what follows from it."""

import pytest

from constructs_lib import vllm
from constructs_lib.server_image import Version
from constructs_lib.specs import ModelServerSpec

DIGEST = "sha256:" + "0" * 64
OWN = "registry.example.com/llm:v2"


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/vllm/vllm-tpu:v0.27.0", (0, 27, 0)),
        ("vllm/vllm-openai:0.8.5", (0, 8, 5)),
        ("vllm/vllm-openai:v0.27.1-cu129", (0, 27, 1)),
        ("vllm/vllm-tpu:v0.11.1-rc1", (0, 11, 1)),
        ("registry.example.com:5000/mirror/vllm/vllm-openai:v1.2", (1, 2, 0)),
        (f"vllm/vllm-tpu:v0.9.0@{DIGEST}", (0, 9, 0)),
        (f"vllm/vllm-tpu@{DIGEST}", None),
        ("vllm/vllm-tpu:nightly-20260104", None),
        ("nvcr.io/nvidia/vllm:25.12-py3", None),
        ("ghcr.io/llm-d/llm-d-cuda:v0.5.0", None),
        ("registry.example.com:5000/vllm:v1.2", None),
        ("registry.example.com/my-vllm/vllm-openai:v0.27.0", None),
        ("rocm/vllm:rocm6.4.1_vllm_0.9.1", None),
    ],
)
def test_the_version_is_read_from_the_tags_of_vllms_own_images(image: str, version: Version | None) -> None:
    """And of mirrors whose path ends so; the tags of others count for themselves, a digest tells nothing."""
    assert vllm.find_version(ModelServerSpec(image=image)) == version


@pytest.mark.parametrize("given", ["0.10.1", "0.10"])
def test_the_config_tells_a_version_that_the_tag_does_not(given: str) -> None:
    """It goes before the tag, for images whose tags are one's own."""
    server = ModelServerSpec(image=OWN, vllm_version=given)

    assert vllm.kv_cache_metric(server) == "vllm:gpu_cache_usage_perc"


def test_a_version_that_nobody_tells_is_not_guessed() -> None:
    """Neither the metric nor the arguments of such a server can be known."""
    server = ModelServerSpec(image=OWN)
    for ask in (vllm.version, vllm.kv_cache_metric, vllm.drains_on_sigterm, vllm.shutdown):
        with pytest.raises(ValueError, match=f"vllm_version must be given .* got '{OWN}'"):
            ask(server)


@pytest.mark.parametrize(
    ("tag", "metric"),
    [
        (":0.8.5", "vllm:gpu_cache_usage_perc"),
        (":v0.10.1", "vllm:gpu_cache_usage_perc"),
        (":v0.10.2", "vllm:kv_cache_usage_perc"),
        (":v0.11.1-rc1", "vllm:kv_cache_usage_perc"),
        (":v0.27.0", "vllm:kv_cache_usage_perc"),
    ],
)
def test_the_kv_cache_gauge_is_the_one_that_the_version_exports(tag: str, metric: str) -> None:
    """Load balancer, picker and autoscaler read it by its name."""
    assert vllm.kv_cache_metric(ModelServerSpec(image=f"vllm/vllm-tpu{tag}")) == metric


@pytest.mark.parametrize(
    ("tag", "grace", "parts"),
    [
        (":v0.27.0", 130, (30, 95)),
        (":v0.27.0", 20, (10, 5)),
        (":v0.19.1", 130, (120, 0)),
    ],
)
def test_the_grace_period_is_shared_out(tag: str, grace: int, parts: tuple[int, int]) -> None:
    """A server that might not know the argument does not get it: it would not start."""
    server = ModelServerSpec(image=f"vllm/vllm-tpu{tag}", termination_grace_sec=grace)

    assert vllm.shutdown(server) == parts


@pytest.mark.parametrize(
    ("tag", "tpu", "adapters", "expected"),
    [
        ("v0.8.5", False, True, {}),
        ("v0.10.2", False, False, {"LD_LIBRARY_PATH": "/usr/local/nvidia/lib64:/usr/local/cuda/lib64"}),
        ("v0.11.0", False, True, {}),
        ("v0.27.0", True, False, {"TPU_LOG_DIR": "disabled"}),
        ("v0.27.0", True, True, {"TPU_LOG_DIR": "disabled", "MODEL_IMPL_TYPE": "vllm"}),
    ],
)
def test_what_a_version_must_be_told(tag: str, tpu: bool, adapters: bool, expected: dict[str, str]) -> None:
    """Two GPU versions do not find the driver; on TPUs one implementation takes adapters, and logs fill the disk."""
    server = ModelServerSpec(image=f"vllm/vllm-openai:{tag}")

    assert vllm.environment(server, tpu=tpu, adapters=adapters) == expected
