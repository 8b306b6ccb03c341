"""How SGLang is started, and what differs between its versions."""

from typing import Any

import pytest

from constructs_lib import model_servers, sglang
from constructs_lib.server_process import Launch, ServerProcess
from constructs_lib.specs import LoraAdapterSpec, ServerSpec, WeightsSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import GPU, WEIGHTS, server

IMAGE = "docker.io/lmsysorg/sglang:v0.5.6"


def start(
    *, weights: WeightsSpec = WEIGHTS, gpu_memory_share: float | None = None, image: str = IMAGE, **settings: Any
) -> ServerProcess:
    """Start an SGLang with *settings*."""
    launch = Launch(served_name="gemma-3-27b-it", weights=weights, chips=8, gpu_memory_share=gpu_memory_share)
    return model_servers.process(ServerSpec(kind="sglang", image=image, **settings), launch)


def test_sglang_is_started_without_a_shell() -> None:
    """It listens on all addresses, where its own default is the container alone, and has metrics."""
    made = start(max_model_len=8192, extra_args=("--schedule-policy=lpm",))

    assert made.command == ("python3", "-m", "sglang.launch_server")
    assert made.args == (
        "--model-path=/models/google/gemma-3-27b-it/005ad3404e59d6023443cb575daa05336842228a",
        "--served-model-name=gemma-3-27b-it",
        "--tp=8",
        "--host=0.0.0.0",
        "--port=30000",
        "--enable-metrics",
        "--context-length=8192",
        "--schedule-policy=lpm",
    )


def test_weights_of_the_image_are_served_from_its_own_path() -> None:
    """Nothing is mounted for them."""
    assert start(weights=WeightsSpec(image_path="/opt/gemma")).args[0] == "--model-path=/opt/gemma"


def test_adapters_are_served_beside_the_model() -> None:
    """All at once in a batch, with a place for requests that want none."""
    adapters = {name: LoraAdapterSpec(repository="me/food", revision=name * 40) for name in "ab"}
    weights = WeightsSpec(repository="me/base", revision="c" * 40, lora_adapters=adapters)
    args = start(weights=weights, max_lora_rank=8).args
    first = args.index("--lora-paths")

    assert args[first + 1 : first + 6] == (
        f"a=/models/me/food/{'a' * 40}",
        f"b=/models/me/food/{'b' * 40}",
        "--enable-lora",
        "--max-loras-per-batch=3",
        "--max-lora-rank=8",
    )


@pytest.mark.parametrize(
    ("percent", "share", "expected"),
    [(None, None, []), (70, None, ["0.7"]), (None, 0.45, ["0.45"]), (30, 0.45, ["0.3"])],
)
def test_the_share_of_the_memory_is_as_given_or_a_part_of_a_shared_gpu(
    percent: int | None, share: float | None, expected: list[str]
) -> None:
    """Without both it is SGLang's own."""
    args = start(gpu_memory_percent=percent, gpu_memory_share=share).args

    assert [arg.partition("=")[2] for arg in args if arg.startswith("--mem-fraction-static")] == expected


@pytest.mark.parametrize(("tag", "fast"), [("v0.5.5.post3-cu129", False), ("v0.5.6", True), ("v0.5.12-cu129", True)])
def test_a_health_check_generates_no_token_where_the_version_can_do_without(tag: str, fast: bool) -> None:
    """A busy server answers late otherwise, and leaves the load balancer."""
    image = f"docker.io/lmsysorg/sglang:{tag}"

    assert start(image=image).env.get("SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION") == ("false" if fast else None)
    assert sglang.has_fast_health(ServerSpec(kind="sglang", image=image)) == fast


@pytest.mark.parametrize(("grace_sec", "wait_sec"), [(130, 30), (20, 10), (1, 0)])
def test_sigterm_comes_when_no_new_request_does(grace_sec: int, wait_sec: int) -> None:
    """Running requests have the rest of the grace period: SGLang has no deadline of its own."""
    assert start(termination_grace_sec=grace_sec).wait_sec == wait_sec


@pytest.mark.parametrize(
    ("tag", "page_size", "pages"),
    [("v0.5.6", "", ""), ("v0.5.12", "sglang:page_size", "sglang:num_pages")],
)
def test_the_metrics_are_those_of_the_version(tag: str, page_size: str, pages: str) -> None:
    """The size of the cache was one metric with labels before 0.5.12."""
    made = sglang.metrics(ServerSpec(kind="sglang", image=f"lmsysorg/sglang:{tag}"))

    assert (made.gauge, made.queued, made.running) == (
        "sglang:token_usage", "sglang:num_queue_reqs", "sglang:num_running_reqs",
    )  # fmt: skip
    assert (made.page_size, made.pages) == (page_size, pages)


def test_a_version_that_nobody_knows_is_not_guessed() -> None:
    """Neither the environment nor the metrics of such a server can be known."""
    unknown = ServerSpec(kind="sglang", image="registry.example.com/mine:v7")
    for ask in (sglang.version, sglang.metrics, sglang.has_fast_health, model_servers.describe):
        with pytest.raises(ValueError, match=r"version must be given .* got 'registry.example.com/mine:v7'"):
            ask(unknown)


@pytest.mark.parametrize(("tag", "health"), [("v0.5.6", "answers at once"), ("v0.5.3", "waits up to 20 s for a token")])
def test_a_line_says_what_follows_from_the_image(tag: str, health: str) -> None:
    """For the summary of a synth."""
    line = model_servers.describe(ServerSpec(kind="sglang", image=f"lmsysorg/sglang:{tag}"))

    assert line == f"SGLang {tag[1:]}: gauge sglang:token_usage, health check {health}"


def test_the_pods_are_sglang_s_to_the_endpoint_picker() -> None:
    """By a label that nothing selects them by: the load balancer's metric takes no dots and slashes."""
    made = server(kind="sglang", image=IMAGE, accelerator=GPU, claim_template=None, read_only=False)
    template = made["spec"]["template"]
    [container] = template["spec"]["containers"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}

    assert problems(made) == []
    assert template["metadata"]["labels"]["inference.networking.k8s.io/engine-type"] == "sglang"
    assert made["spec"]["selector"]["matchLabels"] == {"app": "gemma"}
    assert (container["name"], container["ports"]) == ("sglang", [{"name": "http", "containerPort": 30000}])
    assert env["HF_HUB_OFFLINE"] == "1"
    assert {env["TRITON_CACHE_DIR"], env["TORCHINDUCTOR_CACHE_DIR"]} == {"/cache/triton", "/cache/inductor"}
    assert not [name for name in env if name.startswith("VLLM")]


def test_no_answer_of_sglang_says_its_region() -> None:
    """It loads no middleware by an argument, so it gets neither the file nor the variables."""
    made = server(kind="sglang", image=IMAGE, accelerator=GPU, claim_template=None)
    [container] = made["spec"]["template"]["spec"]["containers"]

    assert "region-header" not in [mount["name"] for mount in container["volumeMounts"]]
    assert not {"INFERENCE_REGION", "PYTHONPATH"} & {entry["name"] for entry in container["env"]}
