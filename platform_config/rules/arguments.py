"""Rules about the arguments that a server gets in addition to the platform's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import prod

from constructs_lib.server_image import NAMES, server_image
from constructs_lib.specs.mounts import BUCKETS, MODELS
from constructs_lib.vllm_arguments import Argument, arguments
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.partial_config import known_first
from platform_config.rules.environment import holds_secret
from platform_config.rules.rule import Rule, per_model, serving_nodes
from platform_config.rules.server_flags import FLAGS, ServerFlags

# vllm/vllm-openai has the examples of its repository in its working directory (vllm-project/vllm, docker/Dockerfile).
EXAMPLES = ("examples/", "/vllm-workspace/examples/")
OFFLINE = "a directory that the pods have, since they never reach Hugging Face"


def is_reserved(text: str, flags: ServerFlags) -> bool:
    """Return whether the item *text* of `extra_args` sets an argument that only the platform sets."""
    return any(argument.named(flags.known) in flags.reserved for argument in arguments([text]))


def _arguments(at: str, model: Model) -> Iterator[tuple[str, str | None, Argument]]:
    """Yield path and flag of each argument, None for one that no rule knows."""
    known = FLAGS[model.server.kind].known
    for argument in arguments(model.server.extra_args):
        yield f"{at}.server.extra_args[{argument.index}]", argument.named(known), argument


def _reserved(at: str, model: Model) -> Iterator[Problem]:
    reserved, kind = FLAGS[model.server.kind].reserved, model.server.kind
    for path, flag, argument in _arguments(at, model):
        # Kubernetes puts the value of a variable in the place of $(NAME).
        if flag and flag in reserved and not (kind == "custom" and argument.value.startswith("$(")):
            yield Problem(path, f"must not set {flag}, got {shown(argument.flag)}", reserved[flag])
    for setting in ("command", "extra_args"):
        for text, index in known_first((text, n) for n, text in enumerate(getattr(model.server, setting))):
            if holds_secret(text) and not is_reserved(text, FLAGS[kind]):
                fix = (
                    f"put it into a Secret of the namespace {model.config.namespace}, name that in secret_env.<NAME>, "
                )
                message = "must hold no secret, got one by its value"
                yield Problem(f"{at}.server.{setting}[{index}]", message, f"{fix}and write $(<NAME>) in its place")


def _chips(at: str, model: Model) -> Iterator[Problem]:
    parallel = FLAGS[model.server.kind].parallel
    given = {
        path: int(argument.value)
        for path, flag, argument in _arguments(at, model)
        if flag
        and flag in parallel
        and re.fullmatch(r"[1-9]\d{0,8}", argument.value)
        and not _is_within_split(model, flag)
    }
    for key in model.regions if given else ():
        nodes = serving_nodes(model, key)
        if nodes and nodes.split * prod(given.values()) > nodes.chips_per_pod:
            most = f"must need at most the chips that a pod asks for, {nodes.chips_per_pod}"
            for path, size in given.items():
                times = " x ".join(map(str, (nodes.split, *given.values())))
                fix = "remove it: the model is split over the chips of its pod, and more pods serve more requests"
                if size > 1:
                    yield Problem(path, f"{most}, got {times}", fix)


def _is_within_split(model: Model, flag: str) -> bool:
    """Return whether *flag* divides the chips of the split and adds none (SGLang, --enable-dp-attention)."""
    is_sglang = model.server.kind == "sglang"
    return is_sglang and flag.startswith(("--dp", "--data")) and "--enable-dp-attention" in model.server.extra_args


def _absent(at: str, model: Model) -> Iterator[Problem]:
    flags = FLAGS[model.server.kind]
    for path, _, argument in _arguments(at, model):
        for flag, value in _places(argument, flags):
            if flag in flags.repositories:
                if value not in flags.repositories[flag] and not _is_in_pods(model, flag, value):
                    yield Problem(path, f"must name {OFFLINE}, got {shown(value)}", _fix(model, flag, value))
            elif flag in flags.files and not _is_in_pods(model, flag, value):
                message = f"must name a file that the pods have, got {shown(value)}"
                yield Problem(path, message, _fix(model, flag, value))


def _load_format(at: str, model: Model) -> Iterator[Problem]:
    formats = FLAGS[model.server.kind].formats
    for path, flag, argument in _arguments(at, model):
        if flag == "--load-format" and argument.value not in formats:
            message = f"must be a format that is downloaded ({', '.join(formats)}), got {shown(argument.value)}"
            yield Problem(path, message, f"remove it: {NAMES[model.server.kind]} chooses by what the repository has")


def _places(argument: Argument, flags: ServerFlags) -> Iterator[tuple[str, str]]:
    """Yield each flag that *argument* sets, with its place; a key of a map counts as the flag that it stands for."""
    flag = argument.named(flags.known)
    if flag and flag in flags.maps:
        keys = {argument.key: argument.value} if argument.key else _map(argument.value)
        for key, value in keys.items():
            same = flags.maps[flag].get(key) or flags.maps[flag].get("*")
            if same and isinstance(value, str):
                yield same, value
    elif flag and argument.value and not (flag == "--chat-template" and set(argument.value) & set("{}\n")):
        yield flag, argument.value


def _map(text: str) -> dict[str, object]:
    """Return *text* as a JSON map; empty if it is none, which the server reports itself."""
    try:
        made = json.loads(text)
    except ValueError:
        return {}
    return made if isinstance(made, dict) else {}


def _is_in_pods(model: Model, flag: str, value: str) -> bool:
    """Return whether *value* may be in the pods: in the bucket, in a downloaded snapshot, or in the image."""
    server, image = model.server, server_image(model.server.image)
    is_file = flag in FLAGS[server.kind].files
    if value.startswith(f"{MODELS}/"):
        snapshots = [snapshot.path for snapshot in model.weights.snapshots] if model.weights else []
        return _has_bucket(model) or any(f"{value}/".startswith(f"{there}/") for there in snapshots)
    if value.startswith(f"{BUCKETS}/"):
        return model.weights is not None and value.split("/")[2] in model.weights.own_buckets
    if server.kind == "sglang" and is_file and flag != "--config" and re.fullmatch(r"[\w-]+", value):
        return True
    if image.kind != server.kind:
        return value.startswith("/") or (is_file and "://" not in value)
    return is_file and value.startswith(EXAMPLES) and image.path.endswith("vllm-openai")


def _has_bucket(model: Model) -> bool:
    """Return whether the servers see a whole bucket, in which more may be than was downloaded."""
    return model.weights is not None and model.weights.reads_bucket


def _fix(model: Model, flag: str, value: str) -> str:
    if model.weights and value == model.weights.repository:
        return f"remove it: {NAMES[model.server.kind]} uses what is in the model's repository"
    repository = f"name its repository in weights.other_repositories and write its path below {MODELS}"
    own = f"{repository}, or build it into an image"
    return f"{own}; ngram needs no model" if flag in ("--spec-model", "--speculative-model") else own


RULES = (
    Rule(
        "SRV-ARGS",
        "`extra_args` sets nothing that has a setting, holds no secret, and keeps the metrics",
        "The probes, the pool and the clients must agree with the server; arguments are in plan and state.",
        "this library",
        per_model(_reserved),
    ),
    Rule(
        "SRV-ARGS-CHIPS",
        "`extra_args` splits the model over no more chips than a pod asks for",
        "A server that needs more waits for chips that it never gets, or ends.",
        "vLLM, Parallelism and scaling; SGLang, Server Arguments",
        per_model(_chips),
    ),
    Rule(
        "SRV-OFFLINE",
        "`extra_args` names nothing that the pods do not have",
        "Whatever `weights.source` is, the server itself is offline and has no token: with a tokenizer, a draft model "
        "or a template that the pods do not have, no server starts.",
        "vLLM, Engine arguments and OpenAI-compatible server; SGLang, Server Arguments; Hugging Face, HF_HUB_OFFLINE",
        per_model(_absent),
    ),
    Rule(
        "SRV-FORMAT",
        "`--load-format` is one whose files are downloaded",
        "One set of weights is downloaded: the safetensors, or else what the repository has instead.",
        "vLLM, LoadConfig; docs/decisions/0029",
        per_model(_load_format),
    ),
)
