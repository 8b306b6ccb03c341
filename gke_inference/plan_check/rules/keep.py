"""Rules about what loses its data, its address or its callers when it is deleted or replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from constructs_lib.google_names import GATEWAY_FEATURE
from gke_inference.plan_check.plan import Resource, at, gateway_addresses
from gke_inference.plan_check.plans import CLUSTER, POOL, Plans
from gke_inference.plan_check.rule import Refusal, Rule, what_happens
from platform_config.names import SYSTEM_POOL
from platform_config.stack_graph import SERVING_STACKS, base_stack, region_key, serving_stack

BUCKET, MEMBERSHIP = "google_storage_bucket", "google_gke_hub_membership"
ADDRESSES = ("google_compute_address", "google_compute_global_address")
FEATURE = "google_gke_hub_feature"
MEMBER = re.compile(r"_member-(.+)_[0-9A-F]{8}$")
"""How the address of a membership ends; the key of its region is inside."""
PROTECTIONS = {"deletion_protection": True, "force_destroy": False}
"""What protects a resource, and the value that does."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """
    One kind of what must stay.

    Attributes:
        kinds: Resource types.
        users: Returns who still uses one that a changed configuration deletes; empty where it may go.
        replaceable: Whether one that nobody uses may be replaced too.
        fix: What to do instead.
    """

    kinds: tuple[str, ...]
    users: Callable[[Plans, Resource], str]
    fix: str
    replaceable: bool = False

    def check(self, plans: Plans) -> Iterator[Refusal]:
        """Yield those that a plan deletes or replaces while somebody uses them."""
        for one in plans.there(*self.kinds):
            if not one.goes:
                continue
            used = self.users(plans, one)
            if used or (one.is_replaced and not self.replaceable):
                found = f"{what_happens(one)}; {used}" if used else what_happens(one)
                yield Refusal(place=one.label, found=found, fix=self.fix)


def _always(reason: str) -> Callable[[Plans, Resource], str]:
    return lambda plans, one: reason


def _servers_on(plans: Plans, pool: Resource) -> str:
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


def _readers(plans: Plans, bucket: Resource) -> str:
    """Return which servers read *bucket*, or which stack may have such servers."""
    stacks = [stack for stack in {**plans.graph, **plans.plans} if stack.startswith(SERVING_STACKS)]
    if missing := [stack for stack in stacks if stack not in plans.plans]:
        return plans.why_not_gone(missing[0])
    if not stacks:
        return "no plan of the servers shows that they do not read it"
    named = re.compile(rf'"{re.escape(bucket.name)}"|gs://{re.escape(bucket.name)}\b')
    readers = [one for one in plans.objects("Deployment") if named.search(json.dumps(one.manifest))]
    return f"servers of {', '.join(sorted({one.stack for one in readers}))} read it" if readers else ""


def _front(plans: Plans, address: Resource) -> str:
    """Return which Gateway has *address*, or which stack may have one."""
    for stack in plans.gateway_stacks():
        if stack not in plans.plans:
            return plans.why_not_gone(stack)
    for gateway in plans.objects("Gateway"):
        if any(value.rpartition("/")[2] == address.name for value in gateway_addresses(gateway.manifest)):
            return f"the Gateway of {gateway.stack} has it"
    return ""


def _members(plans: Plans, membership: Resource) -> str:
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


def _protected(plans: Plans) -> Iterator[Refusal]:
    for plan in plans.plans.values():
        deleted = [one for one in plan.resources if "delete" in one.actions]
        for one in deleted:
            if one.before.get("deletion_protection") is True:
                fix = "apply deletion_protection: false by itself, and then plan the deletion"
                found = f"{what_happens(one)}, and deletion_protection keeps it: what depends on it goes before that"
                yield Refusal(place=one.label, found=found, fix=fix)
        freed = {one.label: setting for one in plan.resources if (setting := _freed(one))}
        kept = [one for one in deleted if one.kind in KINDS and one.is_there]
        for label, setting in freed.items() if kept else ():
            found = f"it takes {setting} off, and the same plan deletes {', '.join(one.address for one in kept)}"
            yield Refusal(place=label, found=found, fix=f"apply the change of {setting} by itself first")


def _freed(one: Resource) -> str:
    """Return the protection that a plan takes off *one*; empty where it takes none off."""
    if not one.is_there or not one.after:
        return ""
    lost = (
        name
        for name, value in PROTECTIONS.items()
        if one.before.get(name) is value and one.after.get(name) is not value
    )
    return next(lost, "")


def _rule(id_: str, title: str, reason: str, source: str, kept: Kept) -> Rule:
    return Rule(id=id_, title=title, reason=reason, source=source, check=kept.check)


BACK = "put back what was there"
KINDS_ALWAYS: tuple[str, ...] = (
    "google_kms_key_ring", "google_kms_crypto_key", "google_secret_manager_secret",
)  # fmt: skip
KINDS = (
    CLUSTER, POOL, BUCKET, *ADDRESSES, MEMBERSHIP, "kubernetes_namespace_v1", "google_compute_network", *KINDS_ALWAYS,
)  # fmt: skip
"""What has a rule here."""

RULES: tuple[Rule, ...] = (
    _rule(
        "KEEP-CLUSTER",
        "No cluster is deleted or replaced by a change of its settings",
        "All that runs in it ends, and its node pools go first, even where its protection then keeps it.",
        "this library, docs/decisions/0034",
        Kept(
            kinds=(CLUSTER,),
            users=_always("all that runs in it would end"),
            fix=f"{BACK}, or add a region with another key and number and then remove this one",
        ),
    ),
    _rule(
        "KEEP-POOL",
        "No node pool that servers run on is deleted or replaced",
        "Its nodes go, and with them every server on them, at once in all regions that are applied.",
        "this library, docs/settings.md, node_pools",
        Kept(
            kinds=(POOL,),
            users=_servers_on,
            fix="add a pool with another key, move the servers to it, and then remove this one; or drain the region, "
            "and let this pool pass with --allow",
            replaceable=True,
        ),
    ),
    _rule(
        "KEEP-BUCKET",
        "No bucket that servers read is deleted, and none is replaced",
        "The weights go, and no server starts again.",
        "this library, docs/decisions/0034",
        Kept(
            kinds=(BUCKET,),
            users=_readers,
            fix=f"{BACK}, or let the servers change first: weights.source: hugging_face, then the bucket goes",
        ),
    ),
    _rule(
        "KEEP-ADDRESS",
        "No address that a Gateway has is deleted, and none is replaced",
        "Clients call it, and another platform may get it.",
        "this library, docs/day-2.md, Remove a region",
        Kept(
            kinds=ADDRESSES, users=_front, fix=f"{BACK}, or apply the stack of the Gateway first, without the address"
        ),
    ),
    _rule(
        "KEEP-MEMBERSHIP",
        "No cluster that serves leaves the fleet",
        "Its servers leave the gateway at once; without the config cluster nobody can change or delete the gateway.",
        "Google, Set up the multi-cluster GKE Inference Gateway; this library, docs/day-2.md, Remove a region",
        Kept(
            kinds=(MEMBERSHIP,),
            users=_members,
            fix="destroy the stacks of the region's servers first, in the order of docs/day-2.md; then "
            "`terraform show -json` there, as <stack>.state.json beside this plan, shows that they are gone",
        ),
    ),
    _rule(
        "KEEP-NAMESPACE",
        "No namespace is deleted or replaced by a change of its settings",
        "Kubernetes deletes all that is in it.",
        "Kubernetes, Namespaces",
        Kept(kinds=("kubernetes_namespace_v1",), users=_always("everything of the platform is in it"), fix=BACK),
    ),
    _rule(
        "KEEP-NETWORK",
        "No VPC is deleted or replaced by a change of its settings",
        "Every region is in it.",
        "this library",
        Kept(kinds=("google_compute_network",), users=_always("every region is in it"), fix=BACK),
    ),
    _rule(
        "KEEP-KEY",
        "No key and no secret is deleted or replaced by a change of its settings",
        "What is encrypted with a key cannot be read without it.",
        "Google, Cloud KMS, destroy and restore key versions",
        Kept(kinds=KINDS_ALWAYS, users=_always("data may need it"), fix=BACK),
    ),
    Rule(
        id="KEEP-PROTECTED",
        title="Protection is taken off by an apply of its own",
        reason="An apply deletes what depends on a cluster before the provider refuses to delete the cluster.",
        source="provider google 7.45, google_container_cluster.deletion_protection",
        check=_protected,
    ),
)
