"""The HorizontalPodAutoscaler, by each of its three metrics."""

from typing import Any

import pytest

from constructs_lib.manifests import autoscaler
from constructs_lib.specs import AutoscalingSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE

NATIVE = autoscaler.native_metric(object_name="kv-cache", export_name="fill", target_percent=45)
PODS = autoscaler.pods_metric(gauge="vllm:kv_cache_usage_perc", target_percent=50)
POOL_GAUGE = "inference_pool_average_kv_cache_utilization"
EXTERNAL = autoscaler.external_metric(
    gauge=POOL_GAUGE,
    pool="llama-pool",
    cluster="llama-us",
    location="us-east4",
    namespace="inference",
    target_percent=7,
)


def made(metric: dict[str, Any] = NATIVE, **settings: Any) -> dict[str, Any]:
    """Make an autoscaler of one to ten pods."""
    spec = AutoscalingSpec(max_replicas=10, **settings)
    return autoscaler.horizontal_pod_autoscaler(
        name="server", namespace=NAMESPACE, deployment="server", metric=metric, spec=spec
    )


@pytest.mark.parametrize("metric", [NATIVE, PODS, EXTERNAL])
def test_every_autoscaler_is_valid(metric: dict[str, Any]) -> None:
    """Kubernetes 1.34 takes it, and rewrites no quantity."""
    assert problems(made(metric)) == []


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (NATIVE, "autoscaling.gke.io|kv-cache|fill"),
        (PODS, "prometheus.googleapis.com|vllm:kv_cache_usage_perc|gauge"),
    ],
)
def test_a_gauge_of_pods_is_averaged_over_them(metric: dict[str, Any], name: str) -> None:
    """From GKE itself or through the adapter, the target is an average between 0 and 1."""
    assert metric["type"] == "Pods"
    assert metric["pods"]["metric"] == {"name": name}
    assert metric["pods"]["target"]["type"] == "AverageValue"
    assert PODS["pods"]["target"]["averageValue"] == "500m"


def test_the_pool_s_average_is_a_value_of_this_cluster_alone() -> None:
    """An average is not divided by the pods again, nor are other clusters or a picker that is gone added to it."""
    assert EXTERNAL["external"]["target"] == {"type": "Value", "value": "70m"}
    assert EXTERNAL["external"]["metric"]["name"] == f"prometheus.googleapis.com|{POOL_GAUGE}|gauge"
    assert EXTERNAL["external"]["metric"]["selector"]["matchLabels"] == {
        "metric.labels.name": "llama-pool",
        "resource.labels.cluster": "llama-us",
        "resource.labels.location": "us-east4",
        "resource.labels.namespace": "inference",
        "reducer": "REDUCE_MEAN",
    }


def test_it_grows_at_once_and_shrinks_slowly() -> None:
    """A new pod loads the weights again, so one is taken away only after five quiet minutes."""
    behavior = made()["spec"]["behavior"]

    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 15
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert behavior["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


def test_bounds_and_windows_are_the_config_s() -> None:
    """Two to ten pods, three a minute down, no window."""
    spec = made(min_replicas=2, scale_down_pods_per_minute=3, scale_up_window_sec=0, scale_down_window_sec=0)["spec"]

    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 10)
    assert spec["behavior"]["scaleDown"]["policies"][0]["value"] == 3
    assert [spec["behavior"][way]["stabilizationWindowSeconds"] for way in ("scaleUp", "scaleDown")] == [0, 0]
