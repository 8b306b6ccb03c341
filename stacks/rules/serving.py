"""Rules about where the model server runs: its pool, its share of a node, how many there are."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.specs import NodePoolSpec
from stacks.config import Config
from stacks.errors import Problem, nearest, shown
from stacks.rules.rule import Rule, pool_specs, serving_plan


def _pool(config: Config) -> Iterator[Problem]:
    name, path = config.model_server.node_pool, "model_server.node_pool"
    pools = {key: {**config.node_pools, **(region.node_pools or {})} for key, region in config.regions.items()}
    everywhere = [pool for pool in dict.fromkeys(key for _, key, _ in pool_specs(config)) if _in_all(pool, pools)]
    if name is None and any(len(here) > 1 for here in pools.values()):
        given = ", ".join(dict.fromkeys(pool for here in pools.values() for pool in here))
        yield Problem(path, f"must name a pool, got nothing and several pools: {given}", nearest("", everywhere))
    elif name is not None and not _in_all(name, pools):
        without = " and ".join(key for key, here in pools.items() if name not in here)
        yield Problem(
            path, f"must be a pool of every region, got {shown(name)}, not in {without}", nearest(name, everywhere)
        )


def _in_all(pool: str, pools: dict[str, dict[str, NodePoolSpec]]) -> bool:
    return all(pool in here for here in pools.values())


def _multi_host(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        serving = serving_plan(config, key)
        if serving and serving[1].multi_host:
            path, plan = serving
            given = f"'{plan.topology}' of {plan.slice_nodes} nodes"
            fix = f"write '{plan.machine.single_host_topology}', or choose a larger machine"
            yield Problem(f"{path}.topology", f"must be a slice of one node under a model server, got {given}", fix)


def _replicas(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        serving, replicas = serving_plan(config, key), config.model_server.replicas
        if serving and replicas is not None and replicas > serving[1].nodes:
            message = f"must be at most {serving[1].nodes}, the nodes of {serving[0]} in {key}, got {replicas}"
            yield Problem("model_server.replicas", message, f"remove the line, or raise {serving[0]}.nodes_per_zone")


def _no_replicas(config: Config) -> Iterator[Problem]:
    if config.model_server.replicas == 0:
        yield Problem("model_server.replicas", "should be 1 or more to serve at all, got 0", "remove the line")


def _parallel(config: Config) -> Iterator[Problem]:
    size = config.model_server.tensor_parallel_size
    for path, chips in _chips(config) if size is not None else ():
        if size is not None and (size < 1 or chips % size):
            allowed = ", ".join(str(number) for number in range(1, chips + 1) if chips % number == 0)
            message = f"must be one of {allowed}, the divisors of the {chips} chips of a node of {path}, got {size}"
            yield Problem("model_server.tensor_parallel_size", message, "remove the line: all chips of a node are used")


def _idle_chips(config: Config) -> Iterator[Problem]:
    size = config.model_server.tensor_parallel_size
    for path, chips in _chips(config) if size is not None else ():
        if size is not None and 0 < size < chips and chips % size == 0:
            message = f"should be {chips}, the chips of a node of {path}, got {size}: the rest is idle"
            yield Problem("model_server.tensor_parallel_size", message, "remove the line")


def _chips(config: Config) -> Iterator[tuple[str, int]]:
    for key in config.regions:
        if serving := serving_plan(config, key):
            yield serving[0], serving[1].machine.chips


RULES = (
    Rule(
        "SRV-POOL",
        "The model server's pool is named where there are several, and every region has it",
        "One Deployment is made in each cluster, for one pool.",
        "this library",
        _pool,
    ),
    Rule(
        "SRV-MULTI-HOST",
        "The model server runs on single-host slices",
        "One pod cannot hold a slice that spans nodes.",
        "Google, Plan TPUs in GKE",
        _multi_host,
    ),
    Rule(
        "SRV-REPLICAS",
        "There are at most as many replicas as nodes",
        "A pod takes all chips of a node; the others stay pending.",
        "this library, one pod per accelerator node",
        _replicas,
    ),
    Rule(
        "SRV-PARALLEL",
        "`tensor_parallel_size` divides the chips of a node",
        "A pod has the chips of one node, and vLLM stops where it finds fewer than it splits the model over.",
        "vLLM, Distributed inference and serving",
        _parallel,
    ),
    Rule(
        "SRV-IDLE",
        "The model is split over all chips of a node",
        "TPUs are given to pods by the whole node: chips that are not used cannot be used by others.",
        "Google, TPUs in GKE",
        _idle_chips,
        severity="warning",
    ),
    Rule(
        "SRV-NONE",
        "There is at least one replica",
        "With none, every region answers 503.",
        "this library",
        _no_replicas,
        severity="warning",
    ),
)
