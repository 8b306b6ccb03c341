"""What is found before a drill: whether it would tell anything, and whether it would be let. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from operations.api_error import ApiError
from operations.drill.outage import Outage, make
from operations.drill.plan import DrillPlan
from operations.drill.platform import Platform
from operations.findings import Finding, Status

ROLES = "the roles container.clusterViewer and container.developer"


def looked(platform: Platform, plan: DrillPlan, *, even_if_overloaded: bool) -> tuple[Finding, ...]:
    """Whether the region serves, and whether another one could carry what it carries now."""
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


def rehearsed(platform: Platform, plan: DrillPlan, outage: Outage, pod: dict[str, Any] | None) -> Finding:
    """Whether the API servers would take every change: each is sent as a dry run."""
    needed = "every change is taken by the API servers"
    try:
        make(outage, platform.clusters, dry_run=True)
        if pod:
            platform.clusters(plan.region).create(platform.pods_path, pod, dry_run=True)
    except ApiError as error:
        if error.status is None or error.denied or error.status >= 500:
            return unknown("DRILL-PERMISSIONS", plan.region, error)
        return Finding(
            id="DRILL-PERMISSIONS", status=Status.WRONG, where=plan.region, found=str(error), needed=needed,
            fix="see the error: something in the cluster refuses such a change",
        )  # fmt: skip
    count = len(outage.changes) + len(outage.deletes) + bool(pod)
    found = f"all {count} changes would be taken (dry run)" if count > 1 else "the change would be taken (dry run)"
    return Finding(id="DRILL-PERMISSIONS", status=Status.GOOD, where=plan.region, found=found, needed=needed)


def unknown(id_: str, where: str, error: ApiError) -> Finding:
    """What could not be told for *error*."""
    fix = f"get {ROLES}" if error.denied else "see the error"
    needed = "an answer of the cluster that lets it"
    return Finding(id=id_, status=Status.UNKNOWN, where=where, found=str(error), needed=needed, fix=fix)


def all_good(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong or unknown."""
    return all(finding.status == Status.GOOD for finding in findings)


def _usable(ready: int, percent: int) -> float:
    return ready * percent / 100
