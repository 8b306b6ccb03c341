"""Cases of the rules about servers of each kind: their settings, environment, health, arguments and memory."""

from __future__ import annotations

from typing import Any

from tests.configs import REGIONAL, REGIONAL_PUBLIC
from tests.platform_config.rules.case import Case, Changes, More, pool

SGLANG_IMAGE = "docker.io/lmsysorg/sglang:v0.5.6"
ON_GPUS = pool("g2-standard-4")
SPEECH = {
    "kind": "custom",
    "image": "ghcr.io/remsky/kokoro-fastapi-gpu:v0.2.4",
    "port": 8880,
    "health_path": "/health",
    "env": {"DOWNLOAD_MODEL": "false"},
    "gpu_memory_gib": 1,
}
SECRET = {"name": "speech", "key": "key"}


def speech(**settings: Any) -> Changes:
    """Serve speech in place of the example's model."""
    server = {"models__gemma__weights": None, "models__gemma__server": {**SPEECH, **settings}}
    return {**ON_GPUS, "service_discovery": True, "models__gemma__traffic": {"max_in_flight_requests": 8}, **server}


def sglang(image: str = SGLANG_IMAGE, **settings: Any) -> Changes:
    """Serve the example's model by SGLang."""
    return {**ON_GPUS, "models__gemma__server": {"kind": "sglang", "image": image, **settings}}


def env(**variables: str) -> Changes:
    """Give the example's server some environment variables."""
    return {"models__gemma__server__env": variables}


NO_SECRET = "must hold no secret, got one by its name or value -> put it into a Secret of the namespace inference"
NO_SECRET_ARGUMENT = (
    "must hold no secret, got one by its value -> put it into a Secret of the namespace inference, name that in "
    "secret_env.<NAME>, and write $(<NAME>) in its place"
)
SPEAK_HTTP = "in plan and state: write server.secret_env, and $(NAME) as the value"

