"""Rules about the gateway: no plan leaves it, or its load balancer, without what controls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from constructs_lib.google_names import GATEWAY_FEATURE
from gke_inference.plan_check.plan import Resource, at
from gke_inference.plan_check.plans import CLUSTER, Plans
from gke_inference.plan_check.rule import Refusal, Rule, what_happens
from platform_config.stack_graph import FLEET_STACK, region_key, serving_stack

FEATURE = "google_gke_hub_feature"
AGENT = ("google_project_iam_member.fleet_agent-role_", "google_project_service_identity.fleet_agent_")
"""How the addresses begin of the agent that makes load balancers, and of its role."""
HUB = "Google, Set up the multi-cluster GKE Inference Gateway"
ORPHAN = "its load balancer would stay, and nobody could change or delete it"


def _object(plans: Plans) -> Iterator[Refusal]:
    for one in plans.objects("Gateway"):
        if one.goes or one.is_forgotten:
            fix = "put back what was there; where it is to go, destroy its whole stack"
            yield Refusal(place=one.label, found=f"the Gateway {what_happens(one)}", fix=fix)


def _feature(plans: Plans) -> Iterator[Refusal]:
    for one in plans.there(FEATURE):
        if one.name != GATEWAY_FEATURE:
            continue
        if "delete" in one.actions or one.is_forgotten:
            yield from _while_standing(plans, one, what_happens(one))
        elif one.after and one.after.get("spec") != one.before.get("spec"):
            was, new = _config_member(one.before), _config_member(one.after)
            if was != new:
                yield from _while_standing(plans, one, f"its config cluster would be {new}, and is {was}")


def _agent(plans: Plans) -> Iterator[Refusal]:
    for one in plans.plans[FLEET_STACK].resources if FLEET_STACK in plans.plans else ():
        if one.address.startswith(AGENT) and one.is_there and ("delete" in one.actions or one.is_forgotten):
            what = "be replaced" if one.is_replaced else "leave the state" if one.is_forgotten else "be deleted"
            yield from _while_standing(plans, one, f"what the agent needs would {what}")


def _while_standing(plans: Plans, one: Resource, found: str) -> Iterator[Refusal]:
    """Yield *found* while a gateway is not known to be gone; in a destroy it may go before this."""
    destroying = plans.plans[one.stack].destroys
    for stack in plans.standing_gateways(destroying=destroying)[:1]:
        found = f"{found}; {plans.why_not_gone(stack)}: {ORPHAN}"
        yield Refusal(place=one.label, found=found, fix=plans.prove_gone(stack))


def _config_member(values: dict[str, Any]) -> str:
    """Return the name of the config cluster's membership."""
    found = json.dumps(values.get("spec")).rpartition("/memberships/")[2].partition('"')[0]
    return found or "unknown"


def _definitions(plans: Plans) -> Iterator[Refusal]:
    for one in plans.objects("CustomResourceDefinition"):
        if not one.goes and not one.is_forgotten:
            continue
        kind, group = at(one.manifest, "spec", "names", "kind"), f"{at(one.manifest, 'spec', 'group')}/"
        stack = serving_stack(region_key(one.stack))
        users = sorted(
            {
                other.stack
                for other in plans.objects(str(kind))
                if str(other.manifest.get("apiVersion")).startswith(group) and _same_cluster(one, other)
            }
        )
        if not users and stack not in plans.plans:
            users = [stack]
        for user in users[:1]:
            found = f"{what_happens(one)}, and with it every {kind} of the cluster; {plans.why_not_gone(user)}"
            yield Refusal(place=one.label, found=found, fix="remove the objects first, by an apply of their own")


def _same_cluster(one: Resource, other: Resource) -> bool:
    return region_key(other.stack) in ("", region_key(one.stack))


def _gateway_api(plans: Plans) -> Iterator[Refusal]:
    for one in plans.there(CLUSTER):
        if (
            one.after
            and _channel(one.before) not in ("", "CHANNEL_DISABLED")
            and _channel(one.after) in ("", "CHANNEL_DISABLED")
        ):
            found = "the Gateway API would be turned off: GKE takes its CRDs away, and with them Gateway and routes"
            yield Refusal(place=one.label, found=f"{one.name}: {found}", fix="leave gateway_api_config as it is")


def _channel(values: dict[str, Any]) -> str:
    return str(at(values, "gateway_api_config", "channel") or "")


RULES: tuple[Rule, ...] = (
    Rule(
        id="GATE-OBJECT",
        title="No Gateway is replaced, forgotten or deleted by a change of its settings",
        reason="Its address and load balancer go, and routes have no gateway; one that is forgotten is never deleted.",
        source="GKE, GatewayClass gke-l7-*; this library, docs/decisions/0034",
        check=_object,
    ),
    Rule(
        id="GATE-FEATURE",
        title="The fleet's ingress feature keeps its config cluster while there is a gateway",
        reason="The controller that makes and deletes load balancers reads Gateways from this cluster alone.",
        source=f"{HUB}; this library, docs/day-2.md, Move the config cluster",
        check=_feature,
    ),
    Rule(
        id="GATE-AGENT",
        title="The agent of the ingress feature keeps its role while there is a gateway",
        reason="Without it the controller cannot reach the clusters, not even to delete the load balancer.",
        source=f"{HUB}, required roles",
        check=_agent,
    ),
    Rule(
        id="GATE-CRD",
        title="No CRD goes while there are objects of its kind",
        reason="Kubernetes deletes them all with it.",
        source="Kubernetes, Extend the Kubernetes API with CustomResourceDefinitions",
        check=_definitions,
    ),
    Rule(
        id="GATE-API",
        title="No cluster loses the Gateway API",
        reason="GKE removes its CRDs, and with them Gateways and routes.",
        source="Google, Deploying Gateways, Disable the Gateway API",
        check=_gateway_api,
    ),
)
