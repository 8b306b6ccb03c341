"""What a teardown can find: stacks of an older config, resources in no state, what is left, and no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gke_inference.check import Check
from gke_inference.findings import Finding, Status
from gke_inference.load_balancer import Part
from gke_inference.teardown.network import Network
from gke_inference.teardown.order import CLUSTER_TYPE, NETWORK_TYPE, DestroyOrder
from gke_inference.teardown.ownership import NetworkResource
from gke_inference.teardown.state import States
from platform_config.config import Config
from platform_config.existing_parts import existing_parts
from platform_config.pages import REMOVE_A_REGION
from platform_config.stack_graph import (
    FLEET_STACK,
    LOAD_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    region_key,
)

VIEWER = "roles/compute.viewer"
CLUSTER_VIEWER = "roles/container.clusterViewer"
FLEET_FIX = f"destroy {FLEET_STACK}, see above"
NETWORK_FIX = f"destroy {NETWORK_STACK}, see above"
NOTHING = "nothing of this platform"
MOST_NAMES = 5
"""Orphans that a finding names; the report lists all of them."""


def stale_stack_findings(order: DestroyOrder, states: States) -> list[Finding]:
    """
    Return each stack of an older config that has something in its state, and how to destroy it.

    The last synth gives it no place in the order, and it may use what the other stacks would destroy.
    """
    return [
        Finding(
            id="STALE", status=Status.WRONG, needed="each stack with something in its state is in the synth",
            found=f"{stack} is of an older config, and its state holds {len(states[stack])} resources",
            fix=f"put what it was made from back into the config{_setting(stack)} and run `make synth`: then it is "
            f"destroyed with the rest. Or destroy it by hand first: {REMOVE_A_REGION}",
        )
        for stack in order.stale
        if states.get(stack)
    ]  # fmt: skip


SETTINGS = {
    WEIGHTS_STACK: "bucket, or loader: job",
    LOAD_STACK: "loader: cloud_run",
    OBSERVABILITY_STACK: "one of observability.alerting, dashboard and log_metrics",
}
"""What a stack is made from, where it is not a region."""


def _setting(stack: str) -> str:
    key = region_key(stack)
    setting = f"regions.{key}" if key else SETTINGS.get(stack)
    return f" ({setting})" if setting else ""


def network_fix(network: Network) -> str:
    """Return what to do about a network that is in no state."""
    return _import_fix(network.order.import_command(NETWORK_STACK, NETWORK_TYPE, network.path))


def cluster_fix(network: Network, cluster: Part) -> str:
    """Return what to do about *cluster*, which is in the network and should not be."""
    stack, path = network.cluster_stacks.get(cluster["name"]), network.cluster_path(cluster)
    if cluster.get("status") == "STOPPING":
        return f"{cluster['name']} is being deleted: run the command again when it is gone"
    if path in network.state_paths:
        return f"destroy {stack or 'its stack'}, see above"
    if stack:
        return _import_fix(network.order.import_command(stack, CLUSTER_TYPE, path))
    return f"delete the cluster {cluster['name']}, which is of no stack, and run the command again"


def _import_fix(command: str) -> str:
    return (
        "find out whose it is. If it is yours, run this where its state is (state_bucket in the config, or the machine "
        f"with terraform-state/), or bring it back: {command}"
    )


def stateless_findings(network: Network) -> list[Finding]:
    """Return the network and each cluster in it that exist and are in no state: a teardown would pass them over."""
    check = Check(
        id="STATELESS", needed="each is in a state, or not there", role=f"{VIEWER} and {CLUSTER_VIEWER}",
        ask=lambda: [
            check.finding(Status.WRONG, f"{what} is there, and in no state", fix)
            for what, fix in _stateless(network).items()
        ],
    )  # fmt: skip
    return check.run()


def _stateless(network: Network) -> dict[str, str]:
    """Return what is in no state, with what to do about it."""
    known = {*network.state_paths, *(one.path for one in network.clusters_being_deleted())}
    fixes = {
        f"cluster {one['name']}": cluster_fix(network, one)
        for one in network.clusters()
        if network.cluster_path(one) not in known
    }
    if not network.exists_before and not network.in_state and network.exists():
        fixes[f"network {network.name}"] = network_fix(network)
    return fixes


def not_swept(network: Network, orphans: Sequence[NetworkResource]) -> Finding:
    """Return the finding that *orphans* stay: the name alone does not prove that the network is the platform's."""
    names = ", ".join(one.label for one in orphans[:MOST_NAMES]) + (", ..." if len(orphans) > MOST_NAMES else "")
    here = f"{len(orphans)} resources in it: {names}"
    if network.exists_before:
        why, needed = (
            f"{network.path} is not the platform's, and all its states are empty",
            "a state that has something",
        )
        fix = "look whose they are, then delete them by hand"
    else:
        why, needed = f"{network.path} is in no state, so it may be another's", f"the network is in {NETWORK_STACK}"
        fix = network_fix(network)
    return Finding(id="SWEEP", status=Status.WRONG, found=f"not swept: {why}; {here}", needed=needed, fix=fix)


def staying_parts(config: Config) -> list[Finding]:
    """Return one for each thing that the platform uses and does not manage: nothing of it is deleted."""
    return [
        Finding(
            id="STAYS", status=Status.GOOD, found=f"{part} stays: not the platform's ({part.setting})",
            needed="stays: not the platform's",
        )
        for part in existing_parts(config)
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Remaining(Finding):
    """
    Something that is left, or that a search for it found nothing.

    Attributes:
        costs: `high` (accelerator nodes), `medium` (other nodes, control planes), `small`, `per GiB` or `none`.
    """

    costs: str = "none"


def search(id_: str, role: str, find: Callable[[], Iterable[Remaining]]) -> list[Finding]:
    """
    Return one finding per resource that is left; else one that there is none, or that this is not known.

    Args:
        id_: Kind of resource; LEFT- is put before it.
        role: Role that may ask.
        find: Returns each that is left.
    """
    check = Check(id=f"LEFT-{id_}", needed=NOTHING, role=role, ask=find, kind=Remaining)
    return check.run() or [check.finding(Status.GOOD, NOTHING)]


def bucket_stays(name: str) -> Remaining:
    """Return the finding that the bucket was not named, so that it stays."""
    return Remaining(
        id="LEFT-BUCKET", status=Status.GOOD, found=f"bucket {name}", needed="stays: it was not named", costs="per GiB",
        fix=f"to delete it too: bucket.force_destroy: true, apply {NETWORK_STACK}, then --delete-bucket and its name",
    )  # fmt: skip


def still_there(id_: str, found: str, costs: str, fix: str) -> Remaining:
    """Return the finding of something that should be gone."""
    return Remaining(id=f"LEFT-{id_}", status=Status.WRONG, found=found, needed="gone", fix=fix, costs=costs)


def last_part(path: str) -> str:
    """Return the name at the end of *path*."""
    return path.rsplit("/", 1)[-1]
