"""Cases of the rules about where the model server runs, its arguments, and its number of replicas."""

from __future__ import annotations

from tests.platform_config.rules.case import OTHER, Case, More, choices, growing, pool

GPU = growing("a3-highgpu-8g")
SHARED = {"models__gemma__server__tensor_parallel_size": 2}
TPU, OPENAI = "docker.io/vllm/vllm-tpu", "docker.io/vllm/vllm-openai"
DIGEST = "sha256:" + "0" * 64
ONE_ARGUMENT = "be one argument as vLLM reads it"
SPLIT_OTHERWISE = "remove it: the model is split over the chips of its pod, and more pods serve more requests"
A_DIRECTORY = "must name a directory that the pods have, since they never reach Hugging Face"
COPY = "name its repository in weights.other_repositories and write its path below /models, or build it into an image"
FROM_HUGGING_FACE = {"bucket": None, "models__gemma__weights__source": "hugging_face"}
OWN_IMAGE = {"models__gemma__server__image": "example.com/mine:7", "models__gemma__server__version": "0.27.0"}


def ask(image: str) -> str:
    """Say how to learn which vLLM is in *image*."""
    command = f"docker run --rm --entrypoint python3 {image} -c 'import vllm; print(vllm.__version__)'"
    return f"write what `{command}` prints, such as 0.27.1"


def draft(argument: str, *value: str) -> More:
    """Return the case of a draft model on Hugging Face, in one of the forms of the argument."""
    expected = f"models.gemma.server.extra_args[0]: {A_DIRECTORY}, got 'a/draft' -> {COPY}; ngram needs no model"
    return "SRV-OFFLINE", {"models__gemma__server__extra_args": [argument, *value]}, [expected]


