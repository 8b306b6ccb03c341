"""What the model's owner promises beside what a drill measured, and which of two limits counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gke_inference.drill.measurement import Measurement
from gke_inference.drill.plan import DrillPlan
from gke_inference.openai import Result

KEPT = {True: "kept", False: "missed", None: "unknown"}
FEWEST_FIRST_TOKENS = 20
"""Answers that a share of them needs to mean something."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveResult:
    """
    One objective beside what was measured.

    Attributes:
        name: Its setting in `models.<key>.objectives`.
        promised: What is promised there, in the setting's unit.
        limit: What counts, in *unit*: the promise, or an option in its place.
        measured: What was measured, in *unit*; None where too little could be.
        unit: Unit of both.
        kept: Whether the limit is kept; None where that is not known.
        found: What was measured, as a sentence.
        needed: What counts, as a phrase.
    """

    name: str
    promised: float
    limit: float
    measured: float | None
    unit: str
    kept: bool | None
    found: str
    needed: str


def objective_results(plan: DrillPlan, measurement: Measurement, longest_downtime_sec: float) -> list[ObjectiveResult]:
    """Return what became of each objective of the model, from the outage on; none where it has none."""
    if plan.is_regional and not plan.others:
        return []  # The drill took down all that could have kept a promise.
    counted = [one for one in measurement.results if plan.counts(measurement.state_of(one), one.region)]
    return [
        *_downtime(plan, longest_downtime_sec),
        *_availability(plan, counted),
        *(_first_token(plan, counted) if plan.endpoint.is_openai else ()),
    ]


def downtime_limit(plan: DrillPlan) -> str:
    """Return the longest downtime that is good, and where that is from, as a phrase."""
    promised, limit = plan.objectives.failover_downtime_sec, f"{plan.max_downtime_sec:g} s at most"
    if plan.budget is not None and plan.max_downtime_sec == plan.budget.downtime_sec:
        return f"{limit}, by failover_budget.downtime_sec"
    if promised is None:
        return limit
    if promised == plan.max_downtime_sec:
        return f"{limit}, by objectives.failover_downtime_sec"
    return f"{limit}, by --max-downtime-sec: it counts in place of the objective, {promised:g} s"


def _downtime(plan: DrillPlan, longest_sec: float) -> Iterator[ObjectiveResult]:
    promised = plan.objectives.failover_downtime_sec
    if promised is not None:
        yield ObjectiveResult(
            name="failover_downtime_sec", promised=promised, limit=plan.max_downtime_sec, measured=longest_sec,
            unit="s", kept=longest_sec <= plan.max_downtime_sec, found=f"the longest downtime was {longest_sec:g} s",
            needed=downtime_limit(plan),
        )  # fmt: skip


def _availability(plan: DrillPlan, counted: list[Result]) -> Iterator[ObjectiveResult]:
    """Yield how much of what may fail in 30 days this outage has cost: a share of its own minutes would say nothing."""
    promised, budget_sec = plan.objectives.availability_percent, plan.objectives.downtime_budget_sec
    if promised is None or not budget_sec:
        return
    failed_sec = sum(bool(result.error) for result in counted) / plan.rate_per_sec
    spent = round(100 * failed_sec / budget_sec, 3)
    found = f"requests worth {failed_sec:g} s failed: {spent:g} % of what may fail in 30 days"
    yield ObjectiveResult(
        name="availability_percent", promised=promised, limit=100, measured=spent if counted else None,
        unit="% of what may fail in 30 days", kept=spent <= 100 if counted else None,
        found=found if counted else "no request was sent",
        needed=f"at most the {budget_sec:g} s that may fail in 30 days, by objectives.availability_percent",
    )  # fmt: skip


def _first_token(plan: DrillPlan, counted: list[Result]) -> Iterator[ObjectiveResult]:
    """Yield how many answers began in time, seen by the client: gateway and network are in it."""
    longest_sec, promised = plan.objectives.first_token_sec, plan.objectives.first_token_share_percent
    if longest_sec is None:
        return
    times = [
        one.first_token_sec - one.began_sec for one in counted if not one.error and one.first_token_sec is not None
    ]
    enough = len(times) >= FEWEST_FIRST_TOKENS
    percent = round(100 * sum(time <= longest_sec for time in times) / len(times), 2) if enough else None
    found = (
        f"{percent:g} % of the good answers began within {longest_sec:g} s" if enough
        else f"{len(times)} good answers, too few for a share"
    )  # fmt: skip
    yield ObjectiveResult(
        name="first_token_percent", promised=promised, limit=promised, measured=percent,
        unit=f"% of the good answers within {longest_sec:g} s", kept=None if percent is None else percent >= promised,
        found=found, needed=f"{promised:g} % or more, by objectives.first_token_percent",
    )  # fmt: skip
