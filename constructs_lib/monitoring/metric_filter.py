"""
Filters of the Monitoring API: series of Google's own metrics, for a universe without PromQL.

Only metrics whose descriptors Google makes: the API refuses a policy that names one which nothing has written yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from constructs_lib.monitoring.platform import MonitoredPlatform

BACKEND = "resource.label.backend_target_name"
"""The backend service of a request, which is a model's."""
UPTIME = "kubernetes.io/container/uptime"
"""Seconds that a container has run: it has a series while it runs. Source: Google Cloud metrics, kubernetes.io."""
RUNNING_WINDOW_SEC = 300


def matches(label: str, pattern: str) -> str:
    """Return the condition that the whole value of *label* is like *pattern*."""
    return f'{label}=monitoring.regex.full_match("{pattern}")'


def series_of_requests(platform: MonitoredPlatform) -> str:
    """Return the filter of the requests that the load balancer of *platform* had, a counter."""
    return _of_load_balancer(platform, "request_count")


def series_of_latency(platform: MonitoredPlatform) -> str:
    """Return the filter of the milliseconds of whole requests of *platform*, a distribution."""
    return _of_load_balancer(platform, "total_latencies")


def running_containers(platform: MonitoredPlatform, model: str, regions: Iterable[str]) -> str:
    """Return the filter of the servers of *model* that run in *regions*: one container of each pod."""
    watched = platform.models[model]
    return " ".join(
        [
            f'metric.type="{UPTIME}"',
            'resource.type="k8s_container"',
            matches("resource.label.cluster_name", platform.clusters(regions)),
            f'resource.label.namespace_name="{platform.namespace}"',
            f'resource.label.container_name="{watched.container}"',
            matches("resource.label.pod_name", f"{watched.server}-[^-]+-[^-]+"),
        ]
    )


def _of_load_balancer(platform: MonitoredPlatform, name: str) -> str:
    balancer = platform.load_balancer
    kind = f'metric.type="{balancer.metric_type}/{name}" resource.type="{balancer.resource}"'
    return f"{kind} {matches('resource.label.url_map_name', platform.url_map)}"
