"""Panels of servers outside Google Cloud: what the Prometheus of such a cluster answers to their queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from constructs_lib.monitoring import grafana, metrics
from constructs_lib.monitoring.panel import Panel, Variables, panels_of
from constructs_lib.monitoring.panels import OUTSIDE_PANELS, PANELS
from constructs_lib.monitoring.platform import MonitoredPlatform
from platform_config.monitored_platform import monitored_outside
from tests.configs import BEYOND, config
from tests.promql import rig
from tests.promql.rig import INF, Reading, Values
from tests.promql.selectors import base_name, read
from tests.promql.sources import METRICS

ENGINES, NOBODY_CHOOSES = metrics.ENGINES, Variables()
GAUGE = {"vllm": "vllm:kv_cache_usage_perc", "sglang": "sglang:token_usage"}
POD = "llama-server-6d5f7c9b4-x7k2p"
TARGETS = {
    "service monitor": {
        "job": "llama-server",
        "service": "llama-server",
        "endpoint": "http",
        "container": "vllm",
        "instance": "10.42.0.7:8000",
    },
    "annotations": {"job": "kubernetes-pods", "app": "llama-server", "node": "gpu-1", "instance": "10.42.0.7:8000"},
}
"""Labels beside namespace and pod, by the way of scraping: the Prometheus Operator's, and those of the job
`kubernetes-pods` of the chart of prometheus-community."""


def watched(kind: str = "vllm") -> MonitoredPlatform:
    """Return the servers outside of the variant with every kind of cluster, of one *kind*."""
    platform = monitored_outside(config(BEYOND[1]))
    models = {
        key: replace(model, engine=ENGINES[kind], gauge=GAUGE[kind]) if model.engine else model
        for key, model in platform.models.items()
    }
    return replace(platform, models=models)


def panels(kind: str = "vllm", variables: Variables = NOBODY_CHOOSES) -> list[Panel]:
    """Return the panels of servers outside of one *kind*."""
    return list(panels_of(watched(kind), OUTSIDE_PANELS, variables=variables))


def expressions(name: str) -> list[str]:
    """Return the queries of the panel *name*."""
    [found] = [panel for panel in panels() if panel.kind.name == name]
    return [query.expression for query in found.queries]


def labels(target: str = "service monitor", pod: str = POD, **more: str) -> dict[str, str]:
    """Return the labels of a server's series."""
    return {"namespace": "inference", "pod": pod, **TARGETS[target], **more}


@pytest.mark.parametrize("kind", ENGINES)
def test_a_query_needs_what_a_server_exports_and_labels_that_every_prometheus_has(kind: str) -> None:
    """No metric and no label of Google's: the namespace and the pod say whose series it is."""
    reads = [read(query.expression) for panel in panels(kind) for query in panel.queries]
    selectors = [selector for one in reads for selector in one.selectors]

    assert {panel.kind for panel in panels(kind)} == set(OUTSIDE_PANELS) < set(PANELS)
    assert {selector.metric.partition(":")[0] for selector in selectors} == {kind}
    assert {base_name(selector.metric, METRICS) for selector in selectors} <= METRICS.keys()
    assert {label for selector in selectors for label in selector.matchers} == {"namespace", "pod"}
    assert {label for one in reads for label in one.grouping} == {"le", "job", "cluster"}


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("variables", [NOBODY_CHOOSES, grafana.GRAFANA_VARIABLES], ids=["plain", "grafana"])
@pytest.mark.parametrize("choice", [".*", "llama-server", "(llama-server|other-server)"])
def test_prometheus_takes_every_query(kind: str, variables: Variables, choice: str) -> None:
    """Whatever Grafana puts in the place of the reader's choice: everything, one server or several."""
    asked = [query.expression for panel in panels(kind, variables) for query in panel.queries]
    rules = [rig.Rule(name=str(place), query=text.replace("$server", choice)) for place, text in enumerate(asked)]

    assert rig.refusals(rules) == {}


@pytest.mark.parametrize("target", TARGETS)
def test_a_server_has_its_name_however_it_is_scraped(target: str) -> None:
    """By the name of its pod: the label `job` is another with annotations."""
    [kv_cache], [waiting], [tokens] = map(expressions, ("kv-cache", "queue", "tokens"))
    [tail, half] = expressions("first-token")
    pod = labels(target)
    times = rig.histogram("vllm:time_to_first_token_seconds", pod, {1.0: 50, 2.5: 95, INF: 100}, "{:.1f}")
    server = '{job="llama-server"}'

    rig.check(
        reading("kv cache", kv_cache, {rig.series("vllm:kv_cache_usage_perc", pod): rig.constant(0.5)}, {server: 50}),
        reading("waiting", waiting, {rig.series("vllm:num_requests_waiting", pod): rig.constant(3)}, {server: 3}),
        reading("tokens", tokens, {rig.series("vllm:generation_tokens_total", pod): rig.counting(40)}, {server: 40}),
        reading("p95", tail, times, {server: 2.5}),
        reading("p50", half, times, {server: 1}),
    )


def test_servers_of_others_are_not_counted() -> None:
    """Of another model whose name begins alike, and of another namespace."""
    [waiting] = expressions("queue")
    series = {
        rig.series("vllm:num_requests_waiting", pod): rig.constant(value)
        for pod, value in (
            (labels(), 1),
            (labels(pod="llama-server-6d5f7c9b4-abcde"), 2),
            (labels(pod="llama-server-next-5b6c7d8f9-abcde"), 4),
            (labels(namespace="other"), 8),
        )
    }

    rig.check(reading("waiting", waiting, series, {'{job="llama-server"}': 3}))


def test_a_prometheus_of_several_clusters_divides_them() -> None:
    """By the label `cluster`, where there is one."""
    [kv_cache] = expressions("kv-cache")
    series = {
        rig.series("vllm:kv_cache_usage_perc", labels(cluster=cluster)): rig.constant(value)
        for cluster, value in (("farm-a", 0.25), ("farm-b", 0.75))
    }
    values = {'{cluster="farm-a", job="llama-server"}': 25, '{cluster="farm-b", job="llama-server"}': 75}

    rig.check(reading("kv cache", kv_cache, series, values))


def reading(title: str, query: str, series: Mapping[str, Values], values: Mapping[str, float]) -> Reading:
    """Return what *query* answers."""
    return Reading(title=title, query=query, series=series, values=values)
