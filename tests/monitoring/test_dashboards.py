"""The dashboard in Cloud Monitoring and the one for Grafana: their form, and that they stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from constructs_lib.monitoring import cloud_dashboard as cloud
from constructs_lib.monitoring import grafana
from constructs_lib.monitoring.panel import Panel, Variables, panels_of
from constructs_lib.monitoring.panels import PANELS
from platform_config.config import Config
from platform_config.load import load
from platform_config.monitored_platform import monitored_platform
from tests.configs import CONFIGS, MORE, TWO_LLMS, changed, config
from tests.gke_inference.google_discovery import document, problems
from tests.synthesized import synthesize
from tests.test_output import VARIANTS

OBJECTIVES = {"availability_percent": 99.5, "first_token_sec": 2.5}
SIXTEEN = {
    f"models__m{number}": {
        **changed()["models"]["gemma"],
        "served_name": f"m{number}",
        "address": {"path": f"/{number}"},
    }
    for number in range(15)
}
PLATFORMS: dict[str, Config] = {
    **{path.stem: load(path) for path in (*CONFIGS, *MORE)},
    **{name: config(**changes) for name, changes in VARIANTS.items()},
    "objectives": config(models__gemma__objectives=OBJECTIVES),
    "one region, no logs": config(regions__eu=None, gateway__log_sample_percent=0),
    "sixteen models": config(models__gemma__address={"path": "/gemma"}, **SIXTEEN),
}
each = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS.keys())


def panels(made: Config, variables: Variables | None = None, *names: str) -> list[Panel]:
    """Return the panels of the platform of *made*, those with *names* alone where there are any."""
    return list(panels_of(monitored_platform(made), PANELS, names, variables or Variables()))


def in_cloud(made: Config) -> dict[str, Any]:
    """Return the dashboard of Cloud Monitoring of *made*."""
    found: dict[str, Any] = json.loads(cloud.cloud_dashboard(made.name, panels(made, cloud.CLOUD_VARIABLES)))
    return found


def in_grafana(made: Config) -> dict[str, Any]:
    """Return the dashboard of Grafana of *made*."""
    shown = panels(made, grafana.GRAFANA_VARIABLES)
    found: dict[str, Any] = json.loads(grafana.grafana_dashboard(monitored_platform(made), shown))
    return found


def values(found: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value in *found* with its path."""
    yield path, found
    if isinstance(found, dict | list):
        for key, value in found.items() if isinstance(found, dict) else enumerate(found):
            yield from values(value, f"{path}.{key}")


@each
def test_the_api_would_answer_all_that_is_sent(platform: Config) -> None:
    """No zero, no empty text, list or map, no null and no false, which it drops; no name and no etag of its own."""
    found = list(values(in_cloud(platform)))

    assert [path for path, value in found if value in (0, "", None, [], {})] == []
    assert not {path.rpartition(".")[2] for path, _ in found} & {"name", "etag"}
    assert not [path for path, value in found if value in ("GRADIENT", "COLOR", "LINEAR", "Y1", "ALIGN_NONE")]


@each
def test_the_api_knows_all_that_is_sent(platform: Config) -> None:
    """Each field, its kind and its values are in Google's own description of the API."""
    schemas = document("monitoring.v1")["schemas"]

    assert list(problems(schemas, "Dashboard", in_cloud(platform), "dashboard")) == []


@each
def test_tiles_have_places_of_their_own(platform: Config) -> None:
    """Inside 48 columns and none over another, from the corner on."""
    tiles = in_cloud(platform)["mosaicLayout"]["tiles"]
    places = [(tile.get("xPos", 0), tile.get("yPos", 0), tile["width"], tile["height"]) for tile in tiles]

    assert all(x + width <= cloud.COLUMNS for x, _, width, _ in places)
    assert not [
        (one, other)
        for one, other in combinations(places, 2)
        if max(one[0], other[0]) < min(one[0] + one[2], other[0] + other[2])
        and max(one[1], other[1]) < min(one[1] + one[3], other[1] + other[3])
    ]
    assert places[0][:2] == (0, 0)


