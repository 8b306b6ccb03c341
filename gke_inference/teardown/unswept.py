"""What could not be swept, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gke_inference.api_error import ApiError, remedy
from gke_inference.findings import Finding, Status
from gke_inference.load_balancer import Part, collection_of
from gke_inference.teardown.found import FIREWALLS, Found
from gke_inference.teardown.network import Network
from gke_inference.teardown.stateless import cluster_fix

FIREWALL_ROLE = "roles/compute.securityAdmin"
"""Has compute.firewalls.delete, and compute.networks.updatePolicy, which that takes as well."""
BALANCER_ROLE = "roles/compute.loadBalancerAdmin"
"""Deletes each part of a load balancer, endpoint groups too."""


def still_living(network: Network, clusters: Sequence[Part]) -> Finding:
    """Nothing is swept while *clusters* are in the network."""
    names = ", ".join(f"{one['name']}{' (STOPPING)' if one.get('status') == 'STOPPING' else ''}" for one in clusters)
    return Finding(
        id="SWEEP", status=Status.WRONG, found=f"nothing was swept: {names} is still in the network",
        needed="no cluster", fix="; ".join(dict.fromkeys(cluster_fix(network, one) for one in clusters)),
    )  # fmt: skip


def unswept(going: Sequence[Found], refused: Mapping[Found, ApiError]) -> Finding:
    """Those that did not go in time, and those that were *refused*, in Google's own words."""
    words = [f"{one.shown}: {error}" for one, error in refused.items()]
    words += [f"{one.shown}: asked to go, but still there" for one in going]
    return Finding(
        id="SWEEP", status=Status.WRONG, found="; ".join(words), needed="all ghosts are deleted", fix=_fix(refused)
    )


def _fix(refused: Mapping[Found, ApiError]) -> str:
    denied = {one: error for one, error in refused.items() if error.denied}
    if not denied:
        return "run the command again; Google refuses what is still in use for a while"
    roles = {FIREWALL_ROLE if collection_of(one.path) == FIREWALLS else BALANCER_ROLE for one in denied}
    return f"{remedy(next(iter(denied.values())), ' and '.join(sorted(roles)))}, then run the command again"
