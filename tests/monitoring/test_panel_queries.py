"""Every query of every panel, of every config and variant: Prometheus takes it, and it shows what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from constructs_lib.monitoring import cloud_dashboard, grafana
from constructs_lib.monitoring.metrics import PICKER_FAMILIES
from constructs_lib.monitoring.panel import Panel, Variables
from platform_config.config import Config
from platform_config.monitored_platform import monitored_platform
from tests.configs import OWN_WEIGHTS, TWO_LLMS, changed, config
from tests.monitoring.test_dashboards import PLATFORMS, panels
from tests.promql import rig
from tests.promql.product import metric_names
from tests.promql.rig import INF, Reading

SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{((?:[^}\"]|\"[^\"]*\")*)\}")
MATCHER = re.compile(r'(\w+)(!?=~?)"([^"]*)"')
ENDS = {"backend_scope": "b", "pod": "6d5f7c9b4-x7k2p"}
"""What stands for the end of a pattern: a zone's letter, what a Deployment adds."""


def queries() -> Iterator[tuple[str, Panel, str]]:
    """Yield each query once, with the platform and the panel that it is of."""
    seen: set[str] = set()
    for name, made in PLATFORMS.items():
        for panel in panels(made):
            for number, query in enumerate(panel.queries):
                if query.expression not in seen:
                    seen.add(query.expression)
                    yield f"{name}: {panel.kind.name} {number}", panel, query.expression


def series_of(expression: str) -> dict[str, rig.Values]:
    """Return one series for each metric and selector in *expression*, which grows."""
    found: dict[str, rig.Values] = {}
    for metric, matchers in SELECTOR.findall(expression):
        labels = {"response_code_class": "200", "le": "5", "model": "tpu-v6e-slice"}
        for label, operator, value in MATCHER.findall(matchers):
            if not operator.startswith("!"):
                example = value.partition("|")[0].replace(".*", ENDS.get(label, "1")).replace("[.]", ".")
                labels[label] = example.replace("[a-z0-9]+", "1").replace("[a-z0-9]{4}", "a1b2")
        if replaced := re.search(r'"backend_target_name", "(.*?)-\(([^|)]+)', expression):
            labels["backend_target_name"] = f"{replaced[1]}-{replaced[2]}-8000-x1"
        found[rig.series(metric, labels)] = rig.counting(0.01)
        if metric.endswith("_bucket"):
            found[rig.series(metric, {**labels, "le": "+Inf"})] = rig.counting(0.01)
    return found


QUERIES = list(queries())
READINGS = [
    Reading(
        title=title,
        query=f"sgn(count(({expression}) >= 0))",
        series=series_of(expression),
        values={"{}": 1},
    )
    for title, _, expression in QUERIES
]


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """Return what is wrong, by the name of the reading."""
    return rig.failures(READINGS)


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_a_query_shows_what_is_there(reading: Reading, failures: dict[str, str]) -> None:
    """One series of each metric that it names is enough for a line."""
    assert failures.get(str(reading), "") == ""


@pytest.mark.parametrize(("panel", "expression"), [query[1:] for query in QUERIES], ids=[query[0] for query in QUERIES])
def test_a_legend_has_labels_of_the_answer(panel: Panel, expression: str) -> None:
    """A label that is not there would leave a hole in the name of the line."""
    [legend] = [query.legend for query in panel.queries if query.expression == expression]
    kept = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(", ")}

    assert set(re.findall(r"{(\w+)}", legend)) <= kept - {"le"}


@pytest.mark.parametrize(
    "variables", [cloud_dashboard.CLOUD_VARIABLES, grafana.GRAFANA_VARIABLES], ids=["cloud", "grafana"]
)
def test_a_query_with_everything_chosen_is_one_that_prometheus_takes(variables: Variables) -> None:
    """Where nothing is chosen, both dashboards put a pattern of everything in the place of a variable."""
    for made in (config(), PLATFORMS[OWN_WEIGHTS.stem]):
        for panel in panels(made, variables):
            for query in panel.queries:
                assert rig.refusal(re.sub(r"\$(\{\w+\.value\}|[a-z]\w*)", ".*", query.expression)) == ""


