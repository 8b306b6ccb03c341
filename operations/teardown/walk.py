"""The way down: one stack after another, with bounded tries, past what is protected, until a signal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.markup import escape

from operations.teardown.plan import FLEET, NETWORK, WayDown
from operations.teardown.states import States, kept_for_bucket, protected
from operations.teardown.stop import Stop
from operations.teardown.terraform import Resource, TerraformError, can_go_away, destroy, state_of

Result = Literal["empty", "destroyed", "kept", "bucket kept", "blocked", "failed", "not reached"]


@dataclass(frozen=True, kw_only=True)
class Done:
    """
    What became of a stack.

    Attributes:
        resources: How many were in its state before.
        why: What kept it, or Terraform's own words of the last try.
        tries: How often Terraform was run.
    """

    stack: str
    resources: int
    result: Result
    why: str = ""
    tries: int = 0

    @property
    def gone(self) -> bool:
        """Whether nothing of it is left but what may stay."""
        return self.result in ("empty", "destroyed", "bucket kept")


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


@dataclass(kw_only=True)
class Walk:
    """
    Destroys the stacks of *way* in its order. A stack that is needed by one that is still there is left alone.

    Args:
        states: What is in each state.
        balanced: Waits for the load balancer; called once, before the first of fleet and clusters goes.
        swept: Sweeps the network; called before each try at the network's own stack.
        console: Where a line is printed when something begins or ends.
    """

    way: WayDown
    states: States
    rules: Rules
    stop: Stop
    balanced: Callable[[], None]
    swept: Callable[[], None]
    console: Console
    done: dict[str, Done] = field(default_factory=dict)
    _waited: bool = False

    def run(self) -> tuple[Done, ...]:
        """Go down, as far as can be."""
        for stack in self.way.stacks:
            self.done[stack] = self._turn(stack)
            self._say_result(self.done[stack])
        return tuple(self.done.values())

    def _turn(self, stack: str) -> Done:
        spared = _spared(self.way, stack, self.states[stack], self.done)
        if self.stop.asked and not (spared and spared.result == "empty"):
            return Done(stack=stack, resources=len(self.states[stack]), result="not reached")
        if spared is None or spared.result == "empty":
            self._prepare(stack)
        return spared or self._destroy(stack)

    def _prepare(self, stack: str) -> None:
        """Wait while the controllers that clean up still live; sweep when they are gone."""
        if self.stop.asked or not all(self.done[user].gone for user in self.way.users(stack)):
            return
        if stack == NETWORK:
            self.swept()
        elif (stack == FLEET or stack.startswith("infra-cluster-")) and self.states[stack] and not self._waited:
            self._waited = True
            self.balanced()

    def _destroy(self, stack: str) -> Done:
        count, resources, errors = len(self.states[stack]), self.states[stack], [""]
        for number in range(1, self.rules.retries + 2):
            kept = kept_for_bucket(resources) if self.rules.keep_bucket else frozenset()
            targets = [one.address for one in resources if one.address not in kept]
            if kept and not targets:
                return Done(stack=stack, resources=count, result="bucket kept", tries=number - 1)
            errors = self._try(stack, targets if kept else [], len(targets))
            if not errors:
                result: Result = "bucket kept" if kept else "destroyed"
                return Done(stack=stack, resources=count, result=result, tries=number)
            if self.stop.asked or not can_go_away(errors) or number > self.rules.retries:
                break
            self._say(f"{stack}: {errors[0]}; try {number + 1} of {self.rules.retries + 1} in "
                      f"{self.rules.pause_sec:g} s")  # fmt: skip
            self.stop.pause(self.rules.pause_sec)
            if self.stop.asked:
                break
            self._prepare(stack)
            try:
                resources = state_of(self.way.folder(stack))
            except TerraformError as error:
                errors = [error.words]
                break
        return Done(stack=stack, resources=count, result="failed", why="\n".join(errors), tries=number)

    def _try(self, stack: str, targets: list[str], count: int) -> list[str]:
        at, gone = self.way.stacks.index(stack) + 1, 0
        head = f"{stack} ({at} of {len(self.way.stacks)})"
        self._say(f"{head}: destroying {count} resources")
        began = time.monotonic()
        with self.console.status("") as status:

            def one_gone() -> None:
                nonlocal gone
                gone += 1
                status.update(f"{escape(head)}: {gone} of {count} are gone")

            errors = destroy(self.way.folder(stack), targets, self.stop, one_gone)
        self._say(f"{head}: {gone} of {count} are gone after {time.monotonic() - began:.0f} s")
        return errors

    def _say_result(self, done: Done) -> None:
        if done.result in ("kept", "blocked", "not reached"):
            self._say(f"{done.stack}: {done.result}{': ' if done.why else ''}{done.why}")

    def _say(self, line: str) -> None:
        self.console.print(escape(line), soft_wrap=True, highlight=False)


def expected(way: WayDown, states: States, *, keep_bucket: bool) -> tuple[Done, ...]:
    """What becomes of each stack if nothing fails."""
    done: dict[str, Done] = {}
    for stack in way.stacks:
        resources = states[stack]
        goes: Result = "bucket kept" if keep_bucket and kept_for_bucket(resources) else "destroyed"
        done[stack] = _spared(way, stack, resources, done) or Done(stack=stack, resources=len(resources), result=goes)
    return tuple(done.values())


def _spared(way: WayDown, stack: str, resources: tuple[Resource, ...], done: Mapping[str, Done]) -> Done | None:
    """Why *stack* is not destroyed in its turn; None where it is."""
    count = len(resources)
    if not count:
        return Done(stack=stack, resources=count, result="empty")
    if users := [user for user in way.users(stack) if not done[user].gone]:
        return Done(stack=stack, resources=count, result="blocked", why=f"{', '.join(users)} must go first")
    if held := protected(resources):
        return Done(stack=stack, resources=count, result="kept", why=f"{', '.join(held)} is protected")
    return None
