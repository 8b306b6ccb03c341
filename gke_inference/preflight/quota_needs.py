"""What the config asks of each quota, at its most nodes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from constructs_lib.accelerators import PoolPlan
from constructs_lib.gateway_class import CROSS_REGION, REGIONAL_EXTERNAL, REGIONAL_INTERNAL
from gke_inference.preflight.quota_names import DISKS, Choices, Quota, accelerator_quotas, cpu_quotas, preemptible
from gke_inference.preflight.target import Target
from platform_config.model import models_in
from platform_config.network_plan import makes_nat, proxy_regions
from platform_config.requirements import system_machine_type

BACKEND_SERVICES = {
    CROSS_REGION: "GLOBAL_INTERNAL_MANAGED_BACKEND_SERVICES",
    REGIONAL_INTERNAL: "REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES",
    REGIONAL_EXTERNAL: "REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES",
}
"""The quota of the backend services that a gateway's controller makes: one at least for each model."""
LOAD_BALANCER = {
    "QUOTA-TARGET-PROXIES": ("TARGET_HTTP_PROXIES", "target HTTP proxies"),
    "QUOTA-URL-MAPS": ("URL_MAPS", "URL maps"),
}
"""
What a gateway's controller makes once for all models: one of each at least.

They count for the project, wherever they are. Forwarding rules are counted per region of a network, and this platform
has a network of its own. Source: Google, "Cloud Load Balancing quotas and limits".
"""
HTTPS_PROXIES = ("TARGET_HTTPS_PROXIES", "target HTTPS proxies")
"""What it makes for HTTPS too."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """
    What the config asks of one quota.

    Attributes:
        id: The finding's.
        quotas: What it may be charged to.
        amount: How much at most, with `unit`.
        least: What the limit must be at least, however little is asked.
        even: Whether all zones of the region are used alike.
    """

    id: str
    quotas: Choices
    amount: int
    unit: str
    least: int = 0
    even: bool = False


def project_needs(target: Target) -> Iterator[Need]:
    """Yield what counts once for the project."""
    yield from _accelerators(target)
    if cpus := sum(_system_cpus(target, key) for key in target.keys):
        yield _need("QUOTA-ALL-CPUS", "CPUS_ALL_REGIONS", cpus, "vCPUs of the system pools")
    yield from _gateways(target)


def network_needs(target: Target) -> Iterator[Need]:
    """Yield what an apply makes of the network, which counts for the network's project."""
    config, made = target.config, target.keys
    if config.existing.network is None:
        yield _need("QUOTA-NETWORKS", "NETWORKS", 1, "networks")
    if subnets := sum(map(target.made_subnets, made)):
        yield _need("QUOTA-SUBNETWORKS", "SUBNETWORKS", subnets, "subnetworks")
    if not config.existing.firewall:
        # Nodes of clusters that exist have GKE's own rule.
        own_nodes = len(made) if all(map(target.makes_cluster, made)) else 0
        proxies = sum(key in proxy_regions(config) for key in made)
        yield _need("QUOTA-FIREWALLS", "FIREWALLS", 1 + proxies + own_nodes, "firewall rules")
    if routers := sum(makes_nat(config, key) for key in made):
        yield _need("QUOTA-ROUTERS", "ROUTERS", routers, "routers")


def region_needs(target: Target, key: str) -> Iterator[Need]:
    """Yield what counts for the region *key*."""
    config = target.config
    yield from _chips(target, key)
    if cpus := _system_cpus(target, key):
        quotas = cpu_quotas(system_machine_type(config))
        yield Need(id="QUOTA-CPU", quotas=quotas, amount=cpus, unit="vCPUs of the system pool")
    yield from _disks(target, key)
    if key in config.gateway_regions:
        yield from _gateway(target, key)
    if not config.cluster.private_nodes:
        most = _system_nodes(target, key) + sum(pool.nodes for pool in target.made_pools(key).values())
        yield _need("QUOTA-NODE-ADDRESS", "IN_USE_ADDRESSES", most, "addresses in use")
    # Of each pool or Service, one per zone (see GW-NEG-50); those of other services come on top.
    groups = len(config.regions[key].zones) * len(models_in(config, key))
    yield _need("QUOTA-NEG", "NETWORK_ENDPOINT_GROUPS", groups, "network endpoint groups")


