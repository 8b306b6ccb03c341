"""GKE versions: read, compared, refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from constructs_lib.accelerators import machines
from constructs_lib.gke_version import (
    BALANCER_METRIC,
    BALANCER_METRIC_BEFORE,
    FLOORS,
    MULTI_CLUSTER_INFERENCE_GATEWAY,
    GkeVersion,
    highest,
    machine_floor,
)

parse = GkeVersion.parse


@pytest.mark.parametrize(
    ("text", "parts"),
    [("1.35", (1, 35)), ("1.35.2", (1, 35, 2)), ("1.35.2-gke.1842000", (1, 35, 2, 1842000))],
)
def test_a_version_or_its_beginning_is_read(text: str, parts: tuple[int, ...]) -> None:
    """Minor, patch and GKE build are numbers."""
    assert parse(text).parts == parts
    assert parse(text).minor == "1.35"


@pytest.mark.parametrize(
    "text", ["", "1", "v1.35", "1.35-gke.1", "1.35.2-gke", "1.35.2-gke.x", "1.35.", "latest", "1.35.2-gke.1.2", "1.35 "]
)
def test_anything_else_is_refused(text: str) -> None:
    """The message shows both forms."""
    with pytest.raises(ValueError, match=f"^must read like 1.35 or 1.35.2-gke.1842000, got '{text}'$"):
        parse(text)


@pytest.mark.parametrize(
    ("given", "reaches"),
    [
        ("1.34.1-gke.1829001", True),
        ("1.34.1-gke.1829000", False),
        ("1.34.1-gke.999999", False),
        ("1.34.0-gke.99999999", False),
        ("1.34.10-gke.1", True),
        ("1.35.0-gke.1", True),
        ("1.34.1", True),
        ("1.34.0", False),
        ("1.34", True),
        ("1.33", False),
        ("1.9", False),
        ("1.100", True),
    ],
)
def test_parts_are_compared_as_numbers_and_a_beginning_stands_for_its_newest(given: str, reaches: bool) -> None:
    """1.9 is below 1.34, and 1.34 is enough for a floor inside it."""
    assert parse(given).reaches(parse("1.34.1-gke.1829001")) is reaches


def test_terraform_compares_one_number_of_nine_digits_a_part() -> None:
    """No part can run into the next; what is compared may be any expression."""
    condition = parse("1.34.1-gke.1829001").reached_by("self.master_version")

    assert condition.endswith(">= 1000000034000000001001829001")
    assert 'regexall("[0-9]+", self.master_version)' in condition


def test_the_highest_is_found_by_number() -> None:
    """Not by letters: 10 is more than 9."""
    assert highest(["1.34.9-gke.9", "1.34.10-gke.1", "1.34.10-gke.0"]) == "1.34.10-gke.1"


def test_each_floor_says_where_it_is_from_and_when_that_was_read() -> None:
    """A complete version, a month and a source; a feature stands in the table once."""
    for floor in FLOORS:
        assert len(parse(floor.version).parts) == 4
        assert re.fullmatch(r"20\d\d-[01]\d", floor.read)
        assert floor.source
    assert len({floor.feature for floor in FLOORS}) == len(FLOORS)


def test_a_version_that_is_named_anywhere_is_one_of_the_table() -> None:
    """In code; but for one that no floor is about."""
    root = Path(__file__).parents[2]
    files = [
        path
        for part in ("constructs_lib", "stacks", "platform_config", "gke_inference")
        for path in (root / part).rglob("*.*")
    ]
    texts = [path.read_text() for path in files if path.suffix in (".py", ".json")]
    named = {version for text in texts for version in re.findall(r"\b1\.\d+\.\d+-gke\.\d+", text)}

    assert named - {"1.33.2-gke.4655000"} == {floor.version for floor in FLOORS}


def test_machines_of_the_table_exist_and_have_one_floor() -> None:
    """Whether TPU or GPU."""
    named = [machine for floor in FLOORS for machine in floor.machines]

    assert set(named) <= set(machines())
    assert len(named) == len(set(named))
    assert machine_floor("a4x-maxgpu-4g-metal") == "1.34.3-gke.1318000"
    assert machine_floor("a2-highgpu-1g") is None


def test_google_s_pages_do_not_agree_on_the_load_balancer_s_metric() -> None:
    """The newer one is only warned of: the older one is that of the gateway, which needs the metric."""
    assert (BALANCER_METRIC.version, BALANCER_METRIC.refuses) == ("1.35.1-gke.1396000", False)
    assert BALANCER_METRIC_BEFORE.version == MULTI_CLUSTER_INFERENCE_GATEWAY.version == "1.34.1-gke.1127000"
