"""Places, machines and versions: what is there, and what zones and control planes have on offer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from constructs_lib.gke_version import BALANCER_METRIC, GkeVersion
from constructs_lib.places import places
from gke_inference.check import Check
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.target import Target
from platform_config.errors import nearest
from platform_config.model import models_in
from platform_config.pages import VERSIONS
from platform_config.requirements import system_machine_type, version_floor


def checks(target: Target) -> Iterator[Check]:
    """Yield three per region: whether it and its zones are there, the version of its cluster, and its machines."""
    for key in target.keys:
        yield Check(
            id="PLACE", needed="the region and each zone are there", where=key,
            role="compute.regions.get and compute.zones.get", ask=partial(_places, target, key),
        )  # fmt: skip
        if target.makes_cluster(key):
            yield Check(
                id="VERSION", needed=f"GKE {version_floor(target.config, key)} or newer", where=key,
                role="container.clusters.list", ask=partial(_version, target, key),
            )  # fmt: skip
        yield Check(
            id="MACHINE", needed="each machine type in each zone", role="compute.machineTypes.list", where=key,
            ask=partial(_machines, target, key),
        )  # fmt: skip


def _places(target: Target, key: str) -> Iterator[Finding]:
    """AI zones are listed only where a project has made them visible, so each zone is asked for by name."""
    region, project = target.config.regions[key], target.project
    needed = f"{region.region} with {', '.join(region.zones)}"
    found = target.google.find("compute", "v1", "regions.get", project=project, region=region.region)
    if found is None:
        fix = f"{nearest(region.region, places().regions, '')} `gcloud compute regions list` shows all".strip()
        yield wrong("PLACE", f"there is no region {region.region}", needed, fix)
        return
    asked = {
        zone: target.google.find("compute", "v1", "zones.get", project=project, zone=zone) for zone in region.zones
    }
    if missing := [zone for zone, answer in asked.items() if answer is None]:
        there = ", ".join(sorted(url.rpartition("/")[-1] for url in found.get("zones", [])))
        fix = f"set regions.{key}.zones to some of {there}" if there else "`gcloud compute zones list` shows all"
        yield wrong("PLACE", f"there is no zone {' or '.join(missing)}", needed, fix)
    else:
        yield good("PLACE", "there", needed)


def _version(target: Target, key: str) -> Iterator[Finding]:
    """Choose the version as Terraform does: what is given, the channel's default, or the newest of the minor."""
    spec = target.config.cluster
    name = f"projects/{target.project}/locations/{target.names.cluster_location(key)}"
    answer = target.google.call("container", "v1", "projects.locations.getServerConfig", name=name)
    channels: dict[str, dict[str, Any]] = {entry["channel"]: entry for entry in answer.get("channels", [])}
    channel = channels.get(spec.release_channel, {})
    offered = [GkeVersion.parse(text) for text in channel.get("validVersions", [])]
    floor = GkeVersion.parse(version_floor(target.config, key))
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
        metric = GkeVersion.parse(BALANCER_METRIC.version)
        doubt = f"; {BALANCER_METRIC.feature} may need {BALANCER_METRIC.version}: {VERSIONS}"
        models = models_in(target.config, key)
        balances = any(model.balancing.max_utilization_percent is not None for model in models)
        yield good(
            "VERSION", f"{spelled(chosen)} would be taken{doubt if balances and chosen < metric else ''}", needed
        )
        return
    newest = spelled(max(offered)) if offered else "nothing"
    found = f"{spelled(chosen) if chosen else spelled(wanted) + ', which is not offered'}; the newest is {newest}"
    yield wrong("VERSION", found, needed, "set cluster.gke_version to a newer minor version, or another channel")


def spelled(version: GkeVersion) -> str:
    """Return the version as GKE writes it."""
    numbers = ".".join(map(str, version.parts[:3]))
    return f"{numbers}-gke.{version.parts[3]}" if len(version.parts) > 3 else numbers


def _machines(target: Target, key: str) -> Iterator[Finding]:
    region = target.config.regions[key]
    makes_system_pool = target.makes_cluster(key) and not target.config.cluster.autopilot
    own = (system_machine_type(target.config),) if makes_system_pool else ()
    wanted = {machine: set(region.zones) for machine in own}
    for pool in target.made_pools(key).values():
        wanted.setdefault(pool.machine.machine_type, set()).update(pool.spec.zones or region.zones)
    for machine_type in sorted(wanted):
        id_, zones_of_pools = f"MACHINE-{machine_type}", [z for z in region.zones if z in wanted[machine_type]]
        needed = f"{machine_type} in {', '.join(zones_of_pools)}"
        missing = [
            zone
            for zone in zones_of_pools
            if target.google.find(
                "compute", "v1", "machineTypes.get", project=target.project, zone=zone, machineType=machine_type
            ) is None
        ]  # fmt: skip
        if missing:
            zones = _zones_with(target, machine_type, region.region)
            elsewhere = f"{region.region} has it in {', '.join(zones)}" if zones else f"no zone of {region.region} has"
            fix = f"set regions.{key}.zones to zones that have it" if zones else "choose another region or machine type"
            yield wrong(id_, f"not in {', '.join(missing)}; {elsewhere}", needed, fix)
        else:
            yield good(id_, "offered", needed)


def _zones_with(target: Target, machine_type: str, region: str) -> list[str]:
    entries = target.google.pages(
        "compute", "v1", "machineTypes.aggregatedList", items="items", project=target.project,
        filter=f"name = {machine_type}",
    )  # fmt: skip
    zones = (scope.removeprefix("zones/") for scope, found in entries if found.get("machineTypes"))
    return sorted(zone for zone in zones if zone.rpartition("-")[0] == region)
