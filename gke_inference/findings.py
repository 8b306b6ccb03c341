"""What a command found out, one thing at a time, its JSON report, and what follows for the exit code."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from gke_inference.command import Exit


class Status(str, Enum):
    """How one thing stands."""

    GOOD = "good"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be checked: no permission, no answer. Never counted as good."""
    SKIPPED = "skipped"
    """The caller asked not to check it. It counts neither as good nor as wrong."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    One thing that was looked at.

    Attributes:
        id: Stable name, such as `QUOTA-TPU`.
        where: Key of the region; empty for what all regions share.
        found: What is there.
        needed: What should be there.
        fix: What to do; empty where all is well.
    """

    id: str
    status: Status
    found: str
    needed: str
    where: str = ""
    fix: str = ""

    def shown(self) -> dict[str, Any]:
        """Return the finding as it stands in a JSON report."""
        return asdict(self) | {"status": self.status.value}


def good(id_: str, found: str, needed: str) -> Finding:
    """Return the finding that all is as it should be."""
    return Finding(id=id_, status=Status.GOOD, found=found, needed=needed)


def wrong(id_: str, found: str, needed: str, fix: str) -> Finding:
    """Return the finding that something is not as it should be, and what to do."""
    return Finding(id=id_, status=Status.WRONG, found=found, needed=needed, fix=fix)


def unknown(id_: str, found: str, needed: str, fix: str) -> Finding:
    """Return the finding that the API does not answer this, and where to look."""
    return Finding(id=id_, status=Status.UNKNOWN, found=found, needed=needed, fix=fix)


def judge(id_: str, found: str, needed: str, problems: Mapping[str, str]) -> Finding:
    """Return the finding that *found* is as it should be, or all of its *problems*, each with what to do."""
    if not problems:
        return good(id_, found, needed)
    return wrong(id_, "; ".join(problems), needed, "; ".join(dict.fromkeys(problems.values())))


def id_for_model(id_: str, model: str, models: Collection[str]) -> str:
    """Return the id of a finding about *model*: with several *models* it carries the model's key."""
    return id_ if len(models) == 1 else f"{id_}-{model}"


def outcome(findings: Iterable[Finding]) -> Exit:
    """Return wrong where anything is wrong, unknown where anything or all could not be checked, else good."""
    statuses = {finding.status for finding in findings} - {Status.SKIPPED}
    if Status.WRONG in statuses:
        return Exit.WRONG
    return Exit.UNKNOWN if Status.UNKNOWN in statuses or not statuses else Exit.GOOD


def sort_findings(findings: Iterable[Finding], regions: Iterable[str]) -> list[Finding]:
    """Order *findings*: what all regions share, then region by region as in *regions*; by id in each."""
    places = {key: number for number, key in enumerate(("", *regions))}
    return sorted(findings, key=lambda finding: (places.get(finding.where, len(places)), finding.where, finding.id))


def findings_json(findings: Sequence[Finding]) -> str:
    """Return the report as one document: `findings`, each with all its fields, and `outcome`."""
    document = {"findings": [finding.shown() for finding in findings], "outcome": outcome(findings).name.lower()}
    return json.dumps(document, indent=2)
