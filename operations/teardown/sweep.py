"""What controllers of GKE made in our network, and what of it they left behind."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from operations.api_error import ApiError
from operations.google_api import GoogleApi
from stacks.config import Config
from stacks.names import Names

PREFIXES = ("gkemcg1-", "gkegw1-", "mcsd-", "k8s1-", "k8s2-", "k8s-")
"""Of names that GKE's controllers give: multi-cluster Gateway, Gateway, multi-cluster Services, endpoint groups of
Services, and load balancers of Services with their firewall rules. What a cluster makes begins with gke-<its name>-."""

FIREWALL, FORWARDING_RULE, ENDPOINT_GROUP = "firewall rule", "forwarding rule", "endpoint group"
DELETED_BY = {
    (FORWARDING_RULE, "global"): ("globalForwardingRules", "forwardingRule"),
    (FORWARDING_RULE, "regions"): ("forwardingRules", "forwardingRule"),
    (ENDPOINT_GROUP, "global"): ("globalNetworkEndpointGroups", "networkEndpointGroup"),
    (ENDPOINT_GROUP, "regions"): ("regionNetworkEndpointGroups", "networkEndpointGroup"),
    (ENDPOINT_GROUP, "zones"): ("networkEndpointGroups", "networkEndpointGroup"),
    (FIREWALL, "global"): ("firewalls", "firewall"),
}
"""Collection and parameter of the delete, by kind and scope."""


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


class Network:
    """
    Looks at the platform's network, by the network's whole path: a network of that name elsewhere is another's.

    Args:
        google: The project.
        config: The platform.
    """

    def __init__(self, google: GoogleApi, config: Config) -> None:
        self._google = google
        self._path = f"projects/{google.project}/global/networks/{Names(config).network}"
        names = Names(config)
        self._prefixes = (*PREFIXES, *(f"gke-{names.cluster(key)}-" for key in config.regions))

    def holds(self, item: dict[str, Any]) -> bool:
        """Whether *item* says that it is in our network."""
        return path_of(item.get("network", "")) == self._path

    def clusters(self) -> list[dict[str, Any]]:
        """
        The clusters in it.

        Raises:
            ApiError: It cannot be told, or not for all zones.
        """
        parent = f"projects/{self._google.project}/locations/-"
        answer = self._google.call("container", "v1", "projects.locations.clusters.list", parent=parent)
        if answer.get("missingZones"):
            raise ApiError(status=None, reason="missingZones", message="some zones do not tell their clusters")
        return [
            cluster for cluster in answer.get("clusters", [])
            if path_of(cluster.get("networkConfig", {}).get("network") or self._relative(cluster)) == self._path
        ]  # fmt: skip

    def found(self) -> list[Found]:
        """Its forwarding rules, endpoint groups and firewall rules: in the order in which they can go."""
        rules = self.listed("forwardingRules", "forwardingRules")
        groups = self.listed("networkEndpointGroups", "networkEndpointGroups")
        firewalls = self._google.pages("compute", "v1", "firewalls.list", items="items", project=self._google.project)
        kinds = ((FORWARDING_RULE, rules), (ENDPOINT_GROUP, groups), (FIREWALL, firewalls))
        return [
            Found(kind=kind, path=path_of(item["selfLink"]))
            for kind, items in kinds
            for item in items
            if self.holds(item)
        ]

    def ghosts(self, in_states: Container[str]) -> list[Found]:
        """What controllers made there, and nothing of Terraform's that is still *in_states* (as paths)."""
        return [one for one in self.found() if one.name.startswith(self._prefixes) and one.path not in in_states]

    def balancing(self) -> list[Found]:
        """What a load balancer has of it: forwarding rules, endpoint groups, and backend services of these groups."""
        held = [one for one in self.found() if one.kind != FIREWALL]
        groups = {one.path for one in held if one.kind == ENDPOINT_GROUP}
        services = [
            Found(kind="backend service", path=path_of(service["selfLink"]))
            for service in self.listed("backendServices", "backendServices")
            if any(path_of(backend.get("group", "")) in groups for backend in service.get("backends", []))
        ]
        return [*held, *services]

    def delete(self, ghost: Found) -> None:
        """
        Ask for the end of *ghost*, which comes a while later; none there is as good.

        Raises:
            ApiError: It was refused.
        """
        scope, *where = ghost.path.split("/")[2:-2]
        collection, parameter = DELETED_BY[ghost.kind, scope]
        place = {scope.removesuffix("s"): where[0]} if where else {}
        arguments = {"project": self._google.project, parameter: ghost.name, **place}
        try:
            self._google.call("compute", "v1", f"{collection}.delete", **arguments)
        except ApiError as error:
            if not error.missing:
                raise

    def listed(self, collection: str, field: str) -> Iterator[dict[str, Any]]:
        """Everything of *collection* in the project, in all places."""
        pages = self._google.pages(
            "compute", "v1", f"{collection}.aggregatedList", items="items", project=self._google.project
        )
        for _, scope in pages:
            yield from scope.get(field, [])

    def _relative(self, cluster: dict[str, Any]) -> str:
        return f"projects/{self._google.project}/global/networks/{cluster.get('network', '')}"


def path_of(link: str) -> str:
    """*link* without the host and the API's version in front of `projects/`."""
    return f"projects/{link.partition('projects/')[2]}"
