"""The gauges in what `load` and `drill` show: live view, tables, JSON and picture, beside what they measure."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from constructs_lib.monitoring import metrics
from gke_inference.drill.plan import State
from gke_inference.drill.view import DrillView
from gke_inference.gauges import watch
from gke_inference.gauges.record import GAUGES, KV_CACHE, READY_REPLICAS
from gke_inference.load.view import LoadView
from gke_inference.openai import Result
from tests.configs import EXAMPLE
from tests.gke_inference.conftest import InferenceOps, Ran
from tests.gke_inference.drill_rig import Rig, gauges_of, wait_until
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.prometheus_stand_in import QUERY, PrometheusStandIn, add_prometheus
from tests.gke_inference.stand_in_server import MODEL, StandInServer
from tests.gke_inference.test_load import arguments
from tests.gke_inference.verify_platform import HealthyPlatform

US, EU = "us-east5", "europe-west4"
CURSOR_UP = "\x1b[1A"
SHOWN = ("Gauges", "servers", "nodes", "KV cache", "balancer", "41.2", "3.25", "0.815")
PANELS = (
    "Model servers and nodes that are ready", "KV cache in use, average of a region's servers", "spills over at 60 %",
    "Requests per second at the load balancer, as read 90 s later",
    "Time of whole requests at the load balancer (p95), as read 90 s later",
)  # fmt: skip

Load = Callable[..., Ran]


@pytest.fixture
def prometheus(example: HealthyPlatform, monkeypatch: pytest.MonkeyPatch) -> PrometheusStandIn:
    """Have the example's Google answer queries, whose samples come at once."""
    monkeypatch.setattr(watch, "INTERVAL_SEC", 0.05)
    monkeypatch.setattr(metrics, "LOAD_BALANCER_LATE_SEC", 0)
    return add_prometheus(example.google, "gemma-us", "gemma-eu", regions=(US, EU))


@pytest.fixture
def load(prometheus: PrometheusStandIn, inference_ops: InferenceOps, example: HealthyPlatform) -> Iterator[Load]:
    """Run a short load with the example's config."""
    with StandInServer(regions=(US, EU)).serving() as url:
        yield lambda *more, output="json": inference_ops(
            "--config", str(EXAMPLE), "--output", output, *arguments(url, *more, concurrency="1,2", step_sec="0.8")
        )


def texts(picture: Path) -> set[str]:
    """Return everything that is written in an SVG."""
    return {element.text or "" for element in ElementTree.parse(picture).iter()}


def test_a_load_has_the_gauges_of_each_step(load: Load) -> None:
    """Each region's lowest and highest of every gauge, and each sample; what was asked for is what was read."""
    ran = load()
    gauges = ran.document["gauges"]
    first, second = gauges["periods"]

    assert (ran.code, gauges["unread"], gauges["spill_over_percent"]) == (0, [], 60)
    assert (first["title"], second["title"]) == ("1 at once", "2 at once")
    assert set(second["regions"][US]) == set(GAUGES)
    assert second["regions"][US][READY_REPLICAS] == {"lowest": 1, "highest": 1}
    assert second["regions"][EU][KV_CACHE] == {"lowest": 7.5, "highest": 7.5}
    assert {sample["region"] for sample in gauges["samples"]} == {US, EU}


def test_a_load_shows_the_gauges_to_people(load: Load, tmp_path: Path) -> None:
    """In a table within 80 columns, in the log of each step, and in the picture with the line of the spill-over."""
    picture = tmp_path / "load.svg"
    ran = load("--picture", str(picture), output="text")
    table = ran.out.partition("Gauges")[2].partition("Each is the lowest")[0]

    assert [part for part in SHOWN if part not in ran.out] == []
    assert max(len(line.rstrip()) for line in table.splitlines()) <= 80
    assert "read 90 s late" in ran.out
    assert f"  {US}: servers 1, nodes 1, KV cache 41.2 % (spills over at 60 %)" in ran.err
    assert [part for part in PANELS if part not in texts(picture)] == []


def test_without_rights_a_load_measures_all_the_same(load: Load, example: HealthyPlatform, tmp_path: Path) -> None:
    """The exit code is that of the load; report, log and picture name the role."""
    example.google.faults[QUERY] = Fault(403, "Permission 'monitoring.timeSeries.list' denied")
    picture = tmp_path / "load.svg"
    document = load("--picture", str(picture)).document
    ran = load(output="text")
    fix = "have roles/monitoring.viewer granted to whoever runs this"

    assert (ran.code, document["outcome"]) == (0, "good")
    assert {unread["fix"] for unread in document["gauges"]["unread"]} == {fix}
    assert document["gauges"]["periods"][1]["regions"][US][KV_CACHE] is None
    assert fix in ran.out
    assert fix in ran.err
    assert any("roles/monitoring.viewer" in text for text in texts(picture))
    assert PANELS[0] in texts(picture)
    assert PANELS[1] not in texts(picture)


