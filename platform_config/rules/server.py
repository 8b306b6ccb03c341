"""Rules about the model server: its numbers, and whether its image fits the nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.accelerators import machines
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.partial_config import known_first
from platform_config.rules.rule import Rule, serving_plans

RANGES = {
    "max_model_len": (1, 100_000_000),
    "file_cache_gib": (1, 65536),
    "startup_timeout_sec": (60, 86400),
    "termination_grace_sec": (1, 7200),
}


def _numbers(config: Config) -> Iterator[Problem]:
    for value, name in known_first((getattr(config.model_server, name), name) for name in RANGES):
        low, high = RANGES[name]
        if value is not None and not low <= value <= high:
            fix = f"write {low if value < low else high}, or remove the line"
            yield Problem(f"model_server.{name}", f"must be between {low} and {high}, got {value}", fix)


def _image(config: Config) -> Iterator[Problem]:
    image = config.model_server.image
    for path, kind, _ in _nodes(config):
        if kind == "tpu" and re.search(r"\bvllm-openai\b", image):
            yield _odd_image(image, f"TPUs in {path}", "write docker.io/vllm/vllm-tpu with its version")
        elif kind == "gpu" and re.search(r"\btpu\b", image):
            yield _odd_image(image, f"GPUs in {path}", "write docker.io/vllm/vllm-openai with its version")


def _arm(config: Config) -> Iterator[Problem]:
    for path, _, machine_type in _nodes(config):
        if machines()[machine_type].architecture == "arm64":
            yield _odd_image(config.model_server.image, f"ARM64 in {path}", "check that it is, or change machine_type")


def _odd_image(image: str, what: str, fix: str) -> Problem:
    return Problem("model_server.image", f"should be an image for {what}, got {shown(image)}", fix)


def _nodes(config: Config) -> Iterator[tuple[str, str, str]]:
    """Yield path, kind and machine type of each pool that the model server runs on."""
    for key in config.regions:
        for path, plan in serving_plans(config, key):
            yield path, plan.machine.kind, plan.machine.machine_type


RULES = (
    Rule(
        "SRV-NUMBERS",
        "The model server's numbers are in their ranges",
        "Kubernetes or vLLM refuses others, after the weights are loaded.",
        "Kubernetes API, Pod; vLLM, engine arguments",
        _numbers,
    ),
    Rule(
        "SRV-IMAGE",
        "The image is one for the accelerator",
        "vLLM for TPU finds no GPU, and vLLM for GPU no TPU, after the image and the weights are loaded.",
        "vLLM, Installation",
        _image,
        severity="warning",
    ),
    Rule(
        "SRV-ARM",
        "On ARM nodes the image is one for ARM",
        "a4x machines are ARM64; an image for x86 ends with exec format error.",
        "Google, A4X machine series",
        _arm,
        severity="warning",
    ),
)
