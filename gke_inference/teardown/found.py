"""What was found in the platform's network, in words, and in the order in which it can go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gke_inference.load_balancer import CHAIN, collection_of

PREFIXES = ("gkemcg1-", "gkegw1-", "mcsd-", "k8s1-", "k8s2-", "k8s-")
"""Of names that GKE's controllers give.

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
    "healthChecks": "health check", "networkEndpointGroups": "endpoint group", "firewalls": "firewall rule",
}  # fmt: skip
"""In words, in the order in which they can go."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """
    Something in our network.

    Attributes:
        kind: What it is, in words.
        path: Where it is, such as `projects/p/global/firewalls/name`.
    """

    kind: str
    path: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def shown(self) -> str:
        """Kind, name, and the zone or region where it has one: groups have the same name in all their zones."""
        *_, place, _, name = self.path.split("/")
        return f"{self.kind} {name}{'' if place == 'global' else f' in {place}'}"


@dataclass(frozen=True, kw_only=True)
class Look:
    """
    What was in our network at one time, in the order in which it can go.

    Attributes:
        found: Firewall rules and parts of load balancers.
        ghosts: Those of them that controllers made and that may be swept.
    """

    found: tuple[Found, ...]
    ghosts: tuple[Found, ...]

    @property
    def balancing(self) -> tuple[Found, ...]:
        """What a load balancer has of it."""
        return tuple(one for one in self.found if collection_of(one.path) in CHAIN)


def in_order(paths: Iterable[str]) -> tuple[Found, ...]:
    """In the order in which they can go."""
    order = list(KINDS)
    ordered = sorted(paths, key=lambda path: (order.index(collection_of(path)), path))
    return tuple(Found(kind=KINDS[collection_of(path)], path=path) for path in ordered)
