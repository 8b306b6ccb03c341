"""Rules about what loses its data, its address or its callers when it is deleted or replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gke_inference.plan_check.plan import Resource
from gke_inference.plan_check.plans import CLUSTER, POOL, Plans
from gke_inference.plan_check.rule import Refusal, Rule, what_happens
from gke_inference.plan_check.users import front, members, readers, servers_on

ZONE, RECORD = "google_dns_managed_zone", "google_dns_record_set"
BUCKET, MEMBERSHIP = "google_storage_bucket", "google_gke_hub_membership"
ADDRESSES = ("google_compute_address", "google_compute_global_address")
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
        """Yield those that a plan deletes or replaces while somebody uses them, or forgets."""
        for one in plans.there(*self.kinds):
            if one.is_forgotten:
                found = f"{what_happens(one)}: a later plan makes it again beside it, which Google refuses"
                yield Refusal(place=one.label, found=found, fix=self.fix)
            if not one.goes:
                continue
            used = self.users(plans, one)
            if used or (one.is_replaced and not self.replaceable):
                found = f"{what_happens(one)}; {used}" if used else what_happens(one)
                yield Refusal(place=one.label, found=found, fix=self.fix)


def _always(reason: str) -> Callable[[Plans, Resource], str]:
    return lambda plans, one: reason


def _callers(plans: Plans, one: Resource) -> str:
    """Return who uses the record *one*: clients, where it has a routing policy; Google or nobody where it has none."""
    return f"clients call {str(one.before.get('name')).rstrip('.')}" if one.before.get("routing_policy") else ""


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
    *(CLUSTER, POOL, BUCKET, *ADDRESSES, MEMBERSHIP, ZONE, RECORD),
    *("kubernetes_namespace_v1", "google_compute_network", *KINDS_ALWAYS),
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
            users=servers_on,
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
            users=readers,
            fix=f"{BACK}, or let the servers change first: weights.source: hugging_face, then the bucket goes",
        ),
    ),
    _rule(
        "KEEP-ADDRESS",
        "No address that a Gateway has is deleted, and none is replaced",
        "Clients call it, and another platform may get it.",
        "this library, docs/day-2.md, Remove a region",
        Kept(kinds=ADDRESSES, users=front, fix=f"{BACK}, or apply the stack of the Gateway first, without the address"),
    ),
    _rule(
        "KEEP-MEMBERSHIP",
        "No cluster that serves leaves the fleet",
        "Its servers leave the gateway at once; without the config cluster nobody can change or delete the gateway.",
        "Google, Set up the multi-cluster GKE Inference Gateway; this library, docs/day-2.md, Remove a region",
        Kept(
            kinds=(MEMBERSHIP,),
            users=members,
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
        "KEEP-ZONE",
        "No zone of Cloud DNS is deleted or replaced by a change of its settings",
        "Every name in it is gone, and the new zone may have other name servers than the zone above it leads to.",
        "Google, Cloud DNS, Create, modify and delete zones",
        Kept(kinds=(ZONE,), users=_always("every name in it would be gone"), fix=BACK),
    ),
    _rule(
        "KEEP-NAME",
        "No name with a routing policy is deleted or replaced by a change of its settings",
        "Clients that call it get no address. Targets, weights and times change in place.",
        "provider google 7.45, google_dns_record_set: name, type and managed_zone are fixed",
        Kept(
            kinds=(RECORD,),
            users=_callers,
            fix=f"{BACK}; or add the new name beside it, let clients change, and let this one pass with --allow",
            replaceable=True,
        ),
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
