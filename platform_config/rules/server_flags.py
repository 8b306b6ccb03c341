"""The arguments of each kind of server that the platform sets itself, or that name what the pods must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from constructs_lib.vllm_arguments import HF_FORMATS

_HTTP = "gateway and probes speak HTTP with the server"
_ADDRESS = "the server listens on all addresses"
_ADAPTERS = "write weights.lora_adapters"
_COUNTED = "each of weights.lora_adapters is counted"
_RANK = "write server.max_lora_rank"
_LENGTH = "write server.max_model_len"
_SHARE = "write server.gpu_memory_percent"
_SPLIT = "write server.tensor_parallel_size"
_WEIGHTS = "write weights.repository"
_ONE_POD = "remove it: a server is one pod"
_KEY = "it would be in plan and state: protect the gateway instead"
_NO_TOKEN = "it would be in plan and state: write weights.hugging_face_token, the server itself needs none"
_NO_DOWNLOAD = "the server downloads nothing: remove it"


@dataclass(frozen=True, kw_only=True)
class ServerFlags:
    """
    Arguments of one kind of server.

    Attributes:
        reserved: Arguments that only the platform sets, each with what to do instead.
        parallel: Arguments that multiply the processes of a server, each of which takes a chip.
        repositories: Arguments whose value is a repository of Hugging Face or a directory, and the values that are
            neither.
        files: Arguments whose value is a file.
        maps: Arguments whose value is a map, and the argument that each key stands for. `*`: every key.
        formats: Values of `--load-format` whose files the download program brings; empty where there is no such flag.
    """

    reserved: Mapping[str, str]
    parallel: tuple[str, ...] = ()
    repositories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    formats: tuple[str, ...] = ()

    @cached_property
    def known(self) -> tuple[str, ...]:
        """All of these arguments."""
        formats = ("--load-format",) if self.formats else ()
        return (*self.reserved, *self.parallel, *self.repositories, *self.files, *self.maps, *formats)


# Methods of speculative decoding that vLLM takes in the place of a model's name.
_NO_MODEL = ("ngram", "[ngram]", "ngram_gpu", "suffix")
# Formats that stream safetensors, and one that reads them under another name.
_STREAMED = ("runai_streamer", "runai_streamer_sharded", "sharded_state")

VLLM = ServerFlags(
    reserved={
        # vllm-project/vllm, vllm/v1/engine: the Prometheus logger is one of the loggers that log_stats makes.
        "--disable-log-stats": "remove it: without statistics there is no KV-cache metric to balance and scale by",
        "--enable-lora": _ADAPTERS,
        "--gpu-memory-utilization": _SHARE,
        "--host": _ADDRESS,
        "--lora-modules": _ADAPTERS,
        "--max-lora-rank": _RANK,
        "--max-loras": _COUNTED,
        "--max-model-len": _LENGTH,
        "--model": _WEIGHTS,
        "--port": "write server.port",
        "--revision": "write weights.revision",
        "--served-model-name": "write served_name",
        "--shutdown-timeout": "write server.termination_grace_sec",
        "--ssl-certfile": _HTTP,
        "--ssl-keyfile": _HTTP,
        "--tensor-parallel-size": _SPLIT,
        "-tp": _SPLIT,
        "--uds": "the server listens on server.port",
        "--api-key": _KEY,
        "--hf-token": _NO_TOKEN,
        "--download-dir": _NO_DOWNLOAD,
    },
    # vLLM, ParallelConfig.
    parallel=(
        "--data-parallel-size",
        "--pipeline-parallel-size",
        "--prefill-context-parallel-size",
        *("-dp", "-pp", "-pcp"),
    ),
    repositories={
        "--generation-config": ("auto", "vllm"),
        "--hf-config-path": (),
        "--qlora-adapter-name-or-path": (),
        "--spec-model": _NO_MODEL,
        "--speculative-model": _NO_MODEL,
        "--tokenizer": (),
    },
    files=(
        "--chat-template",
        "--config",
        "--log-config-file",
        "--reasoning-parser-plugin",
        "--tool-parser-plugin",
    ),
    maps={
        "--speculative-config": {"model": "--spec-model", "tokenizer": "--tokenizer"},
        "-sc": {"model": "--spec-model", "tokenizer": "--tokenizer"},
        "--structured-outputs-config": {"reasoning_parser_plugin": "--reasoning-parser-plugin"},
        "--default-mm-loras": {"*": "--qlora-adapter-name-or-path"},
    },
    formats=("auto", "bitsandbytes", "dummy", *HF_FORMATS, "mistral", *_STREAMED),
)

# sgl-project/sglang, python/sglang/srt/server_args.py.
SGLANG = ServerFlags(
    reserved={
        "--admin-api-key": _KEY,
        "--api-key": _KEY,
        "--context-length": _LENGTH,
        "--dist-init-addr": _ONE_POD,
        "--download-dir": _NO_DOWNLOAD,
        "--enable-lora": _ADAPTERS,
        "--enable-metrics": "remove it: the platform sets it",
        "--grpc-mode": _HTTP,
        "--host": _ADDRESS,
        "--lora-paths": _ADAPTERS,
        "--max-lora-rank": _RANK,
        "--max-loras-per-batch": _COUNTED,
        "--mem-fraction-static": _SHARE,
        "--model": _WEIGHTS,
        "--model-path": _WEIGHTS,
        "--nnodes": _ONE_POD,
        "--node-rank": _ONE_POD,
        "--port": "write server.port",
        "--revision": "write weights.revision",
        "--served-model-name": "write served_name",
        "--ssl-certfile": _HTTP,
        "--ssl-keyfile": _HTTP,
        "--tensor-parallel-size": _SPLIT,
        "--tp": _SPLIT,
        "--tp-size": _SPLIT,
    },
    parallel=(
        *("--data-parallel-size", "--dp", "--dp-size"),
        *("--pipeline-parallel-size", "--pp", "--pp-size"),
    ),
    repositories={
        "--speculative-draft-model": (),
        "--speculative-draft-model-path": (),
        "--tokenizer-path": (),
    },
    # A template or a configuration without a slash is the name of one that SGLang has itself.
    files=("--chat-template", "--completion-template", "--config"),
    formats=(
        *("auto", "bitsandbytes", "dummy", "fastsafetensors", "layered", "mistral"),
        *("runai_streamer", "safetensors", "sharded_state"),
    ),
)

# Nobody knows its arguments; these names mean a secret everywhere.
CUSTOM = ServerFlags(
    reserved=dict.fromkeys(
        ("--api-key", "--auth-token", "--hf-token", "--password", "--secret", "--token"),
        "it would be in plan and state: write server.secret_env, and $(NAME) as the value",
    )
)

FLAGS: Mapping[str, ServerFlags] = {"vllm": VLLM, "sglang": SGLANG, "custom": CUSTOM}
"""The arguments of each kind of server."""
