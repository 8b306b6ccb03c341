"""The metrics in tests/data/metrics/sources.yaml: who exports each, with which labels and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent.parent / "data" / "metrics" / "sources.yaml"
_CONTENT: Mapping[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SOURCES: Mapping[str, Mapping[str, str]] = _CONTENT["sources"]
RESOURCES: Mapping[str, Mapping[str, Any]] = _CONTENT["resources"]
LOG_METRIC = "logging_googleapis_com:user_"
"""Begin of the names of the metrics that the product makes of logs itself."""
SCRAPED = "prometheus_target"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """
    One metric.

    Attributes:
        name: Its name; of a histogram, without `_bucket`.
        kind: `counter`, `gauge` or `histogram`.
        labels: Its own labels.
        resource: Monitored resource whose labels it has too.
        sources: Where it is named.
        bounds: Of its buckets, where they are known.
    """

    name: str
    kind: str
    labels: frozenset[str]
    resource: str
    sources: tuple[str, ...]
    bounds: tuple[float, ...] = ()

    @property
    def every_label(self) -> frozenset[str]:
        """Its labels and those of its resource, and `le` of a histogram."""
        more = {"monitored_resource"} | ({"le"} if self.kind == "histogram" else set())
        return self.labels | frozenset(RESOURCES[self.resource]["labels"]) | more


METRICS: Mapping[str, Metric] = {
    name: Metric(
        name=name,
        kind=given["kind"],
        labels=frozenset(given["labels"]),
        resource=given["resource"],
        sources=tuple(given["in"]),
        bounds=tuple(float(bound) for bound in given.get("bounds", ())),
    )
    for name, given in _CONTENT["metrics"].items()
}
"""By name."""