def test_pictures_of_a_split() -> None:
    """Who answered, by region, adds up to 100 %, without requests that no server got."""
    gateway = 'monitored_resource="internal_http_lb_rule",url_map_name="gkemcg1-inference-gemma-gateway-x"'
    metric = "loadbalancing_googleapis_com:https_internal_request_count"
    sent = {
        f'{metric}{{{gateway},backend_scope="us-east5-b"}}': rig.counting(3),
        f'{metric}{{{gateway},backend_scope="europe-west4-a"}}': rig.counting(1),
        f'{metric}{{{gateway},backend_scope="INVALID_BACKEND"}}': rig.counting(9),
        f'{metric}{{monitored_resource="internal_http_lb_rule",url_map_name="other",backend_scope="us-east5-b"}}': (
            rig.counting(50)
        ),
    }

    rig.check(
        Reading(
            title="share",
            query=query_of(config(), "region-share"),
            series=sent,
            values={'{backend_region="us-east5"}': 75, '{backend_region="europe-west4"}': 25},
        )
    )


def test_a_server_counts_when_all_its_containers_are_ready() -> None:
    """And no server of a model whose name begins alike is counted with it."""

    def ready(pod: str, container: str, value: float) -> dict[str, rig.Values]:
        labels = {"cluster": "chat-us", "namespace": "inference", "pod": pod, "container": container}
        return {rig.series("kube_pod_container_status_ready", labels): rig.constant(value)}

    rig.check(
        Reading(
            title="replicas",
            query=query_of(PLATFORMS[TWO_LLMS.stem], "replicas"),
            series={
                **ready("gemma-server-6d5f7c9b4-x7k2p", "server", 1),
                **ready("gemma-server-6d5f7c9b4-x7k2p", "sidecar", 1),
                **ready("gemma-server-6d5f7c9b4-abcde", "server", 1),
                **ready("gemma-server-6d5f7c9b4-abcde", "sidecar", 0),
                **ready("gemma-next-server-5b6c7d8f9-abcde", "server", 1),
            },
            values={
                '{cluster="chat-us", job="gemma-server"}': 1,
                '{cluster="chat-us", job="gemma-next-server"}': 1,
            },
        )
    )


def test_the_kv_cache_is_the_mean_of_the_servers_of_a_region() -> None:
    """In percent, as the spill-over is."""
    fill = {
        rig.series("vllm:kv_cache_usage_perc", labels): rig.constant(value)
        for labels, value in (
            ({"cluster": "gemma-us", "namespace": "inference", "job": "gemma-server", "instance": "a"}, 0.5),
            ({"cluster": "gemma-us", "namespace": "inference", "job": "gemma-server", "instance": "b"}, 0.7),
            ({"cluster": "gemma-eu", "namespace": "inference", "job": "gemma-server", "instance": "a"}, 0.1),
            ({"cluster": "other", "namespace": "inference", "job": "gemma-server", "instance": "a"}, 1.0),
        )
    }

    rig.check(
        Reading(
            title="kv cache",
            query=query_of(config(), "kv-cache"),
            series=fill,
            values={
                '{cluster="gemma-us", job="gemma-server"}': 60,
                '{cluster="gemma-eu", job="gemma-server"}': 10,
            },
        )
    )


def test_the_first_token_is_read_from_the_servers_histogram() -> None:
    """95 of 100 within 2.5 s: the 95th percentile is there."""
    labels = {"cluster": "gemma-us", "namespace": "inference", "job": "gemma-server"}
    times = rig.histogram("vllm:time_to_first_token_seconds", labels, {1.0: 50, 2.5: 95, 5.0: 100, INF: 100}, "{:.1f}")
    [tail, half] = next(panel for panel in panels(config()) if panel.kind.name == "first-token").queries

    rig.check(
        Reading(
            title="p95",
            query=tail.expression,
            series=times,
            values={'{cluster="gemma-us", job="gemma-server"}': 2.5},
        ),
        Reading(title="p50", query=half.expression, series=times, values={'{job="gemma-server"}': 1}),
    )


