"""The verdict of a drill: what its figures say about the platform, each with its limit and the fix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gke_inference.drill.figures import DrillFigures
from gke_inference.drill.measurement import Measurement
from gke_inference.drill.objectives import downtime_limit, objective_results
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.findings import Finding, Status

ENDED_EARLY = {
    "sender": ("DRILL-SENDER", "requests, and their results", "see the error; --sender here sends from this machine"),
    "baseline": (
        "DRILL-BASELINE", "good answers, most of them from the region",
        "send from where this region is the nearest one, and see that it serves (gke-inference verify)",
    ),
    "outage": ("DRILL-OUTAGE", "an outage made by the drill", "see the error; the drill changes what --means names"),
    "signal": ("DRILL-ENDED", "the last state", "run it again"),
}  # fmt: skip
"""What ended a drill early: id of the finding, what is needed, what to do."""
NEEDED_OF_GATEWAYS = ("good answers of each region's gateway", "see that each region serves (gke-inference verify)")
"""Of a baseline of regional gateways."""

OBJECTIVES = {
    "availability_percent": ("DRILL-AVAILABILITY", "see the downtimes: shorten gateway.health_check, or add servers"),
    "first_token_percent": ("DRILL-FIRST-TOKEN", "add servers where the requests went, or make --outage-sec longer"),
}
"""By objective: id of the finding, what to do."""


def judge(plan: DrillPlan, measurement: Measurement, figures: DrillFigures, journal: Path) -> tuple[Finding, ...]:
    """Return what the drill says about the platform; one that ended early leaves most of it unknown."""
    states = {start.state for start in measurement.starts}
    found = [_judge_restored(measurement, journal)] if State.OUTAGE in states or plan.sender == "pod" else []
    if measurement.ended_by in ENDED_EARLY:
        id_, needed, fix = ENDED_EARLY[measurement.ended_by]
        if plan.is_regional and measurement.ended_by == "baseline":
            needed, fix = NEEDED_OF_GATEWAYS
        found.append(_finding(id_, Status.UNKNOWN, measurement.problem, needed, fix))
    if State.OUTAGE in states:
        found.extend(_judge_figures(plan, measurement, figures))
    return tuple(found)


def _judge_figures(plan: DrillPlan, measurement: Measurement, figures: DrillFigures) -> Iterator[Finding]:
    outage_seen = all(state.total.requests for state in figures.states if state.state == State.OUTAGE)
    complete = measurement.ended_by == "last state" and outage_seen
    if plan.is_regional:
        yield from _judge_isolation(plan, figures, complete)
        yield from _judge_objectives(plan, measurement, figures, complete)
        yield _judge_outage(plan, figures, complete)
        yield _judge_come_back(plan, figures, complete)
        return
    yield _judge_downtime(plan, figures, complete)
    rate, limit = figures.error_rate, plan.max_error_rate
    found = "no request was sent" if rate is None else f"{rate:.2%} of the requests from the outage on failed"
    yield _finding(
        "DRILL-ERRORS", _status((rate or 0) <= limit, complete), found, f"{limit:.2%} at most",
        "see the errors of the downtimes; clients may also try again",
    )  # fmt: skip
    yield from _judge_objectives(plan, measurement, figures, complete)
    if not plan.region_in_answers:
        return
    yield _judge_fail_over(plan, figures, complete)
    yield _judge_come_back(plan, figures, complete)


def _judge_isolation(plan: DrillPlan, figures: DrillFigures, complete: bool) -> Iterator[Finding]:
    """Yield for each other region whether its gateway lost requests: it needs nothing of the one that went down."""
    for name in plan.others.values():
        later = [state.regions[name] for state in figures.states if plan.counts(State(state.state), name)]
        failed, sent = sum(one.failed for one in later), sum(one.requests for one in later)
        lost = failed > plan.max_error_rate * sent
        limit = f"{plan.max_error_rate:.2%} at most" if plan.max_error_rate else "none"
        yield _finding(
            "DRILL-ISOLATION", Status.WRONG if lost else _status(True, complete and sent > 0),
            f"{failed} of {sent} requests to {name} failed from the outage on",
            f"{limit}: nothing of another region is needed there",
            "see the errors of its downtimes, and what that region may share with the one that went down",
        )  # fmt: skip


def _judge_outage(plan: DrillPlan, figures: DrillFigures, complete: bool) -> Finding:
    began, region = figures.time_to_detect_sec, plan.region_names[plan.region]
    return _finding(
        "DRILL-OUTAGE-SEEN", Status.UNKNOWN if began is None else _status(True, complete),
        f"the gateway of {region} answered with errors after {began:g} s" if began is not None
        else f"the outage was not seen: the gateway of {region} never answered with an error",
        "errors: no other region answers there", "make --outage-sec longer, or choose other --means",
    )  # fmt: skip


def _judge_come_back(plan: DrillPlan, figures: DrillFigures, complete: bool) -> Finding:
    back, region = figures.time_to_come_back_sec, plan.region_names[plan.region]
    again = "well again" if plan.is_regional else "again"
    return _finding(
        "DRILL-COME-BACK", _status(back is not None, complete),
        f"{region} answered {again} after {back:g} s" if back is not None else f"{region} did not answer {again}",
        f"{'good answers' if plan.is_regional else 'an answer'} of {region} within {plan.recovery_sec:g} s of "
        f"restoring",
        "a server loads its weights first: see its pods, or make --recovery-sec longer",
    )  # fmt: skip


def _judge_downtime(plan: DrillPlan, figures: DrillFigures, complete: bool) -> Finding:
    longest, limit = figures.longest_downtime_sec, plan.max_downtime_sec
    last = figures.states[-1].total
    still_down = last.requests > 0 and last.requests == last.failed
    at_end = ", and the last state ended in it" if still_down else ""
    return _finding(
        "DRILL-DOWNTIME", Status.WRONG if longest > limit else _status(not still_down, complete),
        f"the longest downtime was {longest:g} s{at_end}", downtime_limit(plan),
        "shorten gateway.health_check, and see that the other regions have room",
    )  # fmt: skip


def _judge_objectives(
    plan: DrillPlan, measurement: Measurement, figures: DrillFigures, complete: bool
) -> Iterator[Finding]:
    """Yield what became of each objective that has no finding of its own."""
    for result in objective_results(plan, measurement, figures.longest_downtime_sec):
        if result.name in OBJECTIVES:
            id_, fix = OBJECTIVES[result.name]
            missed = Status.WRONG if result.kept is False else Status.UNKNOWN
            status = Status.GOOD if result.kept and complete else missed
            yield _finding(id_, status, result.found, result.needed, fix)


def _judge_fail_over(plan: DrillPlan, figures: DrillFigures, complete: bool) -> Finding:
    took_sec = figures.time_to_fail_over_sec
    if took_sec is None and figures.time_to_detect_sec is None:
        region = plan.region_names[plan.region]
        return _finding(
            "DRILL-FAILOVER", Status.UNKNOWN,
            f"the outage was not seen: no failure, and no region but {region} answered",
            "answers from another region, or failures", "make --outage-sec longer, or choose other --means",
        )  # fmt: skip
    return _finding(
        "DRILL-FAILOVER", _status(took_sec is not None, complete),
        f"another region answered steadily after {took_sec:g} s" if took_sec is not None
        else "no region took over steadily",
        "good answers from another region", "see gateway and pools (gke-inference verify)",
    )  # fmt: skip


def _judge_restored(measurement: Measurement, journal: Path) -> Finding:
    left = "; ".join(change.what for change in measurement.not_restored)
    return _finding(
        "DRILL-RESTORED", Status.WRONG if left else Status.GOOD,
        f"NOT RESTORED: {left}" if left else "everything is as it was", "everything as it was",
        f"gke-inference drill --restore --journal {journal}",
    )  # fmt: skip


def _status(good: bool, complete: bool) -> Status:
    """Return unknown for a drill that ended early: it proves neither."""
    return (Status.GOOD if good else Status.WRONG) if complete else Status.UNKNOWN


def _finding(id_: str, status: Status, found: str, needed: str, fix: str) -> Finding:
    return Finding(id=id_, status=status, found=found, needed=needed, fix="" if status == Status.GOOD else fix)
