"""The gauges of a platform: what is read, what a report says where it cannot be, and that no read holds anything up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import pytest

from gke_inference import google_api
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.gauges import record, watch
from gke_inference.gauges.record import GaugeFigures, GaugeRecord, Period, Sample, Span, Unread
from gke_inference.gauges.report import gauge_lines, gauges_json, unread_lines
from gke_inference.gauges.sources import Source
from gke_inference.gauges.watch import GaugeWatch
from gke_inference.live_platform import LivePlatform
from platform_config.config import Config
from platform_config.load import load
from platform_config.model import Model
from tests.configs import SOVEREIGN, config
from tests.gke_inference.cluster_stand_in import TOKEN
from tests.gke_inference.cluster_stand_in import Fault as ClusterFault
from tests.gke_inference.drill_clusters import DrillCluster
from tests.gke_inference.drill_rig import rig
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.model_configs import several_models, several_models_config
from tests.gke_inference.prometheus_stand_in import (
    KV_CACHE,
    LATENCY,
    QUERY,
    REQUESTS,
    PrometheusStandIn,
    add_prometheus,
)

US, EU = "us-east5", "europe-west4"
NOTHING = dict.fromkeys(record.GAUGES)


@dataclass
class Watched:
    """A platform whose gauges can be read."""

    google: GoogleStandIn
    prometheus: PrometheusStandIn
    clusters: dict[str, DrillCluster]
    hosts: dict[str, str]
    config: Config

    def watch(self, model: str = "gemma") -> GaugeWatch:
        """Return a watch of *model*."""
        apis = {key: ClusterApi(host=host, token=lambda: TOKEN) for key, host in self.hosts.items()}
        platform = LivePlatform(config=self.config, clusters=apis.__getitem__)
        return GaugeWatch.of(Model(self.config, model), platform, self.google.api)

    def read(self) -> GaugeRecord:
        """Return what a watch reads at first."""
        with self.watch() as made:
            pass
        return made.record


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Serve the example's two clusters, and Google."""
    google = GoogleStandIn()
    prometheus = add_prometheus(google, "gemma-us", "gemma-eu", regions=(US, EU))
    with rig(config(), "us", "eu") as made, google.serving():
        clusters = {cluster.key: cluster for cluster in made.clusters}
        yield Watched(google, prometheus, clusters, made.hosts, made.config)


