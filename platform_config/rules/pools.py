"""Rules about accelerator pools: machines, slices, zones, placement and network interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.accelerators import Machine, machines
from constructs_lib.specs import NodePoolSpec, RegionSpec
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.pages import MACHINES
from platform_config.rules.rule import Rule, models, pool_plans, pool_specs, region_plans


def _some(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        if not config.node_pools and not region.node_pools:
            message = f"must hold at least one pool for region {key}, got none"
            yield Problem("node_pools", message, f"add one, or give regions.{key}.node_pools")


def _machine(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        if spec.machine_type not in machines():
            message = f"must be a TPU or GPU machine that is known, got {shown(spec.machine_type)}"
            yield Problem(f"{path}.machine_type", message, _likely_machine(spec.machine_type))


def _likely_machine(text: str) -> str:
    """Suggest the machines of the accelerator that *text* names, such as h100 or v6e, or else the nearest name."""
    word = re.sub(r"[^a-z0-9]", "", text.lower())
    named = [name for name, machine in machines().items() if len(word) > 1 and word in _accelerator(machine)]
    if named:
        return f"write {'one of ' if len(named) > 1 else ''}{', '.join(named)}"
    return nearest(text.lower(), machines(), otherwise=f"{MACHINES} describes all {len(machines())}")


def _accelerator(machine: Machine) -> str:
    return re.sub(r"[^a-z0-9]", "", f"{machine.generation} {machine.label_value}".lower())


def _topology(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        machine = machines().get(spec.machine_type)
        if machine is None or spec.topology is None or spec.topology in machine.topologies:
            continue
        if not machine.topologies:
            message = f"must be left out for {spec.machine_type}, which is not a TPU, got {shown(spec.topology)}"
            yield Problem(f"{path}.topology", message, "remove the line")
            continue
        first = list(machine.topologies)[:12]
        more = f" or {len(machine.topologies) - 12} larger ones" if len(machine.topologies) > 12 else ""
        message = f"must be one of {', '.join(first)}{more} for {spec.machine_type}, got {shown(spec.topology)}"
        turned = "x".join(sorted(spec.topology.split("x"), key=lambda side: (len(side), side)))
        fix = f"write '{turned}'" if turned in machine.topologies else f"{MACHINES} lists them all"
        yield Problem(f"{path}.topology", message, fix)


def _dranet(config: Config) -> Iterator[Problem]:
    able = [name for name, machine in machines().items() if machine.dra_device_class]
    for path, plan in pool_plans(config):
        if plan.dranet and plan.machine.dra_device_class is None:
            message = f"must be false for {plan.spec.machine_type}, got true"
            yield Problem(f"{path}.dranet", message, f"remove the line, or choose one of {', '.join(able)}")


def _placement_single(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.compact_placement and not plan.multi_host and plan.machine.kind == "tpu":
            message = f"must be false for the single-host slice {plan.topology} of {plan.spec.machine_type}, got true"
            yield Problem(f"{path}.compact_placement", message, "remove the line")


def _placement_multi(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.multi_host and not plan.compact_placement:
            message = f"must be true for the slice {plan.topology} of {plan.slice_nodes} nodes, got false"
            yield Problem(f"{path}.compact_placement", message, "remove the line")


def _placement_zone(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        for pool, (path, plan) in region_plans(config, key).items():
            zones = plan.spec.zones or region.zones
            if plan.compact_placement and len(zones) > 1:
                where = path if plan.spec.zones else f"regions.{key}"
                message = f"must name one zone for pool {pool}, whose nodes are placed together, got {', '.join(zones)}"
                yield Problem(f"{where}.zones", message, f"keep one zone, or change {path}.topology")


def _zones(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        for path, plan in region_plans(config, key).values():
            zones = plan.spec.zones or ()
            for index, zone in enumerate(zones):
                if zone in zones[:index]:
                    yield Problem(f"{path}.zones", f"must name each zone once, got {shown(zone)} again", "keep one")
                elif zone not in region.zones:
                    message = f"must be one of {', '.join(region.zones)}, the zones of region {key}, got {shown(zone)}"
                    yield Problem(f"{path}.zones[{index}]", message, _other_zone(path, key, zone, region))


def _other_zone(path: str, key: str, zone: str, region: RegionSpec) -> str:
    """Return what to do about a *zone* that region *key* does not have."""
    if path.startswith("regions."):
        return nearest(zone, region.zones, otherwise=f"add it to regions.{key}.zones, or leave zones out")
    return f"add it to regions.{key}.zones, or give the pool under the node_pools of each region"


def _slice_nodes(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.multi_host and plan.spec.nodes_per_zone not in (None, 1, plan.slice_nodes):
            given = plan.spec.nodes_per_zone
            message = f"must be {plan.slice_nodes}, the nodes of a {plan.topology} slice, got {given}"
            yield Problem(f"{path}.nodes_per_zone", message, "remove the line: the topology decides")


def _nodes(config: Config) -> Iterator[Problem]:
    most_zones = max((len(region.zones) for region in config.regions.values()), default=1)
    for path, _, spec in pool_specs(config):
        if spec.autoscaling and spec.autoscaling.max_nodes > 1000 * most_zones:
            message = f"must be at most {1000 * most_zones}, 1000 in a zone, got {spec.autoscaling.max_nodes}"
            yield Problem(f"{path}.autoscaling.max_nodes", message, "add a pool, or a region")


def _unused(config: Config) -> Iterator[Problem]:
    used: dict[str, dict[str, None]] = {key: {} for key in config.regions}
    for _, model in models(config):
        for key in model.regions:
            here = {**config.node_pools, **_own(config.regions[key])}
            if not model.spec.node_pools and len(here) > 1:
                return  # SRV-POOL reports it.
            used[key] |= dict.fromkeys(pool for pool in model.spec.node_pools or here if pool in here)
    shared = [
        (f"node_pools.{pool}", pool, [key for key, region in config.regions.items() if pool not in _own(region)])
        for pool in config.node_pools
    ]
    own = [
        (f"regions.{key}.node_pools.{pool}", pool, [key])
        for key, region in config.regions.items()
        for pool in _own(region)
    ]
    for path, pool, regions in [*shared, *own] if any(used.values()) else ():
        if idle := [key for key in regions if pool not in used[key]]:
            yield _idle_pool(path, pool, regions, idle, used)


def _own(region: RegionSpec) -> dict[str, NodePoolSpec]:
    return region.node_pools or {}


def _idle_pool(path: str, pool: str, regions: list[str], idle: list[str], used: dict[str, dict[str, None]]) -> Problem:
    """Return the problem of *pool*, which no model uses in the regions *idle* of those that have it."""
    without_models = [key for key in idle if not used[key]]
    if idle == regions and not without_models:
        given = dict.fromkeys(f"'{other}'" for pools in used.values() for other in pools)
        message = f"should be used by something, got {' and '.join(given)} as the models' pool{'s' * (len(given) > 1)}"
        return Problem(path, message, "remove the pool")
    message = f"should be used by a model in {' and '.join(regions)}, got none in {' and '.join(idle)}"
    if without_models:
        where = " and ".join(without_models)
        fix = f"name {where} in the regions of a model that has pool {pool}, or remove {where}"
        return Problem(path, message, fix)
    homes = " and ".join(f"regions.{key}.node_pools" for key in regions if key not in idle)
    return Problem(path, message, f"move it to {homes}")


RULES = (
    Rule("POOL-NONE", "Each region has a pool", "A model server needs accelerators.", "this library", _some),
    Rule(
        "POOL-MACHINE",
        "`machine_type` is a TPU or GPU machine that is known",
        "Chips, labels, slices and disks follow from it.",
        "constructs_lib/data/machines.json, which names its sources",
        _machine,
    ),
    Rule(
        "POOL-TOPOLOGY",
        "`topology` is a slice of that machine",
        "GKE refuses others when the pool is made, some 15 minutes into an apply.",
        "constructs_lib/data/machines.json, which names its sources",
        _topology,
    ),
    Rule(
        "POOL-DRANET",
        "Managed DRANET is on only where the machine has it",
        "GKE refuses the network profile on other machines.",
        "Google, Allocate network resources using GKE managed DRANET, supported machines",
        _dranet,
    ),
    Rule(
        "POOL-ZONES",
        "A pool's own zones are some of the zones of each region that has it",
        "System nodes, network endpoint groups and quotas are counted in the region's zones.",
        "GKE API, NodePool.locations; this library",
        _zones,
    ),
    Rule(
        "POOL-PLACEMENT-SINGLE",
        "A single-host TPU slice has no placement policy",
        "GKE answers: TPU topology can't be specified with single-host TPU slice pool.",
        "AI-Hypercomputer/xpk#825",
        _placement_single,
    ),
    Rule(
        "POOL-PLACEMENT-MULTI",
        "A multi-host TPU slice has a placement policy",
        "The nodes of a slice work as one TPU; without the policy their chips cannot reach each other.",
        "Google, Plan TPUs in GKE; GoogleCloudPlatform/cluster-toolkit, gke-node-pool",
        _placement_multi,
    ),
    Rule(
        "POOL-PLACEMENT-ZONE",
        "A pool whose nodes are placed together is in one zone",
        "A placement policy holds for one zone.",
        "GoogleCloudPlatform/cluster-toolkit, gke-node-pool preconditions",
        _placement_zone,
    ),
    Rule(
        "POOL-SLICE-NODES",
        "A multi-host slice has as many nodes as its topology",
        "GKE refuses any other count.",
        "Google, Plan TPUs in GKE",
        _slice_nodes,
    ),
    Rule(
        "POOL-NODES-1000",
        "A pool has at most 1000 nodes in a zone",
        "GKE refuses more.",
        "Google, GKE quotas and limits",
        _nodes,
    ),
    Rule(
        "POOL-UNUSED",
        "Each pool is used by a model in each region that has it",
        "Idle accelerators cost as much as busy ones.",
        "this library",
        _unused,
        severity="warning",
    ),
)
