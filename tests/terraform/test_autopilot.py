"""What a change of an Autopilot platform does: classes change in place, and clusters not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import cluster_stack
from tests.configs import AUTOPILOT, config
from tests.terraform.configs import Worlds
from tests.terraform.runs import Changes, unhashed
from tests.terraform.world import World

UPDATE = ("update",)
CLASS: Changes = {"kubernetes_manifest.serving-reserved": UPDATE}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Changes]]] = {
    "another machine": (
        {"node_pools__spot__machine_type": "g2-standard-96"},
        {f"workload-serving-{key}": CLASS for key in ("eu", "us")},
    ),
    "how machines are bought": (
        {"node_pools__spot__capacity": {"on_demand": True}},
        {f"workload-serving-{key}": CLASS for key in ("eu", "us")},
    ),
    "migration": (
        {"models__qwen__migrate_back": False},
        {f"workload-serving-{key}": CLASS for key in ("eu", "us")},
    ),
    "zones of one pool": (
        {"regions__us__node_pools__tpu__zones": ["us-east1-c"]},
        {"workload-serving-us": {"kubernetes_manifest.serving-tpu": UPDATE}},
    ),
    "most nodes": ({"node_pools__spot__autoscaling": {"max_nodes": 5}}, {}),
}


@pytest.fixture
def pilot(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform of the Autopilot variant, to change it."""
    made = deployed_of(AUTOPILOT).copy(tmp_path)
    yield made
    made.stop()


@pytest.mark.parametrize(("settings", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_touches_just_its_class(pilot: World, settings: dict[str, Any], expected: dict[str, Changes]) -> None:
    """No cluster and no server; how many nodes there may be is no setting of the cloud."""
    changed = pilot.use(config(AUTOPILOT, **settings))

    pilot.deploy(changed)

    assert {stack: unhashed(changes) for stack, changes in pilot.changes.items() if changes} == expected
    assert pilot.unsettled(changed) == []


def test_a_cluster_keeps_its_mode(pilot: World) -> None:
    """The plan says what would happen, and nothing is done."""
    standard = {"cluster__mode": "standard", "cluster__deletion_protection": False}
    pilot.use(config(AUTOPILOT, **standard))

    refused = pilot.folder(cluster_stack("us")).run("plan", "-input=false")

    assert refused.code == 1
    assert "made with location us-east1 and Autopilot" in " ".join(refused.text.replace("│", " ").split())
