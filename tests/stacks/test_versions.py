"""The lowest GKE version for what a region uses."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.versions import feature_floors, version_floor
from tests.configs import config

GATEWAY, DRANET, GB300 = "1.34.1-gke.1127000", "1.34.1-gke.1829001", "1.34.3-gke.1318000"


@pytest.mark.parametrize(
    ("changes", "floor"),
    [
        ({}, DRANET),
        ({"node_pools__tpu__dranet": False}, GATEWAY),
        ({"node_pools__tpu": {"machine_type": "a2-highgpu-8g"}}, GATEWAY),
        ({"node_pools__gpu": {"machine_type": "a4x-maxgpu-4g-metal"}}, GB300),
    ],
)
def test_the_newest_feature_decides(changes: dict[str, Any], floor: str) -> None:
    """The gateway is always in use, managed DRANET mostly, and one machine needs more."""
    assert version_floor(config(**changes), "us") == floor


def test_each_feature_is_named() -> None:
    """So that a refusal can say why."""
    made = config(node_pools__gpu={"machine_type": "a4x-maxgpu-4g-metal"})

    assert feature_floors(made, "us") == {
        "multi-cluster inference gateway": GATEWAY,
        "managed DRANET": DRANET,
        "a4x-maxgpu-4g-metal": GB300,
    }


def test_each_region_has_a_floor_of_its_own() -> None:
    """A pool of one region does not raise another's."""
    made = config(regions__eu__node_pools={"gpu": {"machine_type": "a4x-maxgpu-4g-metal"}})

    assert (version_floor(made, "us"), version_floor(made, "eu")) == (DRANET, GB300)