CASES: dict[str, Case] = {
    "SRV-KIND": Case(
        speech(command=["python3"], metric="fill_ratio"),
        speech(version="0.2.4", max_model_len=8192, gpu_memory_percent=50),
        [
            "models.gemma.server.version: must be left out for kind custom, got '0.2.4'"
            " -> write extra_args, or change kind to vllm or sglang",
            "models.gemma.server.max_model_len: must be left out for kind custom, got 8192"
            " -> write extra_args, or change kind to vllm or sglang",
            "models.gemma.server.gpu_memory_percent: must be left out for kind custom, got 50"
            " -> write extra_args, or change kind to vllm or sglang",
        ],
    ),
    "SRV-CUSTOM": Case(
        speech(),
        {**speech(), "models__gemma__server": {"kind": "custom", "image": SPEECH["image"]}},
        [
            "models.gemma.server.port: must be given for kind custom, got nothing"
            " -> write the port that the server listens on, such as 8080",
            "models.gemma.server.health_path: must be given for kind custom, got nothing"
            " -> write a path that answers 200 to a GET once the server is ready, such as /health",
        ],
    ),
    "SRV-TPU": Case(
        sglang(),
        {"models__gemma__server": {"kind": "sglang", "image": SGLANG_IMAGE}},
        "models.gemma.server.kind: must be vllm or custom on the TPUs of node_pools.tpu, got 'sglang'"
        " -> write vllm with an image of vllm/vllm-tpu, or use a pool with GPUs",
    ),
    "SRV-HEALTH": Case(
        {
            **sglang("lmsysorg/sglang:v0.5.5"),
            "gateway__health_check": {"interval_sec": 20, "timeout_sec": 20},
        },
        {
            **sglang("lmsysorg/sglang:v0.5.5"),
            "gateway__health_check": {"interval_sec": 20, "timeout_sec": 19},
        },
        "gateway.health_check.timeout_sec: should be 20 or more for the SGLang 0.5.5 of models.gemma, got 19"
        " -> write {interval_sec: 20, timeout_sec: 20}, or use SGLang 0.5.6 or later",
    ),
    "SRV-ENV": Case(
        {**env(LOG_LEVEL="debug", _private="1"), "models__gemma__server__secret_env": {"TOKEN": SECRET}},
        {
            **env(**{"9LIVES": "1", "log-level": "x", "HF_HUB_OFFLINE": "0", "BOTH": "1"}),
            "models__gemma__server__secret_env": {"BOTH": {**SECRET}, "PYTHONPATH": {**SECRET}},
        },
        [
            "models.gemma.server.env.9LIVES: must be a name of letters, digits and _ that begins with no digit, "
            "got '9LIVES' -> correct the name",
            "models.gemma.server.env.log-level: must be a name of letters, digits and _ that begins with no digit, "
            "got 'log-level' -> correct the name",
            "models.gemma.server.env.HF_HUB_OFFLINE: must not be set, got 'HF_HUB_OFFLINE'"
            " -> remove it: the platform sets it",
            "models.gemma.server.secret_env.PYTHONPATH: must not be set, got 'PYTHONPATH'"
            " -> remove it: the platform sets it",
            "models.gemma.server.env.BOTH: must be in one of env and secret_env, got 'BOTH' in both"
            " -> remove one of them",
        ],
    ),
    "SRV-ENV-SECRET": Case(
        env(
            MAX_TOKENS="1",
            TOKENIZERS_PARALLELISM="false",
            GOOGLE_APPLICATION_CREDENTIALS="/etc/key.json",
            CACHE_KEY="",
            PROXY="http://proxy:3128,http://me@proxy:80",
            MAP='{"a": "http://a:80", "b": "c@d"}',
        ),
        env(VLLM_API_KEY="abc", LANGSMITH="sk-0123456789abcdef0123"),
        [
            f"models.gemma.server.env.VLLM_API_KEY: {NO_SECRET}, and name that in secret_env.VLLM_API_KEY",
            f"models.gemma.server.env.LANGSMITH: {NO_SECRET}, and name that in secret_env.LANGSMITH",
        ],
    ),
    "SRV-ENV-TEXT": Case(
        env(TEMPLATE="a\n\tb"),
        env(TEMPLATE="a\x00b"),
        "models.gemma.server.env.TEMPLATE: must hold no control characters, got 'a\\x00b'"
        " -> remove them, or write what encodes them, such as base64",
    ),
    "SRV-ENV-DOORS": Case(
        {**REGIONAL_PUBLIC, **env(VLLM_ALLOW_RUNTIME_LORA_UPDATING="0", VLLM_SERVER_DEV_MODE="1")},
        {**REGIONAL_PUBLIC, **env(VLLM_ALLOW_RUNTIME_LORA_UPDATING="True")},
        "models.gemma.server.env.VLLM_ALLOW_RUNTIME_LORA_UPDATING: should be left out behind a public gateway, whose "
        "clients may then call /v1/load_lora_adapter and /v1/unload_lora_adapter, got 'True' -> remove it, or narrow "
        "gateway.paths, such as to [/v1/chat/completions, /v1/completions, /v1/models]",
    ),
    "SRV-ENV-FROM": Case(
        {"models__gemma__server__secret_env": {"KEY": {"name": "my.secret-1", "key": "api_key.txt"}}},
        {"models__gemma__server__secret_env": {"KEY": {"name": "My_Secret", "key": "a key"}}},
        [
            "models.gemma.server.secret_env.KEY.name: must be the name of a Secret, got 'My_Secret'"
            " -> `kubectl get secrets` shows them",
            "models.gemma.server.secret_env.KEY.key: must be a key of letters, digits, '.', '_' and '-', got 'a key'"
            " -> `kubectl describe secret` shows them",
        ],
    ),
    "SRV-GPU-MEMORY": Case(
        speech(gpu_memory_gib=24),
        speech(gpu_memory_gib=25),
        "models.gemma.server.gpu_memory_gib: must be at most 24, the memory of a pod's chip of node_pools.tpu, got 25"
        " -> choose a larger machine, or correct the number",
    ),
    "HPA-METRIC": Case(
        {**speech(metric="fill_ratio"), "models__gemma__autoscaling": {"max_replicas": 1}},
        {**speech(), "models__gemma__autoscaling": {"max_replicas": 1}},
        "models.gemma.autoscaling: must be left out for a server without server.metric, got a map"
        " -> write replicas, or name the server's gauge from 0 to 1 as metric",
    ),
    "HPA-ZERO": Case(
        {"models__gemma__autoscaling": {"min_replicas": 1, "max_replicas": 1}},
        {"models__gemma__autoscaling": {"min_replicas": 0, "max_replicas": 1}},
        "models.gemma.autoscaling.min_replicas: must be 1 or more: a region without servers gets no requests that "
        "could wake it, got 0 -> write 1, or name fewer regions for this model",
    ),
}