CASES: dict[str, Case] = {
    "SRV-POOL": Case(
        {"regions__us__node_pools": OTHER, "models__gemma__node_pools": ["tpu"]},
        {"regions__us__node_pools": OTHER, "models__gemma__node_pools": ["other"]},
        "models.gemma.node_pools: must hold a pool of region eu, got 'other'"
        " -> add one of its pools (tpu), or name the model's regions without eu",
    ),
    "SRV-REGIONS": Case(
        {"models__gemma__regions": ["us", "eu"]},
        {"models__gemma__regions": ["us", "us"]},
        "models.gemma.regions[1]: must be named once, got 'us' again -> remove it",
    ),
    "SRV-MULTI-HOST": Case(
        pool("ct6e-standard-8t"),
        pool(topology="2x4"),
        "node_pools.tpu.topology: must be a slice of one node where the model server runs, got '2x4' of 2 nodes"
        " -> write '2x2', or choose a larger machine",
    ),
    "SRV-REPLICAS": Case(
        {**pool(nodes_per_zone=2), "models__gemma__replicas": 2},
        {**pool(nodes_per_zone=2), "models__gemma__replicas": 3, "regions__eu": None},
        "models.gemma.replicas: must be at most 2, the pods that node_pools.tpu can hold in us, got 3"
        " -> write 2 or fewer, or allow more nodes",
    ),
    "SRV-PARALLEL": Case(
        {"models__gemma__server__tensor_parallel_size": 4},
        {"models__gemma__server__tensor_parallel_size": 8},
        "models.gemma.server.tensor_parallel_size: must be one of 1, 2, 4, the divisors of the 4 chips of a node of "
        "node_pools.tpu, got 8 -> remove the line: all chips of a node are used",
    ),
    "SRV-ROOM": Case(
        {"models__gemma__server__cpus": 178, "models__gemma__server__memory_gib": 674},
        {"models__gemma__server__cpus": 180, "models__gemma__server__memory_gib": 720},
        [
            "models.gemma.server.cpus: must be at most 178, what a node of node_pools.tpu leaves to each pod, got 180"
            " -> remove the line, or choose a larger machine",
            "models.gemma.server.memory_gib: must be at most 674, what a node of node_pools.tpu leaves to each pod, "
            "got 720"
            " -> remove the line, or choose a larger machine",
        ],
    ),
    "SRV-ARGS": Case(
        {"models__gemma__server__extra_args": ["--max-num-seqs=256", "--enable-prefix-caching"]},
        {"models__gemma__server__extra_args": ["--max_model_len=8192", "--api-key", "secret"]},
        [
            "models.gemma.server.extra_args[0]: must not set --max-model-len, got '--max-model-len'"
            " -> write server.max_model_len",
            "models.gemma.server.extra_args[1]: must not set --api-key, got '--api-key'"
            " -> it would be in plan and state: protect the gateway instead",
        ],
    ),
    "SRV-ARGS-FORM": Case(
        {
            "models__gemma__server__extra_args": [
                *("--max-num-seqs", "64", '--speculative-config={"method": "ngram"}', "-ac.backend=x", "-O3", "-dcp=2"),
                *("--override-generation-config", '{"top_k": 1}', "--seed", "-1"),
            ]
        },
        {
            "models__gemma__server__extra_args": [
                *("enable-prefix-caching", "--max-num-seqs 64", '--hf-overrides {"a": "b c"} --x=1', " ", ""),
                *("-max-num-seqs=64", "\u2014seed 1", "\u2013-seed=1", " --seed", "--port 8000"),
            ]
        },
        [
            f"models.gemma.server.extra_args[{index}]: must {message}"
            for index, message in enumerate(
                [
                    f"{ONE_ARGUMENT}, got 'enable-prefix-caching' -> write '--enable-prefix-caching'",
                    f"{ONE_ARGUMENT}, got '--max-num-seqs 64' -> write one item each: '--max-num-seqs', '64'",
                    f'{ONE_ARGUMENT}, got \'--hf-overrides {{"a": "b c"}} --x=1\''
                    " -> write one item each: '--hf-overrides', '{\"a\": \"b c\"}', '--x=1'",
                    "hold an argument, got ' ' -> remove it",
                    "hold an argument, got '' -> remove it",
                    f"{ONE_ARGUMENT}, got '-max-num-seqs=64' -> write '--max-num-seqs=64'",
                    f"{ONE_ARGUMENT}, got '\u2014seed 1' -> write one item each: '--seed', '1'",
                    f"{ONE_ARGUMENT}, got '\u2013-seed=1' -> write '--seed=1'",
                    f"{ONE_ARGUMENT}, got ' --seed' -> write '--seed'",
                ]
            )
        ],
    ),
    "SRV-ARGS-CHIPS": Case(
        {"models__gemma__server__extra_args": ["-dp=1", "--pipeline-parallel-size", "1"]},
        {"models__gemma__server__extra_args": ["-dp=1", "--pipeline_parallel_size", "2"]},
        "models.gemma.server.extra_args[1]: must need at most the chips that a pod asks for, 4, got 4 x 1 x 2"
        f" -> {SPLIT_OTHERWISE}",
    ),
    "SRV-NUMBERS": Case(
        {"models__gemma__server__startup_timeout_sec": 60},
        {"models__gemma__server__startup_timeout_sec": 59},
        "models.gemma.server.startup_timeout_sec: must be between 60 and 86400, got 59 -> write 60, or remove the line",
    ),
    "SRV-IDLE": Case(
        {"models__gemma__server__tensor_parallel_size": 4},
        {"models__gemma__server__tensor_parallel_size": 2},
        "models.gemma.server.tensor_parallel_size: should be 4, the chips of a node of node_pools.tpu, got 2: "
        "the others are idle"
        " -> remove the line",
    ),
    "SRV-NONE": Case(
        {"models__gemma__replicas": 1},
        {"models__gemma__replicas": 0},
        "models.gemma.replicas: should be 1 or more to serve at all, got 0 -> write 1",
    ),
    "SRV-IMAGE": Case(
        {**pool("g2-standard-96"), "models__gemma__server__image": "docker.io/vllm/vllm-openai:v0.27.0"},
        pool("g2-standard-96"),
        "models.gemma.server.image: should be an image for NVIDIA GPUs in node_pools.tpu, got "
        "'docker.io/vllm/vllm-tpu:v0.27.0'"
        " -> write docker.io/vllm/vllm-openai with its version",
    ),
    "SRV-ARM": Case(
        pool("a4-highgpu-8g"),
        pool("a4x-highgpu-4g"),
        "models.gemma.server.image: should be an image for ARM64 in node_pools.tpu, got "
        "'docker.io/vllm/vllm-tpu:v0.27.0'"
        " -> check that it is, or change machine_type",
    ),
    "SRV-ENGINE": Case(
        {"models__gemma__server__image": "nvcr.io/nvidia/tritonserver:25.12-vllm-python-py3"},
        {"models__gemma__server__image": "lmsysorg/sglang:v0.5.3"},
        "models.gemma.server.image: must be an image of vLLM, got 'lmsysorg/sglang:v0.5.3' of SGLang"
        " -> write docker.io/vllm/vllm-openai or vllm-tpu with its version, or models.gemma.server.kind: sglang",
    ),
    "SRV-VERSION": Case(
        {"models__gemma__server__image": "nvcr.io/nvidia/vllm:25.12-py3", "models__gemma__server__version": "0.11.1"},
        {"models__gemma__server__image": "nvcr.io/nvidia/vllm:25.12-py3"},
        "models.gemma.server.version: must be given for an image whose tag is no version of vLLM, got nothing and "
        f"'nvcr.io/nvidia/vllm:25.12-py3' -> {ask('nvcr.io/nvidia/vllm:25.12-py3')}",
    ),
    "SRV-TAG": Case(
        {"models__gemma__server__image": f"{TPU}:nightly@{DIGEST}", "models__gemma__server__version": "0.28.0"},
        {"models__gemma__server__image": f"{TPU}:nightly", "models__gemma__server__version": "0.28.0"},
        f"models.gemma.server.image: should name one build, got '{TPU}:nightly', whose tag moves to the next build"
        " -> write a complete version, or add the digest of the build you want",
    ),
    "SRV-OFFLINE": Case(
        {
            "models__gemma__server__extra_args": [
                *("--tokenizer=/models/google/gemma-3-27b-it/x", "--generation-config", "vllm", "--config-format=hf"),
                *('--speculative-config={"method": "ngram"}', "--spec-model=ngram", "--reasoning-parser", "qwen3"),
                *("--chat-template={{ messages }}", "--chat-template-content-format=openai", "--tokenizer-mode=auto"),
            ]
        },
        {
            "models__gemma__server__extra_args": [
                "--tokenizer",
                "other/tokenizer",
                "--tool_parser_plugin=/plugins/mine.py",
            ]
        },
        [
            f"models.gemma.server.extra_args[0]: {A_DIRECTORY}, got 'other/tokenizer' -> {COPY}",
            f"models.gemma.server.extra_args[2]: must name a file that the pods have, got '/plugins/mine.py' -> {COPY}",
        ],
    ),
    "SRV-FORMAT": Case(
        {"models__gemma__server__extra_args": ["--load-format", "mistral"]},
        {"models__gemma__server__extra_args": ["--load_format=gguf"]},
        "models.gemma.server.extra_args[0]: must be a format that is downloaded (auto, bitsandbytes, dummy, hf, "
        "safetensors, "
        "fastsafetensors, instanttensor, mistral, runai_streamer, runai_streamer_sharded, sharded_state), got 'gguf'"
        " -> remove it: vLLM chooses by what the repository has",
    ),
    "SRV-INTERFACES": Case(
        {**pool("a4-highgpu-8g"), "models__gemma__server__tensor_parallel_size": 8},
        {**pool("a4-highgpu-8g"), "models__gemma__server__tensor_parallel_size": 4},
        "models.gemma.server.tensor_parallel_size: must be 8, all chips of a node of node_pools.tpu that has DRANET, "
        "got 4"
        " -> remove the line, or write node_pools.tpu.dranet: false",
    ),
    "CHOICE-GROWS": Case(
        choices(a=GPU, b={"machine_type": "a3-highgpu-8g", "capacity": {"flex_start": True}}),
        {**choices(a=GPU, b={"machine_type": "a3-highgpu-8g", "nodes_per_zone": 3})},
        "node_pools.b.autoscaling: must be given for a pool that is one of several, got nothing"
        " -> write autoscaling: {max_nodes: 3} in place of nodes_per_zone",
    ),
    "CHOICE-POD": Case(
        choices(a=GPU, b=growing("g2-standard-96"), c=growing("a2-ultragpu-1g")),
        choices(a=growing(), b=growing("ct6e-standard-1t")),
        "node_pools.b.machine_type: must be a machine on which the pods of node_pools.a can run (google.com/tpu, "
        "tpu-v6e-slice, 2x2, netdev.google.com, amd64), got 'ct6e-standard-1t' (google.com/tpu, tpu-v6e-slice, 1x1, "
        "netdev.google.com, amd64) -> choose another machine, or remove the pool from the list",
    ),
    "SRV-MEMORY": Case(
        {**pool("a2-highgpu-2g"), "models__gemma__weights__size_gib": 72},
        {**pool("a2-highgpu-2g"), "models__gemma__weights__size_gib": 73},
        "node_pools.tpu.machine_type: must hold 73 GiB of weights in 90% of the memory of a pod's 2 chips, "
        "got 'a2-highgpu-2g' with 80 GB -> choose a larger machine, or correct models.gemma.weights.size_gib",
    ),
}

