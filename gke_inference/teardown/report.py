"""What a teardown did, or would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gke_inference.command import Exit
from gke_inference.findings import Finding, Status, outcome
from gke_inference.teardown.found import Found
from gke_inference.teardown.turn import Done


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    What was done, or would be.

    Attributes:
        changed: False for a plan.
        interrupted: A signal ended it early.
        stacks: In their order.
        swept: What controllers left: deleted, or to be looked at again when the clusters are gone.
        findings: What is left, and what could not be told.
    """

    project: str
    outdir: str
    changed: bool
    interrupted: bool
    stacks: tuple[Done, ...]
    swept: tuple[Found, ...]
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Exit:
        """Good where nothing is left but what may stay; a plan is good where all could be told and nothing is wrong."""
        if not self.changed and not self.findings:
            return Exit.GOOD
        return Exit.UNKNOWN if self.interrupted else outcome(self.findings)

    def shown(self) -> dict[str, Any]:
        """The report as one document; keys are stable."""
        return {
            "project": self.project,
            "outdir": self.outdir,
            "changed": self.changed,
            "interrupted": self.interrupted,
            "outcome": self.outcome.name.lower(),
            "stacks": [asdict(done) for done in self.stacks],
            "swept": [asdict(found) for found in self.swept],
            "findings": [finding.shown() for finding in self.findings],
        }


def stack_findings(stacks: Sequence[Done]) -> list[Finding]:
    """Each stack that did not go."""
    fixes = {
        "kept": "set cluster.deletion_protection: false, `make synth`, apply that stack (a tainted cluster: `terraform "
        "untaint` it first), and run the command again",
        "blocked": "see the stacks that it waits for",
        "failed": "see Terraform's words, then run the command again",
        "not reached": "run the command again",
    }
    return [
        Finding(
            id="STACK", status=Status.WRONG, found=f"{done.stack}: {done.result}{done.because}", needed="destroyed",
            fix=f"run the command again, or: {done.todo}" if done.todo else fixes[done.result],
        )
        for done in stacks
        if not done.gone
    ]  # fmt: skip
