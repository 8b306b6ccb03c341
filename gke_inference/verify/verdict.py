"""The verdict on an API's answer: what is there, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""An answer of Google or Kubernetes, as JSON has it."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """
    What an API's answer says about one thing.

    Attributes:
        found: What is there, where nothing is wrong.
        problems: What is wrong; empty where all is well.
        known: Whether the answer says anything; else `found` gives the reason why not.
    """

    found: str
    problems: tuple[str, ...] = ()
    known: bool = True


def unmet_conditions(conditions: Iterable[Object], *wanted: str) -> tuple[str, ...]:
    """Return each condition of *wanted* that is not True, with its reason."""
    by_type = {condition.get("type"): condition for condition in conditions}
    problems = []
    for name in wanted:
        condition = by_type.get(name)
        if condition is None:
            problems.append(f"no controller has set {name} yet")
        elif condition.get("status") != "True":
            why = ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
            problems.append(f"{name} is {condition.get('status')} ({why})")
    return tuple(problems)