def test_gauges_can_be_left_out(load: Load, example: HealthyPlatform) -> None:
    """Google is asked for nothing, and the report has null for them."""
    example.google.requests.clear()
    ran = load("--no-gauges")

    assert ran.document["gauges"] is None
    assert example.google.requests == []
    assert "Gauges" not in load("--no-gauges", output="text").out


def test_without_a_config_one_line_says_why(
    inference_ops: InferenceOps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the URL is known: the load is measured, and nothing is asked anywhere."""
    monkeypatch.chdir(tmp_path)
    with StandInServer().serving() as url:
        ran = inference_ops("load", "--url", url, "--concurrency", "1", "--step-sec", "0.05")
        document = inference_ops("--output", "json", *arguments(url)).document

    assert ran.code == 0
    assert ran.out.count("no config names the platform") == 1
    assert [unread["reason"] for unread in document["gauges"]["unread"]] == ["no config names the platform"]
    assert document["gauges"]["samples"] == []
    assert document["plan"]["model"] == MODEL


def test_a_drill_sees_the_servers_go_and_the_load_move(
    drill_rig: Rig, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By state: in the outage no server of the region is ready, and the other region's caches fill."""
    with gauges_of(drill_rig, monkeypatch):
        more = ("--yes", "--outage-sec", "1", "--report", str(tmp_path / "drill.html"))
        ran = inference_ops(*drill_rig.arguments(*more, journal=tmp_path / "journal.json"))
    page = (tmp_path / "drill.html").read_text()
    states = {period["title"]: period["regions"] for period in ran.document["gauges"]["periods"]}

    assert ran.code == 0, ran.err
    assert list(states) == ["1 baseline", "2 outage", "5 recovery"]
    assert states["1 baseline"][US][READY_REPLICAS] == {"lowest": 2, "highest": 2}
    assert states["2 outage"][US][READY_REPLICAS]["lowest"] == 0
    assert states["2 outage"][EU][KV_CACHE]["highest"] == 41.25
    assert f"  {US}: servers 0, nodes 3, KV cache " in ran.err
    assert "<h2>Gauges</h2>" in page
    assert "Requests spill over to the next region at 60 % of the KV cache." in page


def test_a_drill_whose_gauges_hang_is_as_good(
    drill_rig: Rig, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Google does not answer: everything is measured and restored, and the report says what could not be read."""
    monkeypatch.setattr(watch, "FIRST_READ_SEC", 0.1)
    arguments = ("--yes", "--picture", str(tmp_path / "drill.svg"))
    with gauges_of(drill_rig, monkeypatch) as google:
        google.faults[QUERY] = Fault("hang")
        ran = inference_ops(*drill_rig.arguments(*arguments, journal=tmp_path / "journal.json"))

    assert (ran.code, drill_rig.home.wanted) == (0, 2)
    assert {unread["what"] for unread in ran.document["gauges"]["unread"]} == {"KV cache", "load balancer"}
    assert any(text.startswith("Not read: KV cache of") for text in texts(tmp_path / "drill.svg"))


def test_a_drill_that_changes_nothing_reads_no_gauge(
    drill_rig: Rig, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without --yes there is nothing to look at."""
    with gauges_of(drill_rig, monkeypatch) as google:
        ran = inference_ops(*drill_rig.arguments(journal=tmp_path / "journal.json"))

    assert (ran.document["dry_run"], google.requests) == (True, [])


@pytest.mark.parametrize("command", ["load", "drill"])
def test_a_terminal_has_the_gauges_below_the_progress(command: str) -> None:
    """They are drawn anew in place, with what was read last; what looks like markup is shown as it is."""
    screen, lines = io.StringIO(), [f"{US}: servers 2 [of] many"]
    console = Console(file=screen, force_terminal=True, width=120)
    result = Result(began_sec=0, ended_sec=1, region=US)
    with ExitStack() as opened:
        if command == "load":
            load_view = opened.enter_context(LoadView(console, concurrency=(1,), gauges=lambda: lines))
            load_view.begin_step(0)
            load_view.count(0, result)
        else:
            drill_view = opened.enter_context(DrillView(console, gauges=lambda: lines))
            drill_view.begin_state(State.BASELINE)
            drill_view.count(result)
        wait_until(lambda: "servers 2 [of] many" in screen.getvalue())
        lines[0] = f"{US}: servers 0"
        wait_until(lambda: "servers 0" in screen.getvalue())

    assert CURSOR_UP in screen.getvalue().rpartition("servers 2")[2].partition("servers 0")[0]
