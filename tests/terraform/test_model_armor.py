"""Model Armor turned on, changed and removed: a plan touches it alone, and nothing goes while it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model_armor import AGENT_ROLES
from platform_config.config import Config
from platform_config.stack_graph import ACCESS_STACK, GATEWAY_STACKS, NETWORK_STACK, OBSERVABILITY_STACK
from tests.configs import config
from tests.terraform.conftest import SharedWorld
from tests.terraform.runs import Changes, unhashed
from tests.terraform.test_moves import refusal
from tests.terraform.world import World

GATEWAY = f"{GATEWAY_STACKS}us"
TEMPLATE, WAIT = "google_model_armor_template.model-armor_gemma-prompts", "time_sleep.model-armor_gemma-prompts-used"
EXTENSION = "kubernetes_manifest.gateway_extension"
ROUTE = "kubernetes_manifest.gateway_gemma-route"
AGENT = "extensions-agent"
ROLES = ("container-admin", "modelarmor-calloutUser", "modelarmor-user", "serviceusage-serviceUsageConsumer")
ALERT = "google_monitoring_alert_policy.alert_model-armor-blocks"
CREATE, UPDATE, DELETE = ("create",), ("update",), ("delete",)


def screened(**settings: Any) -> Config:
    """Return a platform of one regional gateway with *settings* of Model Armor."""
    return regional(model_armor=settings)


def regional(**gateway: Any) -> Config:
    """Return a platform of one regional gateway."""
    return config(
        regions__eu=None,
        regions__us={"number": 1, "region": "us-central1", "zones": ["us-central1-a"]},
        gateway={"scope": "regional", **gateway},
    )


@pytest.fixture(scope="session")
def screening(shared_world: SharedWorld) -> World:
    """Deploy a platform whose gateway calls Model Armor. Copy it, to change it."""

    def make(folder: Path) -> World:
        world = World(folder)
        world.use(regional())
        world.deploy()
        world.changes.clear()
        world.use(screened())
        world.deploy()
        return world

    return shared_world("screening", make)


@pytest.fixture
def world(screening: World, tmp_path: Path) -> Iterator[World]:
    """Copy the platform, to change it."""
    copied = screening.copy(tmp_path)
    yield copied
    copied.stop()


def changes(world: World) -> dict[str, Changes]:
    """Return what the last plan of each stack changed, by names as people read them."""
    return {stack: unhashed(made) for stack, made in world.changes.items() if made}


def gate(actions: tuple[str, ...]) -> Changes:
    """Return the changes of the gate that waits for the extension: the Job, and what lets it look."""
    part = "gateway_extension-gate"
    kinds = {"service_account": "account", "role": "role", "role_binding": "binding", "job": "job"}
    return {f"kubernetes_{kind}_v1.{part}_{name}": actions for kind, name in kinds.items()}


def deployed(world: World, then: Config) -> dict[str, Changes]:
    """Deploy *then*, and return what changed."""
    world.changes.clear()
    world.steps.clear()
    world.use(then)
    world.deploy()
    return changes(world)


def ended(world: World, *addresses: str) -> list[str]:
    """Return those of *addresses* that were changed, in the order in which Terraform ended them."""
    done = unhashed({step.address: (step.end,) for step in world.steps})
    return sorted((address for address in addresses if address in done), key=lambda address: done[address])


def test_turned_on_it_touches_nothing_else(screening: World) -> None:
    """The API, the agent, the alert, and at the gateway template, extension, gate, and the paths of the route."""
    made = changes(screening)

    assert made[NETWORK_STACK] == {"google_project_service.services_modelarmor": CREATE}
    assert made[ACCESS_STACK] == {
        f"google_project_service_identity.{AGENT}_identity": CREATE,
        f"time_sleep.{AGENT}_known": CREATE,
        **{f"google_project_iam_member.{AGENT}_{role}": CREATE for role in ROLES},
        f"time_sleep.{AGENT}_granted": CREATE,
        "terraform_data.screening": UPDATE,
    }
    assert made[OBSERVABILITY_STACK] == {ALERT: CREATE}
    assert made[GATEWAY] == {TEMPLATE: CREATE, WAIT: CREATE, EXTENSION: CREATE, **gate(CREATE), ROUTE: UPDATE}
    assert made.keys() == {NETWORK_STACK, ACCESS_STACK, OBSERVABILITY_STACK, GATEWAY}


def test_it_is_settled(world: World) -> None:
    """Nothing is planned anew."""
    assert world.unsettled() == []


def test_it_is_not_removed_in_one_step(world: World) -> None:
    """The agent's roles would go while the gateway calls Model Armor: the plan says the two steps."""
    world.use(regional())

    told = refusal(world, ACCESS_STACK)

    assert "Put gateway.model_armor back with enabled: false, and deploy all stacks: workload-gateway-us" in told


