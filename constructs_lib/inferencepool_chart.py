"""The inferencepool chart: which versions there are, what each takes, and what its endpoint picker needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib import vllm
from constructs_lib.picker_config import config_values, picker_resources
from constructs_lib.server_process import ServerMetrics

REPOSITORY = "oci://registry.k8s.io/gateway-api-inference-extension/charts"
CHART = "inferencepool"
PICKER_LABEL = "inferencepool"
"""Label of the endpoint picker's pods, whose value is its name."""
CONFIG_VERSION = "inference.networking.x-k8s.io/v1alpha1"
"""API version of the endpoint picker's configuration."""

EXT_PROC_PORT = 9002
"""Port at which the gateway's proxies ask the endpoint picker."""
GRPC_HEALTH_PORT = 9003
"""Port of the endpoint picker's health check."""
METRICS_PORT = 9090
METRICS_INTERVAL_SEC = 10
"""How often the chart itself has them read."""
PICKER_CONTAINER = "epp"
"""Its container, in every version."""


@dataclass(frozen=True, kw_only=True)
class ChartVersion:
    """
    What differs between versions, read from the templates at each tag of gateway-api-inference-extension.

    Attributes:
        kv_cache_metric: The gauge that the endpoint picker reads by default; all other names are vLLM's.
        metric_flags: Flags that name other metrics, each with the field of ServerMetrics; none where the picker reads
            them from its configuration and ignores such flags. A flag that it does not know crashes it.
        flags_as_list: Flags are a list of name and value (a map crashes the picker); else a map (a list crashes it).
        monitoring: Value that has the endpoint picker scraped by managed Prometheus. v1.0.1 makes a ServiceMonitor of
            the Prometheus operator from `prometheus`, on GKE too, which fails there; later ones do not.
        has_target_port_number: The health check's port is a value of its own, beside the pool's.
        has_resources: The endpoint picker's resources can be set; without, it has none.
        open_metrics: The picker can be set to give its metrics without a token, which a gateway of one cluster needs.
    """

    kv_cache_metric: str
    metric_flags: Mapping[str, str]
    flags_as_list: bool = False
    monitoring: str = "prometheus"
    has_target_port_number: bool = True
    has_resources: bool = False
    open_metrics: bool = True


_OLD = vllm.KV_CACHE_METRIC_BEFORE_0_10_2
_NEW = vllm.KV_CACHE_METRIC

_FLAGS_V1_0 = {
    "total-queued-requests-metric": "queued",
    "kv-cache-usage-percentage-metric": "gauge",
    "lora-info-metric": "lora",
}
_FLAGS_V1_1 = {**_FLAGS_V1_0, "cache-info-metric": "cache_info"}
_FLAGS_V1_3 = {**_FLAGS_V1_1, "total-running-requests-metric": "running"}

# v1.5.0 is the last: the chart lives on under another name with other values (llm-d-router-gateway).
VERSIONS: Mapping[str, ChartVersion] = {
    "v1.0.1": ChartVersion(
        kv_cache_metric=_OLD, metric_flags=_FLAGS_V1_0, flags_as_list=True, monitoring="gke", open_metrics=False
    ),
    "v1.1.0": ChartVersion(kv_cache_metric=_OLD, metric_flags=_FLAGS_V1_1, flags_as_list=True),
    "v1.2.1": ChartVersion(kv_cache_metric=_OLD, metric_flags=_FLAGS_V1_1),
    "v1.3.1": ChartVersion(kv_cache_metric=_NEW, metric_flags=_FLAGS_V1_3),
    "v1.4.0": ChartVersion(kv_cache_metric=_NEW, metric_flags=_FLAGS_V1_3, has_resources=True),
    "v1.5.0": ChartVersion(kv_cache_metric=_NEW, metric_flags={}, has_resources=True, has_target_port_number=False),
}

