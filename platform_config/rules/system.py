"""Rules about the system pool: its nodes have room for what every cluster runs, such as the endpoint picker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil

from constructs_lib.picker_chart import endpoint_picker_requests, is_known
from constructs_lib.specs import InferencePoolSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.model import models_in
from platform_config.requirements import SYSTEM_CPU, SYSTEM_MEMORY_GIB, system_machine_type
from platform_config.rules.rule import Rule, models

HYPERDISK_ONLY = ("c4", "c4a", "c4d", "h4d", "m4", "n4", "n4a", "n4d")
GIB_PER_CPU = {"highcpu": 1.0, "standard": 3.75}
"""Memory of the two kinds of machine that can have too little of it, in the family with the least."""


def _system_machine(config: Config) -> Iterator[Problem]:
    machine, path = config.cluster.system_pool.machine_type, "cluster.system_pool.machine_type"
    if machine is None:
        return
    if not re.fullmatch(r"[a-z][a-z0-9]*-[a-z0-9]+(-[a-z0-9]+)*", machine):
        yield Problem(path, f"must be a machine type, got {shown(machine)}", "leave it out, or write 'e2-standard-8'")
    elif machine.split("-")[0] in HYPERDISK_ONLY:
        message = f"must boot from pd-balanced, got {shown(machine)} that takes only Hyperdisk"
        yield Problem(path, message, "write 'e2-standard-8' or 'n2-standard-8'")


def _system_disk(config: Config) -> Iterator[Problem]:
    if not 30 <= config.cluster.system_pool.disk_gib <= 65536:
        message = f"must be between 30 and 65536, got {config.cluster.system_pool.disk_gib}"
        yield Problem("cluster.system_pool.disk_gib", message, "write 100")


def _picker(config: Config) -> Iterator[Problem]:
    machine, own = _machine(config), config.cluster.system_pool.machine_type
    known = [model.inference_pool for _, model in models(config) if model.has_pool and is_known(model.inference_pool)]
    if machine is None or not known:
        return
    largest = max(known, key=endpoint_picker_requests)
    cpus, gib = _size(machine)
    need_cpus, need_gib = (ceil(need) for need in _needs(largest))
    if cpus < need_cpus or gib < need_gib:
        given = shown(machine) if own else f"nothing and {shown(machine)} by inference_pool.chart_version"
        picker = f"the endpoint picker of {largest.chart_version}"
        message = f"must have {need_cpus} vCPU and {need_gib} GiB for {picker}, got {given}"
        fix = "leave it out, or write 'e2-standard-8'" if own else "write 'e2-standard-8'"
        yield Problem("cluster.system_pool.machine_type", message, fix)


def _pickers(config: Config) -> Iterator[Problem]:
    machine, pool = _machine(config), config.cluster.system_pool
    zones = {key: len(region.zones) for key, region in config.regions.items()}
    needed = {key: _nodes_for(config, key, machine) for key in zones} if machine else {}
    per_zone = {key: ceil(nodes / zones[key]) for key, nodes in needed.items() if zones[key]}
    key = max(per_zone, key=per_zone.__getitem__, default="")
    if key and per_zone[key] > pool.max_nodes_per_zone:
        count = sum(model.inference_pool.endpoint_picker_replicas for model in models_in(config, key) if model.has_pool)
        message = (
            f"must be at least {per_zone[key]} for the {count} endpoint pickers of the models in {key}, "
            f"got {pool.max_nodes_per_zone}"
        )
        fix = f"write {per_zone[key]}, or a larger machine_type: GKE replaces the nodes then"
        yield Problem("cluster.system_pool.max_nodes_per_zone", message, fix)


def _nodes_for(config: Config, key: str, machine: str) -> int:
    """Return the nodes that the endpoint pickers of region *key* fill, the largest first; 0 if one is too large."""
    pools = [model.inference_pool for model in models_in(config, key) if model.has_pool]
    known = [pool for pool in pools if is_known(pool)]
    pickers = sorted(
        (endpoint_picker_requests(pool) for pool in known for _ in range(pool.endpoint_picker_replicas)),
        reverse=True,
    )
    cpus, gib = _size(machine)
    left: list[tuple[float, float]] = []
    for need_cpus, need_gib in pickers:
        if need_cpus > cpus - SYSTEM_CPU or need_gib > gib - SYSTEM_MEMORY_GIB:
            return 0
        here = next(
            (n for n, (free_cpus, free_gib) in enumerate(left) if free_cpus >= need_cpus and free_gib >= need_gib), None
        )
        if here is None:
            here = len(left)
            left.append((cpus - SYSTEM_CPU, gib - SYSTEM_MEMORY_GIB))
        left[here] = (left[here][0] - need_cpus, left[here][1] - need_gib)
    return len(left)


def _machine(config: Config) -> str | None:
    """Return the machine type of the system pool; None without one, or with a chart version that GW-CHART refuses."""
    if config.cluster.autopilot:
        return None
    if config.cluster.system_pool.machine_type or is_known(config.inference_pool):
        return system_machine_type(config)
    return None


def _needs(pool: InferencePoolSpec) -> tuple[float, float]:
    cpus, gib = endpoint_picker_requests(pool)
    return cpus + SYSTEM_CPU, gib + SYSTEM_MEMORY_GIB


def _size(machine: str) -> tuple[float, float]:
    """Return CPUs and GiB by the machine's name; e2-medium and the like, which have no number, share two CPUs."""
    cpus = re.search(r"-([0-9]+)", machine)
    if cpus is None:
        return (2, 4)
    kind = re.sub(r".*?-([a-z]+).*", r"\1", machine)
    return float(cpus[1]), float(cpus[1]) * GIB_PER_CPU.get(kind, 8)


RULES = (
    Rule(
        "GKE-SYSTEM-MACHINE",
        "The system pool's machine type boots from pd-balanced",
        "The system pool has such disks; some machine families take Hyperdisk only.",
        "Google, Compute Engine machine families, supported disks",
        _system_machine,
    ),
    Rule(
        "GKE-SYSTEM-DISK",
        "The system pool's disk has 30 to 65536 GiB",
        "Less does not hold the node image and the pods' images.",
        "GKE API, NodeConfig.diskSizeGb",
        _system_disk,
    ),
    Rule(
        "GKE-SYSTEM-PICKER",
        "The system pool's machine type holds an endpoint picker beside GKE's own pods",
        "From v1.4.0 on the picker asks for 4 CPU and 8 GiB; on smaller nodes it stays pending, and nothing is served.",
        "kubernetes-sigs/gateway-api-inference-extension, config/charts/inferencepool/values.yaml",
        _picker,
    ),
    Rule(
        "GKE-SYSTEM-ROOM",
        "The system pool, at its most nodes, holds the endpoint pickers of all models",
        "Each model with a pool has a picker in each of its regions; one that stays pending has all requests refused.",
        "kubernetes-sigs/gateway-api-inference-extension, config/charts/inferencepool/values.yaml",
        _pickers,
    ),
)
