"""What is told from vLLM's image tag."""

import pytest

from constructs_lib import vllm
from constructs_lib.specs import ModelServerSpec

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/vllm/vllm-tpu:v0.27.0", (0, 27, 0)),
        ("vllm/vllm-openai:0.8.5", (0, 8, 5)),
        ("vllm/vllm-tpu:v0.11.1-rc1", (0, 11, 1)),
        ("registry.example.com:5000/vllm:v1.2", (1, 2, 0)),
        (f"vllm/vllm-tpu:v0.9.0@{DIGEST}", (0, 9, 0)),
        (f"vllm/vllm-tpu@{DIGEST}", None),
        (f"registry.example.com:5000/vllm@{DIGEST}", None),
        ("vllm/vllm-tpu:nightly-20260104", None),
    ],
)
def test_the_version_is_read_from_the_tag(image: str, version: vllm.Version | None) -> None:
    """A digest or a word as tag tells no version."""
    assert vllm.version(ModelServerSpec(image=image)) == version


@pytest.mark.parametrize("given", ["0.10.1", "0.10"])
def test_the_config_tells_a_version_that_the_tag_does_not(given: str) -> None:
    """It goes before the tag, for images whose tags are one's own."""
    server = ModelServerSpec(image="registry.example.com/llm:v2", vllm_version=given)

    assert vllm.kv_cache_metric(server) == "vllm:gpu_cache_usage_perc"


@pytest.mark.parametrize(
    ("tag", "metric"),
    [
        (":0.8.5", "vllm:gpu_cache_usage_perc"),
        (":v0.10.1", "vllm:gpu_cache_usage_perc"),
        (":v0.10.2", "vllm:kv_cache_usage_perc"),
        (":v0.11.1-rc1", "vllm:kv_cache_usage_perc"),
        (":v0.27.0", "vllm:kv_cache_usage_perc"),
        (f"@{DIGEST}", "vllm:kv_cache_usage_perc"),
    ],
)
def test_the_kv_cache_gauge_is_the_one_that_the_version_exports(tag: str, metric: str) -> None:
    """An image that tells no version is taken for a new one."""
    assert vllm.kv_cache_metric(ModelServerSpec(image=f"vllm/vllm-tpu{tag}")) == metric


@pytest.mark.parametrize(
    ("tag", "grace", "parts"),
    [
        (":v0.27.0", 130, (30, 95)),
        (":v0.27.0", 20, (10, 5)),
        (":v0.19.1", 130, (120, 0)),
        (f"@{DIGEST}", 130, (120, 0)),
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
    server = ModelServerSpec(image=f"vllm/vllm:{tag}")

    assert vllm.environment(server, tpu=tpu, adapters=adapters) == expected
