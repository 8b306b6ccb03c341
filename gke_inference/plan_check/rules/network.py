"""Rules about the network of a region, which must outlive the cluster that is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gke_inference.plan_check.graph import cluster_stacks
from gke_inference.plan_check.plan import Resource
from gke_inference.plan_check.plans import Plans
from gke_inference.plan_check.rule import Refusal, Rule, what_happens
from platform_config.stack_graph import cluster_stack

KINDS = ("google_compute_subnetwork", "google_compute_router", "google_compute_router_nat", "google_compute_firewall")
REGION = re.compile(r"\.network_(?:region|allow)-(.+?)_(nodes|proxy|proxies|router|nat)_[0-9A-F]{8}$")
"""How the address of what one region needs ends; the key of the region and the part are inside."""
SHARED = ("proxy", "router", "nat")
"""Parts that clusters in one Google Cloud region share."""


def _of_a_region(plans: Plans) -> Iterator[Refusal]:
    for one in plans.there(*KINDS):
        if not one.goes:
            continue
        found = REGION.search(one.address)
        if found is None:
            yield from _of_all_regions(plans, one)
        elif not plans.cluster_is_gone(key := found[1]):
            yield _refusal(plans, one, cluster_stack(key))
        elif found[2] in SHARED and (others := plans.clusters_in(str(one.before.get("region")))):
            yield _refusal(plans, one, others[0])


def _of_all_regions(plans: Plans, one: Resource) -> Iterator[Refusal]:
    stacks = cluster_stacks({**plans.graph, **plans.plans})
    waiting = [stack for stack in stacks if not plans.is_gone(stack)]
    if waiting or not stacks:
        yield _refusal(plans, one, *waiting[:1])


def _refusal(plans: Plans, one: Resource, *stacks: str) -> Refusal:
    if not stacks:
        found, fix = (
            f"{what_happens(one)}, and no plan of a cluster shows who uses it",
            "put the plans of all stacks beside it",
        )
    else:
        found, fix = f"{what_happens(one)}; {plans.why_not_gone(stacks[0])}", plans.prove_gone(*stacks)
    return Refusal(place=one.label, found=found, fix=fix)


RULES: tuple[Rule, ...] = (
    Rule(
        id="NET-REGION",
        title="The network of a region stays until its cluster is gone",
        reason="Google refuses to delete a subnet with nodes in it; its address and shared parts may be gone by then.",
        source="this library, docs/day-2.md, Remove a region",
        check=_of_a_region,
    ),
)
