"""One thing of a region's servers is broken, and `verify` names that thing, and the fix, and nothing else."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from tests.gke_inference.verify_breaks import Break, Cases, check, condition, merge
from tests.gke_inference.verify_platform import HealthyPlatform


def server(platform: HealthyPlatform) -> dict[str, Any]:
    """Return the model server's Deployment in us."""
    return platform.named("us", "Deployment", "gemma-server")


def container(platform: HealthyPlatform) -> dict[str, Any]:
    """Return the state of the server's container in us."""
    state: dict[str, Any] = platform.object("us", "Pod")["status"]["containerStatuses"][0]
    return state


def not_running(platform: HealthyPlatform) -> None:
    """Let the pod of us crash again and again."""
    pod = platform.object("us", "Pod")
    condition(pod, "Ready")
    died = {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-01-01T00:00:00Z"}}
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    container(platform).update(ready=False, restartCount=7, state=state, lastState=died)
    server(platform)["status"]["readyReplicas"] = 0


def restarts(platform: HealthyPlatform) -> None:
    """Let the pod of us be up again since a minute."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    died = {"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": now}}
    container(platform).update(restartCount=3, lastState=died)


def unschedulable(platform: HealthyPlatform) -> None:
    """There is no room for the pod of us."""
    condition(platform.object("us", "Pod"), "PodScheduled")
    server(platform)["status"]["readyReplicas"] = 0


def scaled_to_none(platform: HealthyPlatform) -> None:
    """There is no server in us."""
    server(platform)["spec"]["replicas"] = 0
    server(platform)["status"].clear()
    platform.forget("us", "Pod")


def no_metric(platform: HealthyPlatform) -> None:
    """Take the metric of the autoscaler of us away."""
    autoscaler = platform.object("us", "HorizontalPodAutoscaler")
    condition(autoscaler, "ScalingActive", reason="FailedGetPodsMetric")
    del autoscaler["status"]["currentMetrics"]


def other_picker(platform: HealthyPlatform) -> None:
    """Leave a pod in us of a picker of llm-d-router, with the label of its own chart and of the other."""
    labels = {"inferencepool": "gemma-pool-epp", "llm-d-router-gateway": "gemma-pool-epp"}
    metadata = {"name": "gemma-pool-epp-5d4f8-x2v9k", "namespace": "inference", "labels": labels}
    spec = {"containers": [{"name": "epp", "image": "llm-d-router-endpoint-picker:v0.10.0"}]}
    platform.put("us", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


POLICIES = "/apis/networking.k8s.io/v1/namespaces/inference/networkpolicies"
CASES: Cases = {
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
    "server has no node": (unschedulable, "us", "SERVER", "waits for a node: set by the controller"),
    "server loads the weights": (
        lambda p: condition(p.object("us", "Pod"), "Ready"), "us", "SERVER", "runs but is not ready",
    ),
    "rollout is not over": (
        lambda p: server(p)["status"].update(updatedReplicas=0), "us", "SERVER", "0 of 1 are of the newest version",
    ),
    "pool is not there in Kubernetes": (
        lambda p: p.forget("us", "InferencePool"), "us", "INFERENCE-POOL", "it is not there",
    ),
    "pool is not exported": (
        lambda p: p.object("us", "InferencePool")["metadata"].pop("annotations"),
        "us", "INFERENCE-POOL", "it is not exported",
    ),
    "endpoint picker is not ready": (
        lambda p: p.named("us", "Deployment", "gemma-pool-epp")["status"].clear(),
        "us", "INFERENCE-POOL", "the endpoint picker gemma-pool-epp is not ready",
    ),
    "endpoint picker is not there": (
        lambda p: p.clusters["us"].objects.pop("/apis/apps/v1/namespaces/inference/deployments/gemma-pool-epp"),
        "us", "INFERENCE-POOL", "the endpoint picker gemma-pool-epp is not there",
    ),
    "picker of the other chart still runs": (
        other_picker, "us", "INFERENCE-POOL", "gemma-pool-epp-5d4f8-x2v9k of the other chart still runs beside it",
    ),
    "metric is not handed on": (lambda p: p.forget("us", "AutoscalingMetric"), "us", "METRIC", "it is not there"),
    "one of our network policies is gone": (
        lambda p: p.clusters["us"].objects.pop(f"{POLICIES}/proxies-eu"),
        "us", "NETWORK", "the servers from the gateway's proxies of eu (port 8000) is cut off by the platform's own",
    ),
    "gauge has no value": (
        lambda p: merge(p.gauge("us"), timeSeries=[]), "us", "GAUGE", "no value in the last 10",
    ),
    "gauge is no share": (
        lambda p: merge(p.gauge("us"), timeSeries=[{"points": [{"value": {"doubleValue": 42.0}}]}]),
        "us", "GAUGE", "42: not between 0 and 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "where", "id_", "words"), CASES.values(), ids=CASES)
def test_what_is_broken_is_named(example: HealthyPlatform, broken: Break, where: str, id_: str, words: str) -> None:
    """The finding of what is broken is wrong, in these words and with a fix; all others stay good."""
    broken(example)

    check(example, where, id_, words)


ELASTIC_CASES: dict[str, tuple[Break, str, str]] = {
    "autoscaler has no metric": (
        no_metric,
        "AUTOSCALER", "ScalingActive is False (FailedGetPodsMetric: set by the controller); it has no value",
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
def test_what_is_broken_of_a_growing_region_is_named(
    elastic: HealthyPlatform, broken: Break, id_: str, words: str
) -> None:
    """The same where the number of servers follows the load."""
    broken(elastic)

    check(elastic, "us", id_, words)
