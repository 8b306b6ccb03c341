"""How long it took: downtimes, and how soon the platform reacted to the outage and to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from gke_inference.drill.measurement import STEADY_REQUESTS, Measurement
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.openai import Result

ResultsByState = Mapping[State, Sequence[Result]]
"""The requests of a drill by state, in the order in which they were sent."""


@dataclass(frozen=True, kw_only=True)
class Downtime:
    """
    Failed requests without a good one in between.

    Attributes:
        gateway: Region whose gateway was asked; empty for one gateway of all regions.
        state: Number of the state in which it began.
        began_sec: When the first that failed was sent, from the begin of the drill.
        downtime_sec: From then to when the next good one was sent, or to the end.
        counted_sec: How much of that was in states whose failures count.
        failed: How many failed.
        ended: Whether a good one came.
        errors: What kinds of errors they were.
    """

    gateway: str
    state: int
    began_sec: float
    downtime_sec: float
    counted_sec: float
    failed: int
    ended: bool
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReactionTimes:
    """
    How soon the platform reacted; None where it did not.

    Attributes:
        to_detect_sec: From the outage to the first failure, or to the first answer from another region.
        to_fail_over_sec: From the outage to the first good answer from another region that four good ones follow at
            least, and no failure among the next nine.
        to_come_back_sec: From the begin of restoring to the first good answer of the region; of a regional gateway, to
            the first of the good ones that the drill ended with.
    """

    to_detect_sec: float | None
    to_fail_over_sec: float | None
    to_come_back_sec: float | None


def find_downtimes(plan: DrillPlan, measurement: Measurement) -> list[Downtime]:
    """Return the downtimes of a drill, the first one first; each gateway has its own."""
    gateways = plan.region_names.values() if plan.is_regional else ("",)
    found = [one for gateway in gateways for one in _downtimes_at(gateway, plan, measurement)]
    return sorted(found, key=lambda downtime: downtime.began_sec)


def _downtimes_at(gateway: str, plan: DrillPlan, measurement: Measurement) -> Iterator[Downtime]:
    states = [start.state for start in measurement.starts]
    counted = [measurement.time_of(state) for state in states if plan.counts(state, gateway)]
    results = [result for result in measurement.results if gateway in ("", result.region)]
    runs = [(bad, list(run)) for bad, run in groupby(results, key=lambda result: bool(result.error))]
    for number, (bad, run) in enumerate(runs):
        if bad:
            ended = number + 1 < len(runs)
            until_sec = runs[number + 1][1][0].began_sec if ended else max(measurement.ended_sec, run[-1].ended_sec)
            from_sec = run[0].began_sec
            counted_sec = sum(max(0.0, min(end, until_sec) - max(begin, from_sec)) for begin, end in counted)
            yield Downtime(
                gateway=gateway,
                state=int(measurement.state_of(run[0])),
                began_sec=round(from_sec - measurement.began_sec, 3),
                downtime_sec=round(until_sec - from_sec, 3),
                counted_sec=round(counted_sec, 3),
                failed=len(run),
                ended=ended,
                errors=tuple(dict.fromkeys(result.error for result in run)),
            )


def find_reaction_times(plan: DrillPlan, measurement: Measurement, results: ResultsByState) -> ReactionTimes:
    """Return how soon the platform reacted, by the *results* of the drill; of regional gateways, the region's own."""
    began = {start.state: start.began_sec for start in measurement.starts}
    home = plan.region_names[plan.region]
    if plan.is_regional:
        results = {state: [one for one in some if one.region == home] for state, some in results.items()}
    outage, recovery = results.get(State.OUTAGE, ()), results.get(State.RECOVERY, ())
    taken_over = _taken_over(outage, home) if plan.region_in_answers else ()
    back = [one for one in recovery if one.region == home and not one.error]
    return ReactionTimes(
        to_detect_sec=_first_end(began.get(State.OUTAGE), _signs(results.get(State.BASELINE, ()), outage, home)),
        to_fail_over_sec=_first_end(began.get(State.OUTAGE), taken_over),
        to_come_back_sec=_first_end(began.get(State.RECOVERY), _well_again(recovery) if plan.is_regional else back),
    )


def _well_again(recovery: Sequence[Result]) -> Sequence[Result]:
    """Return the good answers after the last failure, where they are enough to be steady."""
    last = max((number for number, result in enumerate(recovery) if result.error), default=-1)
    good = recovery[last + 1 :]
    return good if len(good) >= STEADY_REQUESTS else ()


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


def _first_end(start_sec: float | None, results: Iterable[Result]) -> float | None:
    """Seconds from *start_sec* to the end of the request of *results* that ended first."""
    ended_sec = min((result.ended_sec for result in results), default=None)
    return None if start_sec is None or ended_sec is None else round(ended_sec - start_sec, 3)
