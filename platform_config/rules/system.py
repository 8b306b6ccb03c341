"""Rules about the system pool: its nodes have room for what every cluster runs, such as the endpoint picker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil

from constructs_lib.inferencepool_chart import VERSIONS, endpoint_picker_requests
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.requirements import SYSTEM_CPU, SYSTEM_MEMORY_GIB
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
    machine = config.cluster.system_pool.machine_type
    versions = [model.inference_pool.chart_version for _, model in models(config) if model.has_pool]
    known = [version for version in versions if version in VERSIONS]
    if machine is None or not known:
        return
    version = max(known, key=_needs)
    cpus, gib = _size(machine)
    need_cpus, need_gib = (ceil(need) for need in _needs(version))
    if cpus < need_cpus or gib < need_gib:
        message = (
            f"must have {need_cpus} vCPU and {need_gib} GiB for the endpoint picker of {version}, got {shown(machine)}"
        )
        yield Problem("cluster.system_pool.machine_type", message, "leave it out, or write 'e2-standard-8'")


def _needs(version: str) -> tuple[float, float]:
    cpus, gib = endpoint_picker_requests(version)
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
)