# What v1.4.0 and later ask for by default, found by scale tests upstream; older ones ask for nothing and get room.
REQUESTS = (4, 8)
REQUESTS_BEFORE_V1_4 = (1, 2)


def chart_version(version: str) -> ChartVersion:
    """
    Return what *version* takes.

    Raises:
        ValueError: It is not known, so that its values could be wrong without anybody noticing.
    """
    found = VERSIONS.get(version)
    if found is None:
        raise ValueError(f"chart_version must be one of {', '.join(VERSIONS)}, got '{version}'")
    return found


def picker_name(pool: str) -> str:
    """Return the name of the endpoint picker's Deployment and Service of the release *pool*, with either chart."""
    return f"{pool[:40]}-epp"


def endpoint_picker_requests(version: str) -> tuple[int, int]:
    """Return the CPUs and GiB of memory that one endpoint picker needs room for."""
    return REQUESTS if chart_version(version).has_resources else REQUESTS_BEFORE_V1_4


def values(
    version: str,
    *,
    labels: Mapping[str, str],
    port: int,
    replicas: int,
    metrics: ServerMetrics,
    autopilot: bool = False,
    local: bool = False,
) -> dict[str, Any]:
    """
    Return the chart's values.

    The export annotation is not among them: no version has a value for it.

    Args:
        version: Version of the chart, such as `v1.5.0`.
        labels: Labels of the servers' pods.
        port: Their port.
        replicas: Endpoint pickers; one is active, the others stand by.
        metrics: What the servers export. With other names the picker does not see how full they are.
        autopilot: Whether the cluster is an Autopilot one, whose collectors of metrics are in another namespace.
        local: Whether a gateway of the same cluster sends requests to the pool. For GKE the chart always makes a
            HealthCheckPolicy and a GCPBackendPolicy of the pool, and of two policies only the older counts; so it makes
            nothing for GKE then, and the picker's metrics are read without the token that it would make.
    """
    chart = chart_version(version)
    extension: dict[str, Any] = {
        "replicas": replicas,
        "flags": _flags(chart, metrics),
        "monitoring": _NO_MONITORING if local else {chart.monitoring: {"enabled": True}},
    }
    if chart.has_resources:
        extension["resources"] = picker_resources(*endpoint_picker_requests(version))
    if not chart.metric_flags and metrics != vllm.metrics_with(chart.kv_cache_metric):
        extension |= config_values(metrics, api_version=CONFIG_VERSION)
    pool: dict[str, Any] = {
        # `sglang` of v1.4.0 and v1.5.0 writes its flags with quotes in their values, which then name no metric.
        "modelServerType": "vllm",
        "modelServers": {"matchLabels": dict(labels)},
        "targetPorts": [{"number": port}],
    }
    if chart.has_target_port_number:
        pool["targetPortNumber"] = port
    provider = {"name": "none"} if local else _gke(autopilot=autopilot)
    return {"provider": provider, "inferencePool": pool, "inferenceExtension": extension}


_NO_MONITORING = {"prometheus": {"enabled": False, "auth": {"enabled": False}}}
"""No monitoring by the chart, and no token for metrics: up to v1.2.1 the first says so, from v1.3.1 on the second."""


def _gke(*, autopilot: bool) -> dict[str, Any]:
    return {"name": "gke", "gke": {"autopilot": True}} if autopilot else {"name": "gke"}


def _flags(chart: ChartVersion, metrics: ServerMetrics) -> Any:
    """Return the flags as strings: every version splits a boolean flag in two, and Go stops reading flags there."""
    default = vllm.metrics_with(chart.kv_cache_metric)
    named = {flag: getattr(metrics, field) for flag, field in chart.metric_flags.items()}
    defaults = {flag: getattr(default, field) for flag, field in chart.metric_flags.items()}
    flags = {"v": "1"} | {flag: name for flag, name in named.items() if name != defaults[flag]}
    return [{"name": key, "value": value} for key, value in flags.items()] if chart.flags_as_list else flags
