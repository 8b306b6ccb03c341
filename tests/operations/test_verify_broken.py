"""One thing of a healthy platform is broken, and `verify` names that thing, and the fix, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.operations.verify_rig import (
    BACKEND_SERVICE,
    Platform,
    elastic,
    elastic_running,
    example,
    example_running,
)

__all__ = ["elastic", "elastic_running", "example", "example_running"]

FEATURE = "global/features/multiclusteringress"
Break = Callable[[Platform], Any]


def merge(target: dict[str, Any], **changes: Any) -> None:
    """Set these keys."""
    target.update(changes)


def server(platform: Platform) -> dict[str, Any]:
    """The model server's Deployment in us."""
    return platform.named("us", "Deployment", "gemma-server")


def container(platform: Platform) -> dict[str, Any]:
    """The state of the server's container in us."""
    state: dict[str, Any] = platform.object("us", "Pod")["status"]["containerStatuses"][0]
    return state


def condition(made: dict[str, Any], name: str, *path: Any, reason: str = "Bad") -> None:
    """The condition *name* of *made* is false."""
    at = made["status"]
    for step in path:
        at = at[step]
    [found] = [entry for entry in at["conditions"] if entry["type"] == name]
    found |= {"status": "False", "reason": reason, "message": "told by the controller"}


