"""Apigee turned on, changed and removed: a plan touches it alone, and nothing goes while it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.config import Config
from platform_config.stack_graph import (
    ACCESS_STACK,
    APIGEE_STACK,
    GATEWAY_STACKS,
    NETWORK_STACK,
    base_stack,
    serving_stack,
)
from tests.terraform.conftest import SharedWorld
from tests.terraform.runs import Changes, unhashed
from tests.terraform.test_model_armor import EXTENSION, changes, deployed, ended, regional
from tests.terraform.test_moves import refusal
from tests.terraform.world import World

GATEWAY, BASE = f"{GATEWAY_STACKS}us", base_stack("us")
CREATE, UPDATE, DELETE = ("create",), ("update",), ("delete",)
CONNECTION, WAIT = "kubernetes_manifest.apigee", "time_sleep.apigee_used"
FIXED = "terraform_data.apigee"
CREATED = {"environment": "prod", "create": {"analytics_region": "us-east1"}}


def keyed(**settings: Any) -> Config:
    """Return a platform of one regional gateway that asks Apigee."""
    return regional(apigee={"environment": "prod", **settings})


@pytest.fixture(scope="session")
def asking(shared_world: SharedWorld) -> World:
    """Deploy a platform whose gateway asks Apigee. Copy it, to change it."""

    def make(folder: Path) -> World:
        world = World(folder)
        world.use(regional())
        world.deploy()
        world.changes.clear()
        world.use(keyed())
        world.deploy()
        return world

    return shared_world("apigee", make)


@pytest.fixture
def world(asking: World, tmp_path: Path) -> Iterator[World]:
    """Copy the platform, to change it."""
    copied = asking.copy(tmp_path)
    yield copied
    copied.stop()


def gate(part: str, actions: tuple[str, ...]) -> Changes:
    """Return the changes of a gate: the Job, and what lets it look."""
    kinds = {"service_account": "account", "role": "role", "role_binding": "binding", "job": "job"}
    return {f"kubernetes_{kind}_v1.{part}_{name}": actions for kind, name in kinds.items()}


def at_the_gateway(actions: tuple[str, ...]) -> Changes:
    """Return the changes at the gateway where Apigee comes or goes."""
    parts = {CONNECTION: actions, WAIT: actions, EXTENSION: actions}
    return {**parts, **gate("apigee_gate", actions), **gate("gateway_extension-gate", actions)}


def test_turned_on_it_touches_nothing_else(asking: World) -> None:
    """The API; the operator's account and charts; and at the gateway connection, extension and gates."""
    made = changes(asking)

    assert made.pop(NETWORK_STACK) == {"google_project_service.services_apigee": CREATE, FIXED: UPDATE}
    assert set(made.pop(ACCESS_STACK).values()) == {CREATE}
    assert made.pop(BASE) == {
        "kubernetes_namespace_v1.apigee_namespace": CREATE,
        "kubernetes_manifest.apigee_resources": CREATE,
        "kubernetes_manifest.apigee_network-policy": CREATE,
        "helm_release.apigee_kinds": CREATE,
        "helm_release.apigee_operator": CREATE,
    }
    assert made == {GATEWAY: at_the_gateway(CREATE)}


def test_it_is_settled(world: World) -> None:
    """Nothing is planned anew."""
    assert world.unsettled() == []


def test_it_is_not_removed_in_one_step(world: World) -> None:
    """The operator would go while the gateway asks: the plan of the first stack says the two steps."""
    world.use(regional())

    told = refusal(world, NETWORK_STACK)

    assert "Put the section gateway.apigee back with enabled: false, and deploy all stacks: workload-gateway-us" in told