MORE: dict[str, More] = {
    "a server without statistics": (
        "SRV-ARGS",
        {"models__gemma__server__extra_args": ["--disable_log_stats"]},
        [
            "models.gemma.server.extra_args[0]: must not set --disable-log-stats, got '--disable-log-stats'"
            " -> remove it: without statistics there is no KV-cache metric to balance and scale by"
        ],
    ),
    "a value without its argument": (
        "SRV-ARGS-FORM",
        {"models__gemma__server__extra_args": ["64", "--max-num-seqs"]},
        [
            "models.gemma.server.extra_args[0]: must be an argument's name, got '64' -> write the name in an item "
            "before it"
        ],
    ),
    "two servers on the chips of a TPU node": (
        "SRV-ARGS-CHIPS",
        {
            "models__gemma__server__tensor_parallel_size": 2,
            "models__gemma__server__extra_args": ["--data-parallel-size=2"],
        },
        [],
    ),
    "two servers on the GPUs of one": (
        "SRV-ARGS-CHIPS",
        {"node_pools__tpu": GPU, **SHARED, "models__gemma__server__extra_args": ["-dp", "2"]},
        [
            "models.gemma.server.extra_args[0]: must need at most the chips that a pod asks for, 2, got 2 x 2"
            f" -> {SPLIT_OTHERWISE}"
        ],
    ),
    "a pool that is not there": (
        "SRV-POOL",
        {"models__gemma__node_pools": ["gpu"]},
        ["models.gemma.node_pools[0]: must be a pool of some region, got 'gpu' -> did you mean 'tpu'?"],
    ),
    "a pool that is not there, and one twice": (
        "SRV-POOL",
        {"models__gemma__node_pools": ["gpu", "tpu", "tpu"]},
        [
            "models.gemma.node_pools[0]: must be a pool of some region, got 'gpu' -> did you mean 'tpu'?",
            "models.gemma.node_pools[2]: must be named once, got 'tpu' again -> remove it",
        ],
    ),
    "choices with a way back": (
        "SRV-POOL",
        {**choices(tpu=growing(), other=growing()), "models__gemma__migrate_back": True},
        [],
    ),
    "several pools and none named": (
        "SRV-POOL",
        {"regions__us__node_pools": OTHER},
        ["models.gemma.node_pools: must name a pool, got nothing and several pools: tpu, other -> write [tpu]"],
    ),
    "an image for GPUs that has tpu in the middle of a word": (
        "SRV-IMAGE",
        {
            **pool("g2-standard-96"),
            "models__gemma__server__image": "docker.io/example/output:v1",
            "models__gemma__server__version": "0.27.0",
        },
        [],
    ),
    "an image for GPUs on TPUs": (
        "SRV-IMAGE",
        {"models__gemma__server__image": "docker.io/vllm/vllm-openai:v0.27.0"},
        [
            "models.gemma.server.image: should be an image for TPUs in node_pools.tpu, "
            "got 'docker.io/vllm/vllm-openai:v0.27.0'"
            " -> write docker.io/vllm/vllm-tpu with its version"
        ],
    ),
    "pools of which no region has another's": (
        "SRV-POOL",
        {
            "node_pools": {},
            "regions__us__node_pools": {"a": GPU},
            "regions__eu__node_pools": {"b": GPU},
            "models__gemma__node_pools": ["a"],
        },
        [
            "models.gemma.node_pools: must hold a pool of region eu, got 'a'"
            " -> add one of its pools (b), or name the model's regions without eu"
        ],
    ),
    "no pool of several that all regions have": (
        "SRV-POOL",
        {**choices(a=GPU, b=GPU), "models__gemma__node_pools": None},
        ["models.gemma.node_pools: must name a pool, got nothing and several pools: a, b -> write [a] or [b]"],
    ),
    "an empty name of a pool": (
        "SRV-POOL",
        {**choices(a=GPU, b=GPU), "models__gemma__node_pools": [""]},
        ["models.gemma.node_pools[0]: must be a pool of some region, got '' -> write one of a, b"],
    ),
    "a region with none of the choices": (
        "SRV-POOL",
        {
            **choices(a=GPU, b=GPU),
            "node_pools": {},
            "regions__us__node_pools": {"a": GPU, "b": GPU},
            "regions__eu__node_pools": {"c": GPU},
        },
        [
            "models.gemma.node_pools: must hold a pool of region eu, got 'a' and 'b'"
            " -> add one of its pools (c), or name the model's regions without eu"
        ],
    ),
    "a region with one of the choices": (
        "SRV-POOL",
        {
            **choices(a=GPU, b=GPU),
            "node_pools": {},
            "regions__us__node_pools": {"a": GPU},
            "regions__eu__node_pools": {"b": GPU},
        },
        [],
    ),
    "a way back without choices": (
        "SRV-POOL",
        {"models__gemma__migrate_back": True},
        ["models.gemma.migrate_back: must be left out with one pool, got true -> remove the line"],
    ),
    "more replicas than several pools hold": (
        "SRV-REPLICAS",
        {
            **choices(a=growing("a3-highgpu-8g", 1), b=growing("a2-ultragpu-4g", 1)),
            **SHARED,
            "models__gemma__replicas": 7,
            "regions__eu": None,
        },
        [
            "models.gemma.replicas: must be at most 6, the pods that node_pools.a and node_pools.b can hold in us, "
            "got 7 -> write 6 or fewer, or allow more nodes"
        ],
    ),
    "more replicas than two regions hold": (
        "SRV-REPLICAS",
        {**pool(nodes_per_zone=2), "models__gemma__replicas": 3},
        [
            "models.gemma.replicas: must be at most 2, the pods that node_pools.tpu can hold in us and eu, got 3"
            " -> write 2 or fewer, or allow more nodes"
        ],
    ),
    "more replicas than two regions of different size hold": (
        "SRV-REPLICAS",
        {"regions__us__zones": ["us-east5-a", "us-east5-b"], "models__gemma__replicas": 3},
        [
            "models.gemma.replicas: must be at most 1, the pods that node_pools.tpu can hold in eu, got 3"
            " -> write 1, or allow more nodes"
        ],
    ),
    "as many replicas as several pools hold": (
        "SRV-REPLICAS",
        {**choices(a=GPU, b=growing("a2-ultragpu-4g", 1)), **SHARED, "models__gemma__replicas": 10},
        [],
    ),
    "a split that one of several machines does not have": (
        "SRV-PARALLEL",
        {**choices(a=GPU, b=growing("g2-standard-24")), "models__gemma__server__tensor_parallel_size": 8},
        [
            "models.gemma.server.tensor_parallel_size: must be one of 1, 2, the divisors of the 2 chips of a node of "
            "node_pools.b, got 8 -> remove the line: all chips of a node are used"
        ],
    ),
    "a split of one chip": (
        "SRV-PARALLEL",
        {**pool("g2-standard-4"), **SHARED},
        [
            "models.gemma.server.tensor_parallel_size: must be 1, the only chip of a node of node_pools.tpu, got 2"
            " -> remove the line: all chips of a node are used"
        ],
    ),
    "pods that share a node without DRANET": (
        "SRV-INTERFACES",
        {**pool("a4-highgpu-8g", dranet=False), "models__gemma__server__tensor_parallel_size": 2},
        [],
    ),
    "TPUs are never shared": ("SRV-INTERFACES", {"models__gemma__server__tensor_parallel_size": 2}, []),
    "choices of which none grows": (
        "CHOICE-GROWS",
        choices(a={"machine_type": "g2-standard-4"}, b={"machine_type": "g2-standard-8"}),
        [
            "node_pools.a.autoscaling: must be given for a pool that is one of several, got nothing"
            " -> write autoscaling: {max_nodes: 1}",
            "node_pools.b.autoscaling: must be given for a pool that is one of several, got nothing"
            " -> write autoscaling: {max_nodes: 1}",
        ],
    ),
    "choices of which only one claims interfaces": (
        "CHOICE-POD",
        choices(a=GPU, b=growing("a4-highgpu-8g")),
        [
            "node_pools.b.machine_type: must be a machine on which the pods of node_pools.a can run (nvidia.com/gpu, "
            "no DRANET, amd64), got 'a4-highgpu-8g' (nvidia.com/gpu, mrdma.google.com, amd64)"
            " -> write node_pools.b.dranet: false, or remove the pool from the list"
        ],
    ),
    "choices of which the first claims interfaces": (
        "CHOICE-POD",
        choices(a=growing("a4-highgpu-8g"), b=GPU),
        [
            "node_pools.b.machine_type: must be a machine on which the pods of node_pools.a can run (nvidia.com/gpu, "
            "mrdma.google.com, amd64), got 'a3-highgpu-8g' (nvidia.com/gpu, no DRANET, amd64)"
            " -> write node_pools.a.dranet: false, or remove the pool from the list"
        ],
    ),
    "interfaces that nobody claims": (
        "CHOICE-POD",
        choices(a=GPU, b=growing("a4-highgpu-8g", dranet=False)),
        [],
    ),
    "choices of two processors": (
        "CHOICE-POD",
        choices(a=growing("a4-highgpu-8g"), b=growing("a4x-highgpu-4g", capacity={"reservation": "mine"})),
        [
            "node_pools.b.machine_type: must be a machine on which the pods of node_pools.a can run (nvidia.com/gpu, "
            "mrdma.google.com, amd64), got 'a4x-highgpu-4g' (nvidia.com/gpu, mrdma.google.com, arm64)"
            " -> choose another machine, or remove the pool from the list"
        ],
    ),
    "a model that is too large for one chip": (
        "SRV-MEMORY",
        {**pool("g2-standard-4"), "models__gemma__weights__size_gib": 22},
        [
            "node_pools.tpu.machine_type: must hold 22 GiB of weights in 90% of the memory of a pod's chip, "
            "got 'g2-standard-4' with 24 GB -> choose a larger machine, or correct models.gemma.weights.size_gib"
        ],
    ),
    "a model that is split over too few chips": (
        "SRV-MEMORY",
        {**pool("g2-standard-96"), **SHARED},
        [
            "node_pools.tpu.machine_type: must hold 56 GiB of weights in 90% of the memory of a pod's 2 chips, "
            "got 'g2-standard-96' with 48 GB"
            " -> write a larger models.gemma.server.tensor_parallel_size, or correct models.gemma.weights.size_gib"
        ],
    ),
    "a model that no split over the machine's chips holds": (
        "SRV-MEMORY",
        {**pool("g2-standard-96"), **SHARED, "models__gemma__weights__size_gib": 900},
        [
            "node_pools.tpu.machine_type: must hold 900 GiB of weights in 90% of the memory of a pod's 2 chips, "
            "got 'g2-standard-96' with 48 GB -> choose a larger machine, or correct models.gemma.weights.size_gib"
        ],
    ),
    "a choice that is too small": (
        "SRV-MEMORY",
        choices(a=GPU, b=growing("g2-standard-24")),
        [
            "node_pools.b.machine_type: must hold 56 GiB of weights in 90% of the memory of a pod's 2 chips, "
            "got 'g2-standard-24' with 48 GB -> choose a larger machine, or correct models.gemma.weights.size_gib"
        ],
    ),
    "weights that are made smaller": (
        "SRV-MEMORY",
        {**pool("g2-standard-4"), "models__gemma__server__extra_args": ["--cpu_offload_gb=40"]},
        [],
    ),
    "arguments that are none": (
        "SRV-MEMORY",
        {"models__gemma__server__extra_args": ["=x", " ", ""]},
        [],
    ),
    "another share of the memory": (
        "SRV-MEMORY",
        {
            **pool("a2-highgpu-2g"),
            "models__gemma__weights__size_gib": 75,
            "models__gemma__server__gpu_memory_percent": 95,
        },
        [],
    ),
    "a small share of the memory": (
        "SRV-MEMORY",
        {**pool("a2-highgpu-2g"), "models__gemma__server__gpu_memory_percent": 50},
        [
            "node_pools.tpu.machine_type: must hold 56 GiB of weights in 50% of the memory of a pod's 2 chips, "
            "got 'a2-highgpu-2g' with 80 GB -> choose a larger machine, or correct models.gemma.weights.size_gib"
        ],
    ),
    "another server in an image whose version is not known": (
        "SRV-VERSION",
        {"models__gemma__server__image": "sglang:1"},
        [],
    ),
    "vLLM's own image by its digest": (
        "SRV-VERSION",
        {"models__gemma__server__image": f"{TPU}@{DIGEST}"},
        [
            "models.gemma.server.version: must be given for an image whose tag is no version of vLLM, got nothing and "
            f"'{TPU}@sha256:{'0' * 29}...' (95 characters) -> {ask(f'{TPU}@{DIGEST}')}"
        ],
    ),
    "the tag that every image has": (
        "SRV-TAG",
        {"models__gemma__server__image": f"{TPU}:latest", "models__gemma__server__version": "0.28.0"},
        [
            f"models.gemma.server.image: should name one build, got '{TPU}:latest', whose tag moves to the next build"
            " -> write a complete version, or add the digest of the build you want"
        ],
    ),
    "a version that was left behind by its image": (
        "SRV-TAG",
        {"models__gemma__server__version": "0.11.0"},
        [
            "models.gemma.server.version: should be 0.27.0 as the image's tag says, got 0.11.0"
            " -> remove the line, unless the image was changed under that tag"
        ],
    ),
    "a draft model in one map": draft('--speculative-config={"model": "a/draft", "num_speculative_tokens": 3}'),
    "a draft model with underscores": draft("--speculative_config", '{"model": "a/draft"}'),
    "a draft model in the short form": draft("-sc", '{"model": "a/draft"}'),
    "a draft model by its key": draft("--speculative-config.model", "a/draft"),
    "a draft model by its own flag": draft("--spec-model=a/draft"),
    "a draft model as it was": draft("--speculative-model", "a/draft"),
    "the model's own repository": (
        "SRV-OFFLINE",
        {"models__gemma__server__extra_args": ["--hf-config-path=google/gemma-3-27b-it"]},
        [
            f"models.gemma.server.extra_args[0]: {A_DIRECTORY}, got 'google/gemma-3-27b-it'"
            " -> remove it: vLLM uses what is in the model's repository"
        ],
    ),
    "a directory without a bucket to put it in": (
        "SRV-OFFLINE",
        {**FROM_HUGGING_FACE, "models__gemma__server__extra_args": ["--tokenizer=/models/other"]},
        [f"models.gemma.server.extra_args[0]: {A_DIRECTORY}, got '/models/other' -> {COPY}"],
    ),
    "a template of the model without a bucket": (
        "SRV-OFFLINE",
        {
            **FROM_HUGGING_FACE,
            "models__gemma__weights__revision": "0" * 40,
            "models__gemma__server__extra_args": [
                f"--chat-template=/models/google/gemma-3-27b-it/{'0' * 40}/tool.jinja"
            ],
        },
        [],
    ),
    "a template that vLLM's image has": (
        "SRV-OFFLINE",
        {
            "models__gemma__server__image": f"{OPENAI}:v0.27.1",
            "models__gemma__server__extra_args": ["--chat-template=examples/tool_chat_template_hermes.jinja"],
        },
        [],
    ),
    "a template that vLLM's image for TPUs may not have": (
        "SRV-OFFLINE",
        {"models__gemma__server__extra_args": ["--chat-template", "examples/tool_chat_template_hermes.jinja"]},
        [
            "models.gemma.server.extra_args[0]: must name a file that the pods have, "
            f"got 'examples/tool_chat_template_hermes.jinja' -> {COPY}"
        ],
    ),
    "files of an image of one's own": (
        "SRV-OFFLINE",
        {
            **OWN_IMAGE,
            "models__gemma__server__extra_args": ["--tokenizer=/opt/tokenizer", "--chat-template=mine.jinja"],
        },
        [],
    ),
    "a repository beside an image of one's own": (
        "SRV-OFFLINE",
        {
            **OWN_IMAGE,
            "models__gemma__server__extra_args": [
                "--tokenizer=a/b",
                "--chat-template",
                "https://example.com/mine.jinja",
            ],
        },
        [
            f"models.gemma.server.extra_args[0]: {A_DIRECTORY}, got 'a/b' -> {COPY}",
            "models.gemma.server.extra_args[1]: must name a file that the pods have, "
            f"got 'https://example.com/mine.jinja' -> {COPY}",
        ],
    ),
    "adapters by media and parsers by map": (
        "SRV-OFFLINE",
        {
            "models__gemma__server__extra_args": [
                '--default-mm-loras={"image": "a/b"}',
                '--structured-outputs-config={"reasoning_parser_plugin": "p.py", "backend": "auto"}',
                "--speculative-config=no JSON",
                "--speculative-config=[1]",
            ]
        },
        [
            f"models.gemma.server.extra_args[0]: {A_DIRECTORY}, got 'a/b' -> {COPY}",
            f"models.gemma.server.extra_args[1]: must name a file that the pods have, got 'p.py' -> {COPY}",
        ],
    ),
    "reserved arguments under other names": (
        "SRV-ARGS",
        {
            "models__gemma__server__extra_args": [
                *("--served-model=x", "--uds=/x", "--hf_token", "x", "--download-dir=/x", "--revision=main"),
                *("--model-impl=auto", "--load-format=auto"),
            ]
        },
        [
            "models.gemma.server.extra_args[0]: must not set --served-model-name, got '--served-model'"
            " -> write served_name",
            "models.gemma.server.extra_args[1]: must not set --uds, got '--uds' -> the server listens on server.port",
            "models.gemma.server.extra_args[2]: must not set --hf-token, got '--hf-token'"
            " -> it would be in plan and state: write weights.hugging_face_token, the server itself needs none",
            "models.gemma.server.extra_args[4]: must not set --download-dir, got '--download-dir'"
            " -> the server downloads nothing: remove it",
            "models.gemma.server.extra_args[5]: must not set --revision, got '--revision' -> write weights.revision",
        ],
    ),
}
