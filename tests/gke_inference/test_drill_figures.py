"""From single requests to figures and verdicts: what is counted, in which state, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.specs import ObjectivesSpec
from gke_inference.drill.figures import DrillFigures, drill_figures
from gke_inference.drill.measurement import Measurement, StateStart, answers_steadily, baseline_problem
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.drill.verdict import judge
from gke_inference.findings import Finding
from gke_inference.openai import Endpoint, Result

HOME, OTHER = "us-east5", "europe-west4"
SINGLE = {State.BASELINE: 0.0, State.OUTAGE: 30.0, State.RECOVERY: 150.0}
DOUBLE = {
    State.BASELINE: 0.0, State.OUTAGE: 30.0, State.DOUBLE_OUTAGE: 150.0, State.SECOND_RECOVERY: 270.0,
    State.RECOVERY: 330.0,
}  # fmt: skip


def plan(second: str | None = None, **changes: Any) -> DrillPlan:
    """Return a drill of us, with two regions, two requests per second, 30 s of downtime allowed."""
    settings: dict[str, Any] = {
        "endpoint": Endpoint(url="http://10.0.0.1", model="m", timeout_sec=30), "model": "m", "models_down": ("m",),
        "region_in_answers": True, "sender": "here", "region": "us",
        "second": second, "means": "replicas", "region_names": {"us": HOME, "eu": OTHER}, "rate_per_sec": 2,
        "baseline_sec": 30, "outage_sec": 120, "recovery_sec": 600, "slow_sec": 5, "max_downtime_sec": 30,
        "objectives": ObjectivesSpec(),
        "max_error_rate": 0.1, "restore_timeout_sec": 10,
    }  # fmt: skip
    return DrillPlan(**(settings | changes))


def good(from_sec: float, to_sec: float, region: str, took_sec: float = 0.2) -> Iterator[Result]:
    """Yield a good answer of *region* every half second."""
    for number in range(round((to_sec - from_sec) * 2)):
        at_sec = from_sec + number / 2
        yield Result(began_sec=at_sec, ended_sec=at_sec + took_sec, region=region, status=200)


def bad(from_sec: float, to_sec: float, took_sec: float = 0.1) -> Iterator[Result]:
    """Yield a failure every half second."""
    for number in range(round((to_sec - from_sec) * 2)):
        at_sec = from_sec + number / 2
        yield Result(began_sec=at_sec, ended_sec=at_sec + took_sec, error="http_503", status=503)


def measurement_of(
    states: dict[State, float], ended_sec: float, *results: Iterator[Result], ended_by: Any = "last state"
) -> Measurement:
    """Return the measurement of a drill with these *states* and *results*."""
    return Measurement(
        began_sec=0, starts=tuple(StateStart(state=state, began_sec=began) for state, began in states.items()),
        ended_sec=ended_sec, results=tuple(result for some in results for result in some), unfinished=0,
        ended_by=ended_by, problem="why", not_restored=(), exact_to_sec=0.5,
    )  # fmt: skip


def measured(states: dict[State, float], ended_sec: float, *results: Iterator[Result], ended_by: Any = "last state",
             plan: DrillPlan = plan()) -> tuple[DrillFigures, dict[str, Finding]]:  # fmt: skip  # noqa: B008
    """Return the figures of a drill with these *results*, and what is found."""
    measurement = measurement_of(states, ended_sec, *results, ended_by=ended_by)
    figures = drill_figures(plan, measurement)
    return figures, {finding.id: finding for finding in judge(plan, measurement, figures, Path("journal"))}


def statuses(found: dict[str, Finding]) -> dict[str, str]:
    """Return the status of each finding, by the end of its id."""
    return {id_.removeprefix("DRILL-").lower(): finding.status.value for id_, finding in found.items()}


ALL_GOOD = dict.fromkeys(("restored", "downtime", "errors", "failover", "come-back"), "good")


def test_a_downtime_goes_from_the_first_failure_to_the_next_good_request() -> None:
    """When they were sent; the times to react end when the answer is there."""
    figures, found = measured(
        SINGLE, 160, good(0, 30, HOME), bad(30, 40), good(40, 150, OTHER), good(150, 155, OTHER), good(155, 160, HOME)
    )
    [downtime] = figures.downtimes

    assert (downtime.state, downtime.began_sec, downtime.downtime_sec, downtime.counted_sec) == (2, 30, 10, 10)
    assert (downtime.failed, downtime.ended, downtime.errors) == (20, True, ("http_503",))
    assert (figures.longest_downtime_sec, figures.error_rate) == (10, round(20 / 260, 6))
    assert figures.time_to_detect_sec == pytest.approx(0.1)
    assert figures.time_to_fail_over_sec == pytest.approx(10.2)
    assert figures.time_to_come_back_sec == pytest.approx(5.2)
    assert statuses(found) == ALL_GOOD


def test_requests_count_in_the_state_in_which_they_were_sent() -> None:
    """With sums, errors and latency of each state, and of each region in it."""
    figures, _ = measured(SINGLE, 160, good(0, 30, HOME), bad(30, 40), good(40, 150, OTHER, 6), good(150, 160, HOME))
    baseline, outage, recovery = figures.states

    assert [(state.began_sec, state.duration_sec) for state in figures.states] == [(0, 30), (30, 120), (150, 10)]
    assert (baseline.total.requests, outage.total.requests, recovery.total.requests) == (60, 240, 20)
    assert (outage.total.failed, outage.total.slow, outage.total.error_rate) == (20, 220, round(20 / 240, 6))
    assert outage.regions[OTHER].latency_p50_sec == pytest.approx(6)
    assert baseline.total.latency_p95_sec == pytest.approx(0.2)


def test_what_an_outage_breaks_off_belongs_to_it() -> None:
    """A request that was sent before it and failed in it; one that was sent before it and succeeded does not."""
    broken = Result(began_sec=29.5, ended_sec=30.5, error="broken_stream")
    figures, _ = measured(SINGLE, 160, good(0, 29.5, HOME), iter([broken]), good(30, 150, OTHER), good(150, 160, HOME))

    assert figures.states[0].total.failed == 0
    assert figures.states[1].total.failed == 1
    assert (figures.downtimes[0].state, figures.downtimes[0].counted_sec) == (2, 0)


def test_what_the_second_outage_breaks_off_is_no_fault_of_the_first() -> None:
    """With no region left by order, the time from then on does not count, up to the last recovery."""
    broken = Result(began_sec=149.5, ended_sec=150.2, error="broken_stream")
    figures, found = measured(
        DOUBLE, 370, good(0, 30, HOME), bad(30, 40), good(40, 149.5, OTHER), iter([broken]), bad(150, 290),
        good(290, 360, OTHER), good(360, 370, HOME), plan=plan("eu"),
    )  # fmt: skip

    assert [(one.state, one.counted_sec) for one in figures.downtimes] == [(2, 10), (3, 0.5)]
    assert figures.longest_downtime_sec == 10
    assert statuses(found) == ALL_GOOD


def test_a_downtime_that_reaches_into_the_last_recovery_counts_there() -> None:
    """It began when failures did not count, and goes on when they do: 90 s of it do."""
    figures, found = measured(
        DOUBLE, 440, good(0, 30, HOME), bad(30, 40), good(40, 150, OTHER), bad(150, 420), good(420, 440, HOME),
        plan=plan("eu", max_error_rate=1),
    )  # fmt: skip

    assert figures.longest_downtime_sec == 90
    assert found["DRILL-DOWNTIME"].status.value == "wrong"


def test_with_a_third_region_every_failure_counts() -> None:
    """There is one left that could answer."""
    names = {"us": HOME, "eu": OTHER, "asia": "asia-northeast1"}
    figures, _ = measured(
        DOUBLE, 370, good(0, 30, HOME), good(30, 150, OTHER), bad(150, 200), good(200, 330, "asia-northeast1"),
        good(330, 370, HOME), plan=plan("eu", region_names=names),
    )  # fmt: skip

    assert figures.longest_downtime_sec == 50


def test_one_late_failure_is_no_missing_fail_over() -> None:
    """The other region had answered steadily long before; the failure counts as one."""
    figures, found = measured(
        SINGLE, 160, good(0, 30, HOME), bad(30, 40), good(40, 149.5, OTHER), bad(149.5, 150), good(150, 160, HOME)
    )

    assert figures.time_to_fail_over_sec == pytest.approx(10.2)
    assert statuses(found) == ALL_GOOD


def test_answers_between_failures_are_no_fail_over() -> None:
    """The other region answers now and then only: wrong, and the first failure is when it was noticed."""
    now_and_then = (
        part for second in range(30, 150, 4)
        for part in (*bad(second, second + 3), *good(second + 3, second + 4, OTHER))
    )  # fmt: skip
    figures, found = measured(SINGLE, 160, good(0, 30, HOME), now_and_then, good(150, 160, HOME))

    assert figures.time_to_fail_over_sec is None
    assert figures.time_to_detect_sec == pytest.approx(0.1)
    assert found["DRILL-FAILOVER"].status.value == "wrong"


def test_a_last_request_that_fails_is_no_endless_downtime() -> None:
    """It is as long as it is; a last state in which all fail is wrong, however short."""
    before = [*good(0, 30, HOME), *bad(30, 40), *good(40, 150, OTHER)]
    _, one = measured(SINGLE, 160.6, iter(before), good(150, 160, HOME), bad(160, 160.5))
    _, dead = measured(SINGLE, 160, iter(before), bad(150, 160), plan=plan(max_error_rate=1))

    assert one["DRILL-DOWNTIME"].status.value == "good"
    assert (dead["DRILL-DOWNTIME"].status.value, dead["DRILL-COME-BACK"].status.value) == ("wrong", "wrong")


def test_an_outage_without_requests_says_nothing() -> None:
    """None of the verdicts is good then."""
    _, found = measured(SINGLE, 160, good(0, 30, HOME), good(150, 160, HOME))

    assert statuses(found) == {**dict.fromkeys(ALL_GOOD, "unknown"), "restored": "good"}


@pytest.mark.parametrize("ended_by", ["signal", "sender", "outage"])
def test_what_was_cut_short_is_reported_without_a_verdict(ended_by: str) -> None:
    """The figures so far are there; none of them is good, and a limit that was passed is wrong all the same."""
    short = (good(0, 30, HOME), bad(30, 40), good(40, 60, OTHER))
    figures, found = measured({State.BASELINE: 0, State.OUTAGE: 30, State.RECOVERY: 60}, 60, *short, ended_by=ended_by)
    _, long = measured({State.BASELINE: 0, State.OUTAGE: 30, State.RECOVERY: 80}, 80, good(0, 30, HOME), bad(30, 80),
                       ended_by=ended_by)  # fmt: skip

    assert figures.longest_downtime_sec == 10
    assert set(statuses(found).values()) == {"good", "unknown"}
    assert {id_ for id_, status in statuses(found).items() if status == "good"} == {"restored"}
    assert long["DRILL-DOWNTIME"].status.value == "wrong"


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ((), "no request ended"),
        ((good(0, 30, HOME),), ""),
        ((good(0, 20, HOME), bad(20, 30)), "20 of 60 requests failed: http_503"),
        ((good(0, 10, HOME), good(10, 30, OTHER)), "20 of 60 requests were answered by us-east5, the others by"),
    ],
)
def test_a_baseline_is_good_answers_mostly_from_the_region(results: tuple[Iterator[Result], ...], words: str) -> None:
    """Else an outage would prove nothing."""
    problem = baseline_problem(plan(), [result for some in results for result in some])

    assert bool(problem) == bool(words)
    assert words in problem


@pytest.mark.parametrize(
    ("results", "steady"),
    [
        ((good(0, 5, HOME),), True),
        ((good(0, 4.5, HOME),), False),
        ((good(0, 4.5, HOME), bad(4.5, 5)), False),
        ((bad(0, 5), good(5, 10, HOME)), True),
        ((good(0, 2.5, HOME), good(2.5, 5, OTHER)), False),
        ((good(0, 2, OTHER), good(2, 5, HOME)), True),
        ((good(-5, 5, OTHER), good(-3, 0, HOME)), False),
    ],
)
def test_a_region_is_back_when_the_last_ten_are_good_and_most_are_its_own(
    results: tuple[Iterator[Result], ...], steady: bool
) -> None:
    """Of those that were sent since."""
    assert answers_steadily([result for some in results for result in some], HOME, 0) is steady
