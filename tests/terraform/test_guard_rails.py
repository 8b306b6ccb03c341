"""Each guard rail of a gateway turned on and off: a plan touches just it, in an order that fails no request."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from platform_config.config import Config
from platform_config.stack_graph import (
    ACCESS_STACK,
    GATEWAY_STACKS,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    base_stack,
    serving_stack,
)
from tests.configs import GUARDED, config
from tests.terraform.conftest import SharedWorld
from tests.terraform.runs import Changes, Step, unhashed
from tests.terraform.world import World

GATEWAY = f"{GATEWAY_STACKS}eu"
CREATE, UPDATE, DELETE = ("create",), ("update",), ("delete",)
DRILL = {"kubernetes_manifest.network-policy-drill"}
"""A drill's pods may reach the port that models are served at."""
BY_ADDRESS: dict[str, Any] = {f"models__{key}__address": {"path": f"/{key}"} for key in ("llama", "qwen")}
BY_NAME: dict[str, Any] = {f"models__{key}__address": None for key in ("llama", "qwen")}
OBJECT = "kubernetes_manifest.gateway"
ROUTES = {f"{OBJECT}_{key}-route" for key in ("llama", "qwen")}
BACKENDS = {f"{OBJECT}_{key}-backend" for key in ("llama", "qwen")}
FRONT = {OBJECT, f"{OBJECT}_policy", *ROUTES}
"""What has to do with the listeners: the Gateway, its policy, and what names the listener of HTTPS."""


def service(name: str) -> str:
    """Return the address of one of Google's APIs."""
    return f"google_project_service.services_{name}"


def gate(name: str) -> set[str]:
    """Return the addresses of the parts of one gate."""
    kinds = ("kubernetes_job_v1", "kubernetes_role_binding_v1", "kubernetes_role_v1", "kubernetes_service_account_v1")
    return {f"{kind}.{name}_{part}" for kind, part in zip(kinds, ("job", "binding", "role", "account"), strict=True)}


@dataclass(frozen=True, kw_only=True)
class GuardRail:
    """
    One of them.

    Attributes:
        settings: What turns it on: settings of `gateway`.
        models: Settings of models that come with it.
        made: By stack, the addresses of what there is more.
        changed: By stack, the addresses of what is changed.
        stays: Where it goes in two steps: by stack, what the second step removes; the first sets `enabled: false`.
    """

    settings: dict[str, Any]
    models: dict[str, Any] = field(default_factory=dict)
    made: dict[str, set[str]]
    changed: dict[str, set[str]] = field(default_factory=dict)
    stays: dict[str, set[str]] = field(default_factory=dict)

    @property
    def first_step(self) -> dict[str, Any]:
        """The settings of the first step of its removal."""
        return {key: {**section, "enabled": False} for key, section in self.settings.items()}


TLS_POLICY = {"google_compute_region_ssl_policy.tls_policy", "time_sleep.tls_policy_release", f"{OBJECT}_redirect"}
TLS_HOST = {
    "google_certificate_manager_certificate.tls_host-llmexamplecom",
    "google_certificate_manager_dns_authorization.tls_domain-llmexamplecom",
    "google_dns_record_set.tls_record-llmexamplecom",
    "time_sleep.tls_host-llmexamplecom_release",
}
AGENT = {
    *(
        f"google_project_iam_member.extensions-agent_{role}"
        for role in (
            "container-admin", "modelarmor-calloutUser", "modelarmor-user", "serviceusage-serviceUsageConsumer"
        )
    ),
    "google_project_service_identity.extensions-agent_identity",
    "time_sleep.extensions-agent_known",
    "time_sleep.extensions-agent_granted",
}  # fmt: skip
TEMPLATE = {
    "google_model_armor_template.model-armor_guarded-prompts",
    "time_sleep.model-armor_guarded-prompts-used",
}
EXTENSION = {f"{OBJECT}_extension", *gate("gateway_extension-gate")}
OPERATOR = {
    *("helm_release.apigee_kinds", "helm_release.apigee_operator", "kubernetes_namespace_v1.apigee_namespace"),
    *("kubernetes_manifest.apigee_network-policy", "kubernetes_manifest.apigee_resources"),
}
APIGEE_ROLES = {
    *(f"google_project_iam_member.apigee{part}" for part in ("", "_extensions", "_load-balancer", "_network")),
    *("google_service_account.apigee", "google_service_account_iam_member.apigee_operator"),
}
CONNECTION = {"kubernetes_manifest.apigee", "time_sleep.apigee_used", *gate("apigee_gate")}

