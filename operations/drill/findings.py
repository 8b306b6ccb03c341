"""What follows from the figures of a drill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from operations.drill.figures import DrillFigures
from operations.drill.measured import Drilled
from operations.drill.plan import DrillPlan
from operations.findings import Finding, Status


def after(plan: DrillPlan, drilled: Drilled, figures: DrillFigures, journal: Path) -> tuple[Finding, ...]:
    """What the drill says about the platform."""
    touched = len(drilled.marks) > 1 or plan.sender == "pod"
    found = [_restored(drilled, journal)] if touched else []
    if drilled.ended_by == "sender":
        fix = "see the error; --sender here sends from this machine"
        found.append(_finding("DRILL-SENDER", Status.UNKNOWN, drilled.problem, "requests, and their results", fix))
    elif drilled.ended_by == "baseline":
        fix = "send from where this region is the nearest one, and see that it serves (inference-ops verify)"
        needed = f"good answers, most of them from {plan.region_names[plan.region]}"
        found.append(_finding("DRILL-BASELINE", Status.UNKNOWN, drilled.problem, needed, fix))
    elif drilled.ended_by == "outage":
        fix = "see the error; the drill needs to patch what --means names"
        found.append(_finding("DRILL-OUTAGE", Status.UNKNOWN, drilled.problem, "an outage by order", fix))
    elif len(drilled.marks) > 1:
        found.extend(_measured(plan, drilled, figures))
    else:
        found.append(_finding("DRILL-OUTAGE", Status.UNKNOWN, "interrupted before it", "an outage", "run it again"))
    return tuple(found)


def _measured(plan: DrillPlan, drilled: Drilled, figures: DrillFigures) -> Iterator[Finding]:
    home, limit = plan.region_names[plan.region], plan.max_downtime_sec
    whole = drilled.ended_by == "last state"
    longest = figures.longest_downtime_sec
    unended = any(not downtime.ended for downtime in figures.downtimes if downtime.state in plan.judged)
    bad = whole and unended
    yield _finding(
        "DRILL-DOWNTIME", Status.WRONG if longest > limit else _status(not bad, whole),
        f"the longest downtime was {longest:g} s{', and had not ended' if unended else ''}", f"{limit:g} s at most",
        "shorten gateway.health_check, and see that the other regions have room",
    )  # fmt: skip
    rate = figures.error_rate or 0
    yield _finding(
        "DRILL-ERRORS", _status(rate <= plan.max_error_rate, whole),
        f"{rate:.2%} of the requests from the outage on failed", f"{plan.max_error_rate:.2%} at most",
        "see the errors of the downtimes; clients may also try again",
    )  # fmt: skip
    over = figures.time_to_fail_over_sec
    seen = figures.time_to_detect_sec is not None
    if over is None and not seen:
        yield _finding(
            "DRILL-FAILOVER", Status.UNKNOWN, f"{home} went on answering: the outage was not seen",
            "answers from another region, or failures", "make --outage-sec longer, or choose other --means",
        )  # fmt: skip
    else:
        yield _finding(
            "DRILL-FAILOVER", _status(over is not None, whole),
            f"another region answered for good after {over:g} s" if over is not None else "no region took over",
            "another region that answers, without failures after it", "see gateway and pools (inference-ops verify)",
        )  # fmt: skip
    back = figures.time_to_come_back_sec
    yield _finding(
        "DRILL-COME-BACK", _status(back is not None, whole),
        f"{home} answered again after {back:g} s" if back is not None else f"{home} did not answer again",
        f"an answer of {home} within {plan.recovery_sec:g} s of restoring",
        "a server loads its weights first: see its pods, or make --recovery-sec longer",
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
