"""Tables for people, in 80 columns: the width of a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gke_inference.command import Exit
from gke_inference.findings import Finding, Status, findings_json, outcome, sort_findings

STATUS_COLOR = {Status.GOOD: "green", Status.WRONG: "red", Status.UNKNOWN: "yellow", Status.SKIPPED: "dim"}
EXIT_COLOR = {Exit.GOOD: "green", Exit.WRONG: "red", Exit.UNKNOWN: "yellow"}


def make_table(title: str, *columns: str, text: int | None = None) -> Table:
    """
    Return an empty table.

    Args:
        title: Stands above it.
        columns: Their titles.
        text: How many of the first columns hold text, the others numbers. Default: all.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if text is None or number < text else "right", overflow="fold")
    return table


def report_findings(found: Iterable[Finding], regions: Iterable[str], *, output: str, title: str) -> Exit:
    """
    Print the report of a command, and return its exit code.

    Args:
        found: The findings, in any order.
        regions: Keys of the regions, in the order of the config.
        output: `text` for a table, `json` for one document.
        title: Stands above the table.
    """
    findings, console = sort_findings(found, regions), Console()
    if output == "json":
        console.out(findings_json(findings), highlight=False)
    else:
        print_findings(findings, console, title=title)
    return outcome(findings)


def print_findings(findings: Sequence[Finding], console: Console, *, title: str) -> None:
    """Print one row per finding, with what is needed and the fix where it is not good, and a line that sums them up."""
    console.print(findings_table(findings, title=title))
    console.print(summary(findings), highlight=False)


def findings_table(findings: Iterable[Finding], *, title: str) -> Table:
    """Return a table with one row per finding, with what is needed and the fix where it is not good."""
    table = make_table(title)
    for column in ("region", "check", ""):
        table.add_column(column, no_wrap=column != "check", overflow="fold")
    table.add_column("found", overflow="fold", ratio=1)
    for finding in findings:
        status = f"[{STATUS_COLOR[finding.status]}]{finding.status.value}[/]"
        table.add_row(escape(finding.where or "all"), escape(finding.id), status, _details(finding))
    return table


def summary(findings: Sequence[Finding]) -> str:
    """Return the line, with its colour, that sums *findings* up."""
    counts = Counter(finding.status for finding in findings)
    shown = [status for status in Status if counts[status] or status is not Status.SKIPPED]
    count = ", ".join(f"{counts[status]} {status.value}" for status in shown)
    result = outcome(findings)
    return f"[bold {EXIT_COLOR[result]}]{result.name.capitalize()}:[/] {count}"


def _details(finding: Finding) -> str:
    found = escape(finding.found)
    if finding.status in (Status.GOOD, Status.SKIPPED):
        return found
    return f"{found}\n[dim]needed:[/] {escape(finding.needed)}\n[dim]fix:[/] {escape(finding.fix)}"
