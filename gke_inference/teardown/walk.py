"""The way down: one stack after another, with bounded tries, past what is protected, until a signal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

from gke_inference.teardown.clusters import objects
from gke_inference.teardown.destroy import destroy
from gke_inference.teardown.plan import WayDown
from gke_inference.teardown.progress import looking
from gke_inference.teardown.states import States, kept_for_bucket
from gke_inference.teardown.stop import Stop
from gke_inference.teardown.terraform import (
    Resource,
    TerraformError,
    forget,
    forget_command,
    state_of,
)
from gke_inference.teardown.turn import Done, Lost, Result, Rules, buried, hollow, spared
from gke_inference.teardown.words import can_go_away
from platform_config.stack_graph import CLUSTER_STACKS, FLEET_STACK, NETWORK_STACK, WORKLOAD


@dataclass(kw_only=True)
class Walk:
    """
    Destroys the stacks of *way* in its order. A stack that is needed by one that is still there is left alone.

    Args:
        states: What is in each state.
        lost: Tells of a stack whether its cluster is gone; asked before each try.
        balanced: Waits for the load balancer; called once, before the first of fleet and clusters goes.
        swept: Sweeps the network; called before each try at the network's own stack.
        console: Where a line is printed when something begins or ends.
    """

    way: WayDown
    states: States
    lost: Lost
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
            if self.done[stack].result in ("kept", "blocked", "not reached"):
                self._say(f"{stack}: {self.done[stack].result}{self.done[stack].because}")
        return tuple(self.done.values())

    def _turn(self, stack: str) -> Done:
        resources = self.states[stack]
        if self.stop.asked and resources:
            return Done(stack=stack, resources=len(resources), result="not reached")
        stays = spared(self.way, stack, resources, self.done, self._lost(stack) if resources else "")
        if stays is None or stays.result == "empty":
            self._prepare(stack)
        return stays or self._destroy(stack)

    def _prepare(self, stack: str) -> None:
        """Wait while the controllers that clean up still live; sweep when they are gone."""
        users = [self.done[user] for user in self.way.users(stack)]
        if self.stop.asked or not all(user.gone or user.hollow for user in users):
            return
        if stack == NETWORK_STACK:
            self.swept()
        elif (stack == FLEET_STACK or stack.startswith(CLUSTER_STACKS)) and self.states[stack] and not self._waited:
            self._waited = True
            self.balanced()

    def _destroy(self, stack: str) -> Done:
        count, resources, why = len(self.states[stack]), self.states[stack], ""
        for number in range(1, self.rules.retries + 2):
            lost = self._lost(stack)
            dead = objects(stack, resources) if lost else []
            try:
                if dead:
                    why = self._forget(stack, dead, lost)
                    resources, dead = tuple(one for one in resources if one not in dead), []
                kept = kept_for_bucket(resources) if self.rules.keep_bucket else frozenset()
                targets = [one.address for one in resources if one.address not in kept]
                result: Result = "forgotten" if why else "bucket kept" if kept else "destroyed"
                if not targets:
                    return Done(stack=stack, resources=count, result=result, why=why, tries=number - 1)
                # Without its cluster a workload is not planned as a whole: its providers need the endpoint.
                part = kept or (lost and stack.startswith(WORKLOAD))
                errors = self._try(stack, targets if part else [], len(targets))
                if not errors:
                    return Done(stack=stack, resources=count, result=result, why=why, tries=number)
            except TerraformError as error:
                errors = [error.words]
            if not self._again(stack, errors, number):
                break
            try:
                resources = state_of(self.way.folder(stack))
            except TerraformError as error:
                errors = [error.words]
                break
        return Done(
            stack=stack, resources=count, result="failed", why="\n".join(filter(None, [why, *errors])), tries=number,
            hollow=hollow(stack, resources, lost), todo=forget_command(self.way.folder(stack), dead) if dead else "",
        )  # fmt: skip

    def _lost(self, stack: str) -> str:
        with looking(self.console, f"{stack}: is its cluster there"):
            return self.lost(stack)

    def _again(self, stack: str, errors: list[str], number: int) -> bool:
        """Whether it is worth another try, once the pause before it is over."""
        if self.stop.asked or not can_go_away(errors, number) or number > self.rules.retries:
            return False
        self._say(f"{stack}: {errors[0]}; try {number + 1} of {self.rules.retries + 1} in "
                  f"{self.rules.pause_sec:g} s")  # fmt: skip
        self.stop.pause(self.rules.pause_sec)
        if not self.stop.asked:
            self._prepare(stack)
        return not self.stop.asked

    def _forget(self, stack: str, dead: list[Resource], lost: str) -> str:
        """Take *dead* out of the state; gives why."""
        why = buried(lost, len(dead))
        self._say(f"{stack}: {why}: taking them out of the state")
        forget(self.way.folder(stack), dead)
        return why

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

    def _say(self, line: str) -> None:
        self.console.print(escape(line), soft_wrap=True, highlight=False)
