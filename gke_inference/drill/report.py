"""The report of a drill: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gke_inference.drill.changes import Change, Outage
from gke_inference.drill.figures import DrillFigures, RequestFigures
from gke_inference.drill.measurement import Measurement
from gke_inference.drill.name_checks import NameFigures
from gke_inference.drill.objectives import KEPT, ObjectiveResult, objective_results
from gke_inference.drill.plan import DrillPlan
from gke_inference.evidence import Evidence
from gke_inference.findings import Finding, outcome
from gke_inference.gauges.record import GaugeFigures
from gke_inference.gauges.report import gauges_json, print_gauges
from gke_inference.tables import make_table, print_findings


@dataclass(frozen=True, kw_only=True)
class DrillReport:
    """
    All that there is to report of a drill that was done.

    Attributes:
        plan: The drill.
        measurement: What it measured.
        figures: The figures of that.
        gauges: What was read of the platform meanwhile; None where nothing was to be.
        findings: What was found before it and by it.
        outages: What took each region down, the first one first.
        evidence: What it was made with.
        names: What clients of a name noticed; empty where none was looked up.
        name: The name.
    """

    plan: DrillPlan
    measurement: Measurement
    figures: DrillFigures
    gauges: GaugeFigures | None
    findings: Sequence[Finding]
    outages: Sequence[Outage]
    evidence: Evidence
    names: Sequence[NameFigures] = ()
    name: str = ""

    @property
    def objectives(self) -> list[ObjectiveResult]:
        """What became of the model's objectives."""
        return objective_results(self.plan, self.measurement, self.figures.longest_downtime_sec)


def before_json(plan: DrillPlan, outages: Sequence[Outage], findings: Sequence[Finding]) -> str:
    """Return what would be done as one document: `dry_run`, with the changes or with the findings that forbid them."""
    changes = [change.describe() for outage in outages for change in outage.changes]
    deletes = [path for outage in outages for path in outage.deletes]
    return _json(plan, findings, {"dry_run": True, "changes": changes, "deletes": deletes})


def restored_json(changes: Sequence[Change], left: Sequence[Change]) -> str:
    """Return what `--restore` did as one document."""
    restored = [change.describe() for change in changes if change not in left]
    return json.dumps({"restored": restored, "left": [change.describe() for change in left]}, indent=2)


def after_json(report: DrillReport) -> str:
    """
    Return the report as one document.

    It has the plan, outcome, findings, objectives, evidence, the fields of `DrillFigures`, gauges and every request.

    Keys are stable and end in their unit; rates are 0 to 1; null stands for what could not be measured, and for gauges
    that were not asked for. Times are seconds from the begin of the drill.
    """
    measurement = report.measurement
    requests = [
        {
            "at_sec": round(result.began_sec - measurement.began_sec, 3),
            "state": int(measurement.state_of(result)),
            "region": result.region,
            "status": result.status,
            "error": result.error,
            "latency_sec": round(result.ended_sec - result.began_sec, 4),
            "ttft_sec": round(result.first_token_sec - result.began_sec, 4) if result.first_token_sec else None,
        }
        for result in measurement.results
    ]
    rest = {
        "dry_run": False,
        "ended_by": measurement.ended_by,
        "objectives": [asdict(objective) for objective in report.objectives],
        "evidence": asdict(report.evidence),
        **asdict(report.figures),
        "gauges": report.gauges and gauges_json(report.gauges),
        "name": report.name or None,
        "names": [asdict(figures) for figures in report.names],
        "left": [change.describe() for change in measurement.not_restored],
        "requests": requests,
    }
    return _json(report.plan, report.findings, rest)


def _json(plan: DrillPlan, findings: Sequence[Finding], rest: dict[str, Any]) -> str:
    found = [finding.shown() for finding in findings]
    head = {"plan": plan.describe(), "outcome": outcome(findings).name.lower(), "findings": found}
    return json.dumps({**head, **rest}, indent=2)


def print_before(plan: DrillPlan, outages: Sequence[Outage], findings: Sequence[Finding], console: Console) -> None:
    """Print what was found, and what would be done where *outages* can be made."""
    print_findings(findings, console, title="Before the drill")
    for key, endpoint in plan.endpoints.items() if outages and plan.sender == "pod" else ():
        _line(console, f"\nA pod in {escape(key)} would send the requests to {escape(endpoint.url)}.")
    for key, outage in zip(plan.regions_down, outages, strict=bool(outages)):
        meanwhile = f", while {escape(plan.region)} is down" if key != plan.region else ""
        _line(console, f"\n[bold]What would be done to {escape(key)}[/] (by {plan.means}), and undone{meanwhile}:")
        for change in outage.changes:
            _line(console, f"  {escape(change.what)}")
        for path in outage.deletes:
            _line(console, f"  delete {escape(path)}; its Deployment makes another")


