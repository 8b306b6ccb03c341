"""What a drill measured, before anything is counted, and whether a region answers well by such results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from gke_inference.drill.changes import Change
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.gauges.record import Period
from gke_inference.openai import Result

OUTAGES = (State.OUTAGE, State.DOUBLE_OUTAGE)
STEADY_REQUESTS = 10
"""Requests in a row that must be good for a region to answer steadily."""
EndedBy = Literal["last state", "signal", "sender", "baseline", "outage"]


@dataclass(frozen=True, kw_only=True)
class StateStart:
    """When a state began, as `time.perf_counter` reads."""

    state: State
    began_sec: float


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """
    What a drill measured.

    Attributes:
        began_sec: When the first state began, or the drill where there was none.
        starts: The states that were begun; none where no request could be sent.
        ended_sec: When the last state ended; requests that ran then were waited for.
        results: All requests, in the order in which they were sent.
        unfinished: Requests that were left out because a signal ended the drill.
        ended_by: Why it ended; `sender`, `baseline` and `outage` where these did not work.
        problem: What was wrong then.
        not_restored: Changes that could not be restored.
        exact_to_sec: How exact times are: the time between two requests, or that of the way to a pod that sends them.
    """

    began_sec: float
    starts: tuple[StateStart, ...]
    ended_sec: float
    results: tuple[Result, ...]
    unfinished: int
    ended_by: EndedBy
    problem: str
    not_restored: tuple[Change, ...]
    exact_to_sec: float

    def state_of(self, result: Result) -> State:
        """Return the state in which *result* was sent; for one that an outage broke off, that outage."""
        ended = self._state_at(result.ended_sec)
        return ended if result.error and ended in OUTAGES else self._state_at(result.began_sec)

    def time_of(self, state: State) -> tuple[float, float]:
        """Return begin and end of *state*."""
        ends = [start.began_sec for start in self.starts[1:]] + [self.ended_sec]
        times = zip(self.starts, ends, strict=True)
        return next((start.began_sec, end_sec) for start, end_sec in times if start.state == state)

    @property
    def periods(self) -> tuple[Period, ...]:
        """The states that were begun, with their times."""
        return tuple(Period(start.state.title, *self.time_of(start.state)) for start in self.starts)

    def _state_at(self, time_sec: float) -> State:
        for start, following in pairwise(self.starts):
            if time_sec < following.began_sec:
                return start.state
        return self.starts[-1].state


def baseline_problem(plan: DrillPlan, results: Sequence[Result]) -> str:
    """Return why an outage after a baseline of such *results* would prove nothing; empty where it would."""
    if plan.is_regional:
        return next(filter(None, (_gateway_problem(plan, name, results) for name in plan.region_names.values())), "")
    home = plan.region_names[plan.region]
    from_home = sum(result.region == home and not result.error for result in results)
    if not results:
        return "no request ended"
    if failed := _failure_problem(plan, results):
        return failed
    if plan.region_in_answers and 2 * from_home < len(results):
        regions = sorted({result.region for result in results if not result.error})
        return f"{from_home} of {len(results)} requests were answered by {home}, the others by {', '.join(regions)}"
    return ""


def _gateway_problem(plan: DrillPlan, region: str, results: Sequence[Result]) -> str:
    """Return what is wrong with the *results* of the gateway of *region*."""
    asked = [result for result in results if result.region == region]
    failed = _failure_problem(plan, asked)
    return f"no request to {region} ended" if not asked else f"{region}: {failed}" if failed else ""


def _failure_problem(plan: DrillPlan, results: Sequence[Result]) -> str:
    failed = [result for result in results if result.error]
    if len(failed) <= plan.max_error_rate * len(results):
        return ""
    return f"{len(failed)} of {len(results)} requests failed: {failed[-1].error}, {failed[-1].detail}".rstrip(", ")


def answers_steadily(results: Iterable[Result], region: str, since_sec: float) -> bool:
    """Return whether the last ten requests sent after *since_sec* are good, and most of them from *region*."""
    last = [result for result in results if result.began_sec >= since_sec][-STEADY_REQUESTS:]
    from_region = sum(result.region == region for result in last)
    return len(last) == STEADY_REQUESTS and not any(result.error for result in last) and 2 * from_region > len(last)
