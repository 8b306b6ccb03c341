"""What Compute Engine tells of the load balancer behind the gateway, judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gke_inference.api_error import ApiError
from gke_inference.load_balancer import RULES, SERVICES, Parts, path_of, reached, select
from gke_inference.verify.check import Seen

States = list[str] | ApiError
"""Of the servers of one network endpoint group, or why they are not known."""
NOT_FOUND = "-gw-serve404-"
"""In the name of the backend service for requests that no route takes (public annotations of Gateways show it)."""


def services(parts: Parts, *, addresses: Collection[str], network: str) -> set[str] | None:
    """
    Paths of the backend services that requests to *addresses* of *network* reach, but the one that answers 404.

    None where no forwarding rule leads to any: then nothing is known of them.
    """
    rules = {
        path for path in select(parts, RULES)
        if parts[path].get("IPAddress") in addresses and path_of(parts[path].get("network", "")) == network
    }  # fmt: skip
    found = select(reached(parts, rules), SERVICES)
    return {path for path in found if NOT_FOUND not in path} if found else None


def backends(
    health: Iterable[tuple[str, States]] | None, *, zones: Collection[str], ready: int | None, drained: bool
) -> Seen:
    """
    Whether the load balancer finds every server of a region healthy.

    Args:
        health: What `getHealth` told of each network endpoint group, with its address; None where none is known.
        zones: Zones of the region.
        ready: How many servers its cluster has ready; None where that is not known.
        drained: Whether the region gets no requests, so that its servers need not be healthy.

    Raises:
        ApiError: A group of the region could not be asked about, and nothing is wrong with the others.
    """
    if health is None:
        found = "could not be told: no forwarding rule leads from the gateway's addresses to a backend service"
        return Seen(found=found, known=False)
    mine = [states for group, states in health if _zone(group) in zones]
    refused = [states for states in mine if isinstance(states, ApiError)]
    states = [state for told in mine if not isinstance(told, ApiError) for state in told]
    healthy = f"{states.count('HEALTHY')} of {len(states)} servers healthy for the load balancer"
    problems = []
    if not mine:
        problems.append("no network endpoint group of this region is behind the gateway")
    elif any(state != "HEALTHY" for state in states):
        problems.append(healthy)
    elif not refused and not states:
        problems.append("no server of this region is behind the gateway")
    elif not refused and ready is not None and len(states) < ready:
        problems.append(f"{healthy}, but {ready} are ready in the cluster")
    if refused and not problems:
        raise refused[0]
    return Seen(found=f"{healthy}{', drained' if drained else ''}", problems=() if drained else tuple(problems))


def _zone(group: str) -> str:
    """The zone in the address of a network endpoint group; empty for one without."""
    return group.partition("/zones/")[2].partition("/")[0]
