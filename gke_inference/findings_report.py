"""The report of findings: a table for people, one JSON document for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gke_inference.command import Exit
from gke_inference.findings import Finding, Status, outcome

COLOR = {Status.GOOD: "green", Status.WRONG: "red", Status.UNKNOWN: "yellow"}
OUTCOME_COLOR = {Exit.GOOD: "green", Exit.WRONG: "red", Exit.UNKNOWN: "yellow"}


def in_order(findings: Iterable[Finding], regions: Iterable[str]) -> list[Finding]:
    """*findings*: what all regions have in common, then region by region as in *regions*; by id in each."""
    places = {key: number for number, key in enumerate(("", *regions))}
    return sorted(findings, key=lambda finding: (places.get(finding.where, len(places)), finding.where, finding.id))


def as_json(findings: Sequence[Finding]) -> str:
    """The report as one document: `findings`, each with all its fields, and `outcome`."""
    document = {"findings": [finding.shown() for finding in findings], "outcome": outcome(findings).name.lower()}
    return json.dumps(document, indent=2)


def print_findings(findings: Sequence[Finding], console: Console, *, title: str) -> None:
    """Print one row per finding, with what is needed and the fix where it is not good, and a line that sums them up."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("region", "check", ""):
        table.add_column(column, no_wrap=column != "check", overflow="fold")
    table.add_column("found", overflow="fold", ratio=1)
    for finding in findings:
        status = f"[{COLOR[finding.status]}]{finding.status.value}[/]"
        table.add_row(escape(finding.where or "all"), escape(finding.id), status, _told(finding))
    console.print(table)
    counts = Counter(finding.status for finding in findings)
    told = ", ".join(f"{counts[status]} {status.value}" for status in Status)
    result = outcome(findings)
    console.print(f"[bold {OUTCOME_COLOR[result]}]{result.name.capitalize()}:[/] {told}", highlight=False)


def _told(finding: Finding) -> str:
    found = escape(finding.found)
    if finding.status is Status.GOOD:
        return found
    return f"{found}\n[dim]needed:[/] {escape(finding.needed)}\n[dim]fix:[/] {escape(finding.fix)}"