@each
def test_every_panel_has_a_title_a_unit_and_named_lines(platform: Config) -> None:
    """In both dashboards, in the same order."""
    charts = [tile["widget"] for tile in in_cloud(platform)["mosaicLayout"]["tiles"]]
    drawn = in_grafana(platform)["panels"]

    assert [chart["title"] for chart in charts] == [panel["title"] for panel in drawn]
    assert len({chart["title"] for chart in charts}) == len(charts) >= 9
    for chart, panel in zip(charts, drawn, strict=True):
        sets = chart["xyChart"]["dataSets"]
        assert chart["xyChart"]["yAxis"]["label"] == panel["fieldConfig"]["defaults"]["custom"]["axisLabel"]
        assert all(one["legendTemplate"].startswith("${labels.") for one in sets)
        assert all(one["timeSeriesQuery"]["unitOverride"] for one in sets)
        assert all(target["legendFormat"].startswith("{{") for target in panel["targets"])
        assert len(sets) == len(panel["targets"]) == len({target["refId"] for target in panel["targets"]})
        assert panel["description"]


@each
def test_grafana_panels_have_ids_and_places_of_their_own(platform: Config) -> None:
    """Each reads the data source that is chosen, and stands inside 24 columns."""
    found = in_grafana(platform)
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in found["panels"]]

    assert len(set(places)) == len({panel["id"] for panel in found["panels"]}) == len(places)
    assert {x for x, *_ in places} <= {0, 8, 16}
    assert {(width, height) for *_, width, height in places} == {(8, 9)}
    assert {target["datasource"]["uid"] for panel in found["panels"] for target in panel["targets"]} == {
        "${datasource}"
    }
    assert {variable["name"]: variable["type"] for variable in found["templating"]["list"]} == {
        "datasource": "datasource",
        "cluster": "custom",
        "server": "custom",
    }
    assert len(found["uid"]) <= grafana.MOST_LETTERS


@each
def test_the_reader_chooses_clusters_and_servers(platform: Config) -> None:
    """Every metric of clusters can be narrowed, in both dashboards, and every metric of servers by their names."""
    for query in (
        query
        for variables in (cloud.CLOUD_VARIABLES, grafana.GRAFANA_VARIABLES)
        for panel in panels(platform, variables)
        for query in panel.queries
    ):
        of_clusters = "{cluster" in query.expression
        assert of_clusters == ("cluster.value}" in query.expression or '"$cluster"' in query.expression)
        assert ('job="' in query.expression or 'job=~"' in query.expression) == (
            "server.value}" in query.expression or '"$server"' in query.expression
        )


def test_what_a_chart_or_a_server_does_not_export_is_not_drawn() -> None:
    """A model server without metrics, behind a Service, on GPUs, with no objective and no counted logs."""
    made = config(
        models__gemma__server={
            "kind": "custom", "image": "ghcr.io/me/speech:v1", "port": 8880, "health_path": "/health",
        },
        service_discovery=True,
        observability__log_metrics=False,
        node_pools__tpu={"machine_type": "g2-standard-8"},
    )  # fmt: skip

    assert [panel.kind.name for panel in panels(made)] == [
        *("requests", "region-share", "responses", "load-balancer-latency", "replicas", "chips", "gpu-busy"),
    ]


def test_every_panel_is_drawn_for_some_platform() -> None:
    """None is there for nobody."""
    drawn = {panel.kind.name for made in PLATFORMS.values() for panel in panels(made)}

    assert drawn == {kind.name for kind in PANELS}


