"""What the name of a model server's image tells."""

import pytest

from constructs_lib.server_image import Version, find_version, server_image
from constructs_lib.specs import ServerSpec

DIGEST = "sha256:" + "0" * 64
COMMIT = "18f1e99ff6ea59f1e0e9c2e8d1b0e9c1d2a3b4c5"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("vllm/vllm-tpu:v1", ("vllm/vllm-tpu", "v1", "")),
        ("localhost:5000/vllm", ("localhost:5000/vllm", "", "")),
        (f"localhost:5000/vllm:a@{DIGEST}", ("localhost:5000/vllm", "a", DIGEST)),
        (f"vllm@{DIGEST}", ("vllm", "", DIGEST)),
    ],
)
def test_a_name_has_three_parts(name: str, parts: tuple[str, str, str]) -> None:
    """A port is part of the path."""
    image = server_image(name)

    assert (image.path, image.tag, image.digest) == parts


@pytest.mark.parametrize(
    "tag",
    [
        "latest",
        "nightly",
        "main",
        "latest-cu129",
        "nightly-x86_64",
        "cu129-nightly",
        "v0",
        "v0.27",
        "0",
        "stable",
        "dev",
    ],
)
def test_tags_that_move(tag: str) -> None:
    """By their pattern, under any name; the same tag beside a digest does not."""
    assert server_image(f"example.com/vllm:{tag}").moves
    assert not server_image(f"example.com/vllm:{tag}@{DIGEST}").moves


@pytest.mark.parametrize(
    "tag",
    [
        "v0.27.0",
        "0.8.5",
        "v0.27.1-cu129",
        f"nightly-{COMMIT}",
        "nightly-20260104",
        "25.12-py3",
        "team-7",
        "mainframe-a",
    ],
)
def test_tags_that_stay(tag: str) -> None:
    """A version, a commit, a date, or a name of somebody's own."""
    assert not server_image(f"vllm/vllm-openai:{tag}").moves


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("lmsysorg/sglang:v0.5.3", "SGLang"),
        ("lmsysorg/sgl-model-gateway:v0.2.0", "SGLang"),
        ("us-docker.pkg.dev/vertex-ai/vertex-vision-model-garden-dockers/sglang-serve.cu124.0-4:x", "SGLang"),
        ("ghcr.io/huggingface/text-generation-inference:3.3.4", "Text Generation Inference"),
        ("nvcr.io/nvidia/tritonserver:25.12-py3", "Triton"),
        ("nvcr.io/nvidia/tensorrt-llm/release:1.2.0", "TensorRT-LLM"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "llama.cpp"),
        ("ollama/ollama:0.13.0", "Ollama"),
        ("openmmlab/lmdeploy:v0.9.0", "LMDeploy"),
        ("nvcr.io/nvidia/tritonserver:25.12-vllm-python-py3", None),
        ("nvcr.io/nvidia/vllm:25.12-py3", None),
        ("ghcr.io/llm-d/llm-d-cuda:v0.5.0", None),
        ("us-docker.pkg.dev/my-ollama-project/images/serving/llm:v1", None),
    ],
)
def test_images_of_other_servers(name: str, server: str | None) -> None:
    """Known by the end of the path; one that names vLLM as well may hold it."""
    assert server_image(name).other_server("vLLM") == server


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("lmsysorg/sglang:v0.5.6-cu129", None),
        ("vllm/vllm-openai:v0.27.0", "vLLM"),
        ("nvcr.io/nvidia/tritonserver:25.12-py3", "Triton"),
        ("registry.example.com/vllm-and-sglang:v1", None),
        ("registry.example.com/mine:v1", None),
    ],
)
def test_images_of_other_servers_than_sglang(name: str, server: str | None) -> None:
    """Those of vLLM are among them."""
    assert server_image(name).other_server("SGLang") == server


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/lmsysorg/sglang:v0.5.6", (0, 5, 6)),
        ("lmsysorg/sglang:v0.5.5.post3-cu129", (0, 5, 5)),
        ("registry.example.com:5000/mirror/lmsysorg/sglang:v0.5.4-cu129-amd64", (0, 5, 4)),
        ("lmsysorg/sglang:v0.5.3rc0", (0, 5, 3)),
        ("lmsysorg/sglang:latest", None),
        ("registry.example.com/sglang:v0.5.6", None),
        ("vllm/vllm-openai:v0.27.0", None),
    ],
)
def test_the_version_of_sglang_is_read_from_its_own_tags(image: str, version: Version | None) -> None:
    """With their suffixes; the tags of others, vLLM's too, count for themselves."""
    assert find_version(ServerSpec(image=image, kind="sglang")) == version
