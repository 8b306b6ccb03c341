"""The inferencepool chart: which versions there are, what each takes, and what its endpoint picker needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib import vllm

REPOSITORY = "oci://registry.k8s.io/gateway-api-inference-extension/charts"
CHART = "inferencepool"

# Ports of the endpoint picker.
EXT_PROC_PORT = 9002
GRPC_HEALTH_PORT = 9003
METRICS_PORT = 9090

KV_CACHE_FLAG = "kv-cache-usage-percentage-metric"


@dataclass(frozen=True, kw_only=True)
class ChartVersion:
    """
    What differs between versions, read from the templates at each tag of gateway-api-inference-extension.

    Attributes:
        flags_as_list: Flags are a list of name and value (a map crashes the picker); else a map (a list crashes it).
        kv_cache_metric: The gauge that the endpoint picker reads by default.
        monitoring: Value that has the endpoint picker scraped by managed Prometheus. v1.0.1 makes a ServiceMonitor of
            the Prometheus operator from `prometheus`, on GKE too, which fails there; later ones do not.
        has_target_port_number: The health check's port is a value of its own, beside the pool's.
        has_resources: The endpoint picker's resources can be set; without, it has none.
    """

    flags_as_list: bool
    kv_cache_metric: str
    monitoring: str = "prometheus"
    has_target_port_number: bool = True
    has_resources: bool = False


_OLD = vllm.KV_CACHE_METRIC_BEFORE_0_10_2
_NEW = vllm.KV_CACHE_METRIC

# v1.5.0 is the last: the chart lives on under another name with other values (llm-d-router-gateway).
VERSIONS: Mapping[str, ChartVersion] = {
    "v1.0.1": ChartVersion(flags_as_list=True, kv_cache_metric=_OLD, monitoring="gke"),
    "v1.1.0": ChartVersion(flags_as_list=True, kv_cache_metric=_OLD),
    "v1.2.1": ChartVersion(flags_as_list=False, kv_cache_metric=_OLD),
    "v1.3.1": ChartVersion(flags_as_list=False, kv_cache_metric=_NEW),
    "v1.4.0": ChartVersion(flags_as_list=False, kv_cache_metric=_NEW, has_resources=True),
    "v1.5.0": ChartVersion(flags_as_list=False, kv_cache_metric=_NEW, has_resources=True, has_target_port_number=False),
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
    """Return the name of the endpoint picker's Deployment and Service of the release *pool*, in every version."""
    return f"{pool[:40]}-epp"


def picker_labels(pool: str) -> dict[str, str]:
    """Return the labels of the endpoint picker's pods."""
    return {"inferencepool": picker_name(pool)}


def endpoint_picker_requests(version: str) -> tuple[int, int]:
    """Return the CPUs and GiB of memory that one endpoint picker needs room for."""
    return REQUESTS if chart_version(version).has_resources else REQUESTS_BEFORE_V1_4


def values(version: str, *, labels: Mapping[str, str], port: int, replicas: int, kv_metric: str) -> dict[str, Any]:
    """
    Return the chart's values.

    The export annotation is not among them: no version has a value for it.

    Args:
        version: Version of the chart, such as `v1.5.0`.
        labels: Labels of the model server's pods.
        port: Their port.
        replicas: Endpoint pickers; one is active, the others stand by.
        kv_metric: The gauge that the model server exports. With the wrong one the picker does not see how full it is.
    """
    chart = chart_version(version)
    extension: dict[str, Any] = {
        "replicas": replicas,
        "flags": _flags(chart, kv_metric),
        "monitoring": {chart.monitoring: {"enabled": True}},
    }
    if chart.has_resources:
        extension["resources"] = _resources(version)
    pool: dict[str, Any] = {
        "modelServerType": "vllm",
        "modelServers": {"matchLabels": dict(labels)},
        "targetPorts": [{"number": port}],
    }
    if chart.has_target_port_number:
        pool["targetPortNumber"] = port
    return {"provider": {"name": "gke"}, "inferencePool": pool, "inferenceExtension": extension}


def _flags(chart: ChartVersion, kv_metric: str) -> Any:
    """Return the flags as strings: every version splits a boolean flag in two, and Go stops reading flags there."""
    flags = {"v": "1"}
    if kv_metric != chart.kv_cache_metric:
        flags[KV_CACHE_FLAG] = kv_metric
    return [{"name": key, "value": value} for key, value in flags.items()] if chart.flags_as_list else flags


def _resources(version: str) -> dict[str, Any]:
    """Return the requests, and twice the memory as limit, should it leak. As upstream, no CPU limit for its bursts."""
    cpu, memory_gib = endpoint_picker_requests(version)
    return {
        "requests": {"cpu": str(cpu), "memory": f"{memory_gib}Gi", "ephemeral-storage": "256Mi"},
        "limits": {"memory": f"{2 * memory_gib}Gi"},
    }
