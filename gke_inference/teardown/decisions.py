"""Which stacks are destroyed, and which stay for which reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gke_inference.teardown.clusters import objects_in_cluster
from gke_inference.teardown.order import DestroyOrder
from gke_inference.teardown.state import States, addresses_kept_with_bucket, protected_names
from gke_inference.terraform import Resource

Result = Literal["empty", "destroyed", "forgotten", "kept", "bucket kept", "blocked", "failed", "not reached"]
FindDeleted = Callable[[str], str]
"""Returns the name of the cluster that a stack makes or has its objects in, if it is known to be gone; else nothing."""


@dataclass(frozen=True, kw_only=True)
class DestroyOptions:
    """
    How stacks are destroyed.

    Attributes:
        keep_bucket: The model bucket stays, whatever its settings.
        retries: Tries after the first, per stack.
        pause_sec: Between two tries.
    """

    keep_bucket: bool
    retries: int
    pause_sec: float


@dataclass(frozen=True, kw_only=True)
class StackResult:
    """
    What became of a stack, or will.

    Attributes:
        stack: The stack's id.
        resources: How many were in its state before.
        result: `forgotten` where its cluster was gone before: the objects in the cluster were removed from the state,
            and all else was destroyed.
        reason: Why it stays, or Terraform's errors of the last try.
        tries: How often Terraform was run to destroy it.
        only_deleted_objects: All that its state holds are objects of a cluster that is gone: no other stack has to
            wait for it.
        command: What to run by hand where running the teardown again may not help.
    """

    stack: str
    resources: int
    result: Result
    reason: str = ""
    tries: int = 0
    only_deleted_objects: bool = False
    command: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing of it remains but what may stay."""
        return self.result in ("empty", "destroyed", "forgotten", "bucket kept")

    @property
    def suffix(self) -> str:
        """The reason, as it follows the result in a line."""
        return f": {self.reason}" if self.reason else ""

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON document; the keys are stable."""
        return {
            "stack": self.stack, "resources": self.resources, "result": self.result, "why": self.reason,
            "tries": self.tries, "only_deleted_objects": self.only_deleted_objects, "todo": self.command,
        }  # fmt: skip


def expected_results(
    order: DestroyOrder, states: States, find_deleted: FindDeleted, *, keep_bucket: bool
) -> tuple[StackResult, ...]:
    """Return what becomes of each stack if nothing fails."""
    results: dict[str, StackResult] = {}
    for stack in order.stacks:
        resources = states[stack]
        cluster = find_deleted(stack) if resources else ""
        objects = objects_in_cluster(stack, resources) if cluster else []
        result: Result = "bucket kept" if keep_bucket and addresses_kept_with_bucket(resources) else "destroyed"
        results[stack] = skipped(order, stack, resources, results, cluster) or StackResult(
            stack=stack, resources=len(resources), result="forgotten" if objects else result,
            reason=removal_reason(cluster, len(objects)) if objects else "",
        )  # fmt: skip
    return tuple(results.values())


def skipped(
    order: DestroyOrder,
    stack: str,
    resources: Sequence[Resource],
    results: Mapping[str, StackResult],
    deleted_cluster: str,
) -> StackResult | None:
    """
    Return why *stack* is not to be destroyed; None where it is.

    Args:
        order: All stacks.
        stack: The stack's id.
        resources: What is in its state.
        results: What became of the stacks before it in the order.
        deleted_cluster: The cluster that it makes or has its objects in, if that is gone; else empty.
    """
    count = len(resources)
    if not count:
        return StackResult(stack=stack, resources=count, result="empty")
    if dependents := list(dict.fromkeys(_remaining_dependents(order, stack, results))):
        return StackResult(
            stack=stack, resources=count, result="blocked", reason=f"{', '.join(dependents)} must go first",
            only_deleted_objects=has_only_deleted_objects(stack, resources, deleted_cluster),
        )  # fmt: skip
    # Where the cluster is gone, the provider has nothing to refuse.
    if not deleted_cluster and (names := protected_names(resources, order.kept(stack))):
        return StackResult(stack=stack, resources=count, result="kept", reason=f"{', '.join(names)} is protected")
    return None


def has_only_deleted_objects(stack: str, resources: Sequence[Resource], deleted_cluster: str) -> bool:
    """Return whether *resources* are objects of *deleted_cluster* and nothing else."""
    return bool(deleted_cluster) and len(objects_in_cluster(stack, resources)) == len(resources)


def removal_reason(deleted_cluster: str, count: int) -> str:
    """Return why *count* resources are removed from the state and not destroyed."""
    return f"cluster {deleted_cluster} is gone, and {count} objects with it"


def _remaining_dependents(order: DestroyOrder, stack: str, results: Mapping[str, StackResult]) -> Iterator[str]:
    """Return the stacks that *stack* must wait for; where one holds nothing real, those that that one waits for."""
    for dependent in order.dependents(stack):
        if results[dependent].only_deleted_objects:
            yield from _remaining_dependents(order, dependent, results)
        elif not results[dependent].done:
            yield dependent
