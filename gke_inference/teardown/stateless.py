"""What is there under the platform's names and in none of its states: from here nobody can tell whose it is."""

from __future__ import annotations

from collections.abc import Sequence

from gke_inference.findings import Finding, Status
from gke_inference.load_balancer import Part
from gke_inference.teardown.answers import CLUSTER_VIEWER, UNTOLD, VIEWER, untold
from gke_inference.teardown.found import Found
from gke_inference.teardown.left import last, there
from gke_inference.teardown.network import Network
from platform_config.stack_graph import NETWORK_STACK

NETWORK_ADDRESS = "google_compute_network.network"
CLUSTER_ADDRESS = "google_container_cluster.cluster"
SHOWN = 5
"""Ghosts that are told by name; the report has each of them beside."""


def fix(stack: str, address: str, path: str) -> str:
    """How to go on with what is at *path*, which should be in the state of *stack* as *address*."""
    return (
        "whose is it? if yours, run this where its state is (state_bucket in the config, or the machine with "
        f"terraform-state/), or bring it back: terraform -chdir=cdktf.out/stacks/{stack} import {address} {path}"
    )


def network_fix(path: str) -> str:
    """How to go on with the network at *path*."""
    return fix(NETWORK_STACK, NETWORK_ADDRESS, path)


def cluster_fix(network: Network, cluster: Part) -> str:
    """How to go on with *cluster*, which is in our network and should not be."""
    stack, path = network.stacks.get(cluster["name"]), network.cluster_path(cluster)
    if cluster.get("status") == "STOPPING":
        return f"{cluster['name']} is being deleted: run the command again when it is gone"
    if path in network.in_states:
        return f"destroy {stack or 'its stack'}, see above"
    if stack:
        return fix(stack, CLUSTER_ADDRESS, path)
    return f"delete the cluster {cluster['name']}, which no stack knows, and run the command again"


def unknown_clusters(network: Network) -> list[Finding]:
    """The network and each cluster in it that is there and in no state: a teardown would pass them over."""
    id_, needed = "STATELESS", "each is in a state, or not there"
    try:
        known, going = network.in_states, {one.path for one in network.stopping()}
        living = [one for one in network.clusters() if network.cluster_path(one) not in {*known, *going}]
        bare = not network.known and there(
            network.google, "compute", "v1", "networks.get", project=network.google.project, network=last(network.path)
        )
    except UNTOLD as error:
        found, way_out = untold(error, f"{VIEWER} and {CLUSTER_VIEWER}")
        return [Finding(id=id_, status=Status.UNKNOWN, found=found, needed=needed, fix=way_out)]
    todo = {f"cluster {one['name']}": cluster_fix(network, one) for one in living}
    todo |= {f"network {last(network.path)}": network_fix(network.path)} if bare else {}
    return [
        Finding(id=id_, status=Status.WRONG, found=f"{what} is there, and no state knows it", needed=needed, fix=way)
        for what, way in todo.items()
    ]


def not_swept(path: str, ghosts: Sequence[Found]) -> Finding:
    """The *ghosts* in the network at *path* stay: a name alone does not prove that the network is ours."""
    names = ", ".join(one.shown for one in ghosts[:SHOWN]) + (", ..." if len(ghosts) > SHOWN else "")
    return Finding(
        id="SWEEP", status=Status.WRONG,
        found=f"not swept: no state holds {path}, so it may be another's; {len(ghosts)} things in it: {names}",
        needed=f"the network is in the state of {NETWORK_STACK}", fix=network_fix(path),
    )  # fmt: skip
