"""What follows from the figures of a drill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gke_inference.drill.figures import DrillFigures
from gke_inference.drill.measured import Drilled
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.findings import Finding, Status

REASONS = {
    "sender": ("DRILL-SENDER", "requests, and their results", "see the error; --sender here sends from this machine"),
    "baseline": (
        "DRILL-BASELINE", "good answers, most of them from the region",
        "send from where this region is the nearest one, and see that it serves (inference-ops verify)",
    ),
    "outage": ("DRILL-OUTAGE", "an outage by order", "see the error; the drill changes what --means names"),
    "signal": ("DRILL-ENDED", "the last state", "run it again"),
}  # fmt: skip
"""What ended a drill early: id of the finding, what is needed, what to do."""


def after(plan: DrillPlan, drilled: Drilled, figures: DrillFigures, journal: Path) -> tuple[Finding, ...]:
    """What the drill says about the platform; one that was cut short tells how far it came."""
    states = {mark.state for mark in drilled.marks}
    found = [_restored(drilled, journal)] if State.OUTAGE in states or plan.sender == "pod" else []
    if drilled.ended_by in REASONS:
        id_, needed, fix = REASONS[drilled.ended_by]
        found.append(_finding(id_, Status.UNKNOWN, drilled.problem, needed, fix))
    if State.OUTAGE in states:
        found.extend(_measured(plan, drilled, figures))
    return tuple(found)


def _measured(plan: DrillPlan, drilled: Drilled, figures: DrillFigures) -> Iterator[Finding]:
    seen = all(state.total.requests for state in figures.states if state.state == State.OUTAGE)
    whole = drilled.ended_by == "last state" and seen
    yield _downtime(plan, figures, whole)
    rate, limit = figures.error_rate, plan.max_error_rate
    told = "no request was sent" if rate is None else f"{rate:.2%} of the requests from the outage on failed"
    yield _finding(
        "DRILL-ERRORS", _status((rate or 0) <= limit, whole), told, f"{limit:.2%} at most",
        "see the errors of the downtimes; clients may also try again",
    )  # fmt: skip
    yield _fail_over(plan, figures, whole)
    back, home = figures.time_to_come_back_sec, plan.region_names[plan.region]
    yield _finding(
        "DRILL-COME-BACK", _status(back is not None, whole),
        f"{home} answered again after {back:g} s" if back is not None else f"{home} did not answer again",
        f"an answer of {home} within {plan.recovery_sec:g} s of restoring",
        "a server loads its weights first: see its pods, or make --recovery-sec longer",
    )  # fmt: skip


def _downtime(plan: DrillPlan, figures: DrillFigures, whole: bool) -> Finding:
    longest, limit = figures.longest_downtime_sec, plan.max_downtime_sec
    last = figures.states[-1].total
    dead = last.requests > 0 and last.requests == last.failed
    over = ", and the last state ended in it" if dead else ""
    return _finding(
        "DRILL-DOWNTIME", Status.WRONG if longest > limit else _status(not dead, whole),
        f"the longest downtime was {longest:g} s{over}", f"{limit:g} s at most",
        "shorten gateway.health_check, and see that the other regions have room",
    )  # fmt: skip


def _fail_over(plan: DrillPlan, figures: DrillFigures, whole: bool) -> Finding:
    over = figures.time_to_fail_over_sec
    if over is None and figures.time_to_detect_sec is None:
        home = plan.region_names[plan.region]
        return _finding(
            "DRILL-FAILOVER", Status.UNKNOWN, f"the outage was not seen: no failure, and no region but {home} answered",
            "answers from another region, or failures", "make --outage-sec longer, or choose other --means",
        )  # fmt: skip
    return _finding(
        "DRILL-FAILOVER", _status(over is not None, whole),
        f"another region answered steadily after {over:g} s" if over is not None else "no region took over steadily",
        "good answers from another region", "see gateway and pools (inference-ops verify)",
    )  # fmt: skip


def _restored(drilled: Drilled, journal: Path) -> Finding:
    left = "; ".join(change.what for change in drilled.left)
    return _finding(
        "DRILL-RESTORED", Status.WRONG if left else Status.GOOD,
        f"NOT RESTORED: {left}" if left else "everything is as it was", "everything as it was",
        f"inference-ops drill --restore --journal {journal}",
    )  # fmt: skip


def _status(good: bool, whole: bool) -> Status:
    """A drill that was cut short tells neither."""
    return (Status.GOOD if good else Status.WRONG) if whole else Status.UNKNOWN


def _finding(id_: str, status: Status, found: str, needed: str, fix: str) -> Finding:
    return Finding(id=id_, status=status, found=found, needed=needed, fix="" if status == Status.GOOD else fix)
