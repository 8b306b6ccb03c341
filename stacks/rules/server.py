"""Rules about what the model server is told, and which image it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.accelerators import machines
from stacks.config import Config
from stacks.errors import Problem, shown
from stacks.partial import known_first
from stacks.rules.rule import Rule, serving_plans

OURS = {
    "--enable-lora": "write model.lora_adapters",
    "--host": "the server listens on all addresses",
    "--lora-modules": "write model.lora_adapters",
    "--max-lora-rank": "write model_server.max_lora_rank",
    "--max-loras": "each of model.lora_adapters is counted",
    "--max-model-len": "write model_server.max_model_len",
    "--model": "write model.repository",
    "--port": "write model_server.port",
    "--served-model-name": "write model.served_name",
    "--shutdown-timeout": "write model_server.termination_grace_sec",
    "--tensor-parallel-size": "write model_server.tensor_parallel_size",
    "-tp": "write model_server.tensor_parallel_size",
    "--api-key": "it would be in plan and state: protect the gateway instead",
}
RANGES = {
    "max_model_len": (1, 100_000_000),
    "file_cache_gib": (1, 65536),
    "startup_timeout_sec": (60, 86400),
    "termination_grace_sec": (1, 7200),
}


def _args(config: Config) -> Iterator[Problem]:
    for index, arg in enumerate(config.model_server.extra_args):
        flag = re.split(r"[=\s]", arg, maxsplit=1)[0].replace("_", "-")
        if flag in OURS:
            yield Problem(f"model_server.extra_args[{index}]", f"must not set {flag}, got {shown(flag)}", OURS[flag])


def _numbers(config: Config) -> Iterator[Problem]:
    for value, name in known_first((getattr(config.model_server, name), name) for name in RANGES):
        low, high = RANGES[name]
        if value is not None and not low <= value <= high:
            fix = f"write {low if value < low else high}, or remove the line"
            yield Problem(f"model_server.{name}", f"must be between {low} and {high}, got {value}", fix)


def _image(config: Config) -> Iterator[Problem]:
    image = config.model_server.image
    for path, kind, _ in _nodes(config):
        if kind == "tpu" and "vllm-openai" in image:
            yield _odd_image(image, f"TPUs in {path}", "write docker.io/vllm/vllm-tpu with its version")
        elif kind == "gpu" and "tpu" in image:
            yield _odd_image(image, f"GPUs in {path}", "write docker.io/vllm/vllm-openai with its version")


def _arm(config: Config) -> Iterator[Problem]:
    for path, _, machine_type in _nodes(config):
        if machines()[machine_type].architecture == "arm64":
            yield _odd_image(config.model_server.image, f"ARM64 in {path}", "check that it is, or change machine_type")


def _odd_image(image: str, what: str, fix: str) -> Problem:
    return Problem("model_server.image", f"should be an image for {what}, got {shown(image)}", fix)


def _nodes(config: Config) -> Iterator[tuple[str, str, str]]:
    """Path, kind and machine type of the pools that the model server runs on."""
    for key in config.regions:
        for path, plan in serving_plans(config, key):
            yield path, plan.machine.kind, plan.machine.machine_type


RULES = (
    Rule(
        "SRV-ARGS",
        "`extra_args` leaves alone what has a setting, and holds no key",
        "The probes, the pool and the clients must agree with the server; arguments are in plan and state.",
        "this library",
        _args,
    ),
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
        "vLLM for TPU finds no GPU, and the other way round, after the image and the weights are loaded.",
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