def not_running(platform: Platform) -> None:
    """The pod of us is thrown back again and again."""
    pod = platform.object("us", "Pod")
    condition(pod, "Ready")
    died = {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-01-01T00:00:00Z"}}
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    container(platform).update(ready=False, restartCount=7, state=state, lastState=died)
    server(platform)["status"]["readyReplicas"] = 0


def restarts(platform: Platform) -> None:
    """The pod of us is up again, for a minute now."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    died = {"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": now}}
    container(platform).update(restartCount=3, lastState=died)


def unschedulable(platform: Platform) -> None:
    """There is no room for the pod of us."""
    condition(platform.object("us", "Pod"), "PodScheduled")
    server(platform)["status"]["readyReplicas"] = 0


def scaled_to_none(platform: Platform) -> None:
    """There is no server in us."""
    server(platform)["spec"]["replicas"] = 0
    server(platform)["status"].clear()
    platform.forget("us", "Pod")


def no_metric(platform: Platform) -> None:
    """The autoscaler of us is blind."""
    autoscaler = platform.object("us", "HorizontalPodAutoscaler")
    condition(autoscaler, "ScalingActive", reason="FailedGetPodsMetric")
    del autoscaler["status"]["currentMetrics"]


CASES: dict[str, tuple[Break, str, str, str]] = {
    "cluster is too old": (
        lambda p: merge(p.cluster("us"), currentMasterVersion="1.33.5-gke.1"),
        "us", "CLUSTER", "GKE 1.33.5-gke.1, below 1.34.1-gke.1829001",
    ),
    "cluster is broken": (
        lambda p: merge(p.cluster("us"), status="ERROR", conditions=[{"message": "no IP addresses"}]),
        "us", "CLUSTER", "ERROR (no IP addresses)",
    ),
    "DNS endpoint is closed": (
        lambda p: p.cluster("us")["controlPlaneEndpointsConfig"]["dnsEndpointConfig"].update(
            allowExternalTraffic=False
        ),
        "us", "CLUSTER", "takes no traffic from outside",
    ),
    "pool has an error": (
        lambda p: p.cluster("us")["nodePools"][1].update(
            status="RUNNING_WITH_ERROR", conditions=[{"message": "GCE_STOCKOUT"}]
        ),
        "us", "POOL-TPU", "RUNNING_WITH_ERROR (GCE_STOCKOUT)",
    ),
    "pool is not there": (lambda p: p.cluster("us")["nodePools"].pop(), "us", "POOL-TPU", "it is not there"),
    "node is gone": (
        lambda p: p.clusters["us"].objects.pop("/api/v1/nodes/tpu-0"), "us", "POOL-TPU", "0 of 1 nodes ready",
    ),
    "node is not ready": (
        lambda p: condition(p.named("us", "Node", "tpu-0"), "Ready"), "us", "POOL-TPU", "not ready: tpu-0",
    ),
    "interfaces are not allocated": (
        lambda p: p.object("us", "ResourceClaim")["status"].pop("allocation"), "us", "INTERFACES", "has no interfaces",
    ),
    "interfaces are another pod's": (
        lambda p: p.object("us", "ResourceClaim")["status"]["reservedFor"][0].update(uid="other"),
        "us", "INTERFACES", "is not for gemma-server-0",
    ),
    "pod has no claim": (
        lambda p: p.object("us", "Pod")["status"].pop("resourceClaimStatuses"), "us", "INTERFACES", "has no claim yet",
    ),
    "membership is another cluster's": (
        lambda p: merge(p.documents["global/memberships/gemma-us"], endpoint={"gkeCluster": {"resourceLink": "//x/y"}}),
        "us", "MEMBERSHIP", "it is of another cluster: //x/y",
    ),
    "membership has lost its cluster": (
        lambda p: p.documents["global/memberships/gemma-us"]["endpoint"]["gkeCluster"].update(clusterMissing=True),
        "us", "MEMBERSHIP", "its cluster is gone",
    ),
    "membership is going": (
        lambda p: merge(p.documents["global/memberships/gemma-us"], state={"code": "DELETING"}),
        "us", "MEMBERSHIP", "DELETING",
    ),
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
    "server is scaled to none": (
        scaled_to_none,
        "us", "SERVER", "scaled to 0, the config says 1",
    ),
    "server is not there": (
        lambda p: p.clusters["us"].objects.pop("/apis/apps/v1/namespaces/inference/deployments/gemma-server"),
        "us", "SERVER", "it is not there",
    ),
    "server crashes": (
        not_running, "us", "SERVER",
        "0 of 1 ready; gemma-server-0: vllm waits, CrashLoopBackOff, 7 restarts, last by OOMKilled (exit code 137)",
    ),
    "server restarts": (restarts, "us", "SERVER", "vllm restarts, 3 restarts, last by Error (exit code 1)"),
    "server has no node": (unschedulable, "us", "SERVER", "waits for a node: told by the controller"),
    "server loads the weights": (
        lambda p: condition(p.object("us", "Pod"), "Ready"), "us", "SERVER", "runs but is not ready",
    ),
    "rollout is not over": (
        lambda p: server(p)["status"].update(updatedReplicas=0), "us", "SERVER", "0 of 1 are of the newest version",
    ),
    "pool is not there in Kubernetes": (
        lambda p: p.forget("us", "InferencePool"), "us", "POOL-ENDPOINTS", "it is not there",
    ),
    "pool is not exported": (
        lambda p: p.object("us", "InferencePool")["metadata"].pop("annotations"),
        "us", "POOL-ENDPOINTS", "it is not exported",
    ),
    "endpoint picker is not ready": (
        lambda p: p.named("us", "Deployment", "gemma-pool-epp")["status"].clear(),
        "us", "POOL-ENDPOINTS", "the endpoint picker gemma-pool-epp is not ready",
    ),
    "endpoint picker is not there": (
        lambda p: p.clusters["us"].objects.pop("/apis/apps/v1/namespaces/inference/deployments/gemma-pool-epp"),
        "us", "POOL-ENDPOINTS", "the endpoint picker gemma-pool-epp is not there",
    ),
    "metric is not handed on": (lambda p: p.forget("us", "AutoscalingMetric"), "us", "METRIC", "it is not there"),
    "gauge has no value": (
        lambda p: merge(p.documents["gauge of gemma-us"], timeSeries=[]), "us", "GAUGE", "no value in the last 10",
    ),
    "gauge is no share": (
        lambda p: merge(p.documents["gauge of gemma-us"], timeSeries=[{"points": [{"value": {"doubleValue": 42.0}}]}]),
        "us", "GAUGE", "42: not between 0 and 1",
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
        "", "GATEWAY", "Programmed is False (Invalid: told by the controller)",
    ),
    "gateway's change is not taken over": (
        lambda p: (
            p.object("us", "Gateway")["metadata"].update(generation=2),
            p.object("us", "Gateway")["status"]["conditions"][0].update(observedGeneration=1),
        ),
        "", "GATEWAY", "its last change has not been taken over yet",
    ),
    "gateway lacks an address": (
        lambda p: p.object("us", "Gateway")["status"]["addresses"].append({"type": "IPAddress", "value": "10.9.9.9"}),
        "", "GATEWAY", "3 of 2 addresses: 10.0.4.2, 10.1.4.2, 10.9.9.9",
    ),
    "address is not used": (
        lambda p: merge(p.documents["gemma-gateway-us"], status="RESERVED"), "us", "ADDRESS", "10.0.4.2 is RESERVED",
    ),
    "address is another": (
        lambda p: merge(p.documents["gemma-gateway-us"], address="10.0.4.9"),
        "us", "ADDRESS", "the gateway has 10.0.4.2, 10.1.4.2, not 10.0.4.9",
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
        "", "HEALTH-CHECK", "no controller has told Attached yet",
    ),
    "balancing is in conflict": (
        lambda p: condition(p.object("us", "GCPBackendPolicy"), "Attached", reason="Conflicted"),
        "", "BALANCING", "Attached is False (Conflicted",
    ),
    "load balancer finds it unhealthy": (
        lambda p: p.health("us")["healthStatus"][0].update(healthState="UNHEALTHY"),
        "us", "BACKENDS", "0 of 1 servers healthy",
    ),
    "no server is behind the load balancer": (
        lambda p: p.health("us").clear(), "us", "BACKENDS", "no server of this region",
    ),
    "region has no group": (
        lambda p: p.documents[BACKEND_SERVICE]["backends"].pop(0), "us", "BACKENDS", "no network endpoint group",
    ),
    "gateway has no server": (
        lambda p: setattr(p.gateways["us"], "failure", "503"), "us", "COMPLETION", "http_503",
    ),
    "another region answers": (
        lambda p: setattr(p.gateways["us"], "home_slots", 0), "us", "COMPLETION", "answered by europe-west4",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "where", "id_", "words"), CASES.values(), ids=CASES)
def test_what_is_broken_is_named(example: Platform, broken: Break, where: str, id_: str, words: str) -> None:
    """The finding of what is broken is wrong, in these words and with a fix; all others stay good."""
    broken(example)

    ran = example.run(only="us")

    [found] = [found for found in ran.document["findings"] if found["status"] != "good"]
    assert (found["where"], found["id"], found["status"]) == (where, id_, "wrong")
    assert words in found["found"]
    assert found["fix"]
    assert "{" not in found["fix"]
    assert ran.code == 1


ELASTIC_CASES: dict[str, tuple[Break, str, str]] = {
    "autoscaler has no metric": (
        no_metric,
        "AUTOSCALER", "ScalingActive is False (FailedGetPodsMetric: told by the controller); it has no value",
    ),
    "adapter does not answer": (
        lambda p: condition(p.object("us", "APIService"), "Available", reason="MissingEndpoints"),
        "ADAPTER", "Available is False (MissingEndpoints",
    ),
    "server is outside of its bounds": (
        lambda p: p.named("us", "Deployment", "llama-server")["spec"].update(replicas=0),
        "SERVER", "scaled to 0, the config says 1 to 10",
    ),
    "pool is below its fewest": (
        lambda p: p.clusters["us"].objects.pop("/api/v1/nodes/h100-0"), "POOL-H100", "0 of 1 to 10 nodes ready",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "id_", "words"), ELASTIC_CASES.values(), ids=ELASTIC_CASES)
def test_what_is_broken_of_a_growing_region_is_named(elastic: Platform, broken: Break, id_: str, words: str) -> None:
    """The same where the number of servers follows the load."""
    broken(elastic)

    ran = elastic.run(only="us")

    [found] = [found for found in ran.document["findings"] if found["status"] != "good"]
    assert (found["where"], found["id"], found["status"]) == ("us", id_, "wrong")
    assert words in found["found"]
    assert ran.code == 1
