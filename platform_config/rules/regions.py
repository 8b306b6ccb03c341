"""Rules about regions: which, how many, and which one holds the gateway's objects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from constructs_lib.google_names import REGION, wrong_region, wrong_zone
from constructs_lib.places import places
from platform_config.config import Config
from platform_config.config_path import EXAMPLE
from platform_config.errors import Problem, nearest, shown
from platform_config.model import Model, models_with_requests
from platform_config.rules.rule import Rule, models


def _some(config: Config) -> Iterator[Problem]:
    if not config.regions:
        yield Problem("regions", "must hold at least one region, got none", f"copy one from {EXAMPLE}")


def _one_only(config: Config) -> Iterator[Problem]:
    serving = {config.regions[key].region: key for key in config.serving_regions}
    if len(serving) == 1 and not config.is_regional:
        [only] = serving.values()
        yield Problem("regions", f"should be two or more for failover, got only {only}", "add a region")


def _config_cluster(config: Config) -> Iterator[Problem]:
    chosen = [key for key, region in config.regions.items() if region.config_cluster]
    if config.regions and len(chosen) != 1 and not config.is_regional:
        given = " and ".join(chosen) or "none"
        fix = f"keep it in {chosen[0]} only" if chosen else f"add it to regions.{next(iter(config.regions))}"
        yield Problem("regions", f"must have config_cluster: true in exactly one region, got {given}", fix)


def _region_names(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        if wrong := wrong_region(region.region):
            zone = re.fullmatch(rf"({REGION})-\w+", region.region)
            fix = f"write '{zone[1]}': zones go under zones" if zone else "`gcloud compute regions list` shows all"
            message = f"must {wrong}, got {shown(region.region)}"
            yield Problem(f"regions.{key}.region", message, fix)


def _same_number(config: Config) -> Iterator[Problem]:
    yield from _twice(config, "number", "one block each", "give the newer region a free number")


def _twice(config: Config, setting: str, why: str, fix: str) -> Iterator[Problem]:
    first: dict[object, str] = {}
    for key, region in config.regions.items():
        value = getattr(region, setting)
        if value in first:
            message = f"must differ from that of {first[value]} ({why}), got {shown(value)} in both"
            yield Problem(f"regions.{key}.{setting}", message, fix)
        first.setdefault(value, key)


def _zones(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        if wrong_region(region.region):
            continue
        if other := _region_of_zones(region.zones, region.region):
            message = f"must be the region of its zones, got {shown(region.region)} and zones of {other}"
            yield Problem(f"regions.{key}.region", message, f"did you mean '{other}'?")
            continue
        for index, zone in enumerate(region.zones):
            if wrong := wrong_zone(zone, region.region):
                message = f"must {wrong}, got {shown(zone)}"
                yield Problem(f"regions.{key}.zones[{index}]", message, _likely_zone(zone, region.region))


def _region_of_zones(zones: Sequence[str], region: str) -> str:
    """Return the region of all *zones* if Google has it and *region* is unknown; else an empty text."""
    named = {zone.rpartition("-")[0] for zone in zones}
    other = next(iter(named), "")
    known = places().regions
    return other if len(named) == 1 and region not in known and other in known else ""


def _likely_zone(zone: str, region: str) -> str:
    meant = (zone.lower(), f"{region}-{zone.lower().lstrip('-')}")
    right = next((text for text in meant if not wrong_zone(text, region)), "")
    return f"write '{right}'" if right else f"write one such as {region}-a"


def _zone_twice(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        for zone, count in Counter(region.zones).items():
            if count > 1:
                message = f"must name each zone once, got {shown(zone)} {count} times"
                yield Problem(f"regions.{key}.zones", message, "keep one")


def _keys(config: Config) -> Iterator[Problem]:
    named = [(f"gateway.regions[{index}]", key) for index, key in enumerate(config.gateway.regions)]
    if config.bucket is not None and config.bucket.download_region is not None:
        named.append(("bucket.download_region", config.bucket.download_region))
    for path, model in models(config):
        named += [(f"{path}.regions[{index}]", key) for index, key in enumerate(model.spec.regions)]
    for path, key in named:
        if config.regions and key not in config.regions:
            message = f"must be a key of regions ({', '.join(config.regions)}), got {shown(key)}"
            yield Problem(path, message, nearest(key, config.regions))


def _drained(config: Config) -> Iterator[Problem]:
    if config.regions and not any(region.capacity_percent for region in config.regions.values()):
        message = "must be above 0 in at least one region, got 0 in all"
        yield Problem(f"regions.{next(iter(config.regions))}.capacity_percent", message, "leave one region at 100")
        return
    for key in models_with_requests(config):
        regions = Model(config, key).regions
        if regions and not any(config.regions[region].capacity_percent for region in regions):
            message = f"must hold a region with capacity_percent above 0, got {', '.join(regions)} with 0"
            yield Problem(f"models.{key}.regions", message, f"add another, or write models.{key}.drain: true")


def _scopes(config: Config) -> Iterator[Problem]:
    special = config.scoped_regions
    if len(special) > 16:
        message = f"must be like the others, got {len(special)} regions that are preferred or below 100 percent"
        yield Problem(f"regions.{special[16]}", message, "leave all but 16 at capacity_percent 100, not preferred")


def _preferred(config: Config) -> Iterator[Problem]:
    if config.regions and all(region.preferred for region in config.regions.values()):
        first = next(iter(config.regions))
        message = "must leave a region that is not preferred, got all of them"
        fix = "keep it only where requests go first" if len(config.regions) > 1 else "remove the line"
        yield Problem(f"regions.{first}.preferred", message, fix)


RULES = (
    Rule("REG-NONE", "There is at least one region", "Without one nothing can be served.", "this library", _some),
    Rule(
        "REG-CONFIG-1",
        "Exactly one region has the config cluster of a cross-region gateway",
        "The fleet's ingress feature reads Gateways and routes from one cluster; without it no gateway is made.",
        "Google, Set up the multi-cluster GKE Inference Gateway",
        _config_cluster,
    ),
    Rule(
        "REG-NAME",
        "`region` is the name of a Google Cloud region",
        "A zone or a continent in its place fails only when the first subnet is made.",
        "Google, Regions and zones",
        _region_names,
    ),
    Rule(
        "REG-ZONE",
        "Zones lie in their region",
        "Nodes must be in the region of their subnet.",
        "Google, Regions and zones",
        _zones,
    ),
    Rule(
        "REG-ZONE-TWICE",
        "A region names each zone once",
        "Node counts are per zone, and GKE refuses a zone named twice.",
        "GKE API, Cluster.locations",
        _zone_twice,
    ),
    Rule(
        "REG-NUMBER",
        "No two regions have the same number",
        "The number decides the region's ranges: two would overlap.",
        "this library, platform_config/network_plan.py",
        _same_number,
    ),
    Rule(
        "REG-KEY",
        "`gateway.regions`, `bucket.download_region` and the `regions` of a model are regions of the file",
        "A gateway address, a download or a server needs a cluster there.",
        "this library",
        _keys,
    ),
    Rule(
        "REG-DRAINED",
        "Not every region is drained, nor every region of a model that has requests",
        "The gateway would have nowhere to send a request.",
        "this library",
        _drained,
    ),
    Rule(
        "REG-SCOPES-16",
        "At most 16 regions are preferred or have less than all of their capacity",
        "Each is a scope of the backend policy, which takes 16.",
        "CRD gcpbackendpolicies.networking.gke.io, spec.default.scopes",
        _scopes,
    ),
    Rule(
        "REG-PREFERRED",
        "Not every region is preferred",
        "If all are preferred, none is: each request goes to the nearest one again.",
        "CRD gcpbackendpolicies.networking.gke.io, spec.default.scopes[].backendPreference",
        _preferred,
    ),
    Rule(
        "REG-ALONE",
        "Two regions or more",
        "With one region there is nowhere to fail over to.",
        "this library",
        _one_only,
        severity="warning",
    ),
)
