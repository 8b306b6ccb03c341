"""The model's objectives in a drill: which limit counts, what misses them, and how the report shows both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.specs import FailoverBudgetSpec, ObjectivesSpec
from gke_inference.command import Exit
from gke_inference.drill.chart import draw
from gke_inference.drill.figures import drill_figures
from gke_inference.drill.page import render
from gke_inference.drill.plan import DrillPlan, highest_good_error_rate, longest_good_downtime_sec
from gke_inference.drill.report import DrillReport
from gke_inference.drill.verdict import judge
from gke_inference.evidence import ConfigOrigin, RunningVersions, make_evidence
from gke_inference.findings import outcome
from gke_inference.openai import Endpoint, Result
from platform_config.model import Model
from tests.configs import REGIONAL, changed, config
from tests.gke_inference.cluster_stand_in import VERSION
from tests.gke_inference.drill_rig import rig
from tests.gke_inference.test_drill_figures import (
    HOME,
    OTHER,
    SINGLE,
    bad,
    good,
    measured,
    measurement_of,
    plan,
    statuses,
)

PROMISES: dict[str, Any] = {"availability_percent": 99.5, "first_token_sec": 5, "failover_downtime_sec": 15}


def promising(**objectives: float) -> DrillPlan:
    """Return a drill of a model with *objectives*, by which its longest downtime is judged."""
    spec = ObjectivesSpec(**objectives)
    return plan(objectives=spec, max_downtime_sec=longest_good_downtime_sec(None, spec))


def streamed(results: Iterator[Result], first_token_sec: float) -> Iterator[Result]:
    """Yield *results* with their first token after so long."""
    return (replace(one, first_token_sec=one.began_sec + first_token_sec) for one in results)


def drill_of(plan: DrillPlan, down_sec: int = 10, first_token_sec: float = 0.1) -> dict[str, Any]:
    """Return what is found in a drill that was down for so long, by the end of its id."""
    _, found = measured(
        SINGLE, 160, good(0, 30, HOME), bad(30, 30 + down_sec),
        streamed(good(30 + down_sec, 150, OTHER), first_token_sec), good(150, 160, HOME), plan=plan,
    )  # fmt: skip
    return {id_.removeprefix("DRILL-").lower(): finding for id_, finding in found.items()}


def test_an_option_goes_before_the_objective_and_both_before_the_default() -> None:
    """30 s where nobody says anything else."""
    promise = ObjectivesSpec(failover_downtime_sec=15)

    assert longest_good_downtime_sec(None, ObjectivesSpec()) == 30
    assert longest_good_downtime_sec(None, promise) == 15
    assert longest_good_downtime_sec(0, promise) == 0


def test_a_drill_says_which_limit_counts() -> None:
    """The objective, or the option with what the objective would have been."""
    promise = ObjectivesSpec(failover_downtime_sec=15)

    assert drill_of(plan())["downtime"].needed == "30 s at most"
    assert drill_of(promising(failover_downtime_sec=15))["downtime"].needed == (
        "15 s at most, by objectives.failover_downtime_sec"
    )
    assert drill_of(plan(objectives=promise, max_downtime_sec=60))["downtime"].needed == (
        "60 s at most, by --max-downtime-sec: it counts in place of the objective, 15 s"
    )


@pytest.mark.parametrize(("down_sec", "status"), [(15, "good"), (16, "wrong")])
def test_a_downtime_that_is_longer_than_promised_fails_the_drill(down_sec: int, status: str) -> None:
    """To the second; without the promise, 30 s are good."""
    assert drill_of(promising(failover_downtime_sec=15), down_sec)["downtime"].status.value == status
    assert drill_of(plan(), down_sec)["downtime"].status.value == "good"


def budgeted(downtime_sec: int, objectives: ObjectivesSpec = ObjectivesSpec()) -> DrillPlan:  # noqa: B008
    """Return a drill of a platform with a budget for the loss of a region."""
    budget = FailoverBudgetSpec(downtime_sec=downtime_sec)
    longest = longest_good_downtime_sec(None, objectives, budget)
    return plan(objectives=objectives, budget=budget, max_downtime_sec=longest)


@pytest.mark.parametrize(("down_sec", "code"), [(12, Exit.GOOD), (13, Exit.WRONG)])
def test_a_downtime_that_is_over_the_budget_fails_the_drill(down_sec: int, code: Exit) -> None:
    """To the second, by the exit code; the finding names the setting. Without the budget 30 s are good."""
    found = drill_of(budgeted(12), down_sec)

    assert outcome(found.values()) == code
    assert found["downtime"].needed == "12 s at most, by failover_budget.downtime_sec"
    assert found["downtime"].found == f"the longest downtime was {down_sec} s"
    assert outcome(drill_of(plan(), down_sec).values()) == Exit.GOOD


@pytest.mark.parametrize(
    ("promised", "needed"),
    [(15, "15 s at most, by objectives.failover_downtime_sec"), (25, "20 s at most, by failover_budget.downtime_sec")],
)
def test_of_budget_and_objective_the_shorter_counts(promised: int, needed: str) -> None:
    """Whoever keeps it keeps the other one too; an option goes before both."""
    objectives = ObjectivesSpec(failover_downtime_sec=promised)

    assert drill_of(budgeted(20, objectives))["downtime"].needed == needed
    assert longest_good_downtime_sec(60, objectives, FailoverBudgetSpec(downtime_sec=20)) == 60


def test_the_share_of_failed_requests_is_the_budget_s() -> None:
    """Else 5 %; an option goes before it, and of regional gateways no request to another region may fail."""
    budget = {"downtime_sec": 60, "error_percent": 20}
    without = {"downtime_sec": 60}

    assert highest_good_error_rate(config(failover_budget=budget), None) == 0.2
    assert highest_good_error_rate(config(failover_budget=without), None) == 0.05
    assert highest_good_error_rate(config(failover_budget=budget), 0.01) == 0.01
    assert highest_good_error_rate(config(failover_budget=budget, **REGIONAL), None) == 0


def test_the_command_fails_where_the_measurement_misses_the_budget(tmp_path: Path) -> None:
    """Exit code 1, with no option given: more requests failed than the config allows, and nothing else is wrong."""
    changes = {"failover_budget": {"downtime_sec": 60, "error_percent": 0.1}}
    file = tmp_path / "platform.yaml"
    file.write_text(yaml.safe_dump(changed(**changes)))
    with rig(config(**changes), "us", "eu", file) as made:
        made.gateway.detection_sec = 0.2
        given = made.arguments("--yes", "--no-gauges", journal=tmp_path / "journal.json")
        option = given.index("--max-error-rate")
        process = made.start(*given[:option], *given[option + 2 :])
        out, error = process.communicate(timeout=60)
    found = {one["id"]: one for one in json.loads(out)["findings"]}

    assert process.returncode == 1, error
    assert [id_ for id_, one in found.items() if one["status"] == "wrong"] == ["DRILL-ERRORS"]
    assert found["DRILL-ERRORS"]["needed"] == "0.10% at most"


def test_failures_within_the_month_s_are_good() -> None:
    """Ten seconds of failures are 2 % of the 518 s that 99.98 % leaves of 30 days."""
    found = drill_of(promising(availability_percent=99.98))["availability"]

    assert found.status.value == "good"
    assert found.found == "requests worth 10 s failed: 1.929 % of what may fail in 30 days"


def test_failures_worth_more_than_the_month_s_fail_the_drill() -> None:
    """300 s of failures are more than the 259 s that 99.99 % leaves of 30 days."""
    states = {state: began * 10 for state, began in SINGLE.items()}
    _, found = measured(
        states, 1600, good(0, 300, HOME), bad(300, 600), good(600, 1500, OTHER), good(1500, 1600, HOME),
        plan=promising(availability_percent=99.99),
    )  # fmt: skip

    assert found["DRILL-AVAILABILITY"].status.value == "wrong"
    assert found["DRILL-AVAILABILITY"].found == "requests worth 300 s failed: 115.741 % of what may fail in 30 days"


@pytest.mark.parametrize(("took_sec", "status"), [(2.5, "good"), (2.6, "wrong")])
def test_first_tokens_that_are_too_late_fail_the_drill(took_sec: float, status: str) -> None:
    """Those of good answers from the outage on; failures are the other objective's."""
    found = drill_of(promising(first_token_sec=2.5), first_token_sec=took_sec)["first-token"]

    assert found.status.value == status
    assert found.needed == "95 % or more, by objectives.first_token_percent"


