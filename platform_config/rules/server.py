"""Rules about the model server: its numbers, and whether its image fits the nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.accelerators import machines
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


def _numbers(at: str, model: Model) -> Iterator[Problem]:
    for value, name in known_first((getattr(model.server, name), name) for name in RANGES):
        low, high = RANGES[name]
        if value is not None and not low <= value <= high:
            fix = f"write {low if value < low else high}, or remove the line"
            yield Problem(f"{at}.server.{name}", f"must be between {low} and {high}, got {value}", fix)


def _image(at: str, model: Model) -> Iterator[Problem]:
    image = model.server.image
    for path, kind, _ in _nodes(model):
        if kind == "tpu" and re.search(r"\bvllm-openai\b", image):
            yield _odd_image(at, image, f"TPUs in {path}", "write docker.io/vllm/vllm-tpu with its version")
        elif kind == "gpu" and re.search(r"\btpu\b", image):
            yield _odd_image(at, image, f"GPUs in {path}", "write docker.io/vllm/vllm-openai with its version")


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
        "Kubernetes or vLLM refuses others, after the weights are loaded.",
        "Kubernetes API, Pod; vLLM, engine arguments",
        per_model(_numbers),
    ),
    Rule(
        "SRV-IMAGE",
        "The image is one for the accelerator",
        "vLLM for TPU finds no GPU, and vLLM for GPU no TPU, after the image and the weights are loaded.",
        "vLLM, Installation",
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
