"""The lists of regions, zones and machines: whole in themselves, and silent where they know nothing."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from constructs_lib.accelerators import machines
from constructs_lib.places import places

DATA = json.loads(resources.files("constructs_lib").joinpath("data/places.json").read_text(encoding="utf-8"))


def test_each_list_says_where_it_is_from() -> None:
    """A date for all, a source for each."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", places().date)
    assert DATA["regions_source"]
    assert all(row["source"] for row in DATA["offered"])
    assert DATA["model_armor_source"]


def test_each_machine_of_a_list_is_one_that_is_known() -> None:
    """A list that no machine begins with would warn of nothing."""
    for start in places().offered:
        assert any(name.startswith(start) for name in machines()), start


def test_zones_with_machines_are_zones_of_their_region() -> None:
    """Where its zones are known."""
    for zones in places().offered.values():
        for zone in zones:
            region = zone.rpartition("-")[0]
            assert region in places().regions
            assert not places().lacks_zone(region, zone), zone


@pytest.mark.parametrize(
    ("region", "zone", "machine_type"),
    [
        ("us-east5", "us-east5-c", "tpu7x-standard-4t"),
        ("us-central1", "us-central1-ai1a", "ct6e-standard-4t"),
        ("europe-west10", "europe-west10-a", "ct6e-standard-4t"),
        ("mars-north1", "mars-north1-a", "ct6e-standard-4t"),
    ],
)
def test_what_is_not_known_is_not_judged(region: str, zone: str, machine_type: str) -> None:
    """A machine without a list, an AI zone, a region whose zones no source has, and one that is in no list."""
    assert not places().lacks_zone(region, zone)
    assert not places().lacks_machine(region, zone, machine_type)


def test_model_armor_is_in_regions_that_are_known() -> None:
    """A region that it lacks is known to lack it; one of another universe, or a new one, is not judged."""
    assert places().model_armor <= set(places().regions)
    assert [places().lacks_model_armor(region) for region in ("us-central1", "us-east5", "u-france-east1")] == [
        False, True, False,
    ]  # fmt: skip
