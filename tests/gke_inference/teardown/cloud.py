"""Google as a teardown sees it: networks and what is in them, over the stand-in of Google's APIs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gke_inference.google_api import GoogleApi
from platform_config.config import Config
from platform_config.names import Names
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn

COMPUTE = "https://www.googleapis.com/compute/v1/"
PARAMETERS = {
    "forwardingRules": "forwardingRule", "targetHttpProxies": "targetHttpProxy",
    "targetHttpsProxies": "targetHttpsProxy", "urlMaps": "urlMap", "backendServices": "backendService",
    "healthChecks": "healthCheck", "networkEndpointGroups": "networkEndpointGroup", "firewalls": "firewall",
}  # fmt: skip
"""Of the methods that delete, by collection."""
AGGREGATED = (
    *(set(PARAMETERS) - {"firewalls"}),
    "addresses",
    "routers",
    "disks",
    "instances",
    "sslPolicies",
    "securityPolicies",
    "subnetworks",
)
BESIDE = {
    "certificatemanager": ("certificates", "dnsAuthorizations"),
    "networkservices": ("lbTrafficExtensions", "lbRouteExtensions"),
}
WITH_NETWORK = ("forwardingRules", "networkEndpointGroups", "firewalls", "addresses", "routers", "subnetworks")
READER = "roles/storage.objectViewer"
Answer = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass
class TeardownCloud:
    """
    What is in a project.

    Attributes:
        items: By path, such as `projects/p/global/firewalls/name`, what the API returns for it.
        clusters: As the container API returns them.
        memberships: Names of the fleet's members.
        config_member: Membership of the config cluster; empty without the feature.
        discovery: Whether the feature for multi-cluster Services is on.
        there: Bucket, secret, network and service account by name.
        readers: Who may read each bucket, by its name.
        beside: What Certificate Manager and Service Extensions have, by the API's name of their list.
        templates: Paths of the templates of Model Armor.
        zones: Record sets of each zone of Cloud DNS, by its name.
        watching: Alert policies, channels, dashboards and metrics of logs, by the API's name of their list.
        deleted: Called with each path whose deletion was asked for.
        lag: How many lists still have what was deleted; until then it uses what it used.
    """

    config: Config
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    clusters: list[dict[str, Any]] = field(default_factory=list)
    memberships: list[str] = field(default_factory=list)
    config_member: str = ""
    discovery: bool = False
    there: set[str] = field(default_factory=set)
    readers: dict[str, list[str]] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)
    templates: set[str] = field(default_factory=set)
    zones: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    watching: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: Callable[[str], None] = lambda path: None
    lag: int = 0
    going: dict[str, int] = field(default_factory=dict)
    made: int = 0

    @property
    def project(self) -> str:
        """Project ID."""
        return self.config.project

    def path(self, rest: str, project: str = "") -> str:
        """Return the path of something in the project, or in *project*."""
        return f"projects/{project or self.project}/{rest}"

    def add(self, rest: str, *, network: str = "", project: str = "", **more: Any) -> str:
        """Add something to the platform's network, or to *network*; return its path. *project* is a Shared VPC's."""
        path = self.path(rest, project)
        mine = COMPUTE + Names(self.config).network_path
        link = self.link(f"global/networks/{network}") if network else mine
        inside = {"network": link} if path.split("/")[-2] in WITH_NETWORK else {}
        self.made += 1
        own = {"id": str(self.made), "name": path.rsplit("/", 1)[-1], "selfLink": COMPUTE + path}
        self.items[path] = {**own, **inside, **more}
        return path

    def link(self, rest: str) -> str:
        """Return the self link of something in the project."""
        return COMPUTE + self.path(rest)

    def existing(self) -> list[dict[str, Any]]:
        """Return the clusters that are there."""
        return self.clusters

    def holds(self, name: str) -> bool:
        """Return whether a bucket, secret or network of that name is there."""
        return name in self.there

    def serve(self, stand_in: GoogleStandIn) -> GoogleApi:
        """Answer with what is there."""
        for collection in AGGREGATED:
            stand_in.answers[f"compute.{collection}.aggregatedList"] = self._aggregated(collection)
        for collection, parameter in PARAMETERS.items():
            many = f"{collection[0].upper()}{collection[1:]}"
            # Which of these there are says the discovery document.
            for resource in (collection, f"region{many}", f"global{many}"):
                stand_in.answers[f"compute.{resource}.delete"] = self._delete(collection, parameter)
        stand_in.answers |= {
            "compute.firewalls.list": lambda params, body: {"items": self._of("firewalls", params["project"])},
            "compute.networks.get": self._get("network"),
            "storage.buckets.get": self._get("bucket"),
            "storage.buckets.getIamPolicy": self._policy,
            "iam.projects.serviceAccounts.get": self._get("name"),
            "secretmanager.projects.secrets.get": self._get("name"),
            **{
                f"{service}.projects.locations.{items}.list": self._beside(items)
                for service, lists in BESIDE.items()
                for items in lists
            },
            "modelarmor.projects.locations.templates.get": self._template,
            "monitoring.projects.alertPolicies.list": self._watching("alertPolicies"),
            "monitoring.projects.notificationChannels.list": self._watching("notificationChannels"),
            "monitoring.projects.dashboards.list": self._watching("dashboards"),
            "monitoring.projects.uptimeCheckConfigs.list": self._watching("uptimeCheckConfigs"),
            "logging.projects.metrics.list": self._watching("metrics"),
            "dns.managedZones.get": self._zone,
            "dns.resourceRecordSets.list": lambda params, body: {"rrsets": self._sets(params)},
            "compute.healthChecks.get": self._get("healthCheck"),
            "container.projects.locations.clusters.list": lambda params, body: {"clusters": self.existing()},
            "container.projects.locations.clusters.get": self._cluster,
            "gkehub.projects.locations.memberships.list": lambda params, body: {
                "resources": [{"name": self.path(f"locations/global/memberships/{name}")} for name in self.memberships]
            },
            "gkehub.projects.locations.features.list": lambda params, body: {"resources": self._features()},
        }
        return stand_in.api(self.project)

    def _watching(self, items: str) -> Answer:
        return lambda params, body: {items: self.watching.get(items, [])}

    def _beside(self, items: str) -> Answer:
        """Answer with those whose name begins with the parent that is asked for."""
        return lambda params, body: {
            items: [{"name": name} for name in self.beside.get(items, []) if name.startswith(f"{params['parent']}/")]
        }

    def _zone(self, params: dict[str, Any], body: Any) -> dict[str, Any]:
        self._sets(params)
        return {"name": params["managedZone"]}

    def _sets(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if params["managedZone"] not in self.zones:
            raise Fault(404, f"The 'parameters.managedZone' resource named '{params['managedZone']}' does not exist.")
        return self.zones[params["managedZone"]]

    def _template(self, params: dict[str, Any], body: Any) -> dict[str, Any]:
        if params["name"] not in self.templates:
            raise Fault(404, f"{params['name']} was not found")
        return {"name": params["name"]}

    def _policy(self, params: dict[str, Any], body: Any) -> dict[str, Any]:
        if not self.holds(params["bucket"]):
            raise Fault(404, f"{params['bucket']} was not found")
        return {"bindings": [{"role": READER, "members": self.readers.get(params["bucket"], [])}]}

    def _of(self, collection: str, project: str) -> list[dict[str, Any]]:
        """Return what a list has; what is being deleted is gone after so many lists."""
        for path in [path for path in self.going if f"/{collection}/" in path]:
            self.going[path] -= 1
            if self.going[path] < 0:
                del self.going[path], self.items[path]
        place = f"projects/{project}/"
        return [item for path, item in self.items.items() if path.startswith(place) and f"/{collection}/" in path]

    def _features(self) -> list[dict[str, Any]]:
        features = self.path("locations/global/features")
        found: list[dict[str, Any]] = []
        if self.config_member:
            member = self.path(f"locations/global/memberships/{self.config_member}")
            spec = {"multiclusteringress": {"configMembership": member}}
            found.append({"name": f"{features}/multiclusteringress", "spec": spec})
        return [*found, {"name": f"{features}/multiclusterservicediscovery"}] if self.discovery else found

    def _cluster(self, params: dict[str, Any], body: Any) -> dict[str, Any]:
        for cluster in self.existing():
            if params["name"] == self.path(f"locations/{cluster['location']}/clusters/{cluster['name']}"):
                return cluster
        raise Fault(404, f"Not found: {params['name']}.")

    def _aggregated(self, collection: str) -> Answer:
        def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
            scopes: dict[str, dict[str, Any]] = {"global": {}}
            for item in self._of(collection, params["project"]):
                scope = "/".join(item["selfLink"].removeprefix(COMPUTE).split(f"/{collection}/")[0].split("/")[2:])
                scopes.setdefault(scope, {}).setdefault(collection, []).append(item)
            return {"items": scopes}

        return answer

    def _delete(self, collection: str, parameter: str) -> Answer:
        def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
            place = "/".join(f"{part}s/{params[part]}" for part in ("zone", "region") if part in params) or "global"
            path = self.path(f"{place}/{collection}/{params[parameter]}", params["project"])
            if path not in self.items:
                raise Fault(404, f"The resource '{path}' was not found")
            if user := next(self._users(path), ""):
                # As in github.com/hashicorp/terraform-provider-google/issues/20206.
                raise Fault(400, f"The resource '{path}' is already being used by '{user}'")
            self.deleted(path)
            if self.lag:
                self.going[path] = self.lag
            else:
                del self.items[path]
            return {"name": "operation-1", "status": "RUNNING", "targetLink": COMPUTE + path}

        return answer

    def _users(self, path: str) -> Iterator[str]:
        """Return what names *path* in any of its fields, and is not that itself."""
        yield from (other for other, item in self.items.items() if other != path and f'{path}"' in json.dumps(item))

    def _get(self, parameter: str) -> Answer:
        def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
            name = params[parameter].rsplit("/", 1)[-1]
            if not self.holds(name):
                raise Fault(404, f"{name} was not found")
            return {"name": name}

        return answer
