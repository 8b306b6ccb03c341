"""The figures of a drill: what its requests amount to, per state and region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gke_inference.drill.measurement import Measurement
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.drill.timings import Downtime, find_downtimes, find_reaction_times
from gke_inference.openai import Result, percentile


@dataclass(frozen=True, kw_only=True)
class RequestFigures:
    """
    Counts and times of some requests. Times are those of the good ones; None means too few of them.

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
        regions: Its requests by the region that answers name; of regional gateways, by that of the one that was asked.
    """

    state: int
    title: str
    began_sec: float
    duration_sec: float
    total: RequestFigures
    regions: dict[str, RequestFigures]


@dataclass(frozen=True, kw_only=True)
class DrillFigures:
    """
    The figures of a drill.

    Attributes:
        states: Each state that was begun.
        downtimes: Each downtime, the first one first.
        longest_downtime_sec: The longest, as far as they count; 0 without any.
        error_rate: Of the requests that count; None without any.
        time_to_detect_sec: As in `ReactionTimes`.
        time_to_fail_over_sec: As in `ReactionTimes`.
        time_to_come_back_sec: As in `ReactionTimes`.
        unfinished_requests: Requests that had not ended when the drill did; they are in no other figure.
        exact_to_sec: How exact times are.
    """

    states: tuple[StateFigures, ...]
    downtimes: tuple[Downtime, ...]
    longest_downtime_sec: float
    error_rate: float | None
    time_to_detect_sec: float | None
    time_to_fail_over_sec: float | None
    time_to_come_back_sec: float | None
    unfinished_requests: int
    exact_to_sec: float


def describe_figures(plan: DrillPlan, figures: DrillFigures) -> str:
    """Return what clients noticed, as a sentence without its full stop."""
    failed = sum(state.total.failed for state in figures.states)
    sent = sum(state.total.requests for state in figures.states)
    if not plan.is_regional:
        return f"{failed} of {sent} requests failed; the longest downtime was {figures.longest_downtime_sec:g} s"
    home, began, back = plan.region_names[plan.region], figures.time_to_detect_sec, figures.time_to_come_back_sec
    lost = sum(one.failed for state in figures.states for region, one in state.regions.items() if region != home)
    own = "never failed" if began is None else f"answered with errors after {began:g} s"
    again = "did not answer well again" if back is None else f"answered well {back:g} s after the restore"
    return f"{lost} requests to other regions failed; the gateway of {home} {own}, and {again}"


def drill_figures(plan: DrillPlan, measurement: Measurement) -> DrillFigures:
    """Compute all figures of a drill."""
    states = _results_by_state(measurement)
    counted = [one for state, results in states.items() for one in results if plan.counts(state, one.region)]
    downtimes = tuple(find_downtimes(plan, measurement))
    failed = sum(bool(result.error) for result in counted)
    times = find_reaction_times(plan, measurement, states)
    return DrillFigures(
        states=tuple(_state_figures(plan, measurement, state, results) for state, results in states.items()),
        downtimes=downtimes,
        longest_downtime_sec=max((downtime.counted_sec for downtime in downtimes), default=0),
        error_rate=round(failed / len(counted), 6) if counted else None,
        time_to_detect_sec=times.to_detect_sec,
        time_to_fail_over_sec=times.to_fail_over_sec,
        time_to_come_back_sec=times.to_come_back_sec,
        unfinished_requests=measurement.unfinished,
        exact_to_sec=round(measurement.exact_to_sec, 3),
    )


def _results_by_state(measurement: Measurement) -> dict[State, list[Result]]:
    found: dict[State, list[Result]] = {start.state: [] for start in measurement.starts}
    for result in measurement.results:
        found[measurement.state_of(result)].append(result)
    return found


def _state_figures(plan: DrillPlan, measurement: Measurement, state: State, results: list[Result]) -> StateFigures:
    began_sec, ended_sec = measurement.time_of(state)
    regions = plan.region_names.values() if plan.is_regional else dict.fromkeys(result.region for result in results)
    return StateFigures(
        state=int(state),
        title=state.title,
        began_sec=round(began_sec - measurement.began_sec, 3),
        duration_sec=round(ended_sec - began_sec, 3),
        total=_figures(plan, results),
        regions={region: _figures(plan, [r for r in results if r.region == region]) for region in regions},
    )


def _figures(plan: DrillPlan, results: Sequence[Result]) -> RequestFigures:
    good = [result for result in results if not result.error]
    failed = len(results) - len(good)
    latency = [result.ended_sec - result.began_sec for result in good]
    ttft = [result.first_token_sec - result.began_sec for result in good if result.first_token_sec is not None]
    return RequestFigures(
        requests=len(results),
        failed=failed,
        slow=sum(latency_sec > plan.slow_sec for latency_sec in latency),
        error_rate=round(failed / len(results), 6) if results else None,
        latency_p50_sec=percentile(latency, 50),
        latency_p95_sec=percentile(latency, 95),
        ttft_p50_sec=percentile(ttft, 50),
        ttft_p95_sec=percentile(ttft, 95),
    )