@pytest.fixture(autouse=True)
def short_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on a read sooner, but not before a busy machine answers."""
    monkeypatch.setattr(google_api, "QUICK_TIMEOUT_SEC", 2)
    monkeypatch.setattr(watch, "FIRST_READ_SEC", 30)


def latest(read: GaugeRecord, region: str) -> dict[str, float | None]:
    """Return the last values of *region*."""
    return {gauge: read.latest(gauge, region) for gauge in record.GAUGES}


def test_each_region_has_its_servers_nodes_cache_and_traffic(watched: Watched) -> None:
    """Percent, requests per second and seconds; a quantile over no requests, which is NaN, is no value."""
    read = watched.read()

    assert (read.regions, read.spill_over_percent, read.unread) == ((US, EU), 60, ())
    assert latest(read, US) == {
        record.READY_REPLICAS: 2, record.READY_NODES: 3, record.KV_CACHE: 41.25, record.REQUESTS: 3.25,
        record.LATENCY: 0.815,
    }  # fmt: skip
    assert latest(read, EU) == {
        record.READY_REPLICAS: 2, record.READY_NODES: 3, record.KV_CACHE: 7.5, record.REQUESTS: 0,
        record.LATENCY: None,
    }  # fmt: skip


def test_a_node_that_is_not_ready_or_of_another_pool_is_not_counted(watched: Watched) -> None:
    """Only the pools that the model runs on, and only nodes that can run pods."""
    objects = watched.clusters["us"].api.objects
    nodes = [path for path, made in objects.items() if made["kind"] == "Node"]
    objects[nodes[0]] = {**objects[nodes[0]], "status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    labels = {"cloud.google.com/gke-nodepool": "system"}
    objects[nodes[1]] = {**objects[nodes[1]], "metadata": {**objects[nodes[1]]["metadata"], "labels": labels}}

    assert watched.read().latest(record.READY_NODES, US) == 1


def test_the_load_balancer_is_asked_for_the_zones_of_a_region(watched: Watched) -> None:
    """It has no label for the region of servers; 0 is said only where others served, and what is asked is complete."""
    watched.read()
    [requests] = [query for query in watched.prometheus.queries if REQUESTS in query and f'"{US}-.*"' in query]

    assert 'monitored_resource="internal_http_lb_rule"' in requests
    assert 'url_map_name=~"gkemcg1-inference-gemma-gateway-[a-z0-9]+"' in requests
    assert "or vector(0)) and on() sum(" in requests
    assert requests.count("[120s] offset 90s") == 2
    assert "backend_target_name" not in requests


def test_with_several_models_the_load_balancer_is_asked_for_one(watched: Watched) -> None:
    """By the name of its backend service."""
    watched.config = several_models_config()
    for key in ("us", "eu"):
        watched.prometheus.values[REQUESTS, watched.config.regions[key].region] = "1"
    with watched.watch("small"):
        pass
    requests = [query for query in watched.prometheus.queries if REQUESTS in query]

    assert requests
    assert all('backend_target_name=~"gkemcg1-inference-(small-pool)(-' in query for query in requests)


def test_where_requests_spill_over_by_number_there_is_no_line(watched: Watched) -> None:
    """The fill of the cache is read all the same."""
    watched.config = config(gateway__max_in_flight_requests=8)
    read = watched.read()

    assert (read.spill_over_percent, read.latest(record.KV_CACHE, US)) == (None, 41.25)
    assert "KV cache 41.2 %" in gauge_lines(read)[0]


def test_a_model_without_a_metric_says_so(watched: Watched) -> None:
    """It is behind a Service, with no endpoint picker that could know a cache."""
    watched.config = several_models_config()
    with watched.watch("speech") as made:
        pass

    assert "Not read: KV cache: its servers have no metric" in unread_lines(made.record)
    assert not [query for query in watched.prometheus.queries if KV_CACHE in query]


def test_nothing_is_asked_of_a_region_that_does_not_serve_the_model(watched: Watched) -> None:
    """Regions are those of the model."""
    settings = several_models()
    settings["models"]["small"]["regions"] = ["eu"]
    watched.config = Config.model_validate(settings)
    with watched.watch("small") as made:
        pass

    assert made.record.regions == (EU,)
    assert watched.clusters["us"].api.requests == []
    assert all(EU in query or "gemma-eu" in query for query in watched.prometheus.queries)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(403, "Permission 'monitoring.timeSeries.list' denied"), "have roles/monitoring.viewer granted"),
        (Fault(429, "Quota exceeded"), "429 RESOURCE_EXHAUSTED: Quota exceeded"),
        (Fault(503, "try later"), "503 UNAVAILABLE: try later"),
        (Fault("hang"), "timed out"),
        (Fault("half"), "no answer"),
    ],
    ids=["denied", "quota", "unavailable", "slow", "broken"],
)
def test_what_google_does_not_answer_has_its_reason(watched: Watched, fault: Fault, words: str) -> None:
    """One line for all that has the same reason, asked once a round; the clusters' own gauges are there."""
    watched.google.faults[QUERY] = fault
    read = watched.read()
    lines = list(unread_lines(read))
    assert [line.partition(": ")[0] for line in lines] == ["Not read"]
    assert f"KV cache of {US} and {EU} and load balancer of {US} and {EU}: " in lines[0]
    assert words in lines[0]
    assert read.latest(record.READY_REPLICAS, US) == 2
    assert len(watched.google.asked(QUERY)) == 4


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": "error", "errorType": "bad_data", "error": "parse error"}, "no answer bad_data: parse error"),
        ({"status": "success", "data": {"resultType": "vector"}}, "the answer cannot be read (KeyError"),
        ({"status": "success", "data": {"result": [{"value": [1, "much"]}]}}, "the answer cannot be read (ValueError"),
        ({"status": "success", "data": {"result": [{"value": [1, "1"]}] * 2}}, "2 values where one was asked for"),
        ([], "no result"),
    ],
)
def test_an_answer_in_another_form_is_a_reason_too(watched: Watched, answer: Any, words: str) -> None:
    """Whatever comes, the reading goes on."""
    watched.google.answers[QUERY] = answer if isinstance(answer, dict) else lambda params, body: answer
    [line] = unread_lines(watched.read())

    assert words in line


