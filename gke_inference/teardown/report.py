"""The report of a teardown, planned or done: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gke_inference.command import Exit
from gke_inference.findings import Finding, Status, outcome
from gke_inference.tables import STATUS_COLOR, make_table
from gke_inference.teardown.decisions import StackResult
from gke_inference.teardown.ownership import NetworkResource

ORDER = (Status.UNKNOWN, Status.WRONG, Status.GOOD)
"""Of findings: what is not good comes first."""
DONE = {
    "destroyed": "destroyed",
    "bucket kept": "destroyed, but for the bucket and what it needs",
    "forgotten": "removed from the state",
    "empty": "was empty",
}
"""By result; of stacks in a run."""
PLANNED = {
    "destroyed": "will be destroyed",
    "bucket kept": "will be destroyed, but for the bucket and what it needs",
    "forgotten": "will be removed from the state",
    "empty": "is empty",
}
"""By result; of stacks in a plan."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    What was done, or would be.

    Attributes:
        project: Project ID.
        outdir: Folder of the synth.
        changed: False for a plan.
        interrupted: A signal ended it early.
        stacks: In their order.
        swept: What controllers left: deleted, or to be looked at again when the clusters are gone.
        findings: What is left, and what is not known.
    """

    project: str
    outdir: str
    changed: bool
    interrupted: bool
    stacks: tuple[StackResult, ...]
    swept: tuple[NetworkResource, ...]
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Exit:
        """Good where nothing is left but what may stay; a plan is good where all is known and nothing is wrong."""
        if not self.changed and not self.findings:
            return Exit.GOOD
        return Exit.UNKNOWN if self.interrupted else outcome(self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as one document; its keys are stable."""
        return {
            "project": self.project,
            "outdir": self.outdir,
            "changed": self.changed,
            "interrupted": self.interrupted,
            "outcome": self.outcome.name.lower(),
            "stacks": [stack.to_json() for stack in self.stacks],
            "swept": [asdict(resource) for resource in self.swept],
            "findings": [finding.shown() for finding in self.findings],
        }


def print_report(report: Report, output: str, console: Console) -> None:
    """Print *report* as `text` or `json`."""
    if output == "json":
        console.out(json.dumps(report.to_json(), indent=2), highlight=False)
        return
    # Not the table's title, which is wrapped where the folder's path is longer than the table is wide.
    title = f"Stacks of {report.outdir} in project {report.project}, in order"
    console.print(f"[bold]{escape(title)}[/]", soft_wrap=True, highlight=False)
    console.print(_stack_table(report))
    if report.swept:
        planned = "Made by controllers; what is left of it when the clusters are gone will be deleted"
        _print_line(console, f"{'Deleted' if report.changed else planned}:")
        for resource in report.swept:
            _print_line(console, f"  {resource.kind} {resource.path}")
        _print_line(console, "")
    for finding in sorted(report.findings, key=lambda one: ORDER.index(one.status)):
        costs = getattr(finding, "costs", "none")
        suffix = f" (costs: {costs})" if costs != "none" else ""
        status = f"[{STATUS_COLOR[finding.status]}]{finding.status.value:<8}[/]"
        line = escape(f"{finding.id}: {finding.found}{suffix}")
        console.print(f"{status}{line}", soft_wrap=True, highlight=False)
        if finding.fix:
            _print_line(console, f"        fix: {finding.fix}")
    console.print(f"\n[bold]{escape(_verdict(report))}[/]", soft_wrap=True, highlight=False)


def _stack_table(report: Report) -> Table:
    table = make_table("", "#", "stack", "resources", "result" if report.changed else "what will happen")
    labels = DONE if report.changed else PLANNED
    for number, stack in enumerate(report.stacks, start=1):
        label = labels.get(stack.result, "stays" if stack.result in ("kept", "blocked") else stack.result)
        # Terraform's errors are among the findings.
        suffix = "" if stack.result == "failed" else stack.suffix
        table.add_row(str(number), stack.stack, str(stack.resources), escape(f"{label}{suffix}"))
    return table


def _print_line(console: Console, text: str) -> None:
    console.print(escape(text), soft_wrap=True, highlight=False)


def _verdict(report: Report) -> str:
    if not report.changed:
        if report.outcome is Exit.WRONG:
            return "Nothing was changed. Correct first what is wrong: a teardown would not reach its end."
        return "Nothing was changed. Run it again with --yes to destroy the platform."
    if report.interrupted:
        return "Interrupted: run it again to go on."
    return {
        Exit.GOOD: "Destroyed: nothing is left but what may stay.",
        Exit.WRONG: "Something is left, see above.",
        Exit.UNKNOWN: "Not all of what is left is known.",
        Exit.BAD_INPUT: "",
    }[report.outcome]