def _gateways(target: Target) -> Iterator[Need]:
    """Yield what the controllers of all gateways make and what counts once for the project."""
    config = target.config
    homes = [key for key in target.keys if key in config.gateway_regions] if config.is_regional else [""]
    services = sum(len(models_in(config, key) if key else config.models) for key in homes)
    if not config.is_regional:
        yield _need("QUOTA-BACKEND-SERVICES", BACKEND_SERVICES[CROSS_REGION], services, "backend services")
    yield _need("QUOTA-HEALTH-CHECKS", "HEALTH_CHECKS", services, "health checks")
    for id_, (metric, unit) in LOAD_BALANCER.items():
        yield _need(id_, metric, len(homes), unit)
    if config.gateway.tls is not None:
        yield _need("QUOTA-HTTPS-PROXIES", HTTPS_PROXIES[0], len(homes), HTTPS_PROXIES[1])


def _gateway(target: Target, key: str) -> Iterator[Need]:
    """Yield what the gateway of region *key* needs of what counts for the region."""
    config = target.config
    kind = config.gateway.gateway_class
    if config.is_regional:
        services = len(models_in(config, key))
        yield _need("QUOTA-BACKEND-SERVICES", BACKEND_SERVICES[kind], services, "backend services")
    if kind.public:
        yield _need("QUOTA-PUBLIC-ADDRESS", "IN_USE_ADDRESSES", 1, "addresses in use")
    if config.gateway.addresses == "named" and config.regions[key].existing.gateway_address is None:
        metric, unit = ("STATIC_ADDRESSES", "static") if kind.public else ("INTERNAL_ADDRESSES", "internal")
        yield _need("QUOTA-ADDRESS", metric, 1, f"{unit} addresses")


def _need(id_: str, metric: str, amount: int, unit: str) -> Need:
    return Need(id=id_, quotas=((Quota(metric),),), amount=amount, unit=unit)


def _accelerators(target: Target) -> Iterator[Need]:
    """
    Yield the GPUs of all regions; a limit of just 0 shuts the project out from TPUs, too, and from what is reserved.

    Source: Google, "TPU Builders Program Getting Started Guide", Understanding TPU Quotas.
    """
    pools = [pool for key in target.keys for pool in target.made_pools(key).values()]
    gpus = sum(pool.chips for pool in pools if pool.machine.kind == "gpu" and not pool.spec.capacity.reservation)
    quotas = ((Quota("GPUS_ALL_REGIONS"),),)
    yield Need(id="QUOTA-ALL-GPUS", quotas=quotas, amount=gpus, unit="GPUs", least=1)


def _chips(target: Target, key: str) -> Iterator[Need]:
    """Yield one for each generation and way to buy."""
    groups: defaultdict[tuple[str, str, bool], list[PoolPlan]] = defaultdict(list)
    for pool in target.made_pools(key).values():
        # A reservation was charged to the quota when it was made.
        if not pool.spec.capacity.reservation:
            groups[pool.machine.kind, pool.machine.generation, preemptible(pool)].append(pool)
    for (kind, generation, cheap), pools in groups.items():
        name = f"{kind}-{generation}".upper().replace(" ", "-")
        yield Need(
            id=f"QUOTA-{name}{'-PREEMPTIBLE' if cheap else ''}",
            quotas=accelerator_quotas(pools[0]),
            amount=sum(pool.chips for pool in pools),
            unit="TPU chips" if kind == "tpu" else "GPUs",
            even=not all(pool.grows and pool.location_policy == "ANY" for pool in pools),
        )


def _disks(target: Target, key: str) -> Iterator[Need]:
    """Yield the boot disks of all nodes; reservations hold none."""
    config = target.config
    disks = Counter({DISKS["pd-balanced"]: _system_nodes(target, key) * config.cluster.system_pool.disk_gib})
    for pool in target.made_pools(key).values():
        # Other types have quotas of other names; nothing is said of them.
        if pool.disk_type in DISKS:
            disks[DISKS[pool.disk_type]] += pool.nodes * pool.spec.disk_gib
    for metric, amount in (+disks).items():
        yield _need(f"QUOTA-DISK-{metric.partition('_')[0]}", metric, amount, "GB of boot disks")


def _system_nodes(target: Target, key: str) -> int:
    """Return the most nodes of the system pool that is made; an Autopilot cluster has none: nodes follow the pods."""
    if target.config.cluster.autopilot or not target.makes_cluster(key):
        return 0
    return target.config.cluster.system_pool.max_nodes_per_zone * len(target.config.regions[key].zones)


def _system_cpus(target: Target, key: str) -> int:
    """Return 0 where no system pool is made, or where its machine type is not offered, which MACHINE reports."""
    if target.config.cluster.autopilot or not target.makes_cluster(key):
        return 0
    answer = target.google.find(
        "compute", "v1", "machineTypes.get", project=target.project, zone=target.config.regions[key].zones[0],
        machineType=system_machine_type(target.config),
    )  # fmt: skip
    return int(answer["guestCpus"]) * _system_nodes(target, key) if answer is not None else 0
