"""Who still uses what a plan would take away, as far as plans and states show it; empty where nobody does."""

from __future__ import annotations

import json
import re
from typing import Any

from constructs_lib.google_names import GATEWAY_FEATURE
from gke_inference.plan_check.plan import Resource, at, gateway_addresses
from gke_inference.plan_check.plans import Plans
from platform_config.names import SYSTEM_POOL
from platform_config.stack_graph import SERVING_STACKS, base_stack, region_key, serving_stack

FEATURE = "google_gke_hub_feature"
MEMBER = re.compile(r"_member-(.+)_[0-9A-F]{8}$")
"""How the address of a membership ends; the key of its region is inside."""


def servers_on(plans: Plans, pool: Resource) -> str:
    """Return why *pool* counts as in use: servers of its region ask for it, or nothing shows that none does."""
    stack = serving_stack(region_key(pool.stack))
    if plans.is_gone(stack):
        return ""
    if stack not in plans.plans:
        return plans.why_not_gone(stack)
    if pool.name == SYSTEM_POOL:
        return f"{stack} has pods on it"
    names = sorted({one.object_name for one in plans.plans[stack].resources if _uses(one, pool.name)})
    return f"{', '.join(names)} of {stack} may run on it" if names else ""


def _uses(one: Resource, pool: str) -> bool:
    """Return whether *one* is a Deployment with pods on *pool*, or a ComputeClass that has it."""
    if one.is_object("ComputeClass"):
        return _has_value(at(one.manifest, "spec"), pool)
    pods = at(one.manifest, "spec", "template", "spec") if one.is_object("Deployment") else None
    return _has_value([at(pods, "nodeSelector"), at(pods, "affinity")], pool)


def _has_value(value: Any, text: str) -> bool:
    if isinstance(value, dict):
        return any(_has_value(inner, text) for inner in value.values())
    return any(_has_value(inner, text) for inner in value) if isinstance(value, list) else bool(value == text)


def readers(plans: Plans, bucket: Resource) -> str:
    """Return which servers read *bucket*, or which stack may have such servers."""
    stacks = [stack for stack in {**plans.graph, **plans.plans} if stack.startswith(SERVING_STACKS)]
    if missing := [stack for stack in stacks if stack not in plans.plans]:
        return plans.why_not_gone(missing[0])
    if not stacks:
        return "no plan of the servers shows that they do not read it"
    named = re.compile(rf'"{re.escape(bucket.name)}"|gs://{re.escape(bucket.name)}\b')
    readers = [one for one in plans.objects("Deployment") if named.search(json.dumps(one.manifest))]
    return f"servers of {', '.join(sorted({one.stack for one in readers}))} read it" if readers else ""


def front(plans: Plans, address: Resource) -> str:
    """Return which Gateway has *address*, or which stack may have one."""
    for stack in plans.gateway_stacks():
        if stack not in plans.plans:
            return plans.why_not_gone(stack)
    for gateway in plans.objects("Gateway"):
        if any(value.rpartition("/")[2] == address.name for value in gateway_addresses(gateway.manifest)):
            return f"the Gateway of {gateway.stack} has it"
    return ""


def members(plans: Plans, membership: Resource) -> str:
    """Return what still needs the cluster of *membership* in the fleet."""
    for feature in plans.there(FEATURE):
        config = json.dumps(feature.before.get("spec"))
        stays = not feature.goes and "delete" not in feature.actions
        if feature.name == GATEWAY_FEATURE and stays and f'/memberships/{membership.name}"' in config:
            return f"it is the config cluster of the feature {GATEWAY_FEATURE}"
    found = MEMBER.search(membership.address)
    key = found[1] if found else plans.key_of_cluster(membership.name)
    waiting = [stack for stack in (serving_stack(key), base_stack(key)) if not plans.is_gone(stack)]
    return "; ".join(map(plans.why_not_gone, waiting))