def test_it_is_removed_in_two_steps(world: World) -> None:
    """Turned off, the extension goes and roles and template stay; then they go, and nothing is left."""
    off = deployed(world, screened(enabled=False))

    assert off.pop(OBSERVABILITY_STACK) == {ALERT: DELETE}
    assert off == {
        ACCESS_STACK: {"terraform_data.screening": UPDATE},
        GATEWAY: {ROUTE: UPDATE, EXTENSION: DELETE, **gate(DELETE)},
    }

    gone = deployed(world, regional())

    assert gone[GATEWAY] == {TEMPLATE: DELETE, WAIT: DELETE}
    assert ended(world, TEMPLATE, WAIT) == [WAIT, TEMPLATE]
    assert set(gone[ACCESS_STACK].values()) == {DELETE}
    assert not [key for key in world.rig.cloud.objects if key[0] == "google_model_armor_template"]
    assert world.unsettled() == []


def roles_of_the_agent(world: World) -> set[str]:
    """Return the roles that the agent has in the project."""
    grants = [made for key, made in world.rig.cloud.objects.items() if key[0] == "google_project_iam_member"]
    return {grant["role"] for grant in grants if "gcp-sa-dep" in grant["member"]}


def test_roles_that_are_left_to_others_stay(world: World) -> None:
    """They leave the state and not the project, and stay there when the section goes."""
    left = deployed(world, screened(grant_roles=False))

    assert left.keys() == {ACCESS_STACK}
    assert {address: actions for address, actions in left[ACCESS_STACK].items() if "_iam_member" in address} == {
        f"google_project_iam_member.{AGENT}_{role}": ("remove",) for role in ROLES
    }
    assert roles_of_the_agent(world) == set(AGENT_ROLES)
    assert world.unsettled() == []

    deployed(world, screened(grant_roles=False, enabled=False))
    gone = deployed(world, regional())

    assert gone[GATEWAY] == {TEMPLATE: DELETE, WAIT: DELETE}
    assert ACCESS_STACK not in gone
    assert roles_of_the_agent(world) == set(AGENT_ROLES)


def test_left_to_others_it_is_not_removed_in_one_step_either(world: World) -> None:
    """Others may take the roles away too: the extension goes first."""
    deployed(world, screened(grant_roles=False))
    world.use(regional())

    assert "Put gateway.model_armor back with enabled: false" in refusal(world, ACCESS_STACK)


def test_a_destroy_lets_the_load_balancer_let_go_of_the_template(world: World) -> None:
    """Gateway, extension, wait, template: in this order."""
    world.steps.clear()
    world.destroy([GATEWAY])

    parts = ("kubernetes_manifest.gateway", EXTENSION, WAIT, TEMPLATE)
    assert ended(world, *parts) == list(parts)


def test_an_existing_template_takes_the_place_of_our_own(world: World) -> None:
    """The extension changes in place, and after a wait our own template goes."""
    made = deployed(world, screened(template="llm"))

    assert made.pop(OBSERVABILITY_STACK) == {ALERT: UPDATE}
    assert made == {GATEWAY: {EXTENSION: UPDATE, WAIT: DELETE, TEMPLATE: DELETE}}
    assert ended(world, EXTENSION, WAIT, TEMPLATE) == [EXTENSION, WAIT, TEMPLATE]


def test_filters_change_in_place(world: World) -> None:
    """A template keeps its name: no request passes unscreened."""
    assert deployed(world, screened(filters={"dangerous": "HIGH"})) == {GATEWAY: {TEMPLATE: UPDATE}}


def test_what_happens_without_an_answer_changes_the_extension_alone(world: World) -> None:
    """Neither template nor gateway."""
    assert deployed(world, screened(fail_open=True, timeout_ms=2000)) == {GATEWAY: {EXTENSION: UPDATE}}


def test_a_model_gets_a_template_of_its_own(world: World) -> None:
    """It is there before the extension names it, and the one that nothing uses any more goes last."""
    made = deployed(world, screened(models={"gemma": {"dangerous": "HIGH"}}))
    own, wait = (f"{address}-gemma".replace("-used-gemma", "-gemma-used") for address in (TEMPLATE, WAIT))

    assert made[GATEWAY] == {own: CREATE, wait: CREATE, EXTENSION: UPDATE, WAIT: DELETE, TEMPLATE: DELETE}
    assert ended(world, own, EXTENSION, TEMPLATE) == [own, EXTENSION, TEMPLATE]
