"""What is there under the platform's names and in none of its states: from here nobody can tell whose it is."""

from __future__ import annotations

from collections.abc import Sequence

from operations.findings import Finding, Status
from operations.teardown.found import Found
from operations.teardown.plan import NETWORK

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
    return fix(NETWORK, NETWORK_ADDRESS, path)


def not_swept(path: str, ghosts: Sequence[Found]) -> Finding:
    """The *ghosts* in the network at *path* stay: a name alone does not prove that the network is ours."""
    names = ", ".join(one.shown for one in ghosts[:SHOWN]) + (", ..." if len(ghosts) > SHOWN else "")
    return Finding(
        id="SWEEP", status=Status.WRONG,
        found=f"not swept: no state holds {path}, so it may be another's; {len(ghosts)} things in it: {names}",
        needed=f"the network is in the state of {NETWORK}", fix=network_fix(path),
    )  # fmt: skip
