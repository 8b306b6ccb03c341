"""Rules about where the model server runs: its pools, its share of a node, its number of replicas."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from constructs_lib.manifests import gcs_fuse
from constructs_lib.specs import NodePoolSpec
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model, serving_nodes, serving_plans, splits


def _pool(at: str, model: Model) -> Iterator[Problem]:
    config, named, path = model.config, model.spec.node_pools, f"{at}.node_pools"
    own = [region.node_pools or {} for region in config.regions.values()]
    known = dict.fromkeys(key for pools in (config.node_pools, *own) for key in pools)
    pools = {key: here for key in model.regions if (here := _pools(config, key))}
    if not named and any(len(here) > 1 for here in pools.values()):
        everywhere = [pool for pool in known if all(pool in here for here in pools.values())]
        lists = " or ".join(f"[{pool}]" for pool in everywhere)
        fix = f"write {lists}" if lists else "name a pool of each region"
        yield Problem(path, f"must name a pool, got nothing and several pools: {', '.join(known)}", fix)
    for index, pool in enumerate(named):
        if pool not in known:
            yield Problem(f"{path}[{index}]", f"must be a pool of some region, got {shown(pool)}", nearest(pool, known))
        elif pool in named[:index]:
            yield Problem(f"{path}[{index}]", f"must be named once, got {shown(pool)} again", "remove it")
    for key, here in pools.items() if named and known.keys() >= set(named) else ():
        if not set(named) & here.keys():
            given = " and ".join(f"'{pool}'" for pool in dict.fromkeys(named))
            fix = f"add one of its pools ({', '.join(here)}), or name the model's regions without {key}"
            yield Problem(path, f"must hold a pool of region {key}, got {given}", fix)
    if model.spec.migrate_back and len(named) < 2:
        yield Problem(f"{at}.migrate_back", "must be left out with one pool, got true", "remove the line")


def _pools(config: Config, key: str) -> dict[str, NodePoolSpec]:
    return {**config.node_pools, **(config.regions[key].node_pools or {})}


def _regions(at: str, model: Model) -> Iterator[Problem]:
    for index, key in enumerate(model.spec.regions):
        if key in model.spec.regions[:index]:
            yield Problem(f"{at}.regions[{index}]", f"must be named once, got {shown(key)} again", "remove it")


def _multi_host(_: str, model: Model) -> Iterator[Problem]:
    for key in model.regions:
        for path, plan in serving_plans(model, key):
            if not plan.multi_host:
                continue
            given = f"'{plan.topology}' of {plan.slice_nodes} nodes"
            fix = f"write '{plan.machine.single_host_topology}', or choose a larger machine"
            yield Problem(
                f"{path}.topology", f"must be a slice of one node where the model server runs, got {given}", fix
            )


def _replicas(at: str, model: Model) -> Iterator[Problem]:
    if not model.autoscaling and model.spec.replicas is not None:
        yield from too_many_pods(f"{at}.replicas", model, model.spec.replicas)


def too_many_pods(path: str, model: Model, pods: int) -> Iterator[Problem]:
    """Yield the problem of *pods* of *model*, the setting at *path*, where they are more than a region holds."""
    rooms = {key: nodes for key in model.regions if (nodes := serving_nodes(model, key)) and splits(model, nodes)}
    most = min((nodes.most_replicas for nodes in rooms.values()), default=pods)
    if pods > most:
        least = {key: nodes for key, nodes in rooms.items() if nodes.most_replicas == most}
        pools = " and ".join(dict.fromkeys(" and ".join(nodes.pools) for nodes in least.values()))
        message = f"must be at most {most}, the pods that {pools} can hold in {' and '.join(least)}, got {pods}"
        fix = f"write {most}{' or fewer' * (most > 1)}, or allow more nodes" if most else "allow more nodes"
        yield Problem(path, message, fix)


def _no_replicas(at: str, model: Model) -> Iterator[Problem]:
    if model.spec.replicas == 0 and not model.autoscaling:
        yield Problem(f"{at}.replicas", "should be 1 or more to serve at all, got 0", "write 1")


def _parallel(at: str, model: Model) -> Iterator[Problem]:
    size = model.server.tensor_parallel_size
    for path, chips in _chips(model) if size is not None else ():
        if size is not None and (size < 1 or chips % size):
            allowed = ", ".join(str(number) for number in range(1, chips + 1) if chips % number == 0)
            divisors = f"one of {allowed}, the divisors of the {chips} chips" if chips > 1 else "1, the only chip"
            message = f"must be {divisors} of a node of {path}, got {size}"
            yield Problem(f"{at}.server.tensor_parallel_size", message, "remove the line: all chips of a node are used")


def _room(at: str, model: Model) -> Iterator[Problem]:
    for key in model.regions:
        nodes = serving_nodes(model, key)
        if nodes is None:
            continue
        room = {
            "cpus": floor(nodes.cpus_per_pod - gcs_fuse.CPUS),
            "memory_gib": floor(nodes.memory_gib_per_pod - gcs_fuse.MEMORY_GIB),
        }
        for name, most in room.items():
            given = getattr(model.server, name)
            if given is not None and given > most:
                where = " and ".join(nodes.pools)
                message = f"must be at most {most}, what a node of {where} leaves to each pod, got {given}"
                yield Problem(f"{at}.server.{name}", message, "remove the line, or choose a larger machine")


def _idle_chips(at: str, model: Model) -> Iterator[Problem]:
    size = model.server.tensor_parallel_size
    for path, chips in _chips(model, "tpu") if size is not None else ():
        if size is not None and 0 < size < chips and chips % size == 0:
            message = f"should be {chips}, the chips of a node of {path}, got {size}: the others are idle"
            yield Problem(f"{at}.server.tensor_parallel_size", message, "remove the line")


def _shared_interfaces(at: str, model: Model) -> Iterator[Problem]:
    for key in model.regions:
        nodes = serving_nodes(model, key)
        size = nodes.tensor_parallel_size if nodes else None
        for path, plan in nodes.pools.items() if nodes and size else ():
            if nodes and plan.dranet and nodes.pods_per_node(plan) > 1:
                message = f"must be {plan.machine.chips}, all chips of a node of {path} that has DRANET, got {size}"
                yield Problem(
                    f"{at}.server.tensor_parallel_size", message, f"remove the line, or write {path}.dranet: false"
                )


def _chips(model: Model, kind: str = "") -> Iterator[tuple[str, int]]:
    for key in model.regions:
        for path, plan in serving_plans(model, key):
            if kind in ("", plan.machine.kind) and not plan.shared:
                yield path, plan.machine.chips


RULES = (
    Rule(
        "SRV-POOL",
        "A model's pools are named where there are several, once each, and each of its regions has one of them",
        "Pods go to the first pool that has room; a region without any of the pools cannot serve.",
        "this library",
        per_model(_pool),
    ),
    Rule(
        "SRV-REGIONS",
        "A model names each of its regions once",
        "A region named twice stands for another that was meant.",
        "this library",
        per_model(_regions),
    ),
    Rule(
        "SRV-MULTI-HOST",
        "The model server runs on single-host slices",
        "One pod cannot hold a slice that spans nodes.",
        "Google, Plan TPUs in GKE",
        per_model(_multi_host),
    ),
    Rule(
        "SRV-REPLICAS",
        "There are at most as many replicas as the pools can hold",
        "More stay pending.",
        "this library",
        per_model(_replicas),
    ),
    Rule(
        "SRV-PARALLEL",
        "`tensor_parallel_size` divides the chips of a node",
        "A pod has the chips of one node, and vLLM stops where it finds fewer than it splits the model over.",
        "vLLM, Distributed inference and serving",
        per_model(_parallel),
    ),
    Rule(
        "SRV-ROOM",
        "A pod asks for no more CPUs and memory than its share of the smallest machine",
        "GKE keeps a part of each node for itself and its own pods; a pod that asks for more stays pending.",
        "Google, Plan GKE node sizes",
        per_model(_room),
    ),
    Rule(
        "SRV-INTERFACES",
        "A node with DRANET has one pod",
        "Its claim takes all interfaces of the node; a second pod stays pending.",
        "Google, Allocate network resources using GKE managed DRANET",
        per_model(_shared_interfaces),
    ),
    Rule(
        "SRV-IDLE",
        "The model is split over all chips of a TPU node",
        "A pod gets a whole TPU node: no other pod can use the chips that it leaves idle.",
        "Google, TPUs in GKE",
        per_model(_idle_chips),
        severity="warning",
    ),
    Rule(
        "SRV-NONE",
        "There is at least one replica",
        "With none, every region answers 503.",
        "this library",
        per_model(_no_replicas),
        severity="warning",
    ),
)
