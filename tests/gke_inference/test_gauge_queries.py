"""The queries of gauges, evaluated by Prometheus itself on made-up series."""

from __future__ import annotations

from gke_inference.gauges import queries
from platform_config.monitored_platform import monitored_platform
from tests.configs import config
from tests.gke_inference.model_configs import several_models_config
from tests.promql.rig import INF, Reading, Values, check, constant, counting, histogram, series

PLATFORM = monitored_platform(config())
LOAD_BALANCER = {"monitored_resource": "internal_http_lb_rule", "url_map_name": "gkemcg1-inference-gemma-gateway-1a2b"}
REQUESTS, LATENCIES = PLATFORM.load_balancer.requests, PLATFORM.load_balancer.latency
NOTHING: dict[str, float] = {}
"""No sample: the gauge is unknown."""


def picker(metric: str, cluster: str, pod: str, value: float) -> dict[str, Values]:
    """Return the gauge of one endpoint picker, 0 to 1."""
    labels = {"cluster": cluster, "namespace": "inference", "name": "gemma-pool", "pod": pod}
    return {series(metric, labels): constant(value)}


def served(zone: str, per_sec: float, **labels: str) -> dict[str, Values]:
    """Return the requests that servers in *zone* answered."""
    return {series(REQUESTS, {**LOAD_BALANCER, "backend_scope": zone, **labels}): counting(per_sec)}


def test_the_kv_cache_is_that_of_the_clusters_active_picker() -> None:
    """In percent, by the name that the chart's version exports or its successor's; other clusters do not count."""
    query = queries.kv_cache_percent(PLATFORM, "gemma", "us")
    old, new = "inference_pool_average_kv_cache_utilization", "llm_d_epp_average_kv_cache_utilization"
    standing_by, other = picker(old, "gemma-us", "b", 0), picker(old, "gemma-eu", "a", 0.9)
    active = picker(old, "gemma-us", "a", 0.4125)

    check(
        Reading(title="two pickers", query=query, series=active | standing_by | other, values={"{}": 41.25}),
        Reading(title="the successor", query=query, series=picker(new, "gemma-us", "a", 0.5), values={"{}": 50}),
        Reading(title="no picker", query=query, series=other, values=NOTHING),
    )


def test_requests_are_counted_where_servers_answered_them() -> None:
    """All zones of the region together; 0 is known only while another region answers."""
    us, eu = (queries.requests_per_sec(PLATFORM, "gemma", key) for key in ("us", "eu"))
    zones = served("us-east5-a", 2) | served("us-east5-b", 1.25)
    other_gateway = {
        series(REQUESTS, {**LOAD_BALANCER, "url_map_name": "x", "backend_scope": "us-east5-a"}): "0+60x240"
    }

    check(
        Reading(title="two zones", query=us, series=zones | other_gateway, values={"{}": 3.25}),
        Reading(title="none here", query=eu, series=zones, values={"{}": 0}),
        Reading(title="none anywhere", query=us, series=other_gateway, values=NOTHING),
    )


def test_the_latency_is_in_seconds() -> None:
    """The 95th percentile of milliseconds, of the region's own servers."""
    query = queries.latency_p95_sec(PLATFORM, "gemma", "us")
    labels = {**LOAD_BALANCER, "backend_scope": "us-east5-a"}
    fast = histogram(LATENCIES, labels, {500: 9, 1000: 10, INF: 10})
    slow = histogram(LATENCIES, {**labels, "backend_scope": "europe-west4-a"}, {500: 0, 1000: 0, 9000: 10, INF: 10})

    check(
        Reading(title="half of the second bucket", query=query, series=fast | slow, values={"{}": 0.75}),
        Reading(title="another region alone", query=query, series=slow, values=NOTHING),
    )


def test_of_several_models_each_has_its_own_requests() -> None:
    """By the backend service, which is named after the pool."""
    platform = monitored_platform(several_models_config())
    both = served("us-east5-a", 2, backend_target_name="gkemcg1-inference-small-pool-8000-1a2b") | served(
        "us-east5-a", 5, backend_target_name="gkemcg1-inference-gemma-pool-8000-1a2b"
    )

    check(
        Reading(
            title="one of two", query=queries.requests_per_sec(platform, "small", "us"), series=both, values={"{}": 2}
        )
    )
