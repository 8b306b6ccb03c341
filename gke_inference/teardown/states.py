"""What is in Terraform's states, and what of it must stay."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from gke_inference.load_balancer import path_of
from gke_inference.teardown.plan import WayDown
from gke_inference.teardown.terraform import Resource, TerraformError, state_of

BUCKET = "google_storage_bucket"
READERS = 4
"""States that are read at once."""
States = dict[str, tuple[Resource, ...]]
"""By stack."""


def read_states(way: WayDown, console: Console) -> States:
    """
    What is in the state of each stack, those of an older config included.

    Raises:
        TerraformError: One of them cannot be read.
    """
    stacks = (*way.stacks, *way.stale)
    console.print(f"reading {len(stacks)} states", soft_wrap=True, highlight=False)

    waiting = list(stacks)

    def read(stack: str) -> tuple[str, tuple[Resource, ...]]:
        try:
            found = state_of(way.folder(stack))
        except TerraformError as error:
            raise TerraformError(f"the state of {stack} could not be read: {error}") from None
        waiting.remove(stack)
        status.update(f"reading states: {', '.join(waiting)}")
        return stack, found

    with console.status("reading states") as status, ThreadPoolExecutor(READERS) as pool:
        return dict(pool.map(read, stacks))


def paths(states: States) -> frozenset[str]:
    """Paths of everything that Terraform made and still knows."""
    return frozenset(path_of(str(one.values.get("id"))) for resources in states.values() for one in resources)


def has_bucket(states: States) -> bool:
    """Whether there is one in any of them."""
    return any(one.kind == BUCKET for resources in states.values() for one in resources)


def protected(resources: tuple[Resource, ...]) -> list[str]:
    """Names of what the provider would refuse to destroy."""
    return [str(one.values.get("name") or one.address) for one in resources if one.protected]


def kept_for_bucket(resources: tuple[Resource, ...]) -> frozenset[str]:
    """
    Addresses that must stay for a bucket to stay: its own, and those of all that it needs.

    A destroy of what it needs would take the bucket along, even where only that is the target.
    """
    needs: Mapping[str, frozenset[str]] = {one.address: one.needs for one in resources}
    kept: set[str] = set()
    todo = [one.address for one in resources if one.kind == BUCKET]
    while todo:
        address = todo.pop()
        if address not in kept and address in needs:
            kept.add(address)
            todo += needs[address]
    return frozenset(kept)
