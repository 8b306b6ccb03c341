"""Rules about the arguments that vLLM gets in addition to the platform's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import prod

from constructs_lib.manifests.model_server import MODELS
from constructs_lib.server_image import server_image
from constructs_lib.vllm_arguments import HF_FORMATS, Argument, arguments
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model, serving_nodes

RESERVED = {
    # vllm-project/vllm, vllm/v1/engine: the Prometheus logger is one of the loggers that log_stats makes.
    "--disable-log-stats": "remove it: without statistics there is no KV-cache metric to balance and scale by",
    "--enable-lora": "write weights.lora_adapters",
    "--host": "the server listens on all addresses",
    "--lora-modules": "write weights.lora_adapters",
    "--max-lora-rank": "write server.max_lora_rank",
    "--max-loras": "each of weights.lora_adapters is counted",
    "--max-model-len": "write server.max_model_len",
    "--model": "write weights.repository",
    "--port": "write server.port",
    "--revision": "write weights.revision",
    "--served-model-name": "write served_name",
    "--shutdown-timeout": "write server.termination_grace_sec",
    "--ssl-certfile": "gateway and probes speak HTTP with the server",
    "--ssl-keyfile": "gateway and probes speak HTTP with the server",
    "--tensor-parallel-size": "write server.tensor_parallel_size",
    "-tp": "write server.tensor_parallel_size",
    "--uds": "the server listens on server.port",
    "--api-key": "it would be in plan and state: protect the gateway instead",
    "--hf-token": "it would be in plan and state: write weights.hugging_face_token, the server itself needs none",
    "--download-dir": "the server downloads nothing: remove it",
}

# Each multiplies the processes of a server, and each process takes a chip (vLLM, ParallelConfig).
PARALLEL = (
    "--data-parallel-size",
    "--pipeline-parallel-size",
    "--prefill-context-parallel-size",
    *("-dp", "-pp", "-pcp"),
)

# Methods of speculative decoding that vLLM takes in the place of a model's name.
NO_MODEL = ("ngram", "[ngram]", "ngram_gpu", "suffix")
# Arguments whose value is a repository of Hugging Face or a directory, and the values that are neither.
REPOSITORIES = {
    "--generation-config": ("auto", "vllm"),
    "--hf-config-path": (),
    "--qlora-adapter-name-or-path": (),
    "--spec-model": NO_MODEL,
    "--speculative-model": NO_MODEL,
    "--tokenizer": (),
}
# Arguments whose value is a file.
FILES = (
    "--chat-template",
    "--config",
    "--log-config-file",
    "--reasoning-parser-plugin",
    "--tool-parser-plugin",
)
# Arguments whose value is a map, and the argument that each key stands for. `*`: every key.
MAPS = {
    "--speculative-config": {"model": "--spec-model", "tokenizer": "--tokenizer"},
    "-sc": {"model": "--spec-model", "tokenizer": "--tokenizer"},
    "--structured-outputs-config": {"reasoning_parser_plugin": "--reasoning-parser-plugin"},
    "--default-mm-loras": {"*": "--qlora-adapter-name-or-path"},
}
# vllm/vllm-openai has the examples of its repository in its working directory (vllm-project/vllm, docker/Dockerfile).
EXAMPLES = ("examples/", "/vllm-workspace/examples/")
# Formats whose files the download program brings; some read safetensors under another name.
STREAMED = ("runai_streamer", "runai_streamer_sharded", "sharded_state")
LOAD_FORMATS = ("auto", "bitsandbytes", "dummy", *HF_FORMATS, "mistral", *STREAMED)


def is_reserved(text: str) -> bool:
    """Return whether the item *text* of `extra_args` sets an argument that only the platform sets."""
    return any(argument.named(_KNOWN) in RESERVED for argument in arguments([text]))


def _reserved(at: str, model: Model) -> Iterator[Problem]:
    for argument in arguments(model.server.extra_args):
        flag = argument.named(_KNOWN)
        if flag in RESERVED:
            path = f"{at}.server.extra_args[{argument.index}]"
            yield Problem(path, f"must not set {flag}, got {shown(argument.flag)}", RESERVED[flag])


def _chips(at: str, model: Model) -> Iterator[Problem]:
    given = {
        argument.index: int(argument.value)
        for argument in arguments(model.server.extra_args)
        if argument.named(_KNOWN) in PARALLEL and re.fullmatch(r"[1-9]\d{0,8}", argument.value)
    }
    for key in model.regions if given else ():
        nodes = serving_nodes(model, key)
        if nodes and nodes.split * prod(given.values()) > nodes.chips_per_pod:
            most = f"must need at most the chips that a pod asks for, {nodes.chips_per_pod}"
            for index, size in given.items():
                times = " x ".join(map(str, (nodes.split, *given.values())))
                fix = "remove it: the model is split over the chips of its pod, and more pods serve more requests"
                if size > 1:
                    yield Problem(f"{at}.server.extra_args[{index}]", f"{most}, got {times}", fix)


def _absent(at: str, model: Model) -> Iterator[Problem]:
    for argument in arguments(model.server.extra_args):
        path = f"{at}.server.extra_args[{argument.index}]"
        for flag, value in _places(argument):
            if flag in REPOSITORIES and value not in REPOSITORIES[flag] and not _is_in_pods(model, flag, value):
                what = "a directory that the pods have, since they never reach Hugging Face"
                yield Problem(path, f"must name {what}, got {shown(value)}", _fix(model, flag, value))
            elif flag in FILES and not _is_in_pods(model, flag, value):
                message = f"must name a file that the pods have, got {shown(value)}"
                yield Problem(path, message, _fix(model, flag, value))


def _load_format(at: str, model: Model) -> Iterator[Problem]:
    for argument in arguments(model.server.extra_args):
        if argument.named(_KNOWN) == "--load-format" and argument.value not in LOAD_FORMATS:
            message = f"must be a format that is downloaded ({', '.join(LOAD_FORMATS)}), got {shown(argument.value)}"
            fix = "remove it: vLLM chooses by what the repository has"
            yield Problem(f"{at}.server.extra_args[{argument.index}]", message, fix)


def _places(argument: Argument) -> Iterator[tuple[str, str]]:
    """Yield each flag that *argument* sets, with its place; a key of a map counts as the flag that it stands for."""
    flag = argument.named(_KNOWN)
    if flag in MAPS:
        keys = {argument.key: argument.value} if argument.key else _map(argument.value)
        for key, value in keys.items():
            same = MAPS[flag].get(key) or MAPS[flag].get("*")
            if same and isinstance(value, str):
                yield same, value
    elif flag and argument.value and not (flag == "--chat-template" and set(argument.value) & set("{}\n")):
        yield flag, argument.value


def _map(text: str) -> dict[str, object]:
    """Return *text* as a JSON map; empty if it is none, which vLLM reports itself."""
    try:
        made = json.loads(text)
    except ValueError:
        return {}
    return made if isinstance(made, dict) else {}


def _is_in_pods(model: Model, flag: str, value: str) -> bool:
    """Return whether *value* may be in the pods: in the bucket, in a downloaded snapshot, or in a custom image."""
    image = server_image(model.server.image)
    if value.startswith(f"{MODELS}/"):
        snapshots = [f"{MODELS}/{snapshot.directory}" for snapshot in model.weights.snapshots] if model.weights else []
        return _has_bucket(model) or any(f"{value}/".startswith(f"{there}/") for there in snapshots)
    if not image.is_vllms_own:
        return value.startswith("/") or (flag in FILES and "://" not in value)
    return flag in FILES and value.startswith(EXAMPLES) and image.path.endswith("vllm-openai")


def _has_bucket(model: Model) -> bool:
    """Return whether the servers see a whole bucket, in which more may be than was downloaded."""
    return model.weights is not None and (model.weights.reads_bucket or model.weights.own_bucket is not None)


def _fix(model: Model, flag: str, value: str) -> str:
    if model.weights and value == model.weights.repository:
        return "remove it: vLLM uses what is in the model's repository"
    bucket = f"copy it into the bucket and write its path below {MODELS}, or "
    own = f"{bucket if _has_bucket(model) else ''}build it into a custom image and write its path"
    return f"{own}; ngram needs no model" if flag in ("--spec-model", "--speculative-model") else own


_KNOWN = (*RESERVED, *PARALLEL, *REPOSITORIES, *FILES, *MAPS, "--load-format")

RULES = (
    Rule(
        "SRV-ARGS",
        "`extra_args` sets nothing that has a setting, holds no key, and keeps the metrics",
        "The probes, the pool and the clients must agree with the server; arguments are in plan and state.",
        "this library",
        per_model(_reserved),
    ),
    Rule(
        "SRV-ARGS-CHIPS",
        "`extra_args` splits the model over no more chips than a pod asks for",
        "A server that needs more waits for chips that it never gets, or ends.",
        "vLLM, Parallelism and scaling",
        per_model(_chips),
    ),
    Rule(
        "SRV-OFFLINE",
        "`extra_args` names nothing that the pods do not have",
        "Whatever `weights.source` is, vLLM itself is offline and has no token: with a tokenizer, a draft model or a "
        "template that the pods do not have, no server starts.",
        "vLLM, Engine arguments and OpenAI-compatible server; Hugging Face, HF_HUB_OFFLINE",
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
