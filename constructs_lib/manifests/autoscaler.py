"""How many model servers run: a HorizontalPodAutoscaler on the fill of their KV caches."""

from __future__ import annotations

from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.specs import AutoscalingSpec

SCALE_UP_PERCENT = 100
SCALE_UP_PODS = 4


def native_metric(*, object_name: str, export_name: str, target_percent: int) -> dict[str, Any]:
    """Return each pod's gauge as GKE hands it on: metric *export_name* of the AutoscalingMetric *object_name*."""
    return _of_pods(f"autoscaling.gke.io|{object_name}|{export_name}", target_percent)


def pods_metric(*, gauge: str, target_percent: int) -> dict[str, Any]:
    """Return each pod's *gauge* as managed Prometheus stored it, through the custom metrics adapter."""
    return _of_pods(f"prometheus.googleapis.com|{gauge}|gauge", target_percent)


def external_metric(
    *, gauge: str, pool: str, cluster: str, location: str, namespace: str, target_percent: int
) -> dict[str, Any]:
    """
    Return the endpoint picker's *gauge*, an average from 0 to 1 over the *pool* of this *cluster*, through the adapter.

    It is an average already, so the target is a Value: as AverageValue it would be divided by the pods again.
    The adapter adds up all series that the query finds: pools of other clusters have the same name, so the cluster is
    part of it, and for minutes after a fail-over there is the old picker's series beside the new one's, so the mean is
    asked for (GoogleCloudPlatform/k8s-stackdriver, custom-metrics-stackdriver-adapter).
    """
    labels = {
        "metric.labels.name": pool,
        "resource.labels.cluster": cluster,
        "resource.labels.location": location,
        "resource.labels.namespace": namespace,
        "reducer": "REDUCE_MEAN",
    }
    metric = {"name": f"prometheus.googleapis.com|{gauge}|gauge", "selector": {"matchLabels": labels}}
    return {"type": "External", "external": {"metric": metric, "target": _target("Value", "value", target_percent)}}


def horizontal_pod_autoscaler(
    *, name: str, namespace: str, deployment: str, metric: dict[str, Any], spec: AutoscalingSpec
) -> Manifest:
    """
    Return an autoscaler that keeps *metric* of *deployment* at its target, between the bounds of *spec*.

    It grows fast (doubles, or four pods, in a minute) and shrinks slowly: each new pod loads the weights again.
    """
    minute = {"periodSeconds": 60}
    up = [
        {"type": "Percent", "value": SCALE_UP_PERCENT, **minute},
        {"type": "Pods", "value": SCALE_UP_PODS, **minute},
    ]
    down = [{"type": "Pods", "value": spec.scale_down_pods_per_minute, **minute}]
    behavior = {
        "scaleUp": {
            "stabilizationWindowSeconds": spec.scale_up_window_sec,
            "selectPolicy": "Max",
            "policies": up,
        },
        "scaleDown": {
            "stabilizationWindowSeconds": spec.scale_down_window_sec,
            "selectPolicy": "Max",
            "policies": down,
        },
    }
    desired = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
        "minReplicas": spec.min_replicas,
        "maxReplicas": spec.max_replicas,
        "metrics": [metric],
        "behavior": behavior,
    }
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", name=name, namespace=namespace, spec=desired)


def _of_pods(name: str, target_percent: int) -> dict[str, Any]:
    target = _target("AverageValue", "averageValue", target_percent)
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": target}}


def _target(kind: str, field: str, percent: int) -> dict[str, str]:
    """Return *percent* of a gauge from 0 to 1, in thousandths: Kubernetes writes 0.5 as 500m, others drift."""
    return {"type": kind, field: f"{percent * 10}m"}
