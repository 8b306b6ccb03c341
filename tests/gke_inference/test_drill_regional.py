"""`drill` of regional gateways: what the other regions lose, and when the region answers well again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gke_inference.drill.chart import draw
from gke_inference.drill.figures import describe_figures, drill_figures
from gke_inference.drill.measurement import baseline_problem
from gke_inference.drill.plan import DrillPlan
from gke_inference.openai import Endpoint, Result
from tests.configs import REGIONAL, REGIONAL_PUBLIC, changed, config
from tests.gke_inference.conftest import InferenceOps, Ran
from tests.gke_inference.drill_clusters import DrillGateway
from tests.gke_inference.drill_rig import Rig, findings, regional_rig, use
from tests.gke_inference.test_drill_figures import HOME, OTHER, SINGLE, bad, good, measured, measurement_of, statuses
from tests.gke_inference.test_drill_figures import plan as plan_of

Drill = Callable[..., Ran]


def plan(**changes: Any) -> DrillPlan:
    """Return a drill of us, where both regions have a gateway of their own and no other may lose a request."""
    gateways = {key: Endpoint(url=f"http://{key}", model="m", timeout_sec=30) for key in ("us", "eu")}
    return plan_of(**{"gateways": gateways, "max_error_rate": 0.0, **changes})


def at(region: str, results: Iterator[Result]) -> Iterator[Result]:
    """Yield *results* of the gateway of *region*."""
    return (replace(one, region=region) for one in results)


def in_order(*results: Iterator[Result]) -> Iterator[Result]:
    """Yield all *results* as they were sent: those of both gateways mix."""
    return iter(sorted((one for some in results for one in some), key=lambda one: one.began_sec))


def home_results(back_sec: float = 170) -> Iterator[Result]:
    """Yield those of a region that is down from second 30 on, and answers again at *back_sec*."""
    return in_order(good(0, 30, HOME), at(HOME, bad(30, back_sec)), good(back_sec, 180, HOME))


ALL_GOOD = dict.fromkeys(("restored", "isolation", "outage-seen", "come-back"), "good")


def test_the_region_that_is_down_is_measured_by_itself() -> None:
    """Its failures are what the drill makes: they count nowhere, and give both of its times."""
    figures, found = measured(SINGLE, 180, in_order(home_results(), good(0, 180, OTHER)), plan=plan())
    [downtime] = figures.downtimes

    assert (figures.time_to_detect_sec, figures.time_to_come_back_sec) == (0.1, 20.2)
    assert figures.time_to_fail_over_sec is None
    assert (figures.error_rate, figures.longest_downtime_sec) == (0, 0)
    assert (downtime.gateway, downtime.began_sec, downtime.downtime_sec, downtime.counted_sec) == (HOME, 30, 140, 0)
    assert statuses(found) == ALL_GOOD
    assert describe_figures(plan(), figures) == (
        f"0 requests to other regions failed; the gateway of {HOME} answered with errors after 0.1 s, "
        f"and answered well 20.2 s after the restore"
    )


def test_another_region_that_loses_a_request_fails_the_drill() -> None:
    """One is enough, in the outage or in the recovery; an option allows some."""
    lost = in_order(home_results(), good(0, 100, OTHER), at(OTHER, bad(100, 100.5)), good(100.5, 180, OTHER))
    results = list(lost)
    figures, found = measured(SINGLE, 180, iter(results), plan=plan())
    _, allowed = measured(SINGLE, 180, iter(results), plan=plan(max_error_rate=0.01))

    assert statuses(found) == {**ALL_GOOD, "isolation": "wrong"}
    assert found["DRILL-ISOLATION"].found == f"1 of 300 requests to {OTHER} failed from the outage on"
    assert (figures.longest_downtime_sec, figures.error_rate) == (0.5, round(1 / 300, 6))
    assert statuses(allowed) == ALL_GOOD


def test_a_region_that_flaps_has_not_come_back() -> None:
    """A good answer among failures is none; ten in a row at the end are needed."""
    flaps = in_order(good(0, 30, HOME), at(HOME, bad(30, 160)), good(160, 165, HOME), at(HOME, bad(165, 178)),
                     good(178, 180, HOME), good(0, 180, OTHER))  # fmt: skip
    figures, found = measured(SINGLE, 180, flaps, plan=plan())

    assert figures.time_to_come_back_sec is None
    assert statuses(found) == {**ALL_GOOD, "come-back": "wrong"}


def test_an_outage_that_its_gateway_does_not_show_proves_nothing() -> None:
    """Nothing else answers there, so it was none."""
    _, found = measured(SINGLE, 180, in_order(good(0, 180, HOME), good(0, 180, OTHER)), plan=plan())

    assert statuses(found)["outage-seen"] == "unknown"


def test_a_baseline_needs_good_answers_of_each_gateway() -> None:
    """One that fails before the outage says nothing about it."""
    missing = list(good(0, 30, HOME))
    failing = [*missing, *at(OTHER, bad(0, 1)), *good(1, 30, OTHER)]

    assert baseline_problem(plan(), missing) == f"no request to {OTHER} ended"
    assert baseline_problem(plan(), failing) == f"{OTHER}: 2 of 60 requests failed: http_503"
    assert baseline_problem(plan(), [*missing, *good(0, 30, OTHER)]) == ""


def test_the_picture_says_what_each_side_noticed() -> None:
    """One line for each region, and the sentence of the report."""
    made = measurement_of(SINGLE, 180, in_order(home_results(), good(0, 180, OTHER)))
    svg = draw(plan(), made, drill_figures(plan(), made))

    for text in (HOME, OTHER, "0 requests to other regions failed", "20.2 s after the restore"):
        assert text in svg


@pytest.fixture
def regional(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Rig, DrillGateway]]:
    """Run the example with regional gateways."""
    file = tmp_path / "regional.yaml"
    file.write_text(yaml.safe_dump(changed(**REGIONAL), sort_keys=False))
    with regional_rig(config(**REGIONAL), "us", "eu", file) as (made, other):
        use(made, monkeypatch)
        yield made, other


@pytest.fixture
def drill(regional: tuple[Rig, DrillGateway], inference_ops: InferenceOps, tmp_path: Path) -> Drill:
    """Run a short drill of `us`; of the other region nothing may fail."""

    def run(*more: str) -> Ran:
        arguments = regional[0].arguments("--rate-per-sec", "50", *more, journal=tmp_path / "journal.json")
        at = arguments.index("--max-error-rate")
        return inference_ops(*arguments[:at], *arguments[at + 2 :])

    return run


def test_a_drill_of_one_region_leaves_the_other_alone(
    regional: tuple[Rig, DrillGateway], drill: Drill, tmp_path: Path
) -> None:
    """From begin to end: both gateways are asked, and servers of one region alone are taken down and restored."""
    made, _ = regional
    ran = drill("--yes", "--report", str(tmp_path / "drill.html"))
    report = ran.document
    states = {state["title"]: state["regions"] for state in report["states"]}

    assert (ran.code, report["outcome"]) == (0, "good"), report["findings"]
    assert report["plan"]["gateways"] == {"us": made.url, "eu": made.others[0][1]}
    assert {tuple(regions) for regions in states.values()} == {(HOME, OTHER)}
    assert states["2 outage"][HOME]["failed"] > 0
    assert [regions[OTHER]["failed"] for regions in states.values()] == [0, 0, 0]
    assert {(one["gateway"], one["counted_sec"]) for one in report["downtimes"]} == {(HOME, 0)}
    assert report["time_to_come_back_sec"] > 0
    assert report["time_to_fail_over_sec"] is None
    assert {"DRILL-GATEWAYS", "DRILL-ISOLATION", "DRILL-OUTAGE-SEEN", "DRILL-COME-BACK"} <= set(findings(ran))
    assert (made.home.wanted, made.home.ready, made.other.api.writes()) == (2, 2, [])
    assert f"requests to {HOME} began to fail" in (tmp_path / "drill.html").read_text()


def test_an_outage_that_reaches_another_region_is_wrong(regional: tuple[Rig, DrillGateway], drill: Drill) -> None:
    """As where both depend on something that should be in each of them; all is restored."""
    made, other = regional
    follow = made.home.api.changed

    def spread(method: str, path: str) -> None:
        made.scale(made.other, made.home.wanted)
        follow(method, path)

    made.home.api.changed = spread
    ran = drill("--yes")
    del other

    assert (ran.code, findings(ran)["DRILL-ISOLATION"]) == (1, "wrong")
    assert (made.home.wanted, made.other.wanted) == (2, 2)


def test_a_pod_in_each_region_asks_its_own_gateway(regional: tuple[Rig, DrillGateway], drill: Drill) -> None:
    """As a client there would; both are deleted afterwards."""
    made, _ = regional
    made.sender = "pod"
    ran = drill("--yes")
    pods = {path for cluster in made.clusters for path in cluster.api.objects if "-drill-" in path}

    assert ran.code == 0, ran.document["findings"]
    assert pods == set()
    for cluster in made.clusters:
        created = [path for method, path, _ in cluster.api.writes() if method == "POST" and path.endswith("/pods")]
        assert len(created) == 1


def test_the_plan_and_the_report_name_each_gateway(
    regional: tuple[Rig, DrillGateway], inference_ops: InferenceOps, tmp_path: Path
) -> None:
    """Before: what is measured. Afterwards: which gateway had which downtime."""
    made, _ = regional
    arguments = made.arguments("--rate-per-sec", "50", journal=tmp_path / "journal.json")
    arguments[arguments.index("json")] = "text"
    before, after = inference_ops(*arguments), inference_ops(*arguments, "--yes")

    assert "DRILL-GATEWAYS" in before.out
    assert "gateway of" in after.out
    assert "failed over" not in after.out
    assert f"{made.url} (us), {made.others[0][1]} (eu)" in after.out


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--double", "eu"], "--double: must be left out for regional gateways: no region takes over"),
        (["--means", "drain"], "--means: must be replicas or cordon for regional gateways"),
        (["--max-downtime-sec", "3"], "--max-downtime-sec: must be left out for regional gateways"),
        (["--even-if-overloaded"], "--even-if-overloaded: must be left out for regional gateways"),
        (["--url", "http://10.0.0.9"], "--url: must read KEY=URL with one of us, eu, got no key"),
        (["--url", "asia=http://10.0.0.9"], "--url: must read KEY=URL with one of us, eu, got key 'asia'"),
    ],
)
def test_options_without_a_meaning_are_refused(drill: Drill, options: list[str], problem: str) -> None:
    """Exit code 2, with the reason; nothing is asked."""
    ran = drill(*options)

    assert ran.code == 2
    assert problem in ran.err


def test_an_address_with_a_key_is_for_regional_gateways(inference_ops: InferenceOps) -> None:
    """One gateway of all regions has one address that counts."""
    ran = inference_ops("drill", "--region", "us", "--url", "us=http://10.0.0.5")

    assert ran.code == 2
    assert "--url: must be one address without a key: one gateway has all regions" in ran.err


def test_a_region_without_a_gateway_cannot_be_drilled(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Nobody would notice anything there."""
    file = tmp_path / "one.yaml"
    file.write_text(yaml.safe_dump(changed(**REGIONAL, gateway__regions=["eu"])))
    ran = inference_ops("--config", str(file), "drill", "--region", "us")

    assert ran.code == 2
    assert "--region: must be one of eu, which serve gemma and have a gateway, got 'us'" in ran.err


def test_pods_without_a_way_out_ask_no_public_gateway(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Of public gateways this machine asks by default; nodes without NAT reach no public address."""
    file = tmp_path / "public.yaml"
    file.write_text(yaml.safe_dump(changed(**REGIONAL_PUBLIC, network__nat=False)))
    arguments = ["--config", str(file), "drill", "--region", "us", "--double", "eu"]
    refused, allowed = inference_ops(*arguments, "--sender", "pod"), inference_ops(*arguments)

    assert "--sender: must be here for public gateways" in refused.err
    assert "--sender" not in allowed.err