def test_no_sample_is_no_zero(watched: Watched) -> None:
    """Each with what to look at: the picker that is not scraped, and a load balancer whose samples come late."""
    watched.prometheus.values.clear()
    read = watched.read()
    lines = list(unread_lines(read))

    assert latest(read, US) == NOTHING | {record.READY_REPLICAS: 2, record.READY_NODES: 3}
    assert lines == [
        f"Not read: KV cache of {US} and {EU}: no sample; see INFERENCE-POOL and GAUGE of gke-inference verify",
        f"Not read: load balancer of {US} and {EU}: no sample; its samples come up to 90 s late, and only of requests",
    ]


def test_a_cluster_that_refuses_names_its_role(watched: Watched) -> None:
    """The other region's gauges are there."""
    watched.clusters["eu"].api.faults.append(ClusterFault(403))
    read = watched.read()
    [line] = unread_lines(read)

    assert line.startswith(f"Not read: servers and nodes of {EU}: 403 Forbidden: ")
    assert line.endswith("have roles/container.viewer granted to whoever runs this")
    assert (read.latest(record.READY_REPLICAS, US), read.latest(record.READY_REPLICAS, EU)) == (2, None)


def test_without_credentials_one_line_says_why() -> None:
    """All gauges have the same reason, and how to sign in."""

    def refuse(*_: Any) -> Any:
        raise ApiError(status=None, reason="noCredentials", message="none were found")

    platform = LivePlatform(config=config(), clusters=refuse)
    with GaugeWatch.of(Model(config(), "gemma"), platform, refuse) as made:
        pass
    [line] = gauge_lines(made.record)[2:]

    assert "none were found; sign in with `gcloud auth application-default login`" in line
    assert "servers and nodes of us-east5 and europe-west4, KV cache of" in line


@contextmanager
def watch_of(*reads: Callable[[], dict[str, float | None]]) -> Iterator[GaugeWatch]:
    """Watch one region by these *reads*."""
    sources = [
        Source(what=f"gauge {number}", region=US, gauges=(f"gauge_{number}",), role="", read=read, missing="")
        for number, read in enumerate(reads)
    ]
    with GaugeWatch(GaugeRecord(regions=(US,)), sources) as made:
        yield made


def test_a_read_that_hangs_delays_no_other_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run begins without it, others are read meanwhile, and what comes after the end is left out."""
    monkeypatch.setattr(watch, "INTERVAL_SEC", 0.01)
    monkeypatch.setattr(watch, "FIRST_READ_SEC", 0.1)
    answers, hanging, thrice = threading.Event(), threading.Event(), threading.Event()
    counted: list[float | None] = []

    def hang() -> dict[str, float | None]:
        hanging.set()
        answers.wait(20)
        return {"gauge_0": 1}

    def count() -> dict[str, float | None]:
        counted.append(len(counted))
        if len(counted) > 2:
            thrice.set()
        return {"gauge_1": len(counted)}

    with watch_of(hang, count) as made:
        assert hanging.wait(20)
        assert thrice.wait(20)
    ended = made.record
    answers.set()

    assert [unread.reason for unread in ended.unread] == ["no answer yet"]
    assert len(list(ended.points("gauge_1", US))) >= 2
    assert list(made.record.points("gauge_0", US)) == []


def test_a_read_that_failed_once_is_counted_and_the_last_value_is_not_shown_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before is in the record; the live view shows what is known now."""
    monkeypatch.setattr(watch, "INTERVAL_SEC", 0.01)
    third, ended = threading.Event(), threading.Event()
    away = ApiError(status=503, reason="UNAVAILABLE", message="away")
    answers: Iterator[float | ApiError] = iter([5.0, away])

    def read_twice() -> dict[str, float | None]:
        answer = next(answers, None)
        if answer is None:
            third.set()
            ended.wait(20)
        if isinstance(answer, ApiError):
            raise answer
        return {"gauge_0": answer}

    with watch_of(read_twice) as made:
        assert third.wait(20)
    ended.set()
    read = made.record

    assert [value for _, value in read.points("gauge_0", US)] == [5, None]
    assert read.latest("gauge_0", US) is None
    assert list(unread_lines(read)) == [f"Not read 1 of 2 times: gauge 0 of {US}: 503 UNAVAILABLE: away"]


