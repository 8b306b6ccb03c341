"""What a command found out, one thing at a time, and what follows for its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from gke_inference.command import Exit


class Status(str, Enum):
    """How one thing stands."""

    GOOD = "good"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be told: no permission, no answer. Never counted as good."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    One thing that was looked at.

    Attributes:
        id: Stable name, such as `QUOTA-TPU`.
        where: Key of the region; empty for what all have in common.
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
        """The finding as it is printed."""
        return asdict(self) | {"status": self.status.value}


def outcome(findings: Iterable[Finding]) -> Exit:
    """Wrong where anything is wrong, unknown where anything could not be told, else good."""
    statuses = {finding.status for finding in findings}
    if Status.WRONG in statuses:
        return Exit.WRONG
    return Exit.UNKNOWN if Status.UNKNOWN in statuses or not statuses else Exit.GOOD
