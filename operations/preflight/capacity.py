"""Machines, reservations and versions: what the zones and the control planes have on offer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil
from typing import Any

from constructs_lib.accelerators import PoolPlan
from constructs_lib.gke_version import GkeVersion
from operations.findings import Finding
from operations.preflight.check import Check, Subject, good, unknown, wrong
from stacks.sizing import system_machine_type
from stacks.versions import version_floor


def checks(subject: Subject) -> Iterator[Check]:
    """Per region: its version; per zone: its machines and reservations."""
    for key in subject.keys:
        yield Check(
            id="VERSION", needed=f"GKE {version_floor(subject.config, key)} or newer", where=key,
            permission="container.clusters.list", ask=partial(_version, subject, key),
        )  # fmt: skip
        yield Check(
            id="MACHINE", needed="each machine type in each zone", permission="compute.machineTypes.list", where=key,
            ask=partial(_machines, subject, key),
        )  # fmt: skip
        pools = subject.config.pools(key)
        if any(pool.spec.capacity.reservation for pool in pools.values()):
            yield Check(
                id="RESERVATION", needed="room in each reservation", permission="compute.reservations.get", where=key,
                ask=partial(_reservations, subject, key),
            )  # fmt: skip


def _version(subject: Subject, key: str) -> Iterator[Finding]:
    """The same choice as Terraform's: what is given, the channel's default, or the newest of the floor's minor."""
    spec = subject.config.cluster
    name = f"projects/{subject.project}/locations/{subject.names.cluster_location(key)}"
    answer = subject.google.call("container", "v1", "projects.locations.getServerConfig", name=name)
    channels: dict[str, dict[str, Any]] = {entry["channel"]: entry for entry in answer.get("channels", [])}
    channel = channels.get(spec.release_channel, {})
    offered = [GkeVersion.parse(text) for text in channel.get("validVersions", [])]
    floor = GkeVersion.parse(version_floor(subject.config, key))
    default = channel.get("defaultVersion")
    if spec.gke_version:
        wanted = GkeVersion.parse(spec.gke_version)
    elif default and GkeVersion.parse(default) >= floor:
        wanted = GkeVersion.parse(default)
    else:
        wanted = GkeVersion(floor.parts[:2])
    chosen = max((version for version in offered if version.parts[: len(wanted.parts)] == wanted.parts), default=None)
    needed = f"{spec.release_channel} offers {spelled(floor)} or newer, for the features in use"
    if chosen is not None and chosen >= floor:
        yield good("VERSION", f"{spelled(chosen)} would be taken", needed)
        return
    newest = spelled(max(offered)) if offered else "nothing"
    found = f"{spelled(chosen) if chosen else spelled(wanted) + ', which is not offered'}; the newest is {newest}"
    yield wrong("VERSION", found, needed, "set cluster.gke_version to a newer minor version, or another channel")


def spelled(version: GkeVersion) -> str:
    """The version as GKE writes it."""
    numbers = ".".join(map(str, version.parts[:3]))
    return f"{numbers}-gke.{version.parts[3]}" if len(version.parts) > 3 else numbers


def _machines(subject: Subject, key: str) -> Iterator[Finding]:
    region = subject.config.regions[key]
    types = {pool.machine.machine_type for pool in subject.config.pools(key).values()}
    for machine_type in sorted({*types, system_machine_type(subject.config)}):
        id_ = f"MACHINE-{machine_type}"
        needed = f"{machine_type} in {', '.join(region.zones)}"
        missing = [
            zone
            for zone in region.zones
            if subject.looked_up(
                "compute", "v1", "machineTypes.get", project=subject.project, zone=zone, machineType=machine_type
            ) is None
        ]  # fmt: skip
        if missing:
            zones = _zones_with(subject, machine_type, region.region)
            elsewhere = f"{region.region} has it in {', '.join(zones)}" if zones else f"no zone of {region.region} has"
            fix = f"set regions.{key}.zones to zones that have it" if zones else "choose another region or machine type"
            yield wrong(id_, f"not in {', '.join(missing)}; {elsewhere}", needed, fix)
        else:
            yield good(id_, "offered", needed)


def _zones_with(subject: Subject, machine_type: str, region: str) -> list[str]:
    entries = subject.google.pages(
        "compute", "v1", "machineTypes.aggregatedList", items="items", project=subject.project,
        filter=f"name = {machine_type}",
    )  # fmt: skip
    zones = (scope.removeprefix("zones/") for scope, found in entries if found.get("machineTypes"))
    return sorted(zone for zone in zones if zone.rpartition("-")[0] == region)


def _reservations(subject: Subject, key: str) -> Iterator[Finding]:
    built = subject.built(key)
    zones = subject.config.regions[key].zones
    for name, pool in subject.config.pools(key).items():
        if pool.spec.capacity.reservation:
            for zone in zones:
                yield _reservation(subject, name, pool, zone, ceil(pool.nodes / len(zones)), built=built)


def _reservation(subject: Subject, name: str, pool: PoolPlan, zone: str, nodes: int, *, built: bool) -> Finding:
    reservation, machine_type = str(pool.spec.capacity.reservation), pool.machine.machine_type
    id_ = f"RESERVATION-{name}"
    needed = f"{reservation} in {zone} with {nodes} free {machine_type}, for those only that name it"
    fix = f"correct node_pools.{name}.capacity.reservation, or have the reservation changed"
    found = subject.looked_up(
        "compute", "v1", "reservations.get", project=subject.project, zone=zone, reservation=reservation
    )
    if found is None:
        return wrong(id_, f"there is no {reservation} in {zone}", needed, fix)
    specific = found.get("specificReservation")
    if specific is None:
        return unknown(id_, "it reserves no single machine type, so its room could not be told", needed, fix)
    reserved = specific.get("instanceProperties", {}).get("machineType", "no machine type")
    count, used = int(specific.get("count", 0)), int(specific.get("inUseCount", 0))
    told = f"{found.get('status', 'in no state')}, {count} {reserved}, {used} in use"
    open_to_all = "" if found.get("specificReservationRequired") else ", taken by any machine that matches"
    if found.get("status") != "READY" or reserved != machine_type or open_to_all or count < nodes:
        return wrong(id_, told + open_to_all, needed, fix)
    if count - used >= nodes:
        return good(id_, told, needed)
    return unknown(id_, f"{told}, some by this platform", needed, "compare") if built else wrong(id_, told, needed, fix)
