"""One resource that exists, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Verdict(str, Enum):
    """What becomes of a resource that exists."""

    ADOPTED = "adopted"
    """An import block is written for it: from the next apply on it is the platform's."""
    EXISTING = "existing"
    """It can be used as it is, by the settings that stand beside it; nobody manages it here."""
    REFUSED = "cannot be adopted"
    """It is in the way: an apply of this config would fail, or replace it."""
    NOT_OURS = "not ours"
    """The platform neither needs nor touches it."""
    UNKNOWN = "unknown"
    """It could not be asked for."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """
    A resource that exists, or that could not be asked for.

    Attributes:
        verdict: What becomes of it.
        noun: What it is, for people, such as `subnet`.
        path: Its full name.
        why: The reason, or what the caller should know of it.
        where: Key of the region; empty for what all regions share.
        stack: The stack whose resource it becomes; empty unless it is adopted.
        address: Its address there.
        import_id: What the import takes.
        settings: What the YAML must say, by the path of each setting.
    """

    verdict: Verdict
    noun: str
    path: str
    why: str = ""
    where: str = ""
    stack: str = ""
    address: str = ""
    import_id: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """Return it as it stands in a JSON report."""
        return {
            "verdict": self.verdict.value, "kind": self.noun, "path": self.path, "where": self.where, "why": self.why,
            "stack": self.stack, "address": self.address, "id": self.import_id, "settings": dict(self.settings),
        }  # fmt: skip


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return *settings* as they stand in the YAML: a section for each part of a path."""
    document: dict[str, Any] = {}
    for path, value in settings.items():
        *sections, last = path.split(".")
        at = document
        for section in sections:
            at = at.setdefault(section, {})
        at[last] = value
    return document