GUARD_RAILS = {
    "body routing": GuardRail(
        settings={"body_routing": {}},
        models=BY_NAME,
        made={
            GATEWAY: {
                *("helm_release.body-routing", "time_sleep.body-routing_followed"),
                *(f"kubernetes_manifest.body-routing_{part}-names" for part in ("llama", "qwen")),
                "kubernetes_manifest.body-routing_disruption-budget",
                "kubernetes_manifest.network-policy-body-routing",
            }
        },
        changed={GATEWAY: ROUTES},
    ),
    "limits of clients": GuardRail(
        settings={"client_limits": {}},
        made={GATEWAY: {"google_compute_region_security_policy.limits", "time_sleep.limits_release"}},
        changed={GATEWAY: BACKENDS},
    ),
    "HTTPS with certificates that exist": GuardRail(
        settings={"tls": {"certificates": ["mine"]}},
        made={NETWORK_STACK: {service("certificatemanager")}, GATEWAY: TLS_POLICY},
        changed={GATEWAY: FRONT, base_stack("eu"): DRILL},
    ),
    "HTTPS with certificates of Google's": GuardRail(
        settings={"tls": {"hosts": ["llm.example.com"], "dns_zone": "example-com"}},
        made={
            NETWORK_STACK: {service("certificatemanager"), service("dns")},
            GATEWAY: TLS_POLICY | TLS_HOST,
        },
        changed={GATEWAY: FRONT, base_stack("eu"): DRILL},
    ),
    "Model Armor": GuardRail(
        settings={"model_armor": {}},
        made={
            NETWORK_STACK: {service("modelarmor")},
            ACCESS_STACK: AGENT,
            OBSERVABILITY_STACK: {"google_monitoring_alert_policy.alert_model-armor-blocks"},
            GATEWAY: TEMPLATE | EXTENSION,
        },
        changed={ACCESS_STACK: {"terraform_data.screening"}, GATEWAY: ROUTES},
        stays={NETWORK_STACK: {service("modelarmor")}, ACCESS_STACK: AGENT, GATEWAY: TEMPLATE},
    ),
    "Apigee": GuardRail(
        settings={"apigee": {"environment": "prod"}},
        made={
            NETWORK_STACK: {service("apigee")},
            ACCESS_STACK: APIGEE_ROLES,
            base_stack("eu"): OPERATOR,
            GATEWAY: CONNECTION | EXTENSION,
        },
        changed={NETWORK_STACK: {"terraform_data.apigee"}},
        stays={NETWORK_STACK: {service("apigee")}, ACCESS_STACK: APIGEE_ROLES, base_stack("eu"): OPERATOR},
    ),
}
"""By name. The platform has two models, each at a path, behind one internal gateway."""
EACH = pytest.mark.parametrize("rail", GUARD_RAILS.values(), ids=GUARD_RAILS)
IN_TWO_STEPS = {name: rail for name, rail in GUARD_RAILS.items() if rail.stays}


def platform(models: dict[str, Any] | None = None, **gateway: Any) -> Config:
    """Return config/guarded.yaml in one region, with these settings of `gateway` in place of its own."""
    changes = {"regions__us": None, **BY_ADDRESS, **(models or {})}
    return config(GUARDED, **changes, gateway={"scope": "regional", **gateway})


