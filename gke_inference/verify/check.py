"""One thing that `verify` looks at, and what becomes of it when an API says no."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.remedy import remedy
from gke_inference.side_by_side import Task

LONGEST = 300
"""Characters of an API's message; some have a whole page."""
CLUSTER_ROLE = "roles/container.viewer"
"""Reads clusters, and what is in them, custom objects too."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """
    What a look at the answers of the APIs gave.

    Attributes:
        found: What is there, where nothing is wrong.
        problems: What is wrong; empty where all is well.
        known: Whether anything can be told at all; else `found` says why not.
    """

    found: str
    problems: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, kw_only=True)
class Topic:
    """
    What is told of one kind of thing, whatever is found. `{key}` in a text stands for the key of the region.

    Attributes:
        id: Stable name of the findings.
        needed: What should be there.
        fix: What to do where something is wrong with it.
        stack: The stack that makes it; applied again where it is missing.
        role: Role that may read it.
    """

    id: str
    needed: str
    fix: str
    stack: str
    role: str = CLUSTER_ROLE


@dataclass(frozen=True, kw_only=True)
class Check:
    """
    One thing to look at.

    Attributes:
        look: Asks and judges; its `ApiError` becomes a finding.
        where: Key of the region; empty for what all have in common.
    """

    topic: Topic
    look: Callable[[], Seen]
    where: str = ""

    def task(self) -> Task:
        """The same for all checks side by side."""
        return Task(ask=lambda: ([self.run()], ()), untold=self.unknown)

    def run(self) -> Finding:
        """Look, and tell; what cannot be asked is unknown."""
        try:
            seen = self.look()
        except ApiError as error:
            if error.missing:
                return self.finding(Status.WRONG, "it is not there", f"apply {self.topic.stack}")
            return self.finding(Status.UNKNOWN, told(error), remedy(error, self.topic.role))
        # Whatever an unexpected answer breaks, it must not hide the other checks.
        except Exception as error:
            found = f"could not be told: the answer cannot be read ({type(error).__name__}: {error})"
            return self.finding(Status.UNKNOWN, found, "look at it with gcloud or kubectl")
        if not seen.known:
            return self.finding(Status.UNKNOWN, seen.found, self.topic.fix)
        if seen.problems:
            return self.finding(Status.WRONG, "; ".join(seen.problems), self.topic.fix)
        return self.finding(Status.GOOD, seen.found)

    def unknown(self, why: str) -> Finding:
        """That it could not be told."""
        return self.finding(Status.UNKNOWN, f"could not be told: {why}", "run it again")

    def finding(self, status: Status, found: str, fix: str = "") -> Finding:
        """The finding of this check."""
        fix = fix.replace("{key}", self.where)
        return Finding(
            id=self.topic.id, where=self.where, status=status, found=found, needed=self.topic.needed, fix=fix
        )


def told(error: ApiError) -> str:
    """What the API said, on one line."""
    text = " ".join(str(error).split())
    return f"could not be told: {text if len(text) <= LONGEST else text[:LONGEST] + '...'}"


def unmet(conditions: Iterable[dict[str, Any]], *wanted: str) -> tuple[str, ...]:
    """Each condition of *wanted* that is not True, with its reason."""
    by_type = {condition.get("type"): condition for condition in conditions}
    problems = []
    for name in wanted:
        condition = by_type.get(name)
        if condition is None:
            problems.append(f"no controller has told {name} yet")
        elif condition.get("status") != "True":
            why = ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
            problems.append(f"{name} is {condition.get('status')} ({why})")
    return tuple(problems)