def answered(rates: dict[str, float], backend: str = "gemma-pool-8000-x") -> dict[str, rig.Values]:
    """Return requests a second by the class of their answer, for one backend of the load balancer."""
    labels = {
        "monitored_resource": "internal_http_lb_rule",
        "url_map_name": "gkemcg1-inference-gemma-gateway-x",
        "backend_target_name": f"gkemcg1-inference-{backend}" if backend else "INVALID_BACKEND",
    }
    metric = "loadbalancing_googleapis_com:https_internal_request_count"
    return {
        rig.series(metric, {**labels, "response_code_class": code}): rig.counting(rate) for code, rate in rates.items()
    }


PROMISED = {"availability_percent": 99.5}


def test_the_share_that_was_answered_is_that_of_the_alert() -> None:
    """
    Of the last 24 hours: no server errors; requests whose client left are neither good nor bad.

    A single model has also the requests that no backend got. When every request fails the share is 0, and not unknown.
    """
    query = query_of(config(models__gemma__objectives=PROMISED), "availability")
    good = answered({"200": 97, "400": 2, "500": 1, "0": 50})

    rig.check(
        Reading(title="availability", query=query, series=good, values={'{backend="gemma-pool"}': 99}),
        Reading(
            title="availability, with requests that were refused before a backend",
            query=query,
            series={**good, **answered({"500": 100}, "")},
            values={'{backend="gemma-pool"}': 49.5},
        ),
        Reading(
            title="availability in a total outage",
            query=query,
            series=answered({"500": 3, "0": 1}),
            values={'{backend="gemma-pool"}': 0},
        ),
        Reading(title="availability without a request", query=query, series={}, values={}),
    )


def test_the_share_that_was_answered_is_of_each_of_several_models() -> None:
    """By the backend that the requests were for; what no backend got is of no model."""
    models = {key: {**model, "objectives": PROMISED} for key, model in changed(TWO_LLMS)["models"].items()}
    made = config(TWO_LLMS, models=models)
    first, second, *_ = [model.backend for model in monitored_platform(made).models.values()]
    query = query_of(made, "availability").replace("chat-gateway", "gemma-gateway")

    rig.check(
        Reading(
            title="availability of two",
            query=query,
            series={
                **answered({"200": 3, "500": 1}, f"{first}-8000-x"),
                **answered({"500": 2}, f"{second}-8000-x"),
                **answered({"500": 9}, ""),
            },
            values={f'{{backend="{first}"}}': 75, f'{{backend="{second}"}}': 0},
        )
    )


@pytest.mark.parametrize("version", PICKER_FAMILIES)
def test_the_metrics_of_a_picker_are_those_of_its_chart(version: str) -> None:
    """Or those of the chart's successor, so that an upgrade leaves no gap."""
    made = config(inference_pool__chart_version=version)
    expression = query_of(made, "model-names")
    labels = {"cluster": "gemma-us", "namespace": "inference", "model_name": "gemma-3-27b-it"}
    names = re.findall(r"\w+_request_total", expression)

    assert names[0] in metric_names(PICKER_FAMILIES[version])
    rig.check(
        *(
            Reading(
                title=name,
                query=expression,
                series={rig.series(name, labels): rig.counting(2)},
                values={'{model_name="gemma-3-27b-it"}': 2},
            )
            for name in names
        )
    )


def query_of(made: Config, name: str) -> str:
    """Return the only query of the panel *name* of *made*."""
    [panel] = [panel for panel in panels(made) if panel.kind.name == name]
    [query] = panel.queries
    return query.expression


def test_no_query_is_long() -> None:
    """A dashboard of sixteen models stays within what the API takes."""
    made = PLATFORMS["sixteen models"]
    text = cloud_dashboard.cloud_dashboard(made.name, panels(made, cloud_dashboard.CLOUD_VARIABLES))

    assert len(json.dumps(text)) < 60_000