def test_too_few_first_tokens_prove_nothing() -> None:
    """Neither do those of a drill that a signal ended: what it has not seen may have been late."""
    few = good(30, 39, OTHER)
    _, found = measured(
        SINGLE, 160, good(0, 30, HOME), streamed(few, 0.1), good(150, 160, HOME), plan=promising(first_token_sec=2.5)
    )
    _, ended = measured(
        SINGLE, 160, good(0, 30, HOME), streamed(good(30, 150, OTHER), 0.1), ended_by="signal",
        plan=promising(first_token_sec=2.5, availability_percent=99),
    )  # fmt: skip

    assert found["DRILL-FIRST-TOKEN"].status.value == "unknown"
    assert found["DRILL-FIRST-TOKEN"].found == "18 good answers, too few for a share"
    assert {ended[f"DRILL-{name}"].status.value for name in ("FIRST-TOKEN", "AVAILABILITY")} == {"unknown"}


def test_a_drill_without_requests_knows_nothing() -> None:
    """Where the outage began and nothing was sent any more."""
    _, found = measured(SINGLE, 160, good(0, 30, HOME), plan=promising(**PROMISES))

    assert found["DRILL-AVAILABILITY"].found == "no request was sent"
    assert {found[f"DRILL-{name}"].status.value for name in ("FIRST-TOKEN", "AVAILABILITY", "DOWNTIME")} == {"unknown"}


