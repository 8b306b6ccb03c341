"""What a rule of plans is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gke_inference.findings import Status
from gke_inference.plan_check.plan import Resource
from gke_inference.plan_check.plans import Plans


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """
    One thing that a plan must not do.

    Attributes:
        place: Stack and address, as `--allow` takes them; the id of the stack where it is about the whole plan.
        found: What the plan does.
        fix: What to do instead.
    """

    place: str
    found: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """
    One thing that no plan may do to a platform that serves.

    Attributes:
        id: Stable name, such as `KEEP-CLUSTER`.
        title: The rule as a sentence.
        reason: What happens without it.
        source: Where the reason is from.
        check: Yields what breaks it.
        exceptions: Whether `--allow` may let it pass.
        status: What a refusal counts as.
    """

    id: str
    title: str
    reason: str
    source: str
    check: Callable[[Plans], Iterable[Refusal]]
    exceptions: bool = True
    status: Status = Status.WRONG


def what_happens(resource: Resource) -> str:
    """Return what a plan does to *resource*, as a message says it."""
    if resource.is_replaced:
        cause = f" for {', '.join(resource.replaced_for)}" if resource.replaced_for else ""
        return f"{resource.name} would be replaced{cause}"
    if resource.is_forgotten:
        return f"{resource.name} would leave the state and stay in the cloud"
    return f"{resource.name} would be deleted"
