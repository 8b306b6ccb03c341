"""The stacks of an export in their order, those that an older export had, and in which steps these leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platform_config.stack_graph import WORKLOAD, region_key

Needs = Mapping[str, tuple[str, ...]]
"""Each stack with those that it needs, needed ones first."""


@dataclass(frozen=True, kw_only=True)
class RemovedStack:
    """
    A stack that an older export had and the config does not: its folder is kept until it is destroyed.

    Attributes:
        needs: The stacks that it needs, of those that it had.
        state: Where its state is, for people.
        backend_config: File of its folder that `init` reads; empty where it has none.
        users: The stacks that needed it.
    """

    stack: str
    needs: tuple[str, ...]
    users: tuple[str, ...]
    state: str
    backend_config: str

    @property
    def folder(self) -> str:
        """Where it is in the export."""
        return f"stale/{self.stack}"

    def document(self) -> dict[str, Any]:
        """Return it for order.json."""
        return {"stack": self.stack, "folder": self.folder, "needs": list(self.needs), "users": list(self.users),
                "state": self.state, "backend_config": self.backend_config}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a removal."""

    action: str
    stack: str

    def document(self) -> dict[str, str]:
        """Return it for order.json."""
        return {"action": self.action, "stack": self.stack}


def waves(needs: Needs) -> list[list[str]]:
    """Return the stacks in groups: those of a group need none of the same group, and can be applied side by side."""
    level: dict[str, int] = {}
    for stack, needed in needs.items():
        level[stack] = max((level[one] + 1 for one in needed), default=0)
    return [[stack for stack in needs if level[stack] == number] for number in sorted(set(level.values()))]


def edges(needs: Needs) -> list[list[str]]:
    """Return each pair of a stack and one that needs it."""
    return [[needed, stack] for stack, all_needed in needs.items() for needed in all_needed]


def removal_steps(needs: Needs, removed: Sequence[RemovedStack], older: Needs) -> list[Step]:
    """
    Return how the *removed* stacks leave.

    The servers of a region go first, while the gateway still has the region's address and sends its requests elsewhere.
    Then all else that is in *older* follows, users before what they use: a stack that stays is applied before what it
    used is destroyed, so that fleet and gateway let go of a cluster before it goes, and the network is applied last. A
    stack that only *needs* has is not applied in these steps.
    """
    gone = {stack.stack for stack in removed}
    if not gone:
        return []
    graph = {**older, **{stack.stack: stack.needs for stack in removed}}
    for stack in removed:
        graph |= {user: (*graph[user], stack.stack) for user in stack.users if user in graph}
    order = [stack for stack in reversed(sort(graph)) if stack in gone or stack in needs]
    first = [stack for stack in order if stack in gone and stack.startswith(WORKLOAD) and region_key(stack)]
    return [
        Step(action="destroy" if stack in gone else "apply", stack=stack)
        for stack in (*first, *(stack for stack in order if stack not in first))
    ]


def sort(needs: Needs) -> list[str]:
    """Return the stacks of *needs*, needed ones first, then by name; an edge to another stack does not count."""
    order: list[str] = []
    while len(order) < len(needs):
        ready = sorted(
            stack
            for stack, needed in needs.items()
            if stack not in order and all(one in order or one not in needs for one in needed)
        )
        if not ready:
            raise ValueError("stacks need each other in a circle")
        order += ready
    return order
