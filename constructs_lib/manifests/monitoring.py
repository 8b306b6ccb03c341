"""Where Google reads the model server's metrics: for dashboards, and for the load balancer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest

PATH = "/metrics"


def pod_monitoring(
    *, name: str, namespace: str, labels: Mapping[str, str], port: int, interval_sec: int = 15
) -> Manifest:
    """Have managed Prometheus read the pods with *labels* every *interval_sec* seconds. The picker has its own."""
    spec = {
        "selector": {"matchLabels": dict(labels)},
        "endpoints": [{"port": port, "path": PATH, "interval": f"{interval_sec}s"}],
    }
    return manifest("monitoring.googleapis.com/v1", "PodMonitoring", name=name, namespace=namespace, spec=spec)


def autoscaling_metric(
    *,
    name: str,
    namespace: str,
    labels: Mapping[str, str],
    port: int,
    metric: str,
    export_name: str,
    autoscaler: bool = False,
) -> Manifest:
    """
    Hand the gauge *metric* of the pods with *labels* to the load balancer as *export_name*.

    No schema is public. There are two shapes: the plain one is of Google's multi-cluster Inference Gateway page, the
    one that autoscalers read too of "Expose custom metrics for autoscaling".

    Args:
        name: Name of the object; an autoscaler refers to it.
        namespace: Namespace of the pods.
        labels: Labels of the pods. Their keys may hold letters, digits, `_` and `-` only: no dots, no slashes.
        port: Port that serves `/metrics`.
        metric: Name of the gauge at the server.
        export_name: At most 45 characters: the load balancer reads it as `gke.named_metrics.<export name>`.
        autoscaler: Hands it to HorizontalPodAutoscalers as well, as `autoscaling.gke.io|<name>|<export name>`.
    """
    selector = {"matchLabels": dict(labels)}
    endpoint = {"port": port, "path": PATH}
    spec: dict[str, Any]
    if autoscaler:
        gauge = {"name": export_name, "prometheusMetricName": metric, "loadBalancing": {"enabled": True}}
        containers = [{"endpoint": endpoint, "metrics": [{"gauge": gauge}]}]
        spec = {"metrics": [{"pod": {"selector": selector, "containers": containers}}]}
    else:
        metrics = [{"name": metric, "exportName": export_name}]
        spec = {"selector": selector, "endpoints": [{**endpoint, "metrics": metrics}]}
    return manifest("autoscaling.gke.io/v1beta1", "AutoscalingMetric", name=name, namespace=namespace, spec=spec)