def print_after(report: DrillReport, console: Console) -> None:
    """Print states, downtimes, times, gauges, objectives, findings and the verdict."""
    plan, figures = report.plan, report.figures
    where = f"{plan.region} ({plan.region_names[plan.region]})"
    models = f" for {', '.join(plan.models_down)}" if len(plan.models_down) > 1 else ""
    outage = f"Outage of {escape(where)}{escape(models)} by {plan.means}"
    _line(console, f"[bold]{outage}[/], asked at {escape(plan.asked_at)}\n")
    console.print(_states(figures, plan.endpoint.first_part))
    if figures.downtimes:
        console.print(_downtimes(plan, figures))
    for name, value in (
        ("detected", figures.time_to_detect_sec),
        ("failed over", figures.time_to_fail_over_sec),
        ("came back", figures.time_to_come_back_sec),
    ):
        if name == "detected" or (plan.region_in_answers and not (plan.is_regional and name == "failed over")):
            _line(console, f"{name:<12} {'-' if value is None else f'{value:.1f} s'}")
    _line(console, f"Times are exact to {figures.exact_to_sec:g} s.\n")
    if report.gauges:
        print_gauges(report.gauges, console, period="state")
        _line(console, "")
    if report.names:
        console.print(_names(report))
        _line(console, f"{escape(name_note(report.names))}\n")
    if report.objectives:
        console.print(_objectives(report.objectives))
    if report.measurement.unfinished:
        _line(console, f"[yellow]{report.measurement.unfinished} requests had not ended, and were left out.[/]")
    print_findings(report.findings, console, title="Findings")


NAME_COLUMNS = ("clients", "checks", "good", "mean ms", "failovers", "mean s", "of 503", "addresses")
KINDS_OF_CLIENTS = {"none": "no cache", "ttl": "keep the TTL"}


def name_rows(names: Sequence[NameFigures]) -> list[tuple[str, ...]]:
    """Return a row of what each kind of clients of a name noticed."""
    return [
        (
            KINDS_OF_CLIENTS[one.cache],
            str(one.checks),
            "-" if one.good_percent is None else f"{one.good_percent:g} %",
            "-" if one.mean_latency_ms is None else f"{one.mean_latency_ms:g}",
            str(len(one.events)),
            "-" if one.mean_downtime_sec is None else f"{one.mean_downtime_sec:g}",
            f"{len(one.events_of_503)}, {one.mean_downtime_of_503_sec or 0:g} s",
            ", ".join(f"{address} {count}" for address, count in one.addresses.items()) or "-",
        )
        for one in names
    ]


def name_note(names: Sequence[NameFigures]) -> str:
    """Return what seed 004 measured with the same script, for comparison."""
    checks = names[0].checks if names else 0
    return f"Seed 004 measured 30 % good of 180 checks, 2 failovers of 503 and 71.691 s; here were {checks} checks."


def _names(report: DrillReport) -> Table:
    table = make_table(f"Checks of {escape(report.name)}, one a second", *NAME_COLUMNS, text=1)
    for row in name_rows(report.names):
        table.add_row(*map(escape, row))
    return table


def _states(figures: DrillFigures, first_part: str) -> Table:
    table = make_table(
        "States (times in seconds)", "state", "region", "began", "took", "sent", "failed", "slow", "p50", "p95",
        f"{first_part}\np50", "\np95", text=2,
    )  # fmt: skip
    for state in figures.states:
        table.add_row(state.title, "all", f"{state.began_sec:.1f}", f"{state.duration_sec:.1f}", *_row(state.total))
        for region, regional in state.regions.items():
            table.add_row("", escape(region), "", "", *_row(regional))
    return table


def _downtimes(plan: DrillPlan, figures: DrillFigures) -> Table:
    where = ("gateway of",) if plan.is_regional else ()
    columns = (*where, "began in state", "errors")
    table = make_table("Downtimes (seconds)", *columns, "began", "took", "failed", text=len(columns))
    for downtime in figures.downtimes:
        note = "" if downtime.counted_sec else " (does not count)"
        took = f"{downtime.downtime_sec:.1f}{'' if downtime.ended else '+'}"
        errors, began = ", ".join(downtime.errors), f"{downtime.began_sec:.1f}"
        gateway = (downtime.gateway,) if plan.is_regional else ()
        table.add_row(*gateway, f"{downtime.state}{note}", errors, began, took, str(downtime.failed))
    return table


def _objectives(objectives: Sequence[ObjectiveResult]) -> Table:
    table = make_table("Objectives", "objective", "", "measured", "what counts")
    for one in objectives:
        table.add_row(escape(one.name), KEPT[one.kept], escape(one.found), escape(one.needed))
    return table


def _row(figures: RequestFigures) -> list[str]:
    times = (figures.latency_p50_sec, figures.latency_p95_sec, figures.ttft_p50_sec, figures.ttft_p95_sec)
    counts = (figures.requests, figures.failed, figures.slow)
    return [*map(str, counts), *("-" if value is None else f"{value:.2f}" for value in times)]


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
