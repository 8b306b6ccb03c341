"""Rules about plans that destroy a stack: what needs it goes first."""

from __future__ import annotations

from collections.abc import Iterator

from gke_inference.plan_check.graph import users
from gke_inference.plan_check.plan import Plan, at
from gke_inference.plan_check.plans import CLUSTER, Plans
from gke_inference.plan_check.rule import Refusal, Rule
from gke_inference.plan_check.rules.keep import MEMBERSHIP
from gke_inference.plan_check.users import MEMBER
from platform_config.stack_graph import FLEET_STACK, GATEWAY_STACK, WEIGHTS_STACK, base_stack, cluster_stack, region_key

HOME = "terraform_data.home"
"""Address of what remembers the cluster of a stack with objects in one of them."""


def _users(plans: Plans) -> Iterator[Refusal]:
    for plan in _destroyed(plans):
        waiting = [stack for stack in users(plan.stack, plans.plans, plans.graph) if not plans.goes_first(stack)]
        if waiting:
            found = f"it would be destroyed; {'; '.join(map(plans.why_not_gone, waiting))}"
            yield Refusal(place=plan.stack, found=found, fix=plans.prove_gone(*waiting))


def _homes(plans: Plans) -> Iterator[Refusal]:
    for plan in _destroyed(plans):
        key = region_key(plan.stack)
        if plan.stack not in (base_stack(key), cluster_stack(key)):
            continue
        for stack in (GATEWAY_STACK, WEIGHTS_STACK):
            if stack in plans.plans and not plans.goes_first(stack) and _home_key(plans, stack) == key:
                found = f"it would be destroyed; the objects of {stack} are in its cluster"
                yield Refusal(place=plan.stack, found=found, fix=plans.prove_gone(stack))


def _home_key(plans: Plans, stack: str) -> str:
    """Return the key of the region in whose cluster the objects of *stack* are."""
    for one in plans.plans[stack].resources:
        if one.address == HOME and (name := at(one.before, "input", "value")):
            return plans.key_of_cluster(str(name))
    return ""


def _fleet(plans: Plans) -> Iterator[Refusal]:
    for one in plans.resources:
        destroyed = one.kind == CLUSTER and one.actions == ("delete",) and not one.reason
        if not destroyed or not one.is_there:
            continue
        if FLEET_STACK in plans.graph and FLEET_STACK not in plans.plans:
            text = f"{one.name} would be deleted; no plan of {FLEET_STACK} shows that it has left the fleet"
            yield Refusal(
                place=one.label, found=text, fix=f"put the plan or the state of {FLEET_STACK} beside this plan"
            )
        for member in plans.there(MEMBERSHIP):
            found = MEMBER.search(member.address)
            is_its_own = found[1] == region_key(one.stack) if found else member.name == one.name
            if is_its_own and not plans.plans[member.stack].destroys:
                text = f"{one.name} would be deleted, and is still a member of the fleet in {member.stack}"
                fix = f"remove its lines from the config, apply {member.stack}, and plan both again"
                yield Refusal(place=one.label, found=text, fix=fix)


def _destroyed(plans: Plans) -> Iterator[Plan]:
    yield from (plan for plan in plans.plans.values() if plan.destroys)


RULES: tuple[Rule, ...] = (
    Rule(
        id="ORDER-USERS",
        title="A stack is destroyed after those that need it",
        reason="What is in a cluster can be deleted only while the cluster is there; else it stays, and costs money.",
        source="this library, docs/stacks.md",
        check=_users,
    ),
    Rule(
        id="ORDER-HOME",
        title="A cluster with the gateway or the download is destroyed after them",
        reason="Nobody could delete their objects, nor the load balancer that belongs to the gateway.",
        source="this library, docs/day-2.md, Move the config cluster",
        check=_homes,
    ),
    Rule(
        id="ORDER-FLEET",
        title="A cluster leaves the fleet before it is destroyed",
        reason="The membership of a cluster that is gone stays in the fleet and is asked again and again.",
        source="this library, docs/day-2.md, Remove a region",
        check=_fleet,
    ),
)
