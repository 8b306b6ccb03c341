"""What is in Terraform's states, and what of it must stay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from gke_inference.load_balancer import path_of
from gke_inference.teardown.order import DestroyOrder
from gke_inference.terraform import Resource, TerraformError, read_state

BUCKET_TYPE = "google_storage_bucket"
BUCKET_GRANT_TYPE = "google_storage_bucket_iam_member"
SECRET_GRANT_TYPE = "google_secret_manager_secret_iam_member"
FIXED_VALUE_TYPE = "terraform_data"
"""Holds what a stack must not change; constructs_lib/fixed_value.py."""
READERS = 4
"""States that are read at once."""
States = Mapping[str, tuple[Resource, ...]]
"""The resources in each stack's state, by stack id."""


def read_states(order: DestroyOrder, console: Console) -> States:
    """
    Return what is in the state of each stack, those of an older config included.

    Raises:
        TerraformError: One of them cannot be read.
    """
    stacks = (*order.stacks, *order.stale)
    console.print(f"reading {len(stacks)} states", soft_wrap=True, highlight=False)
    waiting = list(stacks)

    def read(stack: str) -> tuple[str, tuple[Resource, ...]]:
        try:
            resources = read_state(order.folder(stack))
        except TerraformError as error:
            raise TerraformError(f"the state of {stack} could not be read: {error}") from None
        waiting.remove(stack)
        status.update(f"reading states: {', '.join(waiting)}")
        return stack, resources

    with console.status("reading states") as status, ThreadPoolExecutor(READERS) as pool:
        return dict(pool.map(read, stacks))


def resource_paths(states: States) -> frozenset[str]:
    """Return the paths of everything that is in a state."""
    return frozenset(path_of(str(one.values.get("id"))) for resources in states.values() for one in resources)


def granted_buckets(states: States) -> dict[str, set[str]]:
    """Return the buckets that a state has grants on, each with who has them: of models that the config lost, too."""
    found: dict[str, set[str]] = {}
    for one in _of_type(states, BUCKET_GRANT_TYPE):
        # A grant that was imported has the bucket's path, `b/<name>`.
        bucket = str(one.values.get("bucket", "")).removeprefix("b/")
        found.setdefault(bucket, set()).add(str(one.values.get("member", "")))
    return found


def granted_secrets(states: States) -> tuple[str, ...]:
    """Return the names of the secrets that a state has grants on."""
    paths = (str(one.values.get("secret_id", "")) for one in _of_type(states, SECRET_GRANT_TYPE))
    return tuple(path.rsplit("/", 1)[-1] for path in paths)


def _of_type(states: States, type_: str) -> Iterator[Resource]:
    return (one for resources in states.values() for one in resources if one.type == type_)


def has_bucket(states: States) -> bool:
    """Return whether a bucket is in any of them."""
    return any(_of_type(states, BUCKET_TYPE))


def protected_names(resources: Sequence[Resource], kept: Collection[str] = ()) -> list[str]:
    """Return the names of the *resources* that the provider, or Terraform for those at *kept*, refuses to destroy."""
    return [str(one.values.get("name") or one.address) for one in resources if one.protected or one.address in kept]


def addresses_kept_with_bucket(resources: Sequence[Resource]) -> frozenset[str]:
    """
    Return the addresses that must stay for a bucket to stay: its own, and those of all that it needs.

    A destroy of what it needs would destroy the bucket too, even where only that is the target.
    """
    needs: Mapping[str, frozenset[str]] = {one.address: one.needs for one in resources}
    kept: set[str] = set()
    to_visit = [one.address for one in resources if one.type == BUCKET_TYPE]
    while to_visit:
        address = to_visit.pop()
        if address not in kept and address in needs:
            kept.add(address)
            to_visit += needs[address]
    return frozenset(kept)


def remembered_cluster(resources: Sequence[Resource]) -> str:
    """
    Return the name of the cluster that a state says its objects are in; empty where it says nothing.

    The stacks whose cluster a setting chooses remember it with its endpoint: after a change of that setting the config
    has another one.
    """
    for one in resources:
        value = one.values.get("input") if one.type == FIXED_VALUE_TYPE else None
        if isinstance(value, dict) and "endpoint" in value:
            return str(value.get("value", ""))
    return ""