def test_lines_across_are_spill_over_and_objectives() -> None:
    """Each once, in the unit of the panel, with what it is beside it."""
    made = config(models__gemma__objectives=OBJECTIVES, gateway__max_utilization_percent=70)
    lines = {panel.kind.name: panel.thresholds for panel in panels(made) if panel.thresholds}

    assert {name: [(line.value, line.label) for line in found] for name, found in lines.items()} == {
        "kv-cache": [(70, "spill-over at 70 %")],
        "first-token": [(2.5, "objective 2.5 s, 95 %")],
        "availability": [(99.5, "objective 99.5 %")],
    }
    drawn = {panel["title"]: panel["fieldConfig"]["defaults"] for panel in in_grafana(made)["panels"]}
    assert drawn["KV cache"]["custom"]["thresholdsStyle"] == {"mode": "dashed"}


def test_values_are_red_on_the_bad_side_of_a_line() -> None:
    """Above where requests spill over, and below what is promised; without a line nothing is bad."""
    made = config(models__gemma__objectives=OBJECTIVES, gateway__max_utilization_percent=70)
    steps = {
        panel["title"]: [
            (step["value"], step["color"]) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        ]
        for panel in in_grafana(made)["panels"]
    }

    [availability] = [panel.kind.title for panel in panels(made) if panel.kind.name == "availability"]
    assert steps["KV cache"] == [(None, "green"), (70, "red")]
    assert steps[availability] == [(None, "red"), (99.5, "green")]
    assert steps["Requests"] == [(None, "green")]


def test_chosen_panels_come_in_the_order_in_which_they_are_named() -> None:
    """Without a choice all come, in an order of their own."""
    assert [panel.kind.name for panel in panels(config(), None, "queue", "requests")] == ["queue", "requests"]
    assert [panel.kind.name for panel in panels(config())][:3] == ["requests", "region-share", "responses"]


def test_another_model_is_a_series_more_and_nothing_else() -> None:
    """The same panels at the same places, with as many queries: its name is added to those that are there."""
    name = "m0"
    two = config(models__gemma__address={"path": "/gemma"}, **{f"models__{name}": SIXTEEN[f"models__{name}"]})
    added = re.compile(rf"\|{name}-(server|pool)(-\.\*)?")
    one, more, most = (
        json.dumps([in_cloud(made), in_grafana(made)["panels"]])
        for made in (config(), two, PLATFORMS["sixteen models"])
    )

    assert len(added.findall(more)) > 10
    # A single name is matched as it is, several as a pattern.
    assert added.sub("", more).replace("=~", "=") == one.replace("=~", "=")
    assert len(json.loads(most)[1]) == len(json.loads(one)[1])


def test_models_of_two_servers_share_a_panel() -> None:
    """The names of vLLM and SGLang differ: a query for each; a server without metrics has none."""
    made = next(config for name, config in PLATFORMS.items() if name == "own-weights")
    [queue] = [panel for panel in panels(made) if panel.kind.name == "queue"]

    assert sorted(re.findall(r"\w+:\w+", query.expression) for query in queue.queries) == [
        ["sglang:num_queue_reqs"],
        ["vllm:num_requests_waiting"],
    ]


@each
def test_the_same_platform_has_the_same_text(platform: Config) -> None:
    """With keys in order, so that a second synth changes no byte."""
    one, other = (cloud.cloud_dashboard(platform.name, panels(platform, cloud.CLOUD_VARIABLES)) for _ in range(2))

    assert one == other == json.dumps(json.loads(one), sort_keys=True)


def test_terraform_takes_no_variable_of_the_dashboard_for_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """`${` is written twice: the API gets it once."""
    app = synthesize(load(TWO_LLMS), tmp_path_factory.mktemp("two"))
    text = app.one("google_monitoring_dashboard")["dashboard_json"]

    assert json.loads(text.replace("$${", "${")) == in_cloud(load(TWO_LLMS))
    assert "${" not in text.replace("$${", "")


@pytest.mark.parametrize("setting", ["dashboard", "alerting"])
def test_a_part_that_is_off_is_not_made(setting: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The other part stays."""
    app = synthesize(config(**{f"observability__{setting}": False}), tmp_path_factory.mktemp(setting))

    assert bool(app.all("google_monitoring_dashboard")) == (setting != "dashboard")
    assert bool(app.all("google_monitoring_alert_policy")) == (setting != "alerting")
