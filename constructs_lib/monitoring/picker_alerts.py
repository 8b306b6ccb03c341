"""
Alerts on what the endpoint pickers see: latency, errors, queues and caches.

They are Google's four samples ("Configure Cloud Monitoring alerts" of the GKE Inference Gateway), with the same
thresholds but for the latency, and with more care: one series for each cluster and model, whichever picker of a cluster
is the active one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from constructs_lib.monitoring.alert import AlertKind, Limits, MetricCondition, Query
from constructs_lib.monitoring.metric_filter import BACKEND, series_of_latency
from constructs_lib.monitoring.metrics import ANSWERS, PickerMetrics
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.monitoring.promql import FEWEST_REQUESTS, any_family, failing, picker_families, select

NEEDS = "a model behind an InferencePool"
MODEL = "cluster, model_name"


def _joined(platform: MonitoredPlatform, query: Callable[[PickerMetrics], str], meaning: str) -> Iterator[Query]:
    """Yield one condition for the pickers of all clusters, whichever of the chart's families they export."""
    if families := picker_families(platform):
        yield Query(expression=any_family(families, query), meaning=meaning)


def _of(platform: MonitoredPlatform, metric: str, *matchers: str) -> str:
    return select(metric, *matchers, cluster=platform.clusters(), namespace=platform.namespace)


def _latency(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the models of which the slowest requests take too long, where there are enough to say which these are."""

    def slow(picker: PickerMetrics) -> str:
        rate = f"rate({_of(platform, f'{picker.duration}_bucket')}[{limits.window}])"
        requests = f"increase({_of(platform, f'{picker.duration}_count')}[{limits.window}])"
        return (
            f"histogram_quantile(0.99, sum by (le, {MODEL}) ({rate})) > {limits.threshold:g}"
            f" and on ({MODEL}) sum by ({MODEL}) ({requests}) >= {FEWEST_REQUESTS}"
        )

    yield from _joined(platform, slow, f"1 of 100 requests to a model takes longer than {limits.threshold:g} s")


def _gateway_latency(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """Yield the same without PromQL, by the load balancer's own times of whole requests, in milliseconds."""
    yield Query(
        metric=MetricCondition(
            series=series_of_latency(platform),
            aligner="ALIGN_DELTA",
            reducer="REDUCE_PERCENTILE_99",
            by=(BACKEND,),
            bound=limits.threshold * 1000,
            window_sec=limits.window_sec,
        ),
        meaning=f"1 of 100 requests to a model takes longer than {limits.threshold:g} s",
    )


def _errors(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    """
    Yield the models of which too many requests fail through no fault of their client.

    Status 429 is an answer to a request of low priority, as it is for the objectives.

    A picker counts a request once it has a server for it. One that never had any server counts errors alone, which is
    no share of anything; `gateway-errors` sees those.
    """

    def failed(picker: PickerMetrics) -> str:
        errors = _of(platform, picker.errors, f'error_code!~"{ANSWERS}"')
        return failing(errors, _of(platform, picker.requests), MODEL, limits.window_sec, limits.threshold / 100)

    yield from _joined(platform, failed, f"more than {limits.threshold:g} % of the requests to a model fail")


def _pools(platform: MonitoredPlatform, metric: str) -> str:
    """Return a gauge of the pools; of the pickers of a pool only the active one exports it."""
    return f"max by (cluster, name) ({_of(platform, metric)})"


def _queue(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    meaning = f"on average more than {limits.threshold:g} requests wait at each server of a pool"
    yield from _joined(platform, lambda picker: f"{_pools(platform, picker.queue)} > {limits.threshold:g}", meaning)


def _kv_cache(platform: MonitoredPlatform, limits: Limits) -> Iterator[Query]:
    meaning = f"the KV caches of a pool are more than {limits.threshold:g} % full on average"
    yield from _joined(platform, lambda picker: f"{_pools(platform, picker.kv_cache)} > {limits.share}", meaning)


PICKER_ALERTS = (
    AlertKind(
        name="request-latency",
        title="Requests are slow",
        severity="warning",
        unit="seconds",
        # The sample's 10 s are fewer than an answer of 1000 tokens takes.
        threshold=30,
        lowest=0.01,
        highest=3600,
        needs=NEEDS,
        queries=_latency,
        thresholds=_gateway_latency,
        labels=("cluster", "model_name"),
    ),
    AlertKind(
        name="request-errors",
        title="Requests fail",
        severity="critical",
        unit="percent",
        threshold=5,
        lowest=0.01,
        highest=99,
        needs=NEEDS,
        queries=_errors,
        labels=("cluster", "model_name"),
    ),
    AlertKind(
        name="queue-size",
        title="Requests wait",
        severity="critical",
        unit="requests",
        threshold=50,
        lowest=1,
        highest=10_000,
        window_sec=0,
        needs=NEEDS,
        queries=_queue,
        labels=("cluster", "name"),
    ),
    AlertKind(
        name="kv-cache",
        title="KV caches are full",
        severity="critical",
        unit="percent",
        threshold=90,
        lowest=1,
        highest=99,
        window_sec=0,
        needs=NEEDS,
        queries=_kv_cache,
        labels=("cluster", "name"),
    ),
)
