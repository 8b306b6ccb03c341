"""Regional gateways: a region comes and goes by itself, and what they are made for does not change."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.plan_refusals import GATEWAY_KIND
from platform_config.stack_graph import (
    GATEWAY_STACKS,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    base_stack,
    cluster_stack,
    serving_stack,
)
from tests.configs import ALONE, config
from tests.terraform.configs import Worlds, freed
from tests.terraform.runs import Changes, unhashed
from tests.terraform.test_moves import refusal
from tests.terraform.world import World

ASIA = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}
OF_A_REGION = [f"{GATEWAY_STACKS}asia", serving_stack("asia"), base_stack("asia"), cluster_stack("asia")]


@pytest.fixture
def regional(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform of tests/variants/regional.yaml, to change it."""
    made = deployed_of(ALONE).copy(tmp_path)
    yield made
    made.stop()


def planned(world: World) -> dict[str, Changes]:
    """Return what the last deploy of each stack changed, where it changed anything."""
    return {stack: unhashed(changes) for stack, changes in world.changes.items() if changes}


def test_a_region_comes_and_goes_by_itself(regional: World) -> None:
    """
    Neither a gateway nor anything else of another region changes; only alerts and dashboard learn of it.

    Removed in the order of docs/day-2.md, all is as before.
    """
    regional.deploy(regional.use(freed(config(ALONE))))
    before, regional.changes = copy.deepcopy(regional.rig.cloud.objects), {}

    regional.deploy(regional.use(freed(config(ALONE, regions__asia=ASIA))))

    changed = planned(regional)
    watching = changed.pop(OBSERVABILITY_STACK)
    assert set(changed) == {NETWORK_STACK, *OF_A_REGION}
    assert {actions for changes in changed.values() for actions in changes.values()} == {("create",)}
    assert all("asia" in address for address in changed[NETWORK_STACK])
    assert set(watching.values()) <= {("update",), ("create",)}

    regional.destroy(OF_A_REGION[:3])
    regional.use(freed(config(ALONE)))
    regional.changes = {}
    regional.deploy([OBSERVABILITY_STACK])
    regional.destroy([cluster_stack("asia")])
    regional.deploy([NETWORK_STACK])

    assert set(planned(regional)[NETWORK_STACK].values()) == {("delete",)}
    assert regional.rig.cloud.objects == before
    assert regional.unsettled() == []


def test_a_setting_of_the_gateway_changes_each_gateway_alone(regional: World) -> None:
    """One apply for each region, so that they can be changed one after the other."""
    changed = regional.use(config(ALONE, gateway__timeout_sec=700))

    regional.deploy(changed)

    policies = {f"kubernetes_manifest.gateway_{model}-backend": ("update",) for model in ("gemma", "speech")}
    assert planned(regional) == {f"{GATEWAY_STACKS}{key}": policies for key in ("us", "eu")} | {
        stack: changes for stack, changes in planned(regional).items() if stack == OBSERVABILITY_STACK
    }
    assert regional.unsettled(changed) == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"gateway__public": True}, "a public load balancer in each region"),
        (
            {"gateway__scope": "cross_region", "regions__us__config_cluster": True},
            "one internal load balancer across regions",
        ),
    ],
    ids=["public", "scope"],
)
def test_the_kind_of_gateways_stays(regional: World, changes: dict[str, Any], kind: str) -> None:
    """Refused before anything is replaced, with what to do in its place; it is fixed by the network's stack."""
    before = copy.deepcopy(regional.rig.cloud.objects)
    regional.use(config(ALONE, **changes))

    message = refusal(regional, NETWORK_STACK)

    assert "The network is made for an internal load balancer in each region" in message
    assert f"gateway.scope and gateway.public choose {kind}" in message
    assert "make a second platform with another name" in message
    assert regional.rig.cloud.objects == before
    assert any(f"terraform_data.{GATEWAY_KIND}" in line for line in regional.app.addresses())
