"""What is found before a drill, and what follows from its figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from operations.api_error import ApiError
from operations.drill.figures import DrillFigures
from operations.drill.measured import Drilled
from operations.drill.plan import DrillPlan
from operations.drill.platform import Platform
from operations.findings import Finding, Status


def before(platform: Platform, plan: DrillPlan, *, even_if_overloaded: bool) -> tuple[Finding, ...]:
    """Whether the region serves, and whether another one could carry what it carries now. Changes nothing."""
    try:
        ready = platform.ready_servers(plan.region)
        policy = platform.policy()
    except ApiError as error:
        return (unknown("DRILL-REGION", plan.region, error),)
    usable = _usable(ready, platform.capacity_percent(plan.region, policy))
    region = Finding(
        id="DRILL-REGION",
        status=Status.GOOD if usable else Status.UNKNOWN,
        where=plan.region,
        found=f"{ready} model servers are ready, the gateway uses as much as {usable:g}",
        needed="more than 0: nothing fails over from a region that does not serve",
        fix="" if usable else "bring the region up, and take away its drain (capacity_percent)",
    )
    return region, _capacity(platform, plan, usable, policy, even_if_overloaded)


def _capacity(
    platform: Platform, plan: DrillPlan, needed: float, policy: dict[str, object], even_if_overloaded: bool
) -> Finding:
    found: list[str] = []
    best, unasked = 0.0, False
    for key, region in platform.config.regions.items():
        if key == plan.region:
            continue
        try:
            ready = platform.ready_servers(key)
        except ApiError as error:
            found = [*found, f"{key}: could not be asked ({error})"]
            unasked = True
            continue
        percent = min(region.capacity_percent, platform.capacity_percent(key, policy))
        best = max(best, _usable(ready, percent))
        found.append(f"{key}: {_usable(ready, percent):g} ({ready} ready, {percent} % of the capacity used)")
    enough = best >= needed or even_if_overloaded
    status = Status.GOOD if enough else Status.UNKNOWN if unasked else Status.WRONG
    asked = " (--even-if-overloaded)" if best < needed and even_if_overloaded else ""
    fix = "add model servers there, take away the drain, or accept failures with --even-if-overloaded"
    return Finding(
        id="DRILL-CAPACITY",
        status=status,
        found=f"servers in use of the other regions: {'; '.join(found)}{asked}",
        needed=f"one with at least {needed:g}, as many as {plan.region} has now",
        fix="" if enough else fix,
    )


def after(plan: DrillPlan, drilled: Drilled, figures: DrillFigures, journal: Path) -> tuple[Finding, ...]:
    """What the drill says about the platform."""
    found = [_restored(drilled, journal)] if len(drilled.marks) > 1 else []
    if drilled.ended_by == "baseline":
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


def unknown(id_: str, where: str, error: ApiError) -> Finding:
    """What could not be read for *error*."""
    fix = "get the roles container.clusterViewer and container.developer" if error.denied else "see the error"
    needed = "what is there now, to be read"
    return Finding(id=id_, status=Status.UNKNOWN, where=where, found=str(error), needed=needed, fix=fix)


def _usable(ready: int, percent: int) -> float:
    return ready * percent / 100


def good(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong or unknown."""
    return all(finding.status == Status.GOOD for finding in findings)
