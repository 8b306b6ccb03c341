"""A stand-in for Google's managed Prometheus, which answers the queries of a platform's gauges as the real API does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gke_inference.gauges.prometheus import METHOD
from tests.gke_inference.google_stand_in import GoogleStandIn

QUERY = f"monitoring.{METHOD}"
KV_CACHE = "kv_cache_utilization"
REQUESTS = "request_count"
LATENCY = "total_latencies_bucket"


@dataclass
class PrometheusStandIn:
    """
    Answers each query with one value, or none.

    Attributes:
        values: By what the metric's name holds and by what the query names: a cluster, or a region's zones; what
            changes is a function.
        queries: What was asked.
    """

    values: dict[tuple[str, str], str | Callable[[], str]] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)

    def answer(self, params: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Answer one instant query. Values are strings, as in Prometheus."""
        assert (params["name"], params["location"]) == ("projects/my-project-id", "global")
        query = body["query"]
        self.queries.append(query)
        named = re.search(r'cluster="([^"]+)"|backend_scope=~"(.+?)-\.\*"', query)
        assert named, query
        place = named[1] or named[2]
        found = [value for (metric, where), value in self.values.items() if metric in query and where == place]
        values = [value() if callable(value) else value for value in found]
        result = [{"metric": {}, "value": [1764273600.123, value]} for value in values]
        return {"status": "success", "data": {"resultType": "vector", "result": result}}


def add_prometheus(google: GoogleStandIn, *clusters: str, regions: tuple[str, ...] = ()) -> PrometheusStandIn:
    """Have *google* answer about these clusters and their regions: the first is busy, the others are idle."""
    made = PrometheusStandIn()
    for number, (cluster, region) in enumerate(zip(clusters, regions, strict=True)):
        made.values[KV_CACHE, cluster] = "7.5" if number else "41.25"
        made.values[REQUESTS, region] = "0" if number else "3.25"
        # No request has no quantile.
        made.values[LATENCY, region] = "NaN" if number else "0.815"
    google.answers[QUERY] = made.answer
    return made
