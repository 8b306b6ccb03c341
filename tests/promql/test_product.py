"""Prometheus and Cloud Monitoring take every query of the product, and every metric is in a public source."""

from __future__ import annotations

import re

import pytest

from constructs_lib import llm_d_router_chart
from constructs_lib.alert_policies import EVALUATION_SEC
from constructs_lib.monitoring import metrics
from tests.promql import cloud, product, rig
from tests.promql.product import Asked, metric_names
from tests.promql.rig import Rule
from tests.promql.selectors import base_name, read
from tests.promql.sources import METRICS, RESOURCES, SOURCES


def test_prometheus_takes_every_query() -> None:
    """All of alerts, dashboards and gauges."""
    asked = product.asked()
    refused = rig.refusals([Rule(name=str(number), query=one.query) for number, one in enumerate(asked)])

    assert len(asked) > 100
    assert {asked[int(name)].name: reason for name, reason in refused.items()} == {}


@pytest.mark.parametrize("one", product.asked(), ids=str)
def test_cloud_monitoring_takes_every_query(one: Asked) -> None:
    """And reads the series that it means."""
    if one.for_sec is None:
        found = cloud.problems(one.query, one.known)
    else:
        found = cloud.problems_of_alert(one.query, one.for_sec, one.known)

    assert found == [], one.query


def test_policies_are_evaluated_as_often_as_in_the_tests() -> None:
    """Every 30 seconds or a multiple, as the google provider's page on google_monitoring_alert_policy says."""
    assert EVALUATION_SEC % 30 == 0
    assert EVALUATION_SEC == rig.INTERVAL_SEC


@pytest.mark.parametrize("one", product.asked(), ids=str)
def test_a_query_groups_by_labels_that_there_are(one: Asked) -> None:
    """Those of a metric that it reads, or one that it makes itself."""
    reads = read(one.query)
    labels = set(reads.made)
    for selector in reads.selectors:
        labels |= one.known[base_name(selector.metric, one.known)].every_label

    assert reads.grouping <= labels


def test_every_metric_is_in_a_public_source() -> None:
    """What a query reads and what the product has a name for, and nothing that is neither."""
    made = {metric.name for asked in product.asked() for metric in asked.made}
    read_names = {one.metric for asked in product.asked() for one in read(asked.query).selectors}
    used = {base_name(name, METRICS) for name in read_names - made} | product.named()

    assert made
    assert used == METRICS.keys()


def test_every_source_is_pinned() -> None:
    """A repository at a commit with a path, a package at a version, or a page with the month in which it was read."""
    for name, source in SOURCES.items():
        keys = set(source) - {"tag"}
        if "repository" in source:
            assert keys == {"repository", "commit", "path"}, name
            assert re.fullmatch(r"[0-9a-f]{40}", source["commit"]), name
        elif "package" in source:
            assert keys == {"package", "version", "path"}, name
        else:
            assert keys == {"page", "read"}, name
    used = {source for metric in METRICS.values() for source in metric.sources}
    used |= {resource["source"] for resource in RESOURCES.values()}

    assert all(metric.sources for metric in METRICS.values())
    assert used == SOURCES.keys()
    made = {metric.resource for asked in product.asked() for metric in asked.made}
    assert {metric.resource for metric in METRICS.values()} | made == RESOURCES.keys()


@pytest.mark.parametrize("engine", metrics.ENGINES.values(), ids=metrics.ENGINES)
def test_the_bounds_of_buckets_are_those_of_the_source(engine: metrics.EngineMetrics) -> None:
    """An objective for the first token is one of them."""
    assert engine.first_token_bounds == METRICS[engine.first_token].bounds


@pytest.mark.parametrize("version", metrics.PICKER_FAMILIES)
def test_each_version_of_the_chart_exports_the_names_of_its_family(version: str) -> None:
    """As its picker's source has them."""
    of_router = version in llm_d_router_chart.VERSIONS
    source = f"{'router' if of_router else 'picker'}-{version.removeprefix('v')}"
    names = metric_names(metrics.PICKER_FAMILIES[version])

    assert [name for name in names if source not in METRICS[name].sources] == []
