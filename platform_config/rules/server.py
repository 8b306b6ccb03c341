"""Rules about the servers of a model: their numbers, what each kind needs, and whether the image fits the nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib import sglang
from constructs_lib.accelerators import machines
from constructs_lib.server_image import find_version
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.partial_config import known_first
from platform_config.rules.rule import Rule, per_model, serving_plans

RANGES = {
    "max_model_len": (1, 100_000_000),
    "file_cache_gib": (1, 65536),
    "startup_timeout_sec": (60, 86400),
    "termination_grace_sec": (1, 7200),
}

GPU_IMAGES = {"vllm": "docker.io/vllm/vllm-openai", "sglang": "docker.io/lmsysorg/sglang"}
# As names and tags of images call what GKE has no nodes for, or no chips: rocm/vllm, vllm/vllm-cpu, v0.5.6-rocm700.
OTHER_CHIPS = r"\b(?:rocm\d*|cpu|xpu|hpu|npu|xeon|neuron)\b"


def _numbers(at: str, model: Model) -> Iterator[Problem]:
    for value, name in known_first((getattr(model.server, name), name) for name in RANGES):
        low, high = RANGES[name]
        if value is not None and not low <= value <= high:
            fix = f"write {low if value < low else high}, or remove the line"
            yield Problem(f"{at}.server.{name}", f"must be between {low} and {high}, got {value}", fix)


# What only some kinds of server know, and what else to write.
SETTINGS = {
    "version": ("vllm", "sglang"),
    "max_model_len": ("vllm", "sglang"),
    "max_lora_rank": ("vllm", "sglang"),
    "gpu_memory_percent": ("vllm", "sglang"),
    "command": ("custom",),
    "metric": ("custom",),
    "gpu_memory_gib": ("custom",),
}


def _kind(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    for value, name, kinds in known_first((getattr(server, name), name, kinds) for name, kinds in SETTINGS.items()):
        if value not in (None, ()) and server.kind not in kinds:
            given = shown(value) if isinstance(value, str) else value if isinstance(value, int) else "a list"
            message = f"must be left out for kind {server.kind}, got {given}"
            fix = "write extra_args" if server.kind == "custom" else "remove the line"
            yield Problem(f"{at}.server.{name}", message, f"{fix}, or change kind to {' or '.join(kinds)}")


def _custom(at: str, model: Model) -> Iterator[Problem]:
    server = model.server
    if server.kind == "custom":
        if server.port is None:
            message = "must be given for kind custom, got nothing"
            yield Problem(f"{at}.server.port", message, "write the port that the server listens on, such as 8080")
        if server.health_path is None:
            message = "must be given for kind custom, got nothing"
            fix = "write a path that answers 200 to a GET once the server is ready, such as /health"
            yield Problem(f"{at}.server.health_path", message, fix)


def _on_tpu(at: str, model: Model) -> Iterator[Problem]:
    path = next((path for path, kind, _ in _nodes(model) if kind == "tpu"), None)
    if model.server.kind == "sglang" and path:
        message = f"must be vllm or custom on the TPUs of {path}, got 'sglang'"
        yield Problem(
            f"{at}.server.kind", message, "write vllm with an image of vllm/vllm-tpu, or use a pool with GPUs"
        )


def _slow_health(at: str, model: Model) -> Iterator[Problem]:
    server, check = model.server, model.config.gateway.health_check
    if server.kind == "sglang" and find_version(server) is not None and not sglang.has_fast_health(server):
        least = sglang.SLOW_HEALTH_SEC
        if check.timeout_sec < least:
            number = ".".join(map(str, sglang.version(server)))
            message = f"should be {least} or more for the SGLang {number} of {at}, got {check.timeout_sec}"
            first = ".".join(map(str, sglang.FAST_HEALTH_FROM))
            fix = f"write {{interval_sec: {least}, timeout_sec: {least}}}, or use SGLang {first} or later"
            yield Problem("gateway.health_check.timeout_sec", message, fix)


def _image(at: str, model: Model) -> Iterator[Problem]:
    server, image = model.server, model.server.image
    for path, kind, _ in _nodes(model) if server.kind in GPU_IMAGES else ():
        odd = re.search(OTHER_CHIPS, image)
        if kind == "tpu" and server.kind == "vllm" and (odd or re.search(r"\bvllm-openai\b", image)):
            yield _odd_image(at, image, f"TPUs in {path}", "write docker.io/vllm/vllm-tpu with its version")
        elif kind == "gpu" and (odd or re.search(r"\btpu\b", image)):
            yield _odd_image(at, image, f"NVIDIA GPUs in {path}", f"write {GPU_IMAGES[server.kind]} with its version")


def _arm(at: str, model: Model) -> Iterator[Problem]:
    for path, _, machine_type in _nodes(model):
        if machines()[machine_type].architecture == "arm64":
            yield _odd_image(at, model.server.image, f"ARM64 in {path}", "check that it is, or change machine_type")


def _odd_image(at: str, image: str, what: str, fix: str) -> Problem:
    return Problem(f"{at}.server.image", f"should be an image for {what}, got {shown(image)}", fix)


def _nodes(model: Model) -> Iterator[tuple[str, str, str]]:
    """Yield path, kind and machine type of each pool that the model server runs on."""
    for key in model.regions:
        for path, plan in serving_plans(model, key):
            yield path, plan.machine.kind, plan.machine.machine_type


RULES = (
    Rule(
        "SRV-NUMBERS",
        "The model server's numbers are in their ranges",
        "Kubernetes or the server refuses others, after the weights are loaded.",
        "Kubernetes API, Pod; vLLM, engine arguments",
        per_model(_numbers),
    ),
    Rule(
        "SRV-KIND",
        "Each setting is one that the server's kind has",
        "It would reach no server, and nothing would show that it is without effect.",
        "this library",
        per_model(_kind),
    ),
    Rule(
        "SRV-CUSTOM",
        "A custom server says on which port it listens, and which path shows that it is ready",
        "Load balancer and kubelet ask there; with another port or path no pod is ever ready.",
        "Kubernetes, Liveness, readiness, and startup probes",
        per_model(_custom),
    ),
    Rule(
        "SRV-TPU",
        "SGLang runs on GPUs",
        "SGLang for TPUs is a program of its own, with another module and image.",
        "sgl-project/sglang-jax",
        per_model(_on_tpu),
    ),
    Rule(
        "SRV-HEALTH",
        "The health check waits as long as an older SGLang may take to answer",
        "Its `/health` generates a token first: a busy server would leave the load balancer and come back.",
        "sgl-project/sglang#13320, SGLANG_HEALTH_CHECK_TIMEOUT",
        per_model(_slow_health),
        severity="warning",
    ),
    Rule(
        "SRV-IMAGE",
        "The image is one for the accelerator",
        "One for TPUs finds no GPU, one for NVIDIA's GPUs no TPU, and one for AMD's or for CPUs neither, after "
        "the image and the weights are loaded.",
        "vLLM, Installation; SGLang, Installation",
        per_model(_image),
        severity="warning",
    ),
    Rule(
        "SRV-ARM",
        "On ARM nodes the image is one for ARM",
        "a4x machines are ARM64; an image for x86 ends with exec format error.",
        "Google, A4X machine series",
        per_model(_arm),
        severity="warning",
    ),
)
