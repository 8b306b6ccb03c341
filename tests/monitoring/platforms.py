"""The alerts of platforms as rules, and the series that these platforms send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from constructs_lib.monitoring.alert import Alert, alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from platform_config.monitored_platform import monitored_platform
from tests.configs import EXAMPLE, config
from tests.promql.rig import Case, Rule, Values, series

HOST = "gemma.example.com"
TEMPLATE = "gemma-prompts"
DNS = {
    "zone": {"domain": "ai.example.com", "visibility": "public"},
    "external_endpoints": {"farm": {"address": "203.0.113.20"}},
    "records": {"llm": {"host": "llm.ai.example.com", "targets": ["farm"], "primary": ["farm"]}},
}
OUTSIDE = {
    "observability__certificate_hosts": [HOST],
    "observability__model_armor_templates": [TEMPLATE],
    "dns": DNS,
}
"""Settings for what is its owner's own, so that the example has every alert."""

US, EU = "us-east5", "europe-west4"
ZONES = {US: "us-east5-b", EU: "europe-west4-a"}
CLUSTERS = {US: "gemma-us", EU: "gemma-eu"}


def alerts(base: Path = EXAMPLE, /, **changes: Any) -> dict[str, Alert]:
    """Return the alerts of the example, or of *base*, with keys of its config changed, by name."""
    made = config(base, **changes)
    watched = made.observability
    found = alerts_of(monitored_platform(made), ALERTS, watched.alerts, watched.channels)
    return {alert.name: alert for alert in found}


@cache
def example_alerts() -> dict[str, Alert]:
    """Return the alerts of the example with everything that can be watched, by name."""
    return alerts(**OUTSIDE)


def rule(name: str) -> Rule:
    """Return the alert *name* of the example as a rule."""
    return Rule.of(example_alerts()[name])


def changed_rule(name: str, base: Path = EXAMPLE, /, **changes: Any) -> Rule:
    """Return the alert *name* of another platform as a rule."""
    return Rule.of(alerts(base, **changes)[name])


def gateway(
    values: Values,
    *,
    served: str,
    proxy: str = "",
    code: str = "200",
    backend: str = "gemma-pool",
    target: str = "",
) -> dict[str, Values]:
    """
    Return requests that the load balancer had.

    Args:
        values: Their count.
        served: Region whose servers answered; empty where none did.
        proxy: Region of the proxy; the same without.
        code: The response_code_class.
        backend: Name of the pool or Service.
        target: Name of its backend service, where it is not the one that GKE gives it.
    """
    labels = {
        "monitored_resource": "internal_http_lb_rule",
        "url_map_name": "gkemcg1-inference-gemma-gateway-0x1y2z",
        "backend_target_name": target or f"gkemcg1-inference-{backend}-8000-abcdefghijkl",
        "region": proxy or served or US,
        "backend_scope": ZONES.get(served, served),
        "response_code_class": code,
    }
    return {series("loadbalancing_googleapis_com:https_internal_request_count", labels): values}


def container_ready(
    values: Values,
    *,
    cluster: str,
    pod: str = "gemma-server-7d9f8-abcde",
    container: str = "vllm",
    location: str = "",
) -> dict[str, Values]:
    """Return whether a container is ready."""
    location = location or {"gemma-us": US, "gemma-eu": EU}.get(cluster, cluster)
    labels = {"cluster": cluster, "location": location, "namespace": "inference", "pod": pod, "container": container}
    return {series("kube_pod_container_status_ready", labels): values}


def pod_phase(values: Values, *, cluster: str, pod: str, phase: str = "Running") -> dict[str, Values]:
    """Return whether a pod is in a phase."""
    labels = {"cluster": cluster, "namespace": "inference", "pod": pod, "phase": phase}
    return {series("kube_pod_status_phase", labels): values}


def fill(values: Values, *, cluster: str, pod: str = "a", job: str = "gemma-server") -> dict[str, Values]:
    """Return how full the KV cache of a server is."""
    labels = {"cluster": cluster, "namespace": "inference", "job": job, "pod": pod, "model_name": "gemma-3-27b-it"}
    return {series("vllm:kv_cache_usage_perc", labels): values}


def renamed(case: Case, title: str, names: Mapping[str, str]) -> Case:
    """Return *case* with other *names* in its series, under another title."""
    made: dict[str, Values] = {}
    for key, values in case.series.items():
        for old, new in names.items():
            key = key.replace(old, new)
        made[key] = values
    return replace(case, title=f"{case.title}, {title}", series=made)


def elsewhere(case: Case) -> Case:
    """Return *case* where all of it happens to another platform in the same project: silent."""
    return replace(renamed(case, "on another platform of the project", {"gemma": "other"}), fires=())


def in_another_namespace(case: Case) -> Case:
    """Return *case* where all of it happens in another namespace of the same clusters: silent."""
    return replace(renamed(case, "in another namespace", {'namespace="inference"': 'namespace="other"'}), fires=())
