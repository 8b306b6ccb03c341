"""Rules about what still has requests: the steps of a removal that come first."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.manifests.model_server import request_labels
from gke_inference.plan_check.plan import at, gateway_addresses
from gke_inference.plan_check.plans import Plans
from gke_inference.plan_check.rule import Refusal, Rule, what_happens
from platform_config.names import GATEWAY_ADDRESS
from platform_config.stack_graph import region_key, serving_stack


def _servers(plans: Plans) -> Iterator[Refusal]:
    [(label, value)] = request_labels(True).items()
    for one in plans.objects("Deployment"):
        if (one.goes or one.is_forgotten) and at(one.manifest, "metadata", "labels", label) == value:
            found = f"the servers {one.object_name}: {what_happens(one)}, and the gateway has requests for them"
            fix = "put the model back with drain: true and apply all stacks; then remove it"
            yield Refusal(place=one.label, found=found, fix=fix)


def _addresses(plans: Plans) -> Iterator[Refusal]:
    for gateway in plans.objects("Gateway"):
        if gateway.goes or not gateway.after:
            continue
        lost = gateway_addresses(gateway.manifest) - gateway_addresses(at(gateway.after, "manifest"))
        for value in sorted(lost):
            stack = _stack_behind(plans, value)
            if stack and not plans.is_gone(stack):
                found = f"the Gateway would lose the address {value}; {plans.why_not_gone(stack)}"
                yield Refusal(
                    place=gateway.label,
                    found=found,
                    fix=f"keep the address; where the region is to go, {plans.prove_gone(stack)}",
                )


def _stack_behind(plans: Plans, address: str) -> str:
    """Return the stack whose servers *address* is for; empty where nothing shows its region."""
    place, _, name = address.removeprefix("regions/").partition("/addresses/")
    if GATEWAY_ADDRESS in name:
        return serving_stack(name.rpartition(GATEWAY_ADDRESS)[2])
    clusters = plans.clusters_in(place)
    return serving_stack(region_key(clusters[0])) if clusters else ""


RULES: tuple[Rule, ...] = (
    Rule(
        id="DRAIN-MODEL",
        title="Servers go only after the route to them",
        reason="Requests that run break off, and new ones fail, until the gateway has changed.",
        source="this library, docs/day-2.md, Add or remove a model",
        check=_servers,
    ),
    Rule(
        id="DRAIN-REGION",
        title="The Gateway keeps the address of a region until its servers are gone",
        reason="Clients there call this address, and the steps before this one were left out.",
        source="this library, docs/day-2.md, Remove a region",
        check=_addresses,
    ),
)