def test_what_is_not_promised_is_not_judged() -> None:
    """A drill without objectives has the findings that it always has."""
    _, found = measured(SINGLE, 160, good(0, 30, HOME), bad(30, 40), good(40, 150, OTHER), good(150, 160, HOME))

    assert set(statuses(found)) == {"restored", "downtime", "errors", "failover", "come-back"}


@dataclass(frozen=True)
class Whole:
    """A drill with objectives, from the command line to its files."""

    code: int
    report: dict[str, Any]
    page: str
    picture: str
    error: str


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Run one drill whose downtime is longer than an option allows, for all tests that only look."""
    folder = tmp_path_factory.mktemp("drill")
    changes = {"models__gemma__objectives": PROMISES}
    file = folder / "platform.yaml"
    file.write_text(yaml.safe_dump(changed(**changes)))
    with rig(config(**changes), "us", "eu", file) as made:
        # Enough failures for a share of the month that is more than nothing when it is rounded.
        made.gateway.detection_sec = 0.2
        process = made.start(
            *made.arguments(
                "--yes", "--no-gauges", "--max-downtime-sec", "0", "--report", str(folder / "drill.html"),
                "--picture", str(folder / "drill.svg"), journal=folder / "journal.json",
            )
        )  # fmt: skip
        out, error = process.communicate(timeout=60)
        page, picture = (folder / f"drill.{kind}" for kind in ("html", "svg"))
        yield Whole(process.returncode, json.loads(out), page.read_text(), picture.read_text(), error)


def test_the_report_shows_each_objective_beside_what_was_measured(whole: Whole) -> None:
    """What is promised, what counts, what was measured, and whether it was kept."""
    objectives = {one["name"]: one for one in whole.report["objectives"]}
    downtime, tokens = objectives["failover_downtime_sec"], objectives["first_token_percent"]

    assert whole.code == 1, whole.error
    assert (downtime["promised"], downtime["limit"], downtime["kept"]) == (15, 0, False)
    assert downtime["measured"] == whole.report["longest_downtime_sec"] > 0
    assert (tokens["promised"], tokens["limit"], tokens["kept"]) == (95, 95, True)
    assert 0 < objectives["availability_percent"]["measured"] < 1
    assert whole.report["plan"]["objectives"] == vars(ObjectivesSpec(**PROMISES))


def test_the_report_names_config_versions_and_time(whole: Whole) -> None:
    """What ran is read from the clusters; the config of the test is in no repository."""
    evidence = whole.report["evidence"]

    assert evidence["config"]["file"] == "platform.yaml"
    assert len(evidence["config"]["sha256"]) == 64
    assert evidence["regions"]["us"]["kubernetes"] == VERSION
    assert evidence["regions"]["eu"]["images"]["gemma-server"] == "docker.io/vllm/vllm-tpu:v0.27.0"
    assert evidence["began_at"] <= evidence["ended_at"]
    assert all(re.fullmatch(r"[-0-9]{10}T[:0-9]{8}Z", evidence[time]) for time in ("began_at", "ended_at"))


class Texts(HTMLParser):
    """The texts of a page, its tags, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loaded: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and each attribute that names a resource."""
        self.tags.add(tag)
        self.loaded += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset", "data", "xlink:href")]

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.texts.append(data)


def read(page: str) -> Texts:
    """Return what is in *page*."""
    texts = Texts()
    texts.feed(page)
    return texts


def test_the_page_is_the_same_report(whole: Whole) -> None:
    """Verdict, objectives, picture, figures, events, and each part of the evidence."""
    texts = read(whole.page).texts
    evidence = whole.report["evidence"]

    assert "wrong" in texts
    for heading in ("Objectives", "What clients noticed", "Findings", "Events", "Evidence"):
        assert heading in texts
    for value in (evidence["config"]["sha256"], evidence["began_at"], VERSION, "docker.io/vllm/vllm-tpu:v0.27.0"):
        assert value in texts
    for finding in whole.report["findings"]:
        assert any(text.split(" in ")[0] == finding["id"] for text in texts)
    assert "gemma-server in us: 2 replicas, 0 during the outage" in texts
    assert f"<svg{whole.picture.partition('<svg')[2]}" in whole.page


def test_the_page_loads_nothing_and_runs_nothing(whole: Whole) -> None:
    """It stays readable where it is kept."""
    made = read(whole.page)

    assert not made.loaded
    assert not made.tags & {"script", "link", "img", "iframe", "object", "base"}
    assert not [one for one in ("@import", "url(", "javascript:") if one in whole.page]
    assert "default-src 'none'" in whole.page


def test_all_text_of_the_page_is_escaped() -> None:
    """What servers and files say stays text."""
    hostile = "<img src=x onerror=alert(1)>&'\""
    origin = ConfigOrigin(file=hostile, sha256=hostile, problem=hostile)
    versions = {hostile: RunningVersions(kubernetes=hostile, images={hostile: hostile})}
    drilled = plan(
        endpoint=Endpoint(url=f"http://{hostile}", model=hostile, timeout_sec=30), models_down=(hostile,),
        region=hostile, region_names={hostile: hostile, "eu": OTHER},
        objectives=ObjectivesSpec(availability_percent=99),
    )  # fmt: skip
    failed = [replace(one, error=hostile, status=500) for one in bad(30, 40)]
    measurement = measurement_of(SINGLE, 160, good(0, 30, hostile), iter(failed), good(40, 160, OTHER))
    figures = drill_figures(drilled, measurement)
    report = DrillReport(
        plan=drilled, measurement=measurement, figures=figures, gauges=None, outages=(),
        findings=judge(drilled, measurement, figures, Path(hostile)),
        evidence=make_evidence(Model(config(), "gemma"), origin, versions, 0, 160),
    )  # fmt: skip
    made = render(report, draw(drilled, measurement, figures))

    assert "<img" not in made
    assert "img" not in read(made).tags
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;&#x27;&quot;" in made


def test_the_picture_says_what_became_of_the_objectives(whole: Whole) -> None:
    """In words below the charts."""
    assert "failover_downtime_sec missed: the longest downtime was" in whole.picture
    assert "first_token_percent kept" in whole.picture


def test_objectives_of_tokens_are_not_judged_by_other_requests() -> None:
    """What comes first of an answer to --path is no token."""
    asked = replace(promising(first_token_sec=2.5).endpoint, path="/v1/audio/speech")
    drilled = replace(promising(first_token_sec=2.5), endpoint=asked)

    assert "first-token" not in drill_of(drilled)
    assert "first-token" in drill_of(promising(first_token_sec=2.5))
