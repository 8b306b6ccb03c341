"""What becomes of each stack in its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gke_inference.teardown.clusters import objects
from gke_inference.teardown.plan import WayDown
from gke_inference.teardown.states import States, kept_for_bucket, protected
from gke_inference.teardown.terraform import Resource

Result = Literal["empty", "destroyed", "forgotten", "kept", "bucket kept", "blocked", "failed", "not reached"]
Lost = Callable[[str], str]
"""Gives the name of the cluster that a stack is of, where it is known to be gone; else nothing."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """
    What became of a stack.

    Attributes:
        resources: How many were in its state before.
        result: Where it is `forgotten`, its cluster was gone before: the objects in it were taken out of the state, and
            all else was destroyed.
        why: What kept it, or Terraform's own words of the last try.
        tries: How often Terraform was run to destroy it.
        hollow: All that its state holds are objects of a cluster that is gone: it keeps nothing else from going.
        todo: What to do by hand where another run alone may not help.
    """

    stack: str
    resources: int
    result: Result
    why: str = ""
    tries: int = 0
    hollow: bool = False
    todo: str = ""

    @property
    def gone(self) -> bool:
        """Whether nothing of it is left but what may stay."""
        return self.result in ("empty", "destroyed", "forgotten", "bucket kept")

    @property
    def because(self) -> str:
        """`why`, as it is added to the result."""
        return f": {self.why}" if self.why else ""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """
    How to go down.

    Attributes:
        keep_bucket: The model bucket stays, whatever its settings.
        retries: Tries after the first.
        pause_sec: Between two tries.
    """

    keep_bucket: bool
    retries: int
    pause_sec: float


def expected(way: WayDown, states: States, lost: Lost, *, keep_bucket: bool) -> tuple[Done, ...]:
    """What becomes of each stack if nothing fails."""
    done: dict[str, Done] = {}
    for stack in way.stacks:
        resources = states[stack]
        name = lost(stack) if resources else ""
        dead = objects(stack, resources) if name else []
        goes: Result = "bucket kept" if keep_bucket and kept_for_bucket(resources) else "destroyed"
        done[stack] = spared(way, stack, resources, done, name) or Done(
            stack=stack, resources=len(resources), result="forgotten" if dead else goes,
            why=buried(name, len(dead)) if dead else "",
        )  # fmt: skip
    return tuple(done.values())


def spared(
    way: WayDown, stack: str, resources: tuple[Resource, ...], done: Mapping[str, Done], lost: str
) -> Done | None:
    """
    Why *stack* is not destroyed in its turn; None where it is.

    Args:
        lost: The cluster that it is of, where that is gone; else nothing.
    """
    count = len(resources)
    if not count:
        return Done(stack=stack, resources=count, result="empty")
    if users := list(dict.fromkeys(_holding(way, stack, done))):
        why = f"{', '.join(users)} must go first"
        return Done(stack=stack, resources=count, result="blocked", why=why, hollow=hollow(stack, resources, lost))
    # What is gone is protected by nothing: the provider never gets to refuse it.
    if held := protected(resources) if not lost else []:
        return Done(stack=stack, resources=count, result="kept", why=f"{', '.join(held)} is protected")
    return None


def hollow(stack: str, resources: tuple[Resource, ...], lost: str) -> bool:
    """Whether *resources* are objects of the cluster *lost* and nothing else."""
    return bool(lost) and len(objects(stack, resources)) == len(resources)


def buried(lost: str, count: int) -> str:
    """Why *count* resources are not destroyed but forgotten."""
    return f"cluster {lost} is gone, and {count} objects with it"


def _holding(way: WayDown, stack: str, done: Mapping[str, Done]) -> Iterator[str]:
    """The stacks that keep *stack* from going: its users that are still there, past those that hold nothing real."""
    for user in way.users(stack):
        if done[user].hollow:
            yield from _holding(way, user, done)
        elif not done[user].gone:
            yield user
