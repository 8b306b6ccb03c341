"""Google's four samples on made-up series: they fire at their thresholds, and for this platform alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.configs import SPEECH
from tests.monitoring.platforms import alerts, elsewhere, in_another_namespace, renamed, rule
from tests.promql import rig
from tests.promql.rig import INF, Case, Values, constant, counting, gap, series, then

LATENCY, ERRORS, QUEUE, KV_CACHE = (
    rule(name) for name in ("request-latency", "request-errors", "queue-size", "kv-cache")
)
MODEL = {"model_name": "gemma-3-27b-it", "target_model_name": "gemma-3-27b-it"}
US = {"cluster": "gemma-us", "namespace": "inference", "pod": "gemma-pool-epp-1a2b3-aaaaa"}
EU = {**US, "cluster": "gemma-eu"}
IN_US, POOL_IN_US = (
    {"cluster": "gemma-us", "model_name": "gemma-3-27b-it"},
    {"cluster": "gemma-us", "name": "gemma-pool"},
)
NEW_NAMES = {
    "inference_objective_request_duration_seconds": "llm_d_epp_request_duration_seconds",
    "inference_objective_request_error_total": "llm_d_epp_request_error_total",
    "inference_objective_request_total": "llm_d_epp_request_total",
    "inference_pool_average_queue_size": "llm_d_epp_average_queue_size",
    "inference_pool_average_kv_cache_utilization": "llm_d_epp_average_kv_cache_utilization",
}
"""Of the chart's successor, by those of the chart."""


def durations(within_30_sec: float, a_second: float = 1, **labels: str) -> dict[str, str]:
    """Return requests, so many a second, of which a share takes 30 seconds or less, and the rest 45 at most."""
    name = "inference_objective_request_duration_seconds"
    shares = {20: 0.5, 30: within_30_sec, 45: 1, INF: 1}
    return rig.histogram(name, {**US, **MODEL, **labels}, {most: part * a_second for most, part in shares.items()})


def long_answers() -> dict[str, str]:
    """Return one request a second, of which one in ten takes 25 seconds: 1000 tokens at 40 a second."""
    name = "inference_objective_request_duration_seconds"
    return rig.histogram(name, {**US, **MODEL}, {8: 0.5, 10: 0.9, 20: 0.9, 30: 1, INF: 1})


def requests(values: Values, **labels: str) -> dict[str, Values]:
    """Return requests of a model."""
    return {series("inference_objective_request_total", {**US, **MODEL, **labels}): values}


def errors(values: Values, code: str = "ServiceUnavailable", **labels: str) -> dict[str, Values]:
    """Return requests of a model that failed."""
    return {series("inference_objective_request_error_total", {**US, **MODEL, "error_code": code, **labels}): values}


def queue(values: Values, **labels: str) -> dict[str, Values]:
    """Return how many requests wait at each server."""
    return {series("inference_pool_average_queue_size", {**US, "name": "gemma-pool", **labels}): values}


def kv_cache(values: Values, **labels: str) -> dict[str, Values]:
    """Return how full the caches of a pool are."""
    return {series("inference_pool_average_kv_cache_utilization", {**US, "name": "gemma-pool", **labels}): values}