@pytest.fixture
def plain(shared_world: SharedWorld, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform without guard rails, to change it."""

    def deploy(folder: Path) -> World:
        world = World(folder)
        world.use(platform())
        world.deploy()
        return world

    made = shared_world("without-guard-rails", deploy).copy(tmp_path)
    yield made
    made.stop()


def deploy(world: World, then: Config) -> dict[str, Changes]:
    """Deploy *then*; return by stack what that changed. The next plan is empty."""
    world.changes.clear()
    world.steps.clear()
    differing = world.use(then)
    # The stack between base and gateway keeps these two in order: the gateway's plan needs what base installs.
    world.deploy(differing | {serving_stack("eu")})
    assert world.unsettled(differing) == []
    return {stack: unhashed(changes) for stack, changes in world.changes.items() if changes}


def changes(*parts: tuple[dict[str, set[str]], tuple[str, ...]]) -> dict[str, Changes]:
    """Return by stack what is done to each address."""
    found: dict[str, Changes] = {}
    for stacks, action in parts:
        for stack, addresses in stacks.items():
            found.setdefault(stack, {}).update(dict.fromkeys(addresses, action))
    return found


def without(stacks: dict[str, set[str]], others: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return what is in *stacks* and not in *others*."""
    left = {stack: addresses - others.get(stack, set()) for stack, addresses in stacks.items()}
    return {stack: addresses for stack, addresses in left.items() if addresses}


@EACH
def test_a_guard_rail_comes_and_goes_alone(rail: GuardRail, plain: World) -> None:
    """On, nothing but its own is made, and only what must know of it changes; off, all is as it was before."""
    before = copy.deepcopy(plain.rig.cloud.objects)

    came = deploy(plain, platform(rail.models, **rail.settings))
    if rail.stays:
        first = deploy(plain, platform(rail.models, **rail.first_step))
        assert first == changes((without(rail.made, rail.stays), DELETE), (rail.changed, UPDATE))
    went = deploy(plain, platform())

    assert came == changes((rail.made, CREATE), (rail.changed, UPDATE))
    assert went == (
        changes((rail.stays, DELETE)) if rail.stays else changes((rail.made, DELETE), (rail.changed, UPDATE))
    )
    assert plain.rig.cloud.objects == before


@pytest.mark.parametrize("rail", IN_TWO_STEPS.values(), ids=IN_TWO_STEPS)
def test_what_the_gateway_calls_is_not_removed_at_once(rail: GuardRail, plain: World) -> None:
    """What is applied before the gateway would go first, and every request would fail: the plan refuses it."""
    deploy(plain, platform(rail.models, **rail.settings))
    before = copy.deepcopy(plain.rig.cloud.objects)

    plain.use(platform())
    guards = [stack for stack, found in rail.changed.items() if any("terraform_data." in one for one in found)]
    refused = [
        stack
        for stack in guards
        if "enabled: false" in " ".join(plain.folder(stack).run("plan", "-input=false").text.replace("│", " ").split())
    ]

    assert len(guards) == 1
    assert refused == guards
    assert plain.rig.cloud.objects == before


def test_routes_change_before_what_reads_bodies_goes(plain: World) -> None:
    """On: the routes last. Off: the routes first, then a wait, and the pods' network policy at the very end."""
    deploy(plain, platform(BY_NAME, body_routing={}))
    on = _by_address(plain.steps)
    deploy(plain, platform())
    off = _by_address(plain.steps)
    order = [
        *("kubernetes_manifest.network-policy-body-routing", "helm_release.body-routing"),
        *("time_sleep.body-routing_followed", f"{OBJECT}_qwen-route"),
    ]

    assert [one for one, other in pairwise(order) if on[one].end > on[other].begin] == []
    assert [one for one, other in pairwise(order) if off[other].end > off[one].begin] == []
    assert off["time_sleep.body-routing_followed"].end <= off["kubernetes_manifest.body-routing_qwen-names"].begin


def test_a_model_that_is_found_by_name_comes_leaves_and_is_renamed_alone(plain: World) -> None:
    """Its names are made before its route asks for them; another's stay as they are."""
    deploy(plain, platform(BY_NAME, body_routing={}))

    renamed = deploy(plain, platform({**BY_NAME, "models__qwen__served_name": "qwen-3"}, body_routing={}))
    drained = deploy(plain, platform({**BY_NAME, "models__qwen__drain": True}, body_routing={}))

    names = "kubernetes_manifest.body-routing_qwen-names"
    assert renamed.pop(GATEWAY) == {names: ("create", "delete"), f"{OBJECT}_qwen-route": UPDATE}
    assert drained.pop(GATEWAY) == {names: DELETE, f"{OBJECT}_qwen-route": DELETE}
    assert not [
        address for made in (renamed, drained) for stack in made for address in made[stack] if "llama" in address
    ]


def _by_address(steps: list[Step]) -> dict[str, Step]:
    """Return the steps of the gateway's stack by the address of each."""
    found = {step.address: step for step in steps if step.stack == GATEWAY}
    return {address: found[full] for full in found for address in unhashed({full: ()})}
