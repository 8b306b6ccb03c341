"""What the tag of vLLM's images says, what follows from it, and how vLLM is started."""

from typing import Any

import pytest

from constructs_lib import vllm
from constructs_lib.server_image import Version, find_version
from constructs_lib.server_process import Launch
from constructs_lib.specs import ServerSpec, WeightsSpec

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
    assert find_version(ServerSpec(image=image)) == version


@pytest.mark.parametrize("given", ["0.10.1", "0.10"])
def test_the_config_tells_a_version_that_the_tag_does_not(given: str) -> None:
    """It goes before the tag, for images whose tags are one's own."""
    server = ServerSpec(image=OWN, version=given)

    assert vllm.kv_cache_metric(server) == "vllm:gpu_cache_usage_perc"


def test_a_version_that_nobody_tells_is_not_guessed() -> None:
    """Neither the metric nor the arguments of such a server can be known."""
    server = ServerSpec(image=OWN)
    for ask in (vllm.version, vllm.kv_cache_metric, vllm.drains_on_sigterm, vllm.shutdown):
        with pytest.raises(ValueError, match=f"version must be given .* got '{OWN}'"):
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
    assert vllm.kv_cache_metric(ServerSpec(image=f"vllm/vllm-tpu{tag}")) == metric


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
    server = ServerSpec(image=f"vllm/vllm-tpu{tag}", termination_grace_sec=grace)

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
    server = ServerSpec(image=f"vllm/vllm-openai:{tag}")

    assert vllm.environment(server, tpu=tpu, adapters=adapters) == expected


IN_IMAGE = WeightsSpec(image_path="/opt/gemma")


def args(*, gpu_memory_share: float | None = None, **settings: Any) -> tuple[str, ...]:
    """Return the arguments of a vLLM with *settings*, whose image has the weights."""
    server = ServerSpec(image="vllm/vllm-openai:v0.27.0", **settings)
    launch = Launch(served_name="gemma", weights=IN_IMAGE, chips=2, gpu_memory_share=gpu_memory_share)
    return vllm.process(server, launch).args


def test_weights_of_the_image_are_served_from_its_own_path() -> None:
    """Nothing is mounted for them."""
    assert args()[0] == "--model=/opt/gemma"


@pytest.mark.parametrize(
    ("percent", "share", "expected"),
    [(None, None, []), (70, None, ["0.7"]), (None, 0.45, ["0.45"]), (30, 0.45, ["0.3"])],
)
def test_the_share_of_the_memory_is_as_given_or_a_part_of_a_shared_gpu(
    percent: int | None, share: float | None, expected: list[str]
) -> None:
    """Without both it is vLLM's own."""
    given = args(gpu_memory_percent=percent, gpu_memory_share=share)
    flags = [argument.partition("=") for argument in given]

    assert [value for flag, _, value in flags if flag == "--gpu-memory-utilization"] == expected


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        ("v0.27.0", "vLLM 0.27.0: gauge vllm:kv_cache_usage_perc, finishes running requests at SIGTERM"),
        ("v0.10.1", "vLLM 0.10.1: gauge vllm:gpu_cache_usage_perc, aborts requests at SIGTERM"),
    ],
)
def test_a_line_says_what_follows_from_the_image(tag: str, line: str) -> None:
    """For the summary of a synth."""
    assert vllm.describe(ServerSpec(image=f"vllm/vllm-openai:{tag}")) == line
