"""What a change of names in DNS, of other clouds and of ExternalDNS does: this, to its own stack alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import (
    DNS_STACK,
    FLEET_STACK,
    GATEWAY_STACK,
    OBSERVABILITY_STACK,
    base_stack,
    outside_stack,
    serving_stack,
)
from tests.configs import MULTI_CLOUD, TWO_LLMS, config
from tests.terraform.configs import Worlds
from tests.terraform.world import World

OUTSIDE = TWO_LLMS.with_name("outside.yaml")
CREATE, UPDATE, DELETE = ("create",), ("update",), ("delete",)
RECORD = {"google_dns_record_set.record-speech": UPDATE}
SERVING = {serving_stack("eu"), serving_stack("us")}
MOVED: dict[str, Any] = {
    "dns__zone__domain": "ai.example.org",
    "dns__records__speech__host": "speech.ai.example.org",
    "gateway__tls__hosts": ["speech.ai.example.org"],
}


@pytest.fixture
def many(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform of several clouds, to change it."""
    made = deployed_of(MULTI_CLOUD).copy(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def outside(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform with every kind of cluster outside, to change it."""
    made = deployed_of(OUTSIDE).copy(tmp_path)
    yield made
    made.stop()


def planned(world: World, path: Path, **changes: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what the changes would do, by stack and address; stacks in which nothing changes are left out."""
    world.use(config(path, **changes))
    found = {stack: world.folder(stack).plan() for stack in world.app.stacks}
    return {stack: plan for stack, plan in found.items() if plan}


@pytest.mark.parametrize(
    "changes",
    [
        {"dns__records__speech__ttl_sec": 20},
        {"dns__records__speech__policy": "geo", "dns__records__speech__primary": None},
    ],
    ids=["ttl", "policy"],
)
def test_a_record_changes_in_place(many: World, changes: dict[str, Any]) -> None:
    """No moment in which its name has no answer."""
    assert planned(many, MULTI_CLOUD, **changes) == {DNS_STACK: RECORD}


@pytest.mark.parametrize("changes", [MOVED, {"dns__zone__name": "other", "gateway__tls__dns_zone": "other"}])
def test_a_zone_is_not_replaced(many: World, changes: dict[str, Any]) -> None:
    """Its names would be gone; the plan is refused, and says what to do."""
    many.use(config(MULTI_CLOUD, **changes))

    refused = many.folder(DNS_STACK).run("plan")

    assert refused.code == 1
    assert "make a second zone" in " ".join(refused.text.split()).lower()


def test_a_cluster_outside_changes_alone(many: World) -> None:
    """Neither the other clouds nor Google Cloud see it."""
    plans = planned(many, MULTI_CLOUD, outside__farm__models__speech__memory_gib=9)

    assert {stack: set(plan.values()) for stack, plan in plans.items()} == {outside_stack("farm"): {UPDATE}}


def test_another_address_is_named_and_asked(many: World) -> None:
    """The record and what watches the address follow, and no cluster."""
    plans = planned(many, MULTI_CLOUD, outside__hk__address="198.51.100.11")

    assert set(plans) == {DNS_STACK, OBSERVABILITY_STACK}
    assert plans[DNS_STACK] == RECORD
    assert any(address.startswith("google_monitoring_uptime_check_config.") for address in plans[OBSERVABILITY_STACK])


def test_a_cluster_outside_comes_without_touching_the_others(many: World) -> None:
    """A stack more, with creates alone."""
    shop = {"preset": "k3s", "kubeconfig": "~/.kube/shop.yaml", "context": "shop", "models": {"speech": {}}}
    plans = planned(many, MULTI_CLOUD, outside__shop=shop)

    assert {stack: set(plan.values()) for stack, plan in plans.items()} == {outside_stack("shop"): {CREATE}}


def test_a_cluster_outside_leaves_the_others_as_they_are(outside: World) -> None:
    """Its own stack is the one that nobody plans any more."""
    before = set(outside.app.stacks)

    assert planned(outside, OUTSIDE, outside__shop=None) == {}
    assert before - set(outside.app.stacks) == {outside_stack("shop")}


def test_another_port_of_a_remote_changes_its_proxies(outside: World) -> None:
    """A new file of settings comes before the old one goes; routes stay."""
    plans = planned(outside, OUTSIDE, remotes__rack__port=8001)

    assert set(plans) == SERVING
    for plan in plans.values():
        assert all("remote-rack_" in address for address in plan)
        assert {actions for address, actions in plan.items() if "_config_" in address} == {("create", "delete")}


def test_a_remote_goes_alone(outside: World) -> None:
    """Route and proxies of this one, and nothing else."""
    plans = planned(outside, OUTSIDE, remotes__rack=None)

    assert set(plans) == SERVING | {GATEWAY_STACK}
    for plan in plans.values():
        assert set(plan.values()) == {DELETE}
        assert all("rack" in address for address in plan)


def test_external_dns_changes_in_place_and_goes_with_its_zone(outside: World) -> None:
    """Its zone, its roles and its release, of which nothing else is a part."""
    policy = planned(outside, OUTSIDE, external_dns__policy="sync")
    assert policy == {base_stack(key): {"helm_release.external-dns": UPDATE} for key in ("eu", "us")}

    gone = planned(outside, OUTSIDE, external_dns=None)
    assert set(gone) == {DNS_STACK, FLEET_STACK, base_stack("eu"), base_stack("us")}
    assert all("external-dns" in address and plan[address] == DELETE for plan in gone.values() for address in plan)


def test_external_dns_does_not_move_to_another_zone(outside: World) -> None:
    """The names that it wrote would be gone."""
    outside.use(config(OUTSIDE, external_dns__subdomain="more"))

    assert outside.folder(DNS_STACK).run("plan").code == 1


def test_ending_fast_restarts_servers_and_nothing_more(many: World) -> None:
    """Each Deployment and each backend policy is changed in place, on every cloud."""
    plans = planned(many, MULTI_CLOUD, shutdown="fast")

    assert {outside_stack("farm"), outside_stack("hk")} | SERVING <= set(plans)
    for plan in plans.values():
        assert set(plan.values()) == {UPDATE}
        assert all("_server_" in address or "-backend_" in address for address in plan)
