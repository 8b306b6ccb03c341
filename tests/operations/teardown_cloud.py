"""Google as a teardown sees it: networks and what is in them, over the stand-in of Google's APIs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from operations.google_api import GoogleApi
from stacks.config import Config
from stacks.names import Names
from tests.operations.google_stand_in import Fault, GoogleStandIn

COMPUTE = "https://www.googleapis.com/compute/v1/"
AGGREGATED = ("forwardingRules", "networkEndpointGroups", "backendServices", "addresses", "routers", "disks")
DELETES = {
    "compute.firewalls.delete": ("firewalls", "firewall"),
    "compute.forwardingRules.delete": ("forwardingRules", "forwardingRule"),
    "compute.globalForwardingRules.delete": ("forwardingRules", "forwardingRule"),
    "compute.networkEndpointGroups.delete": ("networkEndpointGroups", "networkEndpointGroup"),
    "compute.regionNetworkEndpointGroups.delete": ("networkEndpointGroups", "networkEndpointGroup"),
    "compute.globalNetworkEndpointGroups.delete": ("networkEndpointGroups", "networkEndpointGroup"),
}
"""Collection and parameter by method."""


@dataclass
class TeardownCloud:
    """
    What is in a project.

    Attributes:
        items: By path, such as `projects/p/global/firewalls/name`, what the API tells of it.
        clusters: As container tells them.
        memberships: Names of the fleet's members.
        config_member: Membership of the config cluster; empty without the feature.
        there: Bucket, secret and network by name.
        deleted: Is told each path that was deleted.
    """

    config: Config
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    clusters: list[dict[str, Any]] = field(default_factory=list)
    memberships: list[str] = field(default_factory=list)
    config_member: str = ""
    there: set[str] = field(default_factory=set)
    deleted: Callable[[str], None] = lambda path: None

    @property
    def project(self) -> str:
        """Project ID."""
        return self.config.project

    def path(self, rest: str) -> str:
        """Path of something in the project."""
        return f"projects/{self.project}/{rest}"

    def add(self, rest: str, *, network: str = "", **more: Any) -> str:
        """Something in our network, or in *network*; gives its path."""
        path = self.path(rest)
        held = network or Names(self.config).network
        alone = "/disks/" in path or "/backendServices/" in path
        inside = {} if alone else {"network": self.link(f"global/networks/{held}")}
        self.items[path] = {"name": path.rsplit("/", 1)[-1], "selfLink": COMPUTE + path, **inside, **more}
        return path

    def link(self, rest: str) -> str:
        """Self link of something in the project."""
        return COMPUTE + self.path(rest)

    def serve(self, stand_in: GoogleStandIn) -> GoogleApi:
        """Answer with what is there."""
        for collection in AGGREGATED:
            stand_in.answers[f"compute.{collection}.aggregatedList"] = self._aggregated(collection)
        for method, (collection, parameter) in DELETES.items():
            stand_in.answers[method] = self._delete(collection, parameter)
        stand_in.answers |= {
            "compute.firewalls.list": lambda params, body: {"items": self._of("firewalls")},
            "compute.networks.get": self._get("network"),
            "storage.buckets.get": self._get("bucket"),
            "secretmanager.projects.secrets.get": self._get("name"),
            "container.projects.locations.clusters.list": lambda params, body: {"clusters": self.clusters},
            "gkehub.projects.locations.memberships.list": lambda params, body: {
                "resources": [{"name": self.path(f"locations/global/memberships/{name}")} for name in self.memberships]
            },
            "gkehub.projects.locations.features.list": lambda params, body: {"resources": self._features()},
        }
        return stand_in.api(self.project)

    def _of(self, collection: str) -> list[dict[str, Any]]:
        return [item for path, item in self.items.items() if f"/{collection}/" in path]

    def _features(self) -> list[dict[str, Any]]:
        if not self.config_member:
            return []
        member = self.path(f"locations/global/memberships/{self.config_member}")
        spec = {"multiclusteringress": {"configMembership": member}}
        return [{"name": self.path("locations/global/features/multiclusteringress"), "spec": spec}]

    def _aggregated(self, collection: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
        def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
            scopes: dict[str, dict[str, Any]] = {"global": {}}
            for item in self._of(collection):
                scope = item["selfLink"].removeprefix(self.link("")).split(f"/{collection}/")[0]
                scopes.setdefault(scope, {}).setdefault(collection, []).append(item)
            return {"items": scopes}

        return answer

    def _delete(self, collection: str, parameter: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
        def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
            place = "/".join(f"{part}s/{params[part]}" for part in ("zone", "region") if part in params) or "global"
            path = self.path(f"{place}/{collection}/{params[parameter]}")
            if path not in self.items:
                raise Fault(404, f"The resource '{path}' was not found")
            del self.items[path]
            self.deleted(path)
            return {"name": "operation-1", "status": "RUNNING", "targetLink": COMPUTE + path}

        return answer

    def _get(self, parameter: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
        def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
            name = params[parameter].rsplit("/", 1)[-1]
            if name not in self.there:
                raise Fault(404, f"{name} was not found")
            return {"name": name}

        return answer