FIRES = [
    Case(
        title="2 of 100 requests of one cluster are slow",
        rule=LATENCY,
        series={**durations(0.98), **durations(1, cluster="gemma-eu")},
        fires=[IN_US],
    ),
    Case(title="just over 1 of 100 requests are slow", rule=LATENCY, series=durations(0.9897), fires=[IN_US]),
    Case(
        title="just over 50 requests in five minutes are enough",
        rule=LATENCY,
        series=durations(0.5, a_second=51 / 300),
        fires=[IN_US],
    ),
    Case(
        title="2 of 100 requests are slow, counted by two pickers",
        rule=LATENCY,
        series={**durations(0.96), **durations(1, pod="gemma-pool-epp-1a2b3-bbbbb")},
        fires=[IN_US],
    ),
    Case(
        title="just over 5 of 100 requests of one cluster fail",
        rule=ERRORS,
        series={
            **requests(counting(1)),
            **errors(counting(0.0505)),
            **requests(counting(1), cluster="gemma-eu"),
            **errors(counting(0.04), cluster="gemma-eu"),
        },
        fires=[IN_US],
    ),
    Case(
        title="two kinds of errors are too many together",
        rule=ERRORS,
        series={**requests(counting(1)), **errors(counting(0.03)), **errors(counting(0.03), code="503")},
        fires=[IN_US],
    ),
    Case(
        title="the few requests at night fail",
        rule=ERRORS,
        series={**requests(counting(1 / 90)), **errors(counting(1 / 90))},
        fires=[IN_US],
    ),
    Case(
        title="all of 20 requests an hour fail, for three hours",
        rule=ERRORS,
        series={**requests(counting(20 / 3600, 10800)), **errors(counting(20 / 3600, 10800))},
        at_sec=10800,
        fires=[IN_US],
    ),
    Case(
        title="no request gets a server any more",
        rule=ERRORS,
        series={**requests(constant(500)), **errors(counting(1))},
        fires=[IN_US],
    ),
    Case(
        title="errors go on over a restart of the picker",
        rule=ERRORS,
        series={
            **requests(then(counting(1, 3000), counting(1, 1200))),
            **errors(then(counting(0.1, 3000), counting(0.1, 1200))),
        },
        fires=[IN_US],
    ),
    Case(
        title="51 requests wait at each server of one cluster",
        rule=QUEUE,
        series={**queue(constant(51)), **queue(constant(50), cluster="gemma-eu")},
        fires=[POOL_IN_US],
    ),
    Case(
        title="another picker takes over while requests wait",
        rule=QUEUE,
        series={
            **queue(then(constant(60, 3450), gap(900))),
            **queue(then(gap(3420), constant(60, 900)), pod="gemma-pool-epp-1a2b3-bbbbb"),
        },
        fires=[POOL_IN_US],
    ),
    Case(
        title="the caches of one cluster are 91 % full",
        rule=KV_CACHE,
        series={**kv_cache(constant(0.91)), **kv_cache(constant(0.9), cluster="gemma-eu")},
        fires=[POOL_IN_US],
    ),
]
SILENT = [
    Case(title="just below 50 requests in five minutes", rule=LATENCY, series=durations(0.5, a_second=49 / 300)),
    Case(title="two slow requests at night", rule=LATENCY, series=durations(0, a_second=1 / 180)),
    Case(title="answers are long by nature", rule=LATENCY, series=long_answers()),
    Case(title="fewer than 1 of 100 requests are slow", rule=LATENCY, series=durations(0.991)),
    Case(
        title="no requests come any more",
        rule=LATENCY,
        series={key: constant(50) for key in durations(0.5)},
    ),
    Case(
        title="slow requests for less than five minutes, in a new region",
        rule=LATENCY,
        series={key: then(gap(3330), values) for key, values in durations(0.5, cluster="gemma-eu").items()},
    ),
    Case(title="the picker is gone", rule=LATENCY, series=durations(0.5), at_sec=7800),
    Case(
        title="just below 5 of 100 requests fail",
        rule=ERRORS,
        series={**requests(counting(1)), **errors(counting(0.0499))},
    ),
    Case(
        title="clients send wrong requests",
        rule=ERRORS,
        series={
            **requests(counting(1)),
            **errors(counting(0.5), code="BadRequest"),
            **errors(counting(0.5), code="404"),
            **errors(counting(0.5), code="NotFound"),
        },
    ),
    Case(
        title="all of four requests an hour fail",
        rule=ERRORS,
        series={**requests(counting(4 / 3600)), **errors(counting(4 / 3600))},
    ),
    Case(
        title="a tenth of the requests is of low priority and finds no room",
        rule=ERRORS,
        series={
            **requests(counting(1)),
            **errors(counting(0.1), code="InferencePoolResourceExhausted"),
            **errors(counting(0.1), code="ResourceExhausted"),
            **errors(counting(0.1), code="429"),
        },
    ),
    Case(
        title="one request in six minutes fails, of more than two",
        rule=ERRORS,
        series={**requests(counting(1 / 170)), **errors(counting(1 / 360))},
    ),
    Case(title="no request and no error", rule=ERRORS, series={**requests(constant(9)), **errors(constant(3))}),
    Case(
        title="the picker starts again after errors long ago",
        rule=ERRORS,
        series={
            **requests(then(counting(1, 3500), counting(1, 900))),
            **errors(then(constant(900, 3500), constant(0, 900))),
        },
    ),
    Case(title="errors without requests, which gateway-errors sees", rule=ERRORS, series=errors(counting(1))),
    Case(
        title="a burst of errors for a minute",
        rule=ERRORS,
        series={**requests(counting(1)), **errors(then(constant(0, 3480), counting(1, 60), constant(60, 900)))},
    ),
    Case(title="50 requests wait", rule=QUEUE, series=queue(constant(50))),
    Case(
        title="60 requests wait for four minutes", rule=QUEUE, series=queue(then(constant(0, 3360), constant(60, 900)))
    ),
    Case(title="the picker is gone", rule=QUEUE, series=queue(then(constant(60, 3000), gap(900)))),
    Case(title="no number", rule=QUEUE, series=queue(" ".join(["NaN"] * 200))),
    Case(title="the caches are 90 % full", rule=KV_CACHE, series=kv_cache(constant(0.9))),
    Case(title="the picker is gone", rule=KV_CACHE, series=kv_cache(then(constant(0.95, 3000), gap(900)))),
    Case(title="no number", rule=KV_CACHE, series=kv_cache(" ".join(["NaN"] * 200))),
]
IN_NEW_NAMES = [renamed(case, "in the successor's names", NEW_NAMES) for case in FIRES]
IN_BOTH = [
    replace(case, title=f"{case.title}, in both", series={**case.series, **new.series})
    for case, new in zip(FIRES, IN_NEW_NAMES, strict=True)
]
CASES = [
    *FIRES,
    *SILENT,
    *IN_NEW_NAMES,
    *IN_BOTH,
    *map(elsewhere, FIRES),
    *map(in_another_namespace, FIRES),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_fires_when_it_should(case: Case, failures: dict[str, str]) -> None:
    """With one series for each cluster and model, also while the chart gives way to its successor."""
    assert failures.get(str(case), "") == ""


def test_the_first_chart_has_names_of_its_own() -> None:
    """Its requests are of a model, not of an objective."""
    made = alerts(inference_pool__chart_version="v1.0.1")

    assert "inference_model_request_duration_seconds_bucket" in made["request-latency"].query.expression
    assert "inference_objective" not in json.dumps([alert.query.expression for alert in made.values()])


def test_both_charts_are_watched_while_clusters_go_from_one_to_the_other() -> None:
    """Whichever chart the config names, a cluster may still have the other: the queries differ in their order alone."""
    router = {"inference_pool__chart": "llm-d-router", "inference_pool__chart_version": "v0.10.0"}
    old, new = alerts(), alerts(**router)

    pickers = [name for name, alert in old.items() if "llm_d_epp_" in alert.query.expression]

    assert len(pickers) >= 5
    for name in pickers:
        asked = [made[name].query.expression for made in (old, new)]
        assert [re.findall(r"llm_d_epp_\w+", text) != [] for text in asked] == [True, True]
        assert [re.findall(r"inference_(?:objective|pool)_\w+", text) != [] for text in asked] == [True, True]
        assert asked[0] != asked[1]
        assert sorted(re.findall(r"\w+", asked[0])) == sorted(re.findall(r"\w+", asked[1]))


def test_a_platform_of_services_has_none_of_them() -> None:
    """Nothing counts requests for a model behind a Service but the gateway."""
    made = alerts(SPEECH, models__llama=None)

    assert {"request-latency", "request-errors", "queue-size", "kv-cache"} & made.keys() == set()
    assert "gateway-errors" in made
