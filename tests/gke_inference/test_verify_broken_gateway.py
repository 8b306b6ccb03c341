"""One thing of the gateway is broken, and `verify` names that thing, and the fix, and nothing else."""

from __future__ import annotations

import pytest

from tests.gke_inference.verify_breaks import Break, Cases, check, condition, merge
from tests.gke_inference.verify_platform import HealthyPlatform
from tests.gke_inference.verify_rig import example, example_running

__all__ = ["example", "example_running"]

FEATURE = "global/features/multiclusteringress"


def three_ready(platform: HealthyPlatform) -> None:
    """Give the cluster of us two servers more than the load balancer knows."""
    pod = platform.object("us", "Pod")
    platform.named("us", "Deployment", "gemma-server")["status"].update(replicas=3, readyReplicas=3)
    objects = platform.clusters["us"].objects
    [path] = [path for path, made in objects.items() if made is pod]
    for number in (1, 2):
        dict.__setitem__(objects, f"{path}{number}", pod)


CASES: Cases = {
    "feature is off": (lambda p: p.documents.pop(FEATURE), "", "FEATURE", "it is not there"),
    "feature is not active": (
        lambda p: merge(p.documents[FEATURE], resourceState={"state": "ENABLING"}), "", "FEATURE", "ENABLING",
    ),
    "config cluster is another": (
        lambda p: p.documents[FEATURE]["spec"]["multiclusteringress"].update(
            configMembership="projects/my-project-id/locations/global/memberships/gemma-eu"
        ),
        "", "FEATURE", "the config cluster is projects/my-project-id/locations/global/memberships/gemma-eu",
    ),
    "feature complains about a member": (
        lambda p: p.documents[FEATURE]["membershipStates"].popitem(), "", "FEATURE", "gemma-eu is no state",
    ),
    "pool is not imported": (
        lambda p: p.forget("us", "GCPInferencePoolImport"), "", "IMPORT", "it is not there",
    ),
    "pool is imported from one": (
        lambda p: merge(
            p.object("us", "GCPInferencePoolImport"),
            status={"exportingClusters": [{"name": "projects/p/locations/global/memberships/gemma-us"}]},
        ),
        "", "IMPORT", "nothing comes from gemma-eu",
    ),
    "gateway is not programmed": (
        lambda p: condition(p.object("us", "Gateway"), "Programmed", reason="Invalid"),
        "", "GATEWAY", "Programmed is False (Invalid: set by the controller)",
    ),
    "gateway's change is not applied": (
        lambda p: (
            p.object("us", "Gateway")["metadata"].update(generation=2),
            p.object("us", "Gateway")["status"]["conditions"][0].update(observedGeneration=1),
        ),
        "", "GATEWAY", "its last change is not applied yet",
    ),
    "gateway lacks an address": (
        lambda p: p.object("us", "Gateway")["status"]["addresses"].append({"type": "IPAddress", "value": "10.9.9.9"}),
        "", "GATEWAY", "3 of 2 addresses: 10.2.0.9, 10.4.0.9, 10.9.9.9",
    ),
    "address is not used": (
        lambda p: merge(p.documents["gemma-gateway-us"], status="RESERVED"), "us", "ADDRESS", "10.2.0.9 is RESERVED",
    ),
    "address is another": (
        lambda p: merge(p.documents["gemma-gateway-us"], address="10.2.0.10"),
        "us", "ADDRESS", "the gateway has 10.2.0.9, 10.4.0.9, not 10.2.0.10",
    ),
    "route finds no pool": (
        lambda p: condition(p.object("us", "HTTPRoute"), "ResolvedRefs", "parents", 0, reason="BackendNotFound"),
        "", "ROUTE", "ResolvedRefs is False (BackendNotFound",
    ),
    "route has no gateway": (
        lambda p: p.object("us", "HTTPRoute")["status"].clear(), "", "ROUTE", "no gateway has taken it",
    ),
    "health check is not attached": (
        lambda p: p.object("us", "HealthCheckPolicy")["status"].clear(),
        "", "HEALTH-CHECK", "no controller has set Attached yet",
    ),
    "balancing is in conflict": (
        lambda p: condition(p.object("us", "GCPBackendPolicy"), "Attached", reason="Conflicted"),
        "", "BALANCING", "Attached is False (Conflicted",
    ),
    "load balancer finds it unhealthy": (
        lambda p: p.health("us")["healthStatus"][0].update(healthState="UNHEALTHY"),
        "us", "BACKENDS", "0 of 1 servers healthy",
    ),
    "load balancer does not know all servers": (
        three_ready, "us", "BACKENDS", "1 of 1 servers healthy for the load balancer, but 3 are ready in the cluster",
    ),
    "no server is behind the load balancer": (
        lambda p: p.health("us").clear(), "us", "BACKENDS", "no server of this region",
    ),
    "region has no group": (
        lambda p: p.parts("backendServices")[0]["backends"].pop(0), "us", "BACKENDS", "no network endpoint group",
    ),
    "gateway leads to no pool": (
        lambda p: p.parts("urlMaps")[0].pop("pathMatchers"), "us", "BACKENDS", "no network endpoint group",
    ),
    "gateway has no server": (
        lambda p: setattr(p.gateways["us"], "failure", "503"), "us", "COMPLETION", "http_503",
    ),
    "another region answers": (
        lambda p: setattr(p.gateways["us"], "home_slots", 0), "us", "COMPLETION", "answered by europe-west4",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "where", "id_", "words"), CASES.values(), ids=CASES)
def test_what_is_broken_is_named(example: HealthyPlatform, broken: Break, where: str, id_: str, words: str) -> None:
    """The finding of what is broken is wrong, in these words and with a fix; all others stay good."""
    broken(example)

    check(example, where, id_, words)
