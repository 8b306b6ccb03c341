"""GKE versions: read, compared, refused."""

from __future__ import annotations

import pytest

from constructs_lib.gke_version import MANAGED_DRANET, MULTI_CLUSTER_INFERENCE_GATEWAY, GkeVersion, highest

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


def test_the_floors_are_those_of_google() -> None:
    """Managed DRANET came after the multi-cluster gateway, in the same minor version."""
    assert (MULTI_CLUSTER_INFERENCE_GATEWAY, MANAGED_DRANET) == ("1.34.1-gke.1127000", "1.34.1-gke.1829001")
    assert highest([MULTI_CLUSTER_INFERENCE_GATEWAY, MANAGED_DRANET]) == MANAGED_DRANET
