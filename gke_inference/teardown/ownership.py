"""Which resources are proven to be of one network, and which of these GKE's controllers made."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gke_inference.load_balancer import (
    CHAIN,
    CHECKS,
    GROUPS,
    MAPS,
    PROXIES,
    RULES,
    SERVICES,
    Parts,
    backend_groups,
    collection_of,
    reached,
    select,
    used_parts,
    users_of_each,
)

DISCOVERY_PREFIX = "gkemcs-"
"""
What all parts of the load balancer of multi-cluster Services begin with, such as gkemcs-<project>-<network>.

It comes with the fleet's feature for them and goes with it, however many Services are exported. Source: dumps of
projects with the feature, such as the URL map gkemcs-<project>-default and its gkemcs-<namespace>-<service>-tcp-<port>.
"""
CONTROLLER_PREFIXES = ("gkemcg1-", "gkegw1-", DISCOVERY_PREFIX, "mcsd-", "k8s1-", "k8s2-", "k8s-")
"""What the names that GKE's controllers give begin with.

Firewall rules, by what `gcloud compute network-firewall-policies migrate` leaves out as GKE's: gkemcg1-l7-<network>-...
(multi-cluster Gateway), gkegw1-l7-<network>-... (Gateway), k8s2-<cluster>-..., k8s-fw-... and k8s-...-hc (Services).
What a cluster makes for itself and for multi-cluster Services is gke-<cluster>-<hash>- and then master, vms, all,
inkubelet, exkubelet or mcsd; that a name begins with mcsd- is in no source that was found.

All parts of a Gateway's load balancer have its prefix: the annotations networking.gke.io/* of Gateways name them.
Endpoint groups of Services are k8s1-<cluster>-..., as in the example of google_compute_network_endpoint_group.
"""
FIREWALLS = "firewalls"
KINDS = {
    "forwardingRules": "forwarding rule", "targetHttpProxies": "target HTTP proxy",
    "targetHttpsProxies": "target HTTPS proxy", "urlMaps": "URL map", "backendServices": "backend service",
    "healthChecks": "health check", "networkEndpointGroups": "endpoint group", FIREWALLS: "firewall rule",
}  # fmt: skip
"""What each collection of the API holds, in the order in which it can be deleted."""


@dataclass(frozen=True, kw_only=True)
class NetworkResource:
    """
    A resource in the platform's network.

    Attributes:
        kind: What it is, for people, such as `firewall rule`.
        path: Where it is, such as `projects/p/global/firewalls/name`.
    """

    kind: str
    path: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def label(self) -> str:
        """Kind, name, and the zone or region if any: endpoint groups have the same name in all their zones."""
        *_, place, _, name = self.path.split("/")
        return f"{self.kind} {name}{'' if place == 'global' else f' in {place}'}"


@dataclass(frozen=True, kw_only=True)
class NetworkContents:
    """
    What was in the platform's network at one time, in the order in which it can be deleted.

    Attributes:
        resources: Firewall rules and parts of load balancers.
        orphans: Those of them that controllers made, and that nothing else uses.
    """

    resources: tuple[NetworkResource, ...]
    orphans: tuple[NetworkResource, ...]

    @property
    def load_balancer(self) -> tuple[NetworkResource, ...]:
        """The parts of load balancers that go with Gateways and exported Services: before fleet and clusters."""
        parts = (one for one in self.resources if collection_of(one.path) in CHAIN)
        return tuple(one for one in parts if not one.name.startswith(DISCOVERY_PREFIX))


def in_deletion_order(paths: Iterable[str]) -> tuple[NetworkResource, ...]:
    """Return the resources at *paths* in the order in which they can be deleted."""
    order = list(KINDS)
    ordered = sorted(paths, key=lambda path: (order.index(collection_of(path)), path))
    return tuple(NetworkResource(kind=KINDS[collection_of(path)], path=path) for path in ordered)


def prove_ownership(parts: Parts, inside: Collection[str], before: Collection[str]) -> set[str]:
    """
    Return the paths of those *parts* that are of the network; only some of them name it.

    - Services: each backend is a group of the network. One without backends is if it is used, and by such maps alone:
      that is the one for requests that no route takes. Its name is the same for all Gateways of a project.
    - Maps: a forwarding rule of the network leads there; or a service with backends is of the network, and no other
      has a backend elsewhere.
    - Proxies: a forwarding rule of the network leads there, or the second is true of its map.
    - Health checks: they are used, and by such services alone.

    Args:
        parts: All load balancers and firewall rules of the project.
        inside: Forwarding rules, groups and firewall rules that name the network themselves.
        before: Parts that were proven when more of the chain was there; they need no user any more.
    """
    users, behind_rules = users_of_each(parts), {*reached(parts, select(inside, RULES)), *before}
    groups_of = {path: backend_groups(parts[path]) for path in select(parts, SERVICES)}
    with_groups = {path for path, groups in groups_of.items() if groups and groups <= select(inside, GROUPS)}
    without = {path for path, groups in groups_of.items() if not groups}
    by_service = {
        path for path in select(parts, MAPS)
        if used_parts(parts[path]) & with_groups and used_parts(parts[path]) <= with_groups | without
    }  # fmt: skip
    maps = by_service | select(behind_rules, MAPS)

    def proven_by_users(path: str, owners: AbstractSet[str]) -> bool:
        return users[path] <= owners and (bool(users[path]) or path in before)

    services = with_groups | {path for path in without if proven_by_users(path, maps | set(inside))}
    proxies = select(behind_rules, *PROXIES) | {
        path for path in select(parts, *PROXIES) if used_parts(parts[path]) & by_service
    }
    checks = {path for path in select(parts, CHECKS) if proven_by_users(path, services)}
    return {*inside, *proxies, *maps, *services, *checks}


def unused_by_others(parts: Parts, candidates: Collection[str], inside: Collection[str]) -> set[str]:
    """
    Return those of *candidates* that nothing else uses, so that they can be deleted together.

    What names the network itself (*inside*) is not left out: Google refuses it, and says who uses it.
    """
    users, chosen = users_of_each(parts), set(candidates)
    while in_use := {path for path in chosen - set(inside) if not users[path] <= chosen}:
        chosen -= in_use
    return chosen