MORE: dict[str, More] = {
    "a door of vLLM at a path that is given": (
        "SRV-ENV-DOORS",
        {**REGIONAL_PUBLIC, "gateway__paths": ["/v1", "/sleep"], **env(VLLM_SERVER_DEV_MODE="1")},
        [
            "models.gemma.server.env.VLLM_SERVER_DEV_MODE: should be left out behind a public gateway, whose clients "
            "may then call /sleep, got '1' -> remove it, or narrow gateway.paths, such as to [/v1/chat/completions, "
            "/v1/completions, /v1/models]",
        ],
    ),
    "a door of vLLM behind what Model Armor screens": (
        "SRV-ENV-DOORS",
        {**REGIONAL_PUBLIC, "gateway__model_armor": {}, **env(VLLM_ALLOW_RUNTIME_LORA_UPDATING="1")},
        [],
    ),
    "a door of vLLM behind an internal gateway": (
        "SRV-ENV-DOORS",
        {**REGIONAL, **env(VLLM_SERVER_DEV_MODE="1")},
        [],
    ),
    "settings of a custom server for vLLM": (
        "SRV-KIND",
        {"models__gemma__server__command": ["bash"], "models__gemma__server__gpu_memory_gib": 4},
        [
            "models.gemma.server.command: must be left out for kind vllm, got a list"
            " -> remove the line, or change kind to custom",
            "models.gemma.server.gpu_memory_gib: must be left out for kind vllm, got 4"
            " -> remove the line, or change kind to custom",
        ],
    ),
    "secrets in addresses": (
        "SRV-ENV-SECRET",
        env(
            PROXY="https://user:pw@proxy:3128",
            CACHE="redis://:pw@cache/0",
            ALERTS="https://hooks.slack.com/services/T0/B0/x",
        ),
        [
            f"models.gemma.server.env.{name}: {NO_SECRET}, and name that in secret_env.{name}"
            for name in ("PROXY", "CACHE", "ALERTS")
        ],
    ),
    "an address with a password for vLLM": (
        "SRV-ARGS",
        {"models__gemma__server__extra_args": ["--otlp-traces-endpoint=http://u:p@h"]},
        [f"models.gemma.server.extra_args[0]: {NO_SECRET_ARGUMENT}"],
    ),
    "an address with a password for another server": (
        "SRV-ARGS",
        speech(command=["serve", "redis://:pw@host"], extra_args=["--endpoint", "http://user:pw@host:4317"]),
        [f"models.gemma.server.{place}: {NO_SECRET_ARGUMENT}" for place in ("command[1]", "extra_args[1]")],
    ),
    "addresses without a password": (
        "SRV-ARGS",
        speech(extra_args=["--endpoint=http://user@host:4317/a@b", "--redis=redis://:$(REDIS_KEY)@host"]),
        [],
    ),
    "which chips a server sees": (
        "SRV-ENV",
        speech(env={"CUDA_VISIBLE_DEVICES": "0"}),
        [
            "models.gemma.server.env.CUDA_VISIBLE_DEVICES: must not be set, got 'CUDA_VISIBLE_DEVICES'"
            " -> remove it: the node's device plugin sets it to the chips of the pod"
        ],
    ),
    "an SGLang that answers at once": ("SRV-HEALTH", sglang(), []),
    "an image of vLLM for SGLang": (
        "SRV-ENGINE",
        sglang("docker.io/vllm/vllm-openai:v0.27.0"),
        [
            "models.gemma.server.image: must be an image of SGLang, got 'docker.io/vllm/vllm-openai:v0.27.0' of vLLM"
            " -> write docker.io/lmsysorg/sglang with its version, or models.gemma.server.kind: vllm"
        ],
    ),
    "an image of another server for vLLM": (
        "SRV-ENGINE",
        {"models__gemma__server__image": "ollama/ollama:0.13.0"},
        [
            "models.gemma.server.image: must be an image of vLLM, got 'ollama/ollama:0.13.0' of Ollama"
            " -> write docker.io/vllm/vllm-openai or vllm-tpu with its version, or models.gemma.server.kind: custom"
        ],
    ),
    "any image for a custom server": ("SRV-ENGINE", speech(image="ollama/ollama:0.13.0"), []),
    "an SGLang of a version that no tag names": (
        "SRV-VERSION",
        sglang("registry.example.com/sglang:7"),
        [
            "models.gemma.server.version: must be given for an image whose tag is no version of SGLang, got nothing "
            "and 'registry.example.com/sglang:7' -> write what `docker run --rm --entrypoint python3 "
            "registry.example.com/sglang:7 -c 'import sglang; print(sglang.__version__)'` prints, such as 0.5.6"
        ],
    ),
    "the version of an SGLang": ("SRV-VERSION", sglang("registry.example.com/sglang:7", version="0.5.6.post1"), []),
    "no version of a custom server": ("SRV-VERSION", speech(image="registry.example.com/mine:7"), []),
    "arguments that SGLang gets from the platform": (
        "SRV-ARGS",
        sglang(
            extra_args=["--tp-size=2", "--host", "::", "--mem-fraction-static=0.8", "--api-key=x", "--log-level=info"]
        ),
        [
            "models.gemma.server.extra_args[0]: must not set --tp-size, got '--tp-size'"
            " -> write server.tensor_parallel_size",
            "models.gemma.server.extra_args[1]: must not set --host, got '--host'"
            " -> the server listens on all addresses",
            "models.gemma.server.extra_args[3]: must not set --mem-fraction-static, got '--mem-fraction-static'"
            " -> write server.gpu_memory_percent",
            "models.gemma.server.extra_args[4]: must not set --api-key, got '--api-key'"
            " -> it would be in plan and state: protect the gateway instead",
        ],
    ),
    "what only vLLM reserves": ("SRV-ARGS", sglang(extra_args=["--uds=x", "-tp", "2"]), []),
    "a secret among the arguments of a custom server": (
        "SRV-ARGS",
        speech(extra_args=["--port", "8880", "--token=abc", "--api-key", "$(SPEECH_KEY)"]),
        [f"models.gemma.server.extra_args[2]: must not set --token, got '--token' -> it would be {SPEAK_HTTP}"],
    ),
    "arguments of a custom server as it reads them": (
        "SRV-ARGS-FORM",
        speech(extra_args=["uvicorn", "api:app", "-workers 2", " "]),
        ["models.gemma.server.extra_args[3]: must hold an argument, got ' ' -> remove it"],
    ),
    "two arguments of SGLang in one": (
        "SRV-ARGS-FORM",
        sglang(extra_args=["--log-level info"]),
        [
            "models.gemma.server.extra_args[0]: must be one argument as SGLang reads it, got '--log-level info'"
            " -> write one item each: '--log-level', 'info'"
        ],
    ),
    "underscores, which only vLLM takes for dashes": (
        "SRV-ARGS-FORM",
        sglang(extra_args=["--log_level=a_b", "--schedule-policy", "lpm_x"]),
        [
            "models.gemma.server.extra_args[0]: must be one argument as SGLang reads it, got '--log_level=a_b'"
            " -> write '--log-level=a_b'"
        ],
    ),
    "more copies of an SGLang than chips": (
        "SRV-ARGS-CHIPS",
        sglang(extra_args=["--dp", "2"]),
        [
            "models.gemma.server.extra_args[0]: must need at most the chips that a pod asks for, 1, got 1 x 2"
            " -> remove it: the model is split over the chips of its pod, and more pods serve more requests"
        ],
    ),
    "attention that divides the chips of an SGLang": (
        "SRV-ARGS-CHIPS",
        sglang(extra_args=["--dp", "2", "--enable-dp-attention"]),
        [],
    ),
    "a draft model that SGLang would download": (
        "SRV-OFFLINE",
        sglang(extra_args=["--speculative-draft-model-path=a/draft", "--chat-template=llama-2"]),
        [
            "models.gemma.server.extra_args[0]: must name a directory that the pods have, since they never reach "
            "Hugging Face, got 'a/draft' -> name its repository in weights.other_repositories and write its path below "
            "/models, or build it into an image"
        ],
    ),
    "a format that SGLang reads and nobody downloads": (
        "SRV-FORMAT",
        sglang(extra_args=["--load-format=gguf"]),
        [
            "models.gemma.server.extra_args[0]: must be a format that is downloaded (auto, bitsandbytes, dummy, "
            "fastsafetensors, layered, mistral, runai_streamer, safetensors, sharded_state), got 'gguf'"
            " -> remove it: SGLang chooses by what the repository has"
        ],
    ),
    "weights that fit in no share of SGLang's": (
        "SRV-MEMORY",
        {**sglang(gpu_memory_percent=50), "models__gemma__weights__size_gib": 13},
        [
            "node_pools.tpu.machine_type: must hold 13 GiB of weights in 50% of the memory of a pod's chip, "
            "got 'g2-standard-4' with 24 GB -> choose a larger machine, or correct models.gemma.weights.size_gib"
        ],
    ),
    "weights of a custom server": (
        "SRV-MEMORY",
        {**ON_GPUS, "models__gemma__server": SPEECH, "models__gemma__weights__size_gib": 200},
        [],
    ),
    "an image for GPUs of another server": ("SRV-IMAGE", sglang(), []),
    "an image for another maker's GPUs": (
        "SRV-IMAGE",
        sglang("docker.io/lmsysorg/sglang:v0.5.6-rocm700-mi30x"),
        [
            "models.gemma.server.image: should be an image for NVIDIA GPUs in node_pools.tpu, got "
            "'docker.io/lmsysorg/sglang:v0.5.6-rocm700-mi30x' -> write docker.io/lmsysorg/sglang with its version"
        ],
    ),
    **{
        f"vLLM of {image}": (
            "SRV-IMAGE",
            {**ON_GPUS, "models__gemma__server": {"image": f"{image}:v0.27.0", "version": "0.27.0"}},
            [
                f"models.gemma.server.image: should be an image for NVIDIA GPUs in node_pools.tpu, got "
                f"'{image}:v0.27.0' -> write docker.io/vllm/vllm-openai with its version"
            ],
        )
        for image in ("docker.io/rocm/vllm", "docker.io/vllm/vllm-cpu")
    },
    "a home folder of a custom server": ("SRV-ENV", speech(env={"HOME": "/app"}), []),
}
