"""The PromQL of one model's gauges in one region."""

from __future__ import annotations

from platform_config.model import Model
from platform_config.names import Names

LOAD_BALANCER_LATE_SEC = 90
"""Until Google has a sample of a load balancer. Source: Google Cloud metrics, loadbalancing.googleapis.com."""
WINDOW_SEC = 120
"""Two samples of a load balancer, which has one a minute."""
PERCENTILE = 0.95

KV_CACHE = "inference_pool_average_kv_cache_utilization"
LB_REQUESTS = "loadbalancing_googleapis_com:https_internal_request_count"
LB_LATENCIES = "loadbalancing_googleapis_com:https_internal_total_latencies_bucket"
LB_RESOURCE = "internal_http_lb_rule"


def kv_cache_percent(model: Model, key: str) -> str:
    """Return the query for the average fill of the KV caches in region *key*, as its active endpoint picker has it."""
    names = Names(model.config)
    labels = f'cluster="{names.cluster(key)}",namespace="{model.config.namespace}",name="{names.backend(model.key)}"'
    return f"100 * max({KV_CACHE}{{{labels}}})"


def requests_per_sec(model: Model, key: str) -> str:
    """Return the query for the requests that region *key* served; 0 where others did, none where nobody did."""
    return f"(sum({_rate(LB_REQUESTS, model, key)}) or vector(0)) and on() sum({_rate(LB_REQUESTS, model)})"


def latency_p95_sec(model: Model, key: str) -> str:
    """Return the query for the time of whole requests that region *key* served; the load balancer has milliseconds."""
    return f"histogram_quantile({PERCENTILE}, sum by (le) ({_rate(LB_LATENCIES, model, key)})) / 1000"


def _rate(metric: str, model: Model, key: str = "") -> str:
    """Return the rate of *metric* in the last time that is complete, of region *key* or of all."""
    config, names = model.config, Names(model.config)
    prefix = f"gkemcg1-{config.namespace}"
    labels = f'monitored_resource="{LB_RESOURCE}",url_map_name=~"{prefix}-{names.gateway}-.*"'
    if len(config.models) > 1:
        labels += f',backend_target_name=~"{prefix}-{names.backend(model.key)}-.*"'
    if key:
        # The load balancer has the zone of the servers and not their region; `region` is where its proxy is.
        labels += f',backend_scope=~"{config.regions[key].region}-.*"'
    return f"rate({metric}{{{labels}}}[{WINDOW_SEC}s] offset {LOAD_BALANCER_LATE_SEC}s)"
