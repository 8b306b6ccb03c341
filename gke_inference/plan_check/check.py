"""All rules on all plans, and the exceptions that a pipeline states."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gke_inference.command import Exit
from gke_inference.findings import Status
from gke_inference.plan_check.plans import Plans
from gke_inference.plan_check.rules import RULES
from platform_config.errors import shown


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """A place where a rule may be broken: `KEEP-POOL=infra-cluster-us/google_container_node_pool.x`."""

    rule: str
    place: str


@dataclass(frozen=True, kw_only=True)
class PlanFinding:
    """
    One place where a rule is broken.

    Attributes:
        id: Id of the rule.
        place: Stack and address; the stack alone where it is about the whole plan.
        status: Skipped where an exception lets it pass.
        found: What the plan does.
        needed: The rule.
        fix: What to do instead.
    """

    id: str
    place: str
    status: Status
    found: str
    needed: str
    fix: str

    def shown(self) -> dict[str, Any]:
        """Return the finding as it stands in a JSON report."""
        stack, _, address = self.place.partition("/")
        return {
            "id": self.id,
            "status": self.status.value,
            "stack": stack,
            "address": address,
            "found": self.found,
            "needed": self.needed,
            "fix": self.fix,
        }


def read_exception(text: str) -> Allowed:
    """
    Return the exception that an option states.

    Raises:
        ValueError: It names no rule, one that has no exceptions, or no place.
    """
    rule, _, place = text.partition("=")
    known = [one.id for one in RULES if one.exceptions]
    if rule not in known:
        raise ValueError(f"must begin with one of {', '.join(known)}, got {shown(text)}")
    if not place:
        raise ValueError(f"must be {rule}=STACK/ADDRESS, or {rule}=STACK for a whole plan, got {shown(text)}")
    return Allowed(rule=rule, place=place)


def check_plans(plans: Plans, exceptions: Iterable[Allowed] = ()) -> list[PlanFinding]:
    """Return what breaks a rule, in the order of the table; with the status skipped where an exception is stated."""
    allowed = {(one.rule, one.place) for one in exceptions}
    found = []
    for rule in RULES:
        for one in dict.fromkeys(rule.check(plans)):
            status = Status.SKIPPED if (rule.id, one.place) in allowed else rule.status
            found.append(
                PlanFinding(id=rule.id, place=one.place, status=status, found=one.found, needed=rule.title, fix=one.fix)
            )
    return found


def unused(exceptions: Iterable[Allowed], found: Iterable[PlanFinding]) -> Iterator[Allowed]:
    """Yield the exceptions that let nothing pass: what they were for is over, or they are mistyped."""
    passed = {(one.id, one.place) for one in found if one.status is Status.SKIPPED}
    yield from (one for one in exceptions if (one.rule, one.place) not in passed)


def outcome(found: Iterable[PlanFinding]) -> Exit:
    """Return wrong where a rule is broken, unknown where a plan could not be read, else good."""
    statuses = {one.status for one in found}
    if Status.WRONG in statuses:
        return Exit.WRONG
    return Exit.UNKNOWN if Status.UNKNOWN in statuses else Exit.GOOD


def report_json(plans: Plans, found: list[PlanFinding]) -> str:
    """Return the report as one document; its keys are stable."""
    document = {
        "plans": sorted(stack for stack, plan in plans.plans.items() if not plan.is_state),
        "states": sorted(stack for stack, plan in plans.plans.items() if plan.is_state),
        "not_given": plans.not_given,
        "findings": [one.shown() for one in found],
        "outcome": outcome(found).name.lower(),
    }
    return json.dumps(document, indent=2)
