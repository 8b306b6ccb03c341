"""Destroys one stack after another, with a limited number of tries, until a signal comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

from gke_inference.progress import show_waiting
from gke_inference.teardown.clusters import objects_in_cluster
from gke_inference.teardown.decisions import (
    DestroyOptions,
    FindDeleted,
    Result,
    StackResult,
    has_only_deleted_objects,
    removal_reason,
    skipped,
)
from gke_inference.teardown.destroy import destroy, is_transient
from gke_inference.teardown.interrupt import Interrupt
from gke_inference.teardown.order import DestroyOrder
from gke_inference.teardown.state import States, addresses_kept_with_bucket
from gke_inference.terraform import (
    Resource,
    TerraformError,
    read_state,
    removal_command,
    remove_from_state,
)
from platform_config.stack_graph import CLUSTER_STACKS, FLEET_STACK, NETWORK_STACK, OBSERVABILITY_STACK, WORKLOAD


@dataclass(kw_only=True)
class StackDestroyer:
    """
    Destroys the stacks in their order. A stack that is needed by one that is still there is skipped.

    Args:
        order: The stacks.
        states: What is in the state of each.
        find_deleted: Asked before each try.
        options: How.
        interrupt: Ends it.
        wait_for_load_balancer: Called once, before the first of fleet and clusters is destroyed.
        sweep: Called before each try at the network's own stack.
        console: Where a line is printed when something begins or ends.
    """

    order: DestroyOrder
    states: States
    find_deleted: FindDeleted
    options: DestroyOptions
    interrupt: Interrupt
    wait_for_load_balancer: Callable[[], None]
    sweep: Callable[[], None]
    console: Console
    results: dict[str, StackResult] = field(default_factory=dict)
    _waited: bool = False

    def run(self) -> tuple[StackResult, ...]:
        """Destroy as many stacks as possible, and return what became of each."""
        for stack in self.order.stacks:
            result = self.results[stack] = self._process(stack)
            if result.result in ("kept", "blocked", "not reached"):
                self._print(f"{stack}: {result.result}{result.suffix}")
        return tuple(self.results.values())

    def _process(self, stack: str) -> StackResult:
        resources = self.states[stack]
        if self.interrupt.requested and resources:
            return StackResult(stack=stack, resources=len(resources), result="not reached")
        cluster = self._find_deleted(stack) if resources else ""
        result = skipped(self.order, stack, resources, self.results, cluster)
        if result is None or result.result == "empty":
            self._prepare(stack)
        return result or self._destroy(stack)

    def _prepare(self, stack: str) -> None:
        """Wait for the controllers while there still are some, and sweep when they are gone."""
        dependents = [self.results[dependent] for dependent in self.order.dependents(stack)]
        if self.interrupt.requested or not all(one.done or one.only_deleted_objects for one in dependents):
            return
        if stack == NETWORK_STACK:
            self.sweep()
        elif (stack == FLEET_STACK or stack.startswith(CLUSTER_STACKS)) and self.states[stack] and not self._waited:
            self._waited = True
            self.wait_for_load_balancer()

    def _destroy(self, stack: str) -> StackResult:
        count, resources, removed = len(self.states[stack]), self.states[stack], ""
        for number in range(1, self.options.retries + 2):
            cluster = self._find_deleted(stack)
            objects = objects_in_cluster(stack, resources) if cluster else []
            try:
                if objects:
                    removed = self._remove(stack, objects, cluster)
                    resources, objects = tuple(one for one in resources if one not in objects), []
                kept = addresses_kept_with_bucket(resources) if self.options.keep_bucket else frozenset()
                targets = [one.address for one in resources if one.address not in kept]
                result: Result = "forgotten" if removed else "bucket kept" if kept else "destroyed"
                if not targets:
                    return StackResult(stack=stack, resources=count, result=result, reason=removed, tries=number - 1)
                # Without its cluster a workload cannot be planned as a whole: its providers need the endpoint.
                in_part = kept or (cluster and stack.startswith(WORKLOAD))
                errors = self._run_terraform(stack, targets if in_part else [], len(targets))
                if not errors:
                    return StackResult(stack=stack, resources=count, result=result, reason=removed, tries=number)
            except TerraformError as error:
                errors = [error.message]
            if not self._pause_before_retry(stack, errors, number):
                break
            try:
                resources = read_state(self.order.folder(stack))
            except TerraformError as error:
                errors = [error.message]
                break
        return StackResult(
            stack=stack, resources=count, result="failed", reason="\n".join(filter(None, [removed, *errors])),
            tries=number, only_deleted_objects=has_only_deleted_objects(stack, resources, cluster),
            command=removal_command(self.order.folder(stack), objects) if objects else "",
        )  # fmt: skip

    def _find_deleted(self, stack: str) -> str:
        with show_waiting(self.console, f"{stack}: is its cluster there"):
            return self.find_deleted(stack)

    def _pause_before_retry(self, stack: str, errors: list[str], number: int) -> bool:
        """Return whether there is another try, once the pause before it is over."""
        if self.interrupt.requested or number > self.options.retries or not is_transient(errors, number):
            return False
        self._print(f"{stack}: {errors[0]}; try {number + 1} of {self.options.retries + 1} in "
                    f"{self.options.pause_sec:g} s")  # fmt: skip
        self.interrupt.pause(self.options.pause_sec)
        if not self.interrupt.requested:
            self._prepare(stack)
        return not self.interrupt.requested

    def _remove(self, stack: str, objects: list[Resource], cluster: str) -> str:
        """Remove *objects* from the state, and return why."""
        reason = removal_reason(cluster, len(objects))
        self._print(f"{stack}: {reason}: removing them from the state")
        remove_from_state(self.order.folder(stack), objects)
        return reason

    def _run_terraform(self, stack: str, targets: list[str], count: int) -> list[str]:
        position, destroyed = self.order.stacks.index(stack) + 1, 0
        label = f"{stack} ({position} of {len(self.order.stacks)})"
        self._print(f"{label}: destroying {count} resources")
        began = time.monotonic()
        with self.console.status("") as status:

            def on_destroyed() -> None:
                nonlocal destroyed
                destroyed += 1
                status.update(f"{escape(label)}: {destroyed} of {count} are destroyed")

            # A refresh reads the secrets of channels again, which may be gone by now.
            refresh = stack != OBSERVABILITY_STACK
            errors = destroy(self.order.folder(stack), targets, self.interrupt, on_destroyed, refresh=refresh)
        self._print(f"{label}: {destroyed} of {count} are destroyed after {time.monotonic() - began:.0f} s")
        return errors

    def _print(self, line: str) -> None:
        self.console.print(escape(line), soft_wrap=True, highlight=False)