def test_it_is_removed_in_two_steps(world: World) -> None:
    """Turned off, extension and connection go, in this order, and the operator stays; then it goes."""
    off = deployed(world, keyed(enabled=False))

    assert off == {NETWORK_STACK: {FIXED: UPDATE}, GATEWAY: at_the_gateway(DELETE)}
    assert ended(world, EXTENSION, WAIT, CONNECTION) == [EXTENSION, WAIT, CONNECTION]

    gone = deployed(world, regional())

    assert gone.keys() == {NETWORK_STACK, ACCESS_STACK, BASE}
    assert set(gone[BASE].values()) == set(gone[ACCESS_STACK].values()) == {DELETE}
    assert [address for address in ended(world, *gone[BASE]) if "helm" in address] == [
        "helm_release.apigee_operator", "helm_release.apigee_kinds",
    ]  # fmt: skip
    assert not [key for key in world.rig.cloud.objects if "apigee" in str(key) and key[0] != "google_project_service"]
    assert world.unsettled() == []


def test_it_is_turned_on_again(world: World) -> None:
    """Nothing but what was taken away comes back."""
    deployed(world, keyed(enabled=False))

    assert deployed(world, keyed()) == {NETWORK_STACK: {FIXED: UPDATE}, GATEWAY: at_the_gateway(CREATE)}


def test_a_destroy_lets_the_load_balancer_let_go_of_the_connection(world: World) -> None:
    """Gateway, extension, wait, connection; the operator is there to the last."""
    world.steps.clear()
    world.destroy([GATEWAY, serving_stack("us"), BASE])

    parts = ("kubernetes_manifest.gateway", EXTENSION, WAIT, CONNECTION, "helm_release.apigee_operator")
    assert ended(world, *parts) == list(parts)


def test_both_extensions_are_one_object(world: World) -> None:
    """Model Armor joins Apigee in its chain: the object changes in place, and its gate is the same."""
    made = deployed(world, regional(apigee={"environment": "prod"}, model_armor={}))[GATEWAY]

    assert made[EXTENSION] == UPDATE
    assert set(made.values()) == {UPDATE, CREATE}
    assert not [address for address in made if "gate" in address.partition(".")[2].split("_")[-1]]


def test_what_happens_without_an_answer_changes_the_extension_alone(world: World) -> None:
    """Neither connection nor gateway."""
    assert deployed(world, keyed(fail_open=True, timeout_ms=2000)) == {GATEWAY: {EXTENSION: UPDATE}}


def test_another_environment_changes_the_connection_alone(world: World) -> None:
    """In place."""
    assert deployed(world, keyed(environment="test")) == {GATEWAY: {CONNECTION: UPDATE}}


def test_an_organization_is_made_and_kept(tmp_path: Path) -> None:
    """In a stack of its own; it is neither replaced nor deleted until that is allowed, which changes no resource."""
    world, alone = World(tmp_path), [NETWORK_STACK, APIGEE_STACK]
    world.use(regional(apigee=CREATED))
    world.deploy(alone)
    made, settled = unhashed(world.changes[APIGEE_STACK]), world.unsettled(alone)
    kept = world.folder(APIGEE_STACK).run("apply", "-destroy", "-auto-approve")
    world.use(regional(apigee={**CREATED, "environment": "test"}))
    replaced = world.folder(APIGEE_STACK).run("plan")
    free = {"analytics_region": "us-east1", "deletion_protection": False}
    world.use(regional(apigee={"environment": "prod", "create": free}))
    unchanged = world.unsettled(alone)
    world.destroy(alone)
    left = world.rig.cloud.objects
    world.stop()

    assert set(made) == {
        "google_apigee_organization.apigee", "google_apigee_instance.apigee_instance",
        "google_apigee_environment.apigee_environment", "google_apigee_instance_attachment.apigee_attachment",
    }  # fmt: skip
    assert (settled, unchanged) == ([], [])
    assert (kept.code, "Instance cannot be destroyed" in kept.text) == (1, True)
    assert (replaced.code, "Instance cannot be destroyed" in replaced.text) == (1, True)
    assert left == {}