def test_without_a_config_nothing_is_read() -> None:
    """One line says why."""
    with GaugeWatch.of_config(None) as made:
        pass

    assert gauge_lines(made.record) == [
        "Not read: gauges: no config names the platform; name it with --config, and its model with --model"
    ]


def test_a_period_has_the_lowest_and_the_highest_value_in_it() -> None:
    """What was read before or after is not in it; a gauge without a value is null."""
    samples = [
        Sample(at_sec=at_sec, region=US, values={record.READY_REPLICAS: value})
        for at_sec, value in ((5, 9), (11, 2), (12, None), (14, 0), (25, 7))
    ]
    period = Period("2 outage", 10, 20)
    read = GaugeRecord(
        regions=(US,), spill_over_percent=60, samples=tuple(samples), unread=(Unread(what="x", reason="y"),)
    )
    document = gauges_json(GaugeFigures(record=read, began_sec=10, ended_sec=30, periods=(period,)))

    assert read.span(record.READY_REPLICAS, US, period) == Span(0, 2)
    assert set(document) == {
        "interval_sec", "load_balancer_late_sec", "spill_over_percent", "unread", "periods", "samples",
    }  # fmt: skip
    [shown] = document["periods"]
    assert (shown["title"], shown["began_sec"], shown["duration_sec"]) == ("2 outage", 0, 10)
    assert shown["regions"][US] == NOTHING | {record.READY_REPLICAS: {"lowest": 0, "highest": 2}}
    assert document["samples"][0] == {"at_sec": -5, "region": US, "ready_replicas": 9}
    assert document["unread"] == [{"what": "x", "regions": (), "reads": 0, "failed_reads": 0, "reason": "y", "fix": ""}]


def test_a_sample_of_the_load_balancer_counts_when_it_happened(watched: Watched) -> None:
    """Read now, it is of 90 s ago."""
    began_sec = perf_counter()
    read = watched.read()
    [(at_sec, _)] = read.points(record.REQUESTS, US)

    assert -91 < at_sec - began_sec < -80
    assert watched.prometheus.values[LATENCY, US] == "0.815"


def test_a_universe_without_promql_is_not_asked_for_gauges_by_it() -> None:
    """Servers and nodes are read from the cluster; what the rest lacks is said once, with the reason."""
    sovereign = load(SOVEREIGN)

    def no_cluster(key: str) -> ClusterApi:
        raise ApiError(status=None, reason="noCluster", message=key)

    def no_google() -> google_api.GoogleApi:
        raise AssertionError("PromQL was asked for")

    platform = LivePlatform(config=sovereign, clusters=no_cluster)
    made = GaugeWatch.of(Model(sovereign, "gemma"), platform, no_google)

    assert [source.what for source in made._reads] == ["servers and nodes"]
    assert [(one.what, one.reason) for one in made._known.unread] == [
        ("KV cache", watch.NO_PROMQL),
        ("load balancer", watch.NO_PROMQL),
    ]
