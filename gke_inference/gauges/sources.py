"""Where a model's gauges are read: in each cluster, and in Google's managed Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from constructs_lib.monitoring import metrics
from gke_inference.gauges import prometheus, queries, record
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform
from platform_config.config import Config
from platform_config.model import Model
from platform_config.monitored_platform import monitored_platform

Google = Callable[[], GoogleApi]
"""Returns Google's APIs; an ApiError where there are no credentials."""
CLUSTER_ROLE = "roles/container.viewer"
KV_CACHE, LOAD_BALANCER = "KV cache", "load balancer"
"""What is read by PromQL."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """
    One place that has some gauges of one region.

    Attributes:
        what: The gauges, as a phrase for people.
        region: What figures call the region.
        gauges: Their keys.
        role: The role that reading them needs.
        read: Returns their values, None for one that has none; an ApiError where it cannot.
        missing: What to look at where it answers and has no value.
        late_sec: How old the values are when they are read.
    """

    what: str
    region: str
    gauges: tuple[str, ...]
    role: str
    read: Callable[[], Mapping[str, float | None]]
    missing: str
    late_sec: float = 0


def cluster_labels(config: Config) -> dict[str, str]:
    """Return what figures call each region, by key: Google's name, with the key where several clusters are in it."""
    names = {key: region.region for key, region in config.regions.items() if region.serves}
    several = Counter(names.values())
    return {key: f"{name} ({key})" if several[name] > 1 else name for key, name in names.items()}


def sources_of(platform: LivePlatform, model: Model, google: Google) -> Iterator[Source]:
    """
    Yield the sources of the gauges of *model*. Every read is one short try, and so has a bound.

    Args:
        platform: The live platform; who has it may wait longer for its clusters.
        model: The model.
        google: Google's APIs.
    """
    watched = monitored_platform(platform.config)
    quick = replace(platform, clusters=lambda key: platform.clusters(key).quick())
    for key in model.regions:
        region = cluster_labels(platform.config)[key]
        yield Source(
            what="servers and nodes", region=region, gauges=(record.READY_REPLICAS, record.READY_NODES),
            role=CLUSTER_ROLE, read=partial(_read_cluster, quick, model, key), missing="see gke-inference verify",
        )  # fmt: skip
        if not platform.config.universe.has("promql"):
            continue
        if model.has_pool:
            kv_cache = {record.KV_CACHE: queries.kv_cache_percent(watched, model.key, key)}
            yield Source(
                what=KV_CACHE, region=region, gauges=tuple(kv_cache), role=prometheus.ROLE,
                read=partial(_read_queries, google, kv_cache),
                missing="see INFERENCE-POOL and GAUGE of gke-inference verify",
            )  # fmt: skip
        asked = {
            record.REQUESTS: queries.requests_per_sec(watched, model.key, key),
            record.LATENCY: queries.latency_p95_sec(watched, model.key, key),
        }
        yield Source(
            what=LOAD_BALANCER, region=region, gauges=tuple(asked), role=prometheus.ROLE,
            read=partial(_read_queries, google, asked), late_sec=metrics.LOAD_BALANCER_LATE_SEC,
            missing=f"its samples come up to {metrics.LOAD_BALANCER_LATE_SEC} s late, and only of requests",
        )  # fmt: skip


def _read_cluster(platform: LivePlatform, model: Model, key: str) -> dict[str, float | None]:
    return {
        record.READY_REPLICAS: platform.ready_servers(key, model.key),
        record.READY_NODES: platform.ready_nodes(key, model.node_selectors(key)),
    }


def _read_queries(google: Google, asked: Mapping[str, str]) -> dict[str, float | None]:
    api = google().quick()
    return {gauge: prometheus.query_value(api, query) for gauge, query in asked.items()}
