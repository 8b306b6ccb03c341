"""The custom metrics adapter of one cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.metrics_adapter import MetricsAdapter
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized


def build(serves: Literal["pods", "external"] = "pods") -> Callable[[Any], MetricsAdapter]:
    """Build the adapter in a bare stack."""
    return lambda stack: MetricsAdapter(
        stack, "adapter", kubernetes=KubernetesProvider(stack, "kubernetes"), cluster="llama-us", serves=[serves]
    )


def block(app: Synthesized, kind: str) -> Block:
    """Find the block of the first object of a kind."""
    return next(found for found in app.all("kubernetes_manifest") if found["manifest"]["kind"] == kind)


def test_everything_is_in_its_namespace(synth: Synth) -> None:
    """But what belongs to the cluster, and the one binding that Kubernetes wants in kube-system."""
    app = synth(build())
    namespaces = {
        found["manifest"]["kind"]: found["manifest"]["metadata"].get("namespace")
        for found in app.all("kubernetes_manifest")
    }

    assert app.one("kubernetes_namespace_v1")["metadata"]["name"] == "custom-metrics"
    assert namespaces == {
        "APIService": None,
        "ClusterRole": None,
        "ClusterRoleBinding": None,
        "Deployment": "custom-metrics",
        "NetworkPolicy": "custom-metrics",
        "RoleBinding": "kube-system",
        "Service": "custom-metrics",
        "ServiceAccount": "custom-metrics",
    }


def test_nobody_becomes_an_administrator(synth: Synth) -> None:
    """The adapter reads pods and nodes, and asks who calls it; that is all."""
    app = synth(build())
    roles = {found["roleRef"]["name"] for found in app.objects("ClusterRoleBinding")}
    verbs = {verb for role in app.objects("ClusterRole") for rule in role["rules"] for verb in rule["verbs"]}

    assert "cluster-admin" not in roles
    assert verbs == {"get", "list"}


@pytest.mark.parametrize(
    ("serves", "names"),
    [
        ("pods", {"v1beta1.custom.metrics.k8s.io", "v1beta2.custom.metrics.k8s.io"}),
        ("external", {"v1beta1.external.metrics.k8s.io"}),
    ],
)
def test_no_api_is_taken_that_is_not_used(synth: Synth, serves: Literal["pods", "external"], names: set[str]) -> None:
    """Another server may have the other one."""
    assert {found["metadata"]["name"] for found in synth(build(serves)).objects("APIService")} == names


def test_the_apis_wait_until_the_adapter_runs(synth: Synth) -> None:
    """They depend on its roll-out, so they also go before it; IAM may take a while to spread."""
    app = synth(build())
    [deployment] = [key for key, found in app.named("kubernetes_manifest").items() if "_deployment_" in key]

    assert block(app, "Deployment")["wait"] == {"rollout": True}
    assert block(app, "Deployment")["timeouts"] == {"create": "20m"}
    assert f"kubernetes_manifest.{deployment.removeprefix('test/')}" in block(app, "APIService")["depends_on"]
    assert "wait" not in block(app, "Service")


@pytest.mark.parametrize(
    ("serves", "api"),
    [("pods", "v1beta1.custom.metrics.k8s.io"), ("external", "v1beta1.external.metrics.k8s.io")],
)
def test_the_refusal_names_the_api_the_cluster_and_the_way_out(
    synth: Synth, serves: Literal["pods", "external"], api: str
) -> None:
    """A cluster has one APIService of a name."""
    [present] = synth(build(serves)).stacks["test"]["data"]["kubernetes_resources"].values()
    [check] = present["lifecycle"]["postcondition"]

    assert present["field_selector"] == f"metadata.name={api}"
    for part in (api, "llama-us", "KEDA", "one APIService", "metrics_adapter to false", "metric_source to native"):
        assert part in check["error_message"]
