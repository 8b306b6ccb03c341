"""From single requests to figures: per state and region, and how long the platform took to react."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from operations.drill.downtime import Downtime, downtimes_of
from operations.drill.measured import Drilled
from operations.drill.plan import DrillPlan, State
from operations.load.figures import percentile
from operations.openai import Result


@dataclass(frozen=True, kw_only=True)
class Figures:
    """
    What a group of requests has in common. Times are those of the good ones; None means too few of them.

    Attributes:
        requests: How many were sent.
        failed: How many of them failed.
        slow: How many were good, but slow.
        error_rate: Failed requests per request: 0 to 1; None without requests.
        latency_p50_sec: Time to the whole answer, half are faster. p50 takes 2 good requests, p95 takes 20.
        latency_p95_sec: The same, 95 % are faster.
        ttft_p50_sec: Time to first token, half are faster.
        ttft_p95_sec: The same, 95 % are faster.
    """

    requests: int
    failed: int
    slow: int
    error_rate: float | None
    latency_p50_sec: float | None
    latency_p95_sec: float | None
    ttft_p50_sec: float | None
    ttft_p95_sec: float | None


@dataclass(frozen=True, kw_only=True)
class StateFigures:
    """
    The requests of one state.

    Attributes:
        state: Number of the state.
        title: Its name.
        began_sec: When it began, from the begin of the drill.
        duration_sec: How long it took.
        total: All its requests.
        regions: Its requests by the region that answers name.
    """

    state: int
    title: str
    began_sec: float
    duration_sec: float
    total: Figures
    regions: dict[str, Figures]


@dataclass(frozen=True, kw_only=True)
class DrillFigures:
    """
    The figures of a drill. Times are as exact as the time between two requests.

    Attributes:
        states: Each state that was begun.
        downtimes: Each downtime, the first one first.
        longest_downtime_sec: The longest of those that count; 0 without any.
        error_rate: Of the requests of the states that count; None without any.
        time_to_detect_sec: From the outage to the first failure, or to the first answer from another region.
        time_to_fail_over_sec: From the outage to the first good answer from another region after which no request
            failed while the outage lasted.
        time_to_come_back_sec: From the begin of restoring to the first good answer of the region.
        unfinished_requests: Requests that were running when a signal ended the drill; they are in no other figure.
    """

    states: tuple[StateFigures, ...]
    downtimes: tuple[Downtime, ...]
    longest_downtime_sec: float
    error_rate: float | None
    time_to_detect_sec: float | None
    time_to_fail_over_sec: float | None
    time_to_come_back_sec: float | None
    unfinished_requests: int


def baseline_problem(plan: DrillPlan, results: Sequence[Result]) -> str:
    """Why nothing could be told from an outage after such *results*; empty where something could."""
    home = plan.region_names[plan.region]
    from_home = sum(result.region == home and not result.error for result in results)
    failed = [result for result in results if result.error]
    if not results:
        return "no request ended"
    if len(failed) > plan.max_error_rate * len(results):
        return f"{len(failed)} of {len(results)} requests failed: {failed[-1].error}, {failed[-1].detail}".rstrip(", ")
    if 2 * from_home < len(results):
        regions = sorted({result.region for result in results if not result.error})
        return f"{from_home} of {len(results)} requests were answered by {home}, the others by {', '.join(regions)}"
    return ""


def drill_figures(plan: DrillPlan, drilled: Drilled) -> DrillFigures:
    """All figures of a drill."""
    states = _states(drilled)
    judged = [result for state, results in states.items() if state in plan.judged for result in results]
    downtimes = tuple(downtimes_of(drilled))
    counted = [downtime.downtime_sec for downtime in downtimes if downtime.state in plan.judged]
    failed = sum(bool(result.error) for result in judged)
    began = {mark.state: mark.began_sec for mark in drilled.marks}
    outage, home = states.get(State.OUTAGE, []), plan.region_names[plan.region]
    return DrillFigures(
        states=tuple(_state_figures(plan, drilled, state, results) for state, results in states.items()),
        downtimes=downtimes,
        longest_downtime_sec=max(counted, default=0),
        error_rate=round(failed / len(judged), 6) if judged else None,
        time_to_detect_sec=_after(began.get(State.OUTAGE), _first_sign(states.get(State.BASELINE, []), outage, home)),
        time_to_fail_over_sec=_after(began.get(State.OUTAGE), _failed_over(outage, home)),
        time_to_come_back_sec=_after(
            began.get(State.RECOVERY), (r for r in states.get(State.RECOVERY, []) if r.region == home and not r.error)
        ),
        unfinished_requests=drilled.unfinished,
    )


def _states(drilled: Drilled) -> dict[State, list[Result]]:
    """The requests by state."""
    found: dict[State, list[Result]] = {mark.state: [] for mark in drilled.marks}
    for result in drilled.results:
        found[drilled.state_of(result)].append(result)
    return found


def _state_figures(plan: DrillPlan, drilled: Drilled, state: State, results: list[Result]) -> StateFigures:
    began_sec, ended_sec = drilled.time_of(state)
    regions = dict.fromkeys(result.region for result in results)
    return StateFigures(
        state=int(state),
        title=state.title,
        began_sec=round(began_sec - drilled.began_sec, 3),
        duration_sec=round(ended_sec - began_sec, 3),
        total=_figures(plan, results),
        regions={region: _figures(plan, [r for r in results if r.region == region]) for region in regions},
    )


def _figures(plan: DrillPlan, results: Sequence[Result]) -> Figures:
    good = [result for result in results if not result.error]
    failed = len(results) - len(good)
    latency = [result.ended_sec - result.began_sec for result in good]
    ttft = [result.first_token_sec - result.began_sec for result in good if result.first_token_sec is not None]
    return Figures(
        requests=len(results),
        failed=failed,
        slow=sum(latency_sec > plan.slow_sec for latency_sec in latency),
        error_rate=round(failed / len(results), 6) if results else None,
        latency_p50_sec=percentile(latency, 50),
        latency_p95_sec=percentile(latency, 95),
        ttft_p50_sec=percentile(ttft, 50),
        ttft_p95_sec=percentile(ttft, 95),
    )


def _first_sign(baseline: list[Result], outage: list[Result], home: str) -> Iterable[Result]:
    """Failures, and answers from regions that gave none before."""
    before = {result.region for result in baseline if not result.error}
    return (result for result in outage if result.error or (result.region != home and result.region not in before))


def _failed_over(outage: list[Result], home: str) -> Iterable[Result]:
    last_failed_sec = max((result.began_sec for result in outage if result.error), default=0.0)
    return (r for r in outage if not r.error and r.region != home and r.began_sec > last_failed_sec)


def _after(mark_sec: float | None, results: Iterable[Result]) -> float | None:
    """Seconds from the mark to the end of the request of *results* that ended first."""
    ended_sec = min((result.ended_sec for result in results), default=None)
    return None if mark_sec is None or ended_sec is None else round(ended_sec - mark_sec, 3)
