"""The report of a teardown, planned or done: tables for people, one JSON document for programs."""

from __future__ import annotations

import json

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gke_inference.command import Exit
from gke_inference.findings import Status
from gke_inference.teardown.report import Report

COLOR = {Status.GOOD: "green", Status.WRONG: "red", Status.UNKNOWN: "yellow"}
DONE = {
    "destroyed": "destroyed",
    "bucket kept": "destroyed, but for the bucket and what it needs",
    "forgotten": "taken out of the state",
    "empty": "was empty",
}
PLANNED = {
    "destroyed": "goes",
    "bucket kept": "goes, but for the bucket and what it needs",
    "forgotten": "is taken out of the state",
    "empty": "is empty",
}


def print_report(report: Report, output: str, console: Console) -> None:
    """Print *report* as `text` or `json`."""
    if output == "json":
        console.out(json.dumps(report.shown(), indent=2), highlight=False)
        return
    console.print(_stacks(report))
    if report.swept:
        verb = (
            "Deleted"
            if report.changed
            else "Made by controllers; what is left of it when the clusters are gone is swept"
        )
        _line(console, f"{verb}:")
        for found in report.swept:
            _line(console, f"  {found.kind} {found.path}")
        _line(console, "")
    for finding in sorted(report.findings, key=lambda one: list(COLOR).index(one.status), reverse=True):
        costs = getattr(finding, "costs", "none")
        paid = f" (costs: {costs})" if costs != "none" else ""
        console.print(
            f"[{COLOR[finding.status]}]{finding.status.value:<8}[/]{escape(finding.id)}: {escape(finding.found)}{paid}",
            soft_wrap=True, highlight=False,
        )  # fmt: skip
        if finding.fix:
            _line(console, f"        fix: {finding.fix}")
    console.print(f"\n[bold]{escape(_verdict(report))}[/]", soft_wrap=True, highlight=False)


def _stacks(report: Report) -> Table:
    title = f"Stacks of {escape(report.outdir)} in project {report.project}, in order"
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )  # fmt: skip
    for column in ("#", "stack", "resources", "what becomes of it" if not report.changed else "what became of it"):
        table.add_column(column, overflow="fold")
    words = DONE if report.changed else PLANNED
    for number, done in enumerate(report.stacks, start=1):
        became = words.get(done.result, "stays" if done.result in ("kept", "blocked") else done.result)
        because = "" if done.result == "failed" else done.because  # Terraform's words are among the findings
        table.add_row(str(number), done.stack, str(done.resources), escape(f"{became}{because}"))
    return table


def _line(console: Console, text: str) -> None:
    console.print(escape(text), soft_wrap=True, highlight=False)


def _verdict(report: Report) -> str:
    if not report.changed:
        if report.outcome is Exit.WRONG:
            return "Nothing was changed. See first what is wrong: this way does not lead to the end."
        return "Nothing was changed. Run it again with --yes to go down this way."
    if report.interrupted:
        return "Interrupted: run it again to go on."
    return {
        Exit.GOOD: "Gone: nothing is left but what may stay.",
        Exit.WRONG: "Not all is gone.",
        Exit.UNKNOWN: "Could not tell all of what is left.",
        Exit.BAD_INPUT: "",
    }[report.outcome]
