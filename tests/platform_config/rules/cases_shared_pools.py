"""Cases of the rules about pools that several models run on."""

from __future__ import annotations

from tests.platform_config.rules.case import OTHER, Case, Changes, More, beside, choices, growing, pool

GPU, OTHER_GPU = growing("a3-highgpu-8g"), growing("a3-highgpu-8g")
WHOLE = {"image": "docker.io/vllm/vllm-openai:v0.27.1"}


def several(gemma: int | None, llama: int | None, **settings: object) -> Changes:
    """Return the example with two models and their replicas."""
    return {"models__gemma__replicas": gemma, **beside(replicas=llama, **settings)}


def split(size: int, chips: int) -> Changes:
    """Return a second model with *chips* GPUs a pod, beside one with *size*."""
    server = {**WHOLE, "tensor_parallel_size": chips}
    return {"models__gemma__server": {**WHOLE, "tensor_parallel_size": size}, **beside(server=server, replicas=2)}


CASES: dict[str, Case] = {
    "SHARE-LIST": Case(
        {**choices(a=GPU, b=OTHER_GPU), **several(1, 1, node_pools=["a", "b"])},
        {**choices(a=GPU, b=OTHER_GPU), **several(1, 1, node_pools=["b"])},
        "models.llama.node_pools: must be [a, b] as in models.gemma, which shares node_pools.b in us, got [b]"
        " -> write the same list in both, or give one of them pools of its own",
    ),
    "SHARE-REPLICAS": Case(
        {**pool(nodes_per_zone=2), "models__gemma__replicas": 1, **beside(autoscaling={"max_replicas": 1})},
        several(None, None),
        [
            f"models.{model}.replicas: must be given for node_pools.tpu, on which several models run, got nothing"
            " -> write replicas or autoscaling: without them it takes the whole pool"
            for model in ("gemma", "llama")
        ],
    ),
    "SHARE-ROOM": Case(
        {**pool(nodes_per_zone=3), "models__gemma__replicas": 1, **beside(autoscaling={"max_replicas": 2})},
        {
            **pool(nodes_per_zone=3),
            "models__gemma__replicas": 2,
            **beside(autoscaling={"max_replicas": 2}),
            "regions__eu": None,
        },
        "node_pools.tpu: must hold the most pods of all its models in us, 2 of gemma and 2 of llama, got room for 3"
        " -> allow more nodes, or write fewer replicas",
    ),
}

MORE: dict[str, More] = {
    "the same pools in another order": (
        "SHARE-LIST",
        {**choices(a=GPU, b=OTHER_GPU), **several(1, 1, node_pools=["b", "a"])},
        [
            "models.llama.node_pools: must be [a, b] as in models.gemma, which shares node_pools.b in us, got [b, a]"
            " -> write the same list in both, or give one of them pools of its own"
        ],
    ),
    "the same pools with another way back": (
        "SHARE-LIST",
        {**choices(a=GPU, b=OTHER_GPU), **several(1, 1, node_pools=["a", "b"], migrate_back=True)},
        [
            "models.llama.migrate_back: must be false as in models.gemma, which has the same pools, got true"
            " -> write the same in both models"
        ],
    ),
    "lists that share no pool": (
        "SHARE-LIST",
        {**choices(a=GPU, b=OTHER_GPU), "node_pools__c": GPU, "node_pools__d": GPU, **beside(node_pools=["c", "d"])},
        [],
    ),
    "one pool of each list in a region": (
        "SHARE-LIST",
        {
            **choices(a=GPU, b=OTHER_GPU),
            "node_pools": {"a": GPU},
            "regions__us__node_pools": {"b": GPU},
            **beside(node_pools=["a"], regions=["eu"]),
        },
        [],
    ),
    "two models in two regions": (
        "SHARE-REPLICAS",
        {"models__gemma__regions": ["us"], **beside(regions=["eu"])},
        [],
    ),
    "two models on two pools": (
        "SHARE-REPLICAS",
        {"node_pools__other": OTHER["other"], "models__gemma__node_pools": ["tpu"], **beside(node_pools=["other"])},
        [],
    ),
    "one of two models says how many pods it has": (
        "SHARE-REPLICAS",
        several(1, None),
        [
            "models.llama.replicas: must be given for node_pools.tpu, on which several models run, got nothing"
            " -> write replicas or autoscaling: without them it takes the whole pool"
        ],
    ),
    "room in one region of two": (
        "SHARE-ROOM",
        {"regions__us__zones": ["us-east5-a", "us-east5-b"], **several(1, 1)},
        [
            "node_pools.tpu: must hold the most pods of all its models in eu, 1 of gemma and 1 of llama, got room for 1"
            " -> allow more nodes, or write fewer replicas"
        ],
    ),
    "room on all pools of a list": (
        "SHARE-ROOM",
        {**choices(a=GPU, b=OTHER_GPU), **several(3, 2, node_pools=["a", "b"]), "regions__eu": None},
        [
            "node_pools.a and node_pools.b: must hold the most pods of all its models in us, 3 of gemma and 2 of llama,"
            " got room for 4 -> allow more nodes, or write fewer replicas"
        ],
    ),
    "too little room in every region": (
        "SHARE-ROOM",
        several(1, 1),
        [
            "node_pools.tpu: must hold the most pods of all its models in us and eu, 1 of gemma and 1 of llama, "
            "got room for 1 -> allow more nodes, or write fewer replicas"
        ],
    ),
    "pods of one size that share a node": (
        "SHARE-ROOM",
        {"node_pools__tpu": GPU, **split(4, 4), "models__gemma__replicas": 2},
        [],
    ),
    "pods of two sizes, each on nodes of its own": (
        "SHARE-ROOM",
        {"node_pools__tpu": GPU, **split(8, 4), "models__gemma__replicas": 1},
        [],
    ),
    "pods of two sizes that would need to share a node": (
        "SHARE-ROOM",
        {"node_pools__tpu": GPU, **split(2, 4), "models__gemma__replicas": 5, "regions__eu": None},
        [
            "node_pools.tpu: must hold the most pods of all its models in us, 5 of gemma and 2 of llama, got 2 nodes, "
            "each for pods of one size -> allow more nodes, or write fewer replicas"
        ],
    ),
    "more pods of one model than the pool holds": (
        "SHARE-ROOM",
        several(2, 1),
        [],
    ),
}
