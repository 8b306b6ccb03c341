"""Rules about places: unknown regions, unknown zones, and zones without the machines. All of them warn."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.google_names import REGION
from constructs_lib.places import places
from constructs_lib.universe import PUBLIC, universe_of_region
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.rules.rule import Rule, region_plans

ASK = "`gke-inference preflight` asks Google"


def _regions(config: Config) -> Iterator[Problem]:
    known = places()
    for key, region in config.regions.items() if config.universe == PUBLIC else ():
        is_elsewhere = bool(universe_of_region(region.region))  # UNIV-REGION refuses it.
        if re.fullmatch(REGION, region.region) and region.region not in known.regions and not is_elsewhere:
            message = f"should be a region that Google had on {known.date}, got {shown(region.region)}"
            guess = nearest(region.region, known.regions, otherwise="")
            yield Problem(f"regions.{key}.region", message, f"{guess} {ASK}".strip())


def _zones(config: Config) -> Iterator[Problem]:
    known = places()
    for key, region in config.regions.items():
        for index, zone in enumerate(region.zones):
            if zone.startswith(f"{region.region}-") and known.lacks_zone(region.region, zone):
                zones = ", ".join(known.regions[region.region] or ())
                message = f"should be a zone that {region.region} had on {known.date}, got {shown(zone)}"
                yield Problem(f"regions.{key}.zones[{index}]", message, f"it had {zones}; {ASK}")


def _machines(config: Config) -> Iterator[Problem]:
    known = places()
    for key, region in config.regions.items():
        wanted: dict[str, list[str]] = {}
        for _, plan in region_plans(config, key).values():
            wanted.setdefault(plan.machine.machine_type, []).extend(plan.spec.zones or region.zones)
        for machine_type, zones in wanted.items():
            lacking = [zone for zone in dict.fromkeys(zones) if known.lacks_machine(region.region, zone, machine_type)]
            if lacking:
                having = known.having(machine_type)
                here = [zone for zone in having if zone.startswith(f"{region.region}-")]
                where = f"{region.region} had it in {', '.join(here)}" if here else f"it was in {_regions_of(having)}"
                message = f"should have {machine_type} in each zone as of {known.date}, got {', '.join(lacking)}"
                yield Problem(f"regions.{key}.zones", message, f"{where}; {ASK}")


def _regions_of(zones: list[str]) -> str:
    return ", ".join(dict.fromkeys(zone.rpartition("-")[0] for zone in zones))


SOURCE = "constructs_lib/data/places.json, which names its sources"
RULES = (
    Rule(
        "PLACE-REGION",
        "`region` is one that Google was known to have",
        "A region that does not exist fails when the first subnet is made.",
        SOURCE,
        _regions,
        severity="warning",
    ),
    Rule(
        "PLACE-ZONE",
        "Zones are ones that their region was known to have",
        "A zone that does not exist fails when the cluster is made.",
        SOURCE,
        _zones,
        severity="warning",
    ),
    Rule(
        "PLACE-MACHINE",
        "Zones are ones that were known to offer the pools' machines",
        "A pool in a zone without its machines fails when its nodes are made.",
        SOURCE,
        _machines,
        severity="warning",
    ),
)
