"""What the config asks of each quota, at its most nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from operations.preflight.check import Subject
from operations.preflight.quota_names import DISKS, Quota, accelerator_quotas, cpu_quotas
from stacks.rules.gateway import MODEL_SERVER_PORTS
from stacks.sizing import system_machine_type

LOAD_BALANCER = {
    "QUOTA-BACKEND-SERVICES": ("GLOBAL_INTERNAL_MANAGED_BACKEND_SERVICES", "backend services"),
    "QUOTA-HEALTH-CHECKS": ("HEALTH_CHECKS", "health checks"),
    "QUOTA-TARGET-PROXIES": ("TARGET_HTTP_PROXIES", "target HTTP proxies"),
    "QUOTA-URL-MAPS": ("URL_MAPS", "URL maps"),
}
"""
What the gateway's controller makes, once for all regions: one of each at least.

Forwarding rules are counted per region of a network, and this platform has a network of its own. Source: Google, "Cloud
Load Balancing quotas and limits", cross-region internal Application Load Balancer.
"""


@dataclass(frozen=True, kw_only=True)
class Need:
    """
    What the config asks of one quota.

    Attributes:
        id: The finding's.
        quotas: Where the limit may stand, the first choice first.
        amount: How much at most, with `unit`.
    """

    id: str
    quotas: tuple[Quota, ...]
    amount: int
    unit: str


def project_needs(subject: Subject) -> Iterator[Need]:
    """What counts once for the project."""
    config = subject.config
    count = len(subject.keys)
    gpus = sum(
        pool.chips
        for key in subject.keys
        for pool in config.pools(key).values()
        if pool.machine.kind == "gpu" and not pool.spec.capacity.reservation
    )
    if gpus:
        yield _need("QUOTA-ALL-GPUS", "GPUS_ALL_REGIONS", gpus, "GPUs")
    if cpus := sum(_system_cpus(subject, key) for key in subject.keys):
        yield _need("QUOTA-ALL-CPUS", "CPUS_ALL_REGIONS", cpus, "vCPUs of the system pools")
    yield _need("QUOTA-NETWORKS", "NETWORKS", 1, "networks")
    yield _need("QUOTA-SUBNETWORKS", "SUBNETWORKS", 2 * count, "subnetworks")
    yield _need("QUOTA-FIREWALLS", "FIREWALLS", 1 + 2 * count, "firewall rules")
    if config.network.nat and config.cluster.private_nodes:
        yield _need("QUOTA-ROUTERS", "ROUTERS", count, "routers")
    for id_, (metric, unit) in LOAD_BALANCER.items():
        yield _need(id_, metric, 1, unit)


def region_needs(subject: Subject, key: str) -> Iterator[Need]:
    """What counts for the region *key*."""
    config = subject.config
    yield from _chips(subject, key)
    if cpus := _system_cpus(subject, key):
        quotas = cpu_quotas(system_machine_type(config))
        yield Need(id="QUOTA-CPU", quotas=quotas, amount=cpus, unit="vCPUs of the system pool")
    yield from _disks(subject, key)
    if config.gateway.addresses == "named" and key in config.gateway_regions:
        yield _need("QUOTA-ADDRESS", "INTERNAL_ADDRESSES", 1, "internal addresses")
    if not config.cluster.private_nodes:
        most = _system_nodes(subject, key) + sum(pool.nodes for pool in config.pools(key).values())
        yield _need("QUOTA-NODE-ADDRESS", "IN_USE_ADDRESSES", most, "addresses in use")
    # Of the exported pool, one per zone and port (see GW-NEG-50); those of other services come on top.
    groups = len(config.regions[key].zones) * MODEL_SERVER_PORTS
    yield _need("QUOTA-NEG", "NETWORK_ENDPOINT_GROUPS", groups, "network endpoint groups")


def _need(id_: str, metric: str, amount: int, unit: str) -> Need:
    return Need(id=id_, quotas=(Quota(metric),), amount=amount, unit=unit)


def _chips(subject: Subject, key: str) -> Iterator[Need]:
    chips: Counter[tuple[str, tuple[Quota, ...]]] = Counter()
    for pool in subject.config.pools(key).values():
        # A reservation was charged to the quota when it was made.
        if not pool.spec.capacity.reservation:
            chips[pool.machine.kind, accelerator_quotas(pool)] += pool.chips
    for (kind, quotas), amount in chips.items():
        unit = "TPU chips" if kind == "tpu" else "GPUs"
        yield Need(id=f"QUOTA-{kind.upper()}", quotas=quotas, amount=amount, unit=unit)


def _disks(subject: Subject, key: str) -> Iterator[Need]:
    """Boot disks of all nodes; reservations hold none."""
    config = subject.config
    disks = Counter({DISKS["pd-balanced"]: _system_nodes(subject, key) * config.cluster.system_pool.disk_gib})
    for pool in config.pools(key).values():
        # Other types have quotas of other names; nothing is said of them.
        if pool.disk_type in DISKS:
            disks[DISKS[pool.disk_type]] += pool.nodes * pool.spec.disk_gib
    for metric, amount in disks.items():
        yield _need(f"QUOTA-DISK-{metric.partition('_')[0]}", metric, amount, "GB of boot disks")


def _system_nodes(subject: Subject, key: str) -> int:
    return subject.config.cluster.system_pool.max_nodes_per_zone * len(subject.config.regions[key].zones)


def _system_cpus(subject: Subject, key: str) -> int:
    """0 where its machine type is not offered, which MACHINE tells."""
    answer = subject.looked_up(
        "compute", "v1", "machineTypes.get", project=subject.project, zone=subject.config.regions[key].zones[0],
        machineType=system_machine_type(subject.config),
    )  # fmt: skip
    return int(answer["guestCpus"]) * _system_nodes(subject, key) if answer is not None else 0
