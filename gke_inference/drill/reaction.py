"""How soon the platform reacted: to the outage, and to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gke_inference.drill.measured import Drilled
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.drill.stream import STEADY_REQUESTS
from gke_inference.openai import Result

States = Mapping[State, Sequence[Result]]
"""The requests of a drill by state, in the order in which they were sent."""


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """
    Times of a drill; None where it did not happen.

    Attributes:
        to_detect_sec: From the outage to the first failure, or to the first answer from another region.
        to_fail_over_sec: From the outage to the first good answer from another region that four good ones follow at
            least, and no failure among the next nine.
        to_come_back_sec: From the begin of restoring to the first good answer of the region.
    """

    to_detect_sec: float | None
    to_fail_over_sec: float | None
    to_come_back_sec: float | None


def reaction(plan: DrillPlan, drilled: Drilled, states: States) -> Reaction:
    """The times of a drill."""
    began = {mark.state: mark.began_sec for mark in drilled.marks}
    outage, home = states.get(State.OUTAGE, ()), plan.region_names[plan.region]
    back = (one for one in states.get(State.RECOVERY, ()) if one.region == home and not one.error)
    return Reaction(
        to_detect_sec=_after(began.get(State.OUTAGE), _signs(states.get(State.BASELINE, ()), outage, home)),
        to_fail_over_sec=_after(began.get(State.OUTAGE), _taken_over(outage, home)),
        to_come_back_sec=_after(began.get(State.RECOVERY), back),
    )


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


def _signs(baseline: Iterable[Result], outage: Iterable[Result], home: str) -> Iterable[Result]:
    """Failures, and answers from regions that gave none before."""
    before = {result.region for result in baseline if not result.error}
    return (result for result in outage if result.error or (result.region != home and result.region not in before))


def _taken_over(outage: Sequence[Result], home: str) -> Iterable[Result]:
    for number, result in enumerate(outage):
        following = outage[number : number + STEADY_REQUESTS]
        steady = len(following) >= STEADY_REQUESTS / 2 and not any(one.error for one in following)
        if result.region != home and steady:
            yield result


def _after(mark_sec: float | None, results: Iterable[Result]) -> float | None:
    """Seconds from the mark to the end of the request of *results* that ended first."""
    ended_sec = min((result.ended_sec for result in results), default=None)
    return None if mark_sec is None or ended_sec is None else round(ended_sec - mark_sec, 3)
