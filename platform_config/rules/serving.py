"""Rules about where the model server runs: its pools, its share of a node, its number of replicas."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from constructs_lib.manifests import gcs_fuse
from constructs_lib.specs import NodePoolSpec
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.rules.rule import Rule, pool_specs, serving_nodes, serving_plans


def _pool(config: Config) -> Iterator[Problem]:
    name, path = config.model_server.node_pool, "model_server.node_pool"
    if config.model_server.fallback_node_pools:
        return
    pools = {key: here for key in config.regions if (here := _pools(config, key))}
    everywhere = [
        pool for pool in dict.fromkeys(key for here in pools.values() for key in here) if _in_all(pool, pools)
    ]
    in_turn = "name a pool of each region here and under model_server.fallback_node_pools"
    if name is None and any(len(here) > 1 for here in pools.values()):
        given = ", ".join(dict.fromkeys(pool for here in pools.values() for pool in here))
        fix = nearest("", everywhere) if everywhere else in_turn
        yield Problem(path, f"must name a pool, got nothing and several pools: {given}", fix)
    elif name is not None and not _in_all(name, pools):
        without = " and ".join(key for key, here in pools.items() if name not in here)
        fix = nearest(name, everywhere) if everywhere else in_turn
        yield Problem(path, f"must be a pool of every region, got {shown(name)}, not in {without}", fix)


def _choices(config: Config) -> Iterator[Problem]:
    server, path = config.model_server, "model_server.fallback_node_pools"
    known = dict.fromkeys(key for _, key, _ in pool_specs(config))
    if server.migrate_back and not server.fallback_node_pools:
        yield Problem("model_server.migrate_back", f"must be left out without {path}, got true", "remove the line")
    if server.fallback_node_pools and server.node_pool is None:
        yield Problem(
            "model_server.node_pool", "must name the first choice before others, got nothing", nearest("", known)
        )
    choices = {f"{path}[{index}]": pool for index, pool in enumerate(server.fallback_node_pools)}
    if choices and server.node_pool is not None:
        choices = {"model_server.node_pool": server.node_pool, **choices}
    seen: set[str] = set()
    for where, pool in choices.items():
        if pool not in known:
            yield Problem(where, f"must be a pool of some region, got {shown(pool)}", nearest(pool, known))
        elif pool in seen:
            yield Problem(where, f"must be named once, got {shown(pool)} again", "remove it")
        seen.add(pool)
    for key in config.regions if seen <= known.keys() else ():
        here = _pools(config, key)
        if seen and here and not seen & here.keys():
            given = " and ".join(f"'{pool}'" for pool in dict.fromkeys(choices.values()))
            yield Problem(
                path, f"must hold a pool of region {key}, got {given}", f"add one of its pools, or a pool to {key}"
            )


def _pools(config: Config, key: str) -> dict[str, NodePoolSpec]:
    return {**config.node_pools, **(config.regions[key].node_pools or {})}


def _in_all(pool: str, pools: dict[str, dict[str, NodePoolSpec]]) -> bool:
    return all(pool in here for here in pools.values())


def _multi_host(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        for path, plan in serving_plans(config, key):
            if not plan.multi_host:
                continue
            given = f"'{plan.topology}' of {plan.slice_nodes} nodes"
            fix = f"write '{plan.machine.single_host_topology}', or choose a larger machine"
            yield Problem(
                f"{path}.topology", f"must be a slice of one node where the model server runs, got {given}", fix
            )


def _replicas(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        nodes, replicas = serving_nodes(config, key), config.model_server.replicas
        if nodes and not config.autoscaling and replicas is not None and replicas > nodes.most_replicas:
            paths = " and ".join(nodes.pools)
            message = f"must be at most {nodes.most_replicas}, the pods that {paths} can hold in {key}, got {replicas}"
            yield Problem("model_server.replicas", message, "remove the line, or allow more nodes")


def _no_replicas(config: Config) -> Iterator[Problem]:
    if config.model_server.replicas == 0 and not config.autoscaling:
        yield Problem("model_server.replicas", "should be 1 or more to serve at all, got 0", "remove the line")


def _parallel(config: Config) -> Iterator[Problem]:
    size = config.model_server.tensor_parallel_size
    for path, chips in _chips(config) if size is not None else ():
        if size is not None and (size < 1 or chips % size):
            allowed = ", ".join(str(number) for number in range(1, chips + 1) if chips % number == 0)
            divisors = f"one of {allowed}, the divisors of the {chips} chips" if chips > 1 else "1, the only chip"
            message = f"must be {divisors} of a node of {path}, got {size}"
            yield Problem("model_server.tensor_parallel_size", message, "remove the line: all chips of a node are used")


def _room(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        nodes = serving_nodes(config, key)
        if nodes is None:
            continue
        room = {
            "cpus": floor(nodes.cpus_per_pod - gcs_fuse.CPUS),
            "memory_gib": floor(nodes.memory_gib_per_pod - gcs_fuse.MEMORY_GIB),
        }
        for name, most in room.items():
            given = getattr(config.model_server, name)
            if given is not None and given > most:
                where = " and ".join(nodes.pools)
                message = f"must be at most {most}, what a node of {where} leaves to each pod, got {given}"
                yield Problem(f"model_server.{name}", message, "remove the line, or choose a larger machine")


def _idle_chips(config: Config) -> Iterator[Problem]:
    size = config.model_server.tensor_parallel_size
    for path, chips in _chips(config, "tpu") if size is not None else ():
        if size is not None and 0 < size < chips and chips % size == 0:
            message = f"should be {chips}, the chips of a node of {path}, got {size}: the others are idle"
            yield Problem("model_server.tensor_parallel_size", message, "remove the line")


def _shared_interfaces(config: Config) -> Iterator[Problem]:
    for key in config.regions:
        nodes = serving_nodes(config, key)
        size = nodes.tensor_parallel_size if nodes else None
        for path, plan in nodes.pools.items() if nodes and size else ():
            if nodes and plan.dranet and nodes.pods_per_node(plan) > 1:
                message = f"must be {plan.machine.chips}, all chips of a node of {path} that has DRANET, got {size}"
                yield Problem(
                    "model_server.tensor_parallel_size", message, f"remove the line, or write {path}.dranet: false"
                )


def _chips(config: Config, kind: str = "") -> Iterator[tuple[str, int]]:
    for key in config.regions:
        for path, plan in serving_plans(config, key):
            if kind in ("", plan.machine.kind) and not plan.shared:
                yield path, plan.machine.chips


RULES = (
    Rule(
        "SRV-POOL",
        "The model server's pool is named where there are several, and every region has it",
        "One Deployment is made in each cluster, for one pool.",
        "this library",
        _pool,
    ),
    Rule(
        "SRV-CHOICES",
        "The pools to choose from are named once each, and each region has one of them",
        "Pods go to the first pool that has room; a region without any of the pools cannot serve.",
        "this library",
        _choices,
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
        "There are at most as many replicas as the pools can hold",
        "More stay pending.",
        "this library",
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
        "SRV-ROOM",
        "A pod asks for no more CPUs and memory than its share of the smallest machine",
        "GKE keeps a part of each node for itself and its own pods; a pod that asks for more stays pending.",
        "Google, Plan GKE node sizes",
        _room,
    ),
    Rule(
        "SRV-INTERFACES",
        "A node with DRANET has one pod",
        "Its claim takes all interfaces of the node; a second pod stays pending.",
        "Google, Allocate network resources using GKE managed DRANET",
        _shared_interfaces,
    ),
    Rule(
        "SRV-IDLE",
        "The model is split over all chips of a TPU node",
        "A pod gets a whole TPU node: no other pod can use the chips that it leaves idle.",
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
