"""Where Google Cloud is, and where it offers which accelerators, as far as public lists show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Places:
    """
    The lists of one day. They age: what is in none of them may exist, so they warn and never refuse.

    Only of Model Armor and Cloud Run do Google's own pages list every region, so a region that the other lists know and
    these do not is refused.

    Attributes:
        date: When they were looked up.
        regions: Zones by region; None where no source has them all.
        offered: Zones by the beginning of a machine type, such as `ct6e-`.
        model_armor: Regions that have Model Armor.
        cloud_run: Regions that have Cloud Run.
    """

    date: str
    regions: dict[str, tuple[str, ...] | None]
    offered: dict[str, frozenset[str]]
    model_armor: frozenset[str]
    cloud_run: frozenset[str]

    def lacks_zone(self, region: str, zone: str) -> bool:
        """Return whether *zone* is surely none of those that *region* had; AI zones come and go unlisted."""
        zones = self.regions.get(region)
        return zones is not None and not _is_ai_zone(region, zone) and zone not in zones

    def lacks_machine(self, region: str, zone: str, machine_type: str) -> bool:
        """Return whether *machine_type* is listed, and *zone* is a known one that did not have it."""
        having = self.having(machine_type)
        return bool(having) and zone in (self.regions.get(region) or ()) and zone not in having

    def lacks_model_armor(self, region: str) -> bool:
        """Return whether *region* is a known one that did not have Model Armor; another universe's are not known."""
        return region in self.regions and region not in self.model_armor

    def lacks_cloud_run(self, region: str) -> bool:
        """Return whether *region* is a known one that did not have Cloud Run; another universe's are not known."""
        return region in self.regions and region not in self.cloud_run

    def having(self, machine_type: str) -> list[str]:
        """Return the zones that had it."""
        return sorted(zone for start, zones in self.offered.items() if machine_type.startswith(start) for zone in zones)


@cache
def places() -> Places:
    """Read the lists in `data/places.json`, which names its sources."""
    text = resources.files("constructs_lib").joinpath("data/places.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return Places(
        date=data["date"],
        regions={
            region: tuple(f"{region}-{letter}" for letter in letters) if letters else None
            for region, letters in data["regions"].items()
        },
        offered={row["machines"]: frozenset(row["zones"]) for row in data["offered"]},
        model_armor=frozenset(data["model_armor"]),
        cloud_run=frozenset(data["cloud_run"]),
    )


def _is_ai_zone(region: str, zone: str) -> bool:
    return zone.startswith(f"{region}-ai")
