"""What Compute Engine tells of the load balancer behind the gateway, judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from operations.load_balancer import RULES, SERVICES, Parts, of, path_of, reached
from operations.verify.check import Seen

NOT_FOUND = "-gw-serve404-"
"""In the name of the backend service for requests that no route takes (public annotations of Gateways show it)."""


def services(parts: Parts, *, addresses: Collection[str], network: str) -> set[str] | None:
    """
    Paths of the backend services that requests to *addresses* of *network* reach, but the one that answers 404.

    None where no forwarding rule leads to any: then nothing is known of them.
    """
    rules = {
        path for path in of(parts, RULES)
        if parts[path].get("IPAddress") in addresses and path_of(parts[path].get("network", "")) == network
    }  # fmt: skip
    found = of(reached(parts, rules), SERVICES)
    return {path for path in found if NOT_FOUND not in path} if found else None


def backends(health: Mapping[str, Iterable[Mapping[str, Any]]] | None, *, zones: Iterable[str], drained: bool) -> Seen:
    """
    Whether the load balancer finds every server of a region healthy.

    Args:
        health: What `getHealth` told, by the address of each network endpoint group; None where none is known.
        zones: Zones of the region.
        drained: Whether the region gets no requests, so that its servers need not be healthy.
    """
    if health is None:
        found = "could not be told: no forwarding rule leads from the gateway's addresses to a backend service"
        return Seen(found=found, known=False)
    mine = {group: list(states) for group, states in health.items() if _zone(group) in set(zones)}
    states = [state.get("healthState", "no state") for group in mine.values() for state in group]
    healthy = f"{states.count('HEALTHY')} of {len(states)} servers healthy for the load balancer"
    problems = []
    if not mine:
        problems.append("no network endpoint group of this region is behind the gateway")
    elif not states:
        problems.append("no server of this region is behind the gateway")
    elif set(states) != {"HEALTHY"}:
        problems.append(healthy)
    return Seen(found=f"{healthy}{', drained' if drained else ''}", problems=() if drained else tuple(problems))


def _zone(group: str) -> str:
    """The zone in the address of a network endpoint group; empty for one without."""
    return group.partition("/zones/")[2].partition("/")[0]
