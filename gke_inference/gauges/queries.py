"""The PromQL of one model's gauges in one region."""

from __future__ import annotations

from constructs_lib.monitoring import metrics
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import any_family, select

WINDOW_SEC = 120
"""Two samples of a load balancer, which has one a minute."""
PERCENTILE = 0.95


def kv_cache_percent(platform: MonitoredPlatform, model: str, key: str) -> str:
    """Return the query for the average fill of the KV caches in region *key*; the highest of several pickers."""
    watched, cluster = platform.models[model], platform.regions[key].cluster
    labels = {"cluster": cluster, "namespace": platform.namespace, "name": watched.pool}
    families = [watched.picker] if watched.picker else []
    return any_family(families, lambda picker: f"100 * max({select(picker.kv_cache, **labels)})")


def requests_per_sec(platform: MonitoredPlatform, model: str, key: str) -> str:
    """Return the query for the requests that region *key* served; 0 where others did, none where nobody did."""
    metric = platform.load_balancer.requests
    return f"(sum({_rate(platform, metric, model, key)}) or vector(0)) and on() sum({_rate(platform, metric, model)})"


def latency_p95_sec(platform: MonitoredPlatform, model: str, key: str) -> str:
    """Return the query for the time of whole requests that region *key* served; the load balancer has milliseconds."""
    rate = _rate(platform, f"{platform.load_balancer.latency}_bucket", model, key)
    return f"histogram_quantile({PERCENTILE}, sum by (le) ({rate})) / 1000"


def _rate(platform: MonitoredPlatform, metric: str, model: str, key: str = "") -> str:
    """Return the rate of *metric* in the last time that is complete, of region *key* or of all."""
    series = select(
        metric,
        monitored_resource=platform.load_balancer.resource,
        url_map_name=platform.url_map,
        # Of one model alone every request is its own; a long name of a backend service may be shortened.
        backend_target_name=platform.backend_target(model) if len(platform.models) > 1 else "",
        # The load balancer has the zone of the servers and not their region; `region` is where its proxy is.
        backend_scope=platform.regions[key].scopes if key else "",
    )
    return f"rate({series}[{WINDOW_SEC}s] offset {metrics.LOAD_BALANCER_LATE_SEC}s)"
