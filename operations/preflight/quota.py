"""Quotas: whether the limits hold the platform at its largest, and whether that much of them is free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from operations.findings import Finding
from operations.preflight.check import Check, Subject, good, unknown, wrong
from operations.preflight.quota_names import Quota, accelerator_quotas, cpu_metric
from stacks.sizing import system_machine_type

PERMISSION = "compute.regions.get, compute.projects.get and serviceusage.quotas.get"


@dataclass(frozen=True, kw_only=True)
class Need:
    """
    What the config asks of one quota.

    Attributes:
        id: The finding's.
        quotas: Where the limit may stand, the first choice first; empty where no API is known to tell it.
        amount: How much at most, with `unit`.
    """

    id: str
    quotas: tuple[Quota, ...]
    amount: int
    unit: str


def checks(subject: Subject) -> Iterator[Check]:
    """One per region and one for what counts once for the project."""
    yield Check(
        id="QUOTA", needed="room for the network and all GPUs", permission=PERMISSION, ask=partial(_project, subject)
    )
    for key in subject.keys:
        yield Check(
            id="QUOTA", needed="room for the pools at their largest", permission=PERMISSION, where=key,
            ask=partial(_region, subject, key),
        )  # fmt: skip


def _project(subject: Subject) -> Iterator[Finding]:
    answer = subject.google.call("compute", "v1", "projects.get", project=subject.project)
    network = subject.looked_up("compute", "v1", "networks.get", project=subject.project, network=subject.names.network)
    for need in _project_needs(subject):
        yield _judged(subject, need, Quotas(subject, "", answer.get("quotas", [])), built=network is not None)


def _project_needs(subject: Subject) -> Iterator[Need]:
    config = subject.config
    count = len(subject.keys)
    gpus = sum(
        pool.chips
        for key in subject.keys
        for pool in config.pools(key).values()
        if pool.machine.kind == "gpu" and not pool.spec.capacity.reservation
    )
    if gpus:
        yield Need(id="QUOTA-ALL-GPUS", quotas=(Quota("GPUS_ALL_REGIONS"),), amount=gpus, unit="GPUs")
    yield Need(id="QUOTA-NETWORKS", quotas=(Quota("NETWORKS"),), amount=1, unit="networks")
    yield Need(id="QUOTA-SUBNETWORKS", quotas=(Quota("SUBNETWORKS"),), amount=2 * count, unit="subnetworks")
    yield Need(id="QUOTA-FIREWALLS", quotas=(Quota("FIREWALLS"),), amount=1 + 2 * count, unit="firewall rules")
    if config.network.nat and config.cluster.private_nodes:
        yield Need(id="QUOTA-ROUTERS", quotas=(Quota("ROUTERS"),), amount=count, unit="routers")


def _region(subject: Subject, key: str) -> Iterator[Finding]:
    region = subject.config.regions[key].region
    answer = subject.google.call("compute", "v1", "regions.get", project=subject.project, region=region)
    built = subject.built(key)
    quotas = Quotas(subject, region, answer.get("quotas", []))
    for need in _region_needs(subject, key):
        yield _judged(subject, need, quotas, built=built)


def _region_needs(subject: Subject, key: str) -> Iterator[Need]:
    config = subject.config
    chips: Counter[tuple[str, tuple[Quota, ...]]] = Counter()
    for pool in config.pools(key).values():
        # A reservation was charged to the quota when it was made.
        if not pool.spec.capacity.reservation:
            chips[pool.machine.kind, accelerator_quotas(pool)] += pool.chips
    for (kind, quotas), amount in chips.items():
        unit = "TPU chips" if kind == "tpu" else "GPUs"
        yield Need(id=f"QUOTA-{kind.upper()}", quotas=quotas, amount=amount, unit=unit)
    nodes = config.cluster.system_pool.max_nodes_per_zone * len(config.regions[key].zones)
    machine = system_machine_type(config)
    cpus = nodes * _cpus(subject, key, machine)
    yield Need(id="QUOTA-CPU", quotas=(Quota(cpu_metric(machine)),), amount=cpus, unit="vCPUs of the system pool")
    if config.gateway.addresses == "named" and key in config.gateway_regions:
        yield Need(id="QUOTA-ADDRESS", quotas=(Quota("INTERNAL_ADDRESSES"),), amount=1, unit="internal addresses")
    if not config.cluster.private_nodes:
        most = nodes + sum(pool.nodes for pool in config.pools(key).values())
        yield Need(id="QUOTA-NODE-ADDRESS", quotas=(Quota("IN_USE_ADDRESSES"),), amount=most, unit="addresses in use")


def _cpus(subject: Subject, key: str, machine_type: str) -> int:
    zone = subject.config.regions[key].zones[0]
    answer = subject.google.call(
        "compute", "v1", "machineTypes.get", project=subject.project, zone=zone, machineType=machine_type
    )
    return int(answer["guestCpus"])


@dataclass(frozen=True)
class Quotas:
    """
    The limits of one region, or of the whole project.

    Attributes:
        region: Name of the region; empty for the project.
        listed: What the compute API tells of it.
    """

    subject: Subject
    region: str
    listed: list[dict[str, Any]]

    def limit(self, quota: Quota) -> tuple[float, float | None] | None:
        """The limit and what of it is in use, None where that is not told; None where there is no such quota."""
        if quota.family is None:
            entry = next((entry for entry in self.listed if entry["metric"] == quota.metric), None)
            return None if entry is None else (float(entry.get("limit", 0)), float(entry.get("usage", 0)))
        limit = self._family_limit(quota)
        return None if limit is None else (limit, None)

    def _family_limit(self, quota: Quota) -> float | None:
        """The bucket with the most dimensions that are ours; -1 stands for no limit."""
        assert quota.family
        # The name is a part of a path: its slash is a letter.
        metric = f"compute.googleapis.com%2F{quota.metric.lower()}"
        name = f"projects/{self.subject.project}/services/compute.googleapis.com/consumerQuotaMetrics/{metric}"
        answer = self.subject.looked_up("serviceusage", "v1beta1", "services.consumerQuotaMetrics.get", name=name)
        ours = {"region": self.region, quota.family[0]: quota.family[1]}
        buckets = [
            bucket
            for limit in (answer or {}).get("consumerQuotaLimits", [])
            if "{region}" in limit.get("unit", "")
            for bucket in limit.get("quotaBuckets", [])
            if bucket.get("dimensions", {}).items() <= ours.items()
        ]
        if not buckets:
            return None
        limit = float(max(buckets, key=lambda bucket: len(bucket.get("dimensions", {})))["effectiveLimit"])
        return float("inf") if limit < 0 else limit


def _judged(subject: Subject, need: Need, quotas: Quotas, *, built: bool) -> Finding:
    """The finding of one need; what a platform that is there already uses is its own."""
    where = f" in {quotas.region}" if quotas.region else ""
    quota, told = _charged(need, quotas)
    if quota is None or told is None:
        names = " or ".join(map(str, need.quotas)) or "the quota of this machine"
        found = f"could not be told: Google's APIs tell no limit of {names}{where}"
        return unknown(need.id, found, f"{need.amount} {need.unit} free{where}", f"look at {console(subject)}")
    limit, usage = told
    needed = f"{quota}: {need.amount} {need.unit} free{where}"
    used = f"limit {limit:g}, how much is in use is not told" if usage is None else f"limit {limit:g}, {usage:g} in use"
    fix = f"ask for more of {quota}{where}: {console(subject)}"
    if usage is None and limit >= need.amount:
        return good(need.id, used, f"{quota}: a limit of {need.amount} {need.unit} at least{where}")
    if limit < need.amount:
        return wrong(need.id, used, needed, fix)
    if limit - (usage or 0) >= need.amount:
        return good(need.id, used, needed)
    if built:
        return unknown(need.id, f"{used}, some of it by this platform", needed, f"compare, or {fix}")
    return wrong(need.id, used, needed, fix)


def _charged(need: Need, quotas: Quotas) -> tuple[Quota | None, tuple[float, float | None] | None]:
    """The first quota that was granted, with its limit and use; one that was never granted is passed over."""
    found: tuple[Quota | None, tuple[float, float | None] | None] = (None, None)
    for quota in need.quotas:
        told = quotas.limit(quota)
        if told is not None and (found[0] is None or told[0]):
            found = quota, told
        if told is not None and told[0]:
            break
    return found


def console(subject: Subject) -> str:
    """The page where people see quotas and ask for more."""
    return f"https://console.cloud.google.com/iam-admin/quotas?project={subject.project}"
