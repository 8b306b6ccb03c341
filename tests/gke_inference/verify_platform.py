"""A platform on stand-ins: its clusters, Google, and what answers completions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platform_config.config import Config
from platform_config.load import load
from platform_config.names import Names
from platform_config.network_plan import region_ranges
from tests.configs import ELASTIC, EXAMPLE
from tests.gke_inference.cluster_stand_in import ClusterStandIn, Manifest
from tests.gke_inference.conftest import Ran
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.stand_in_server import StandInServer

PARTS = ("forwardingRules", "targetHttpProxies", "targetHttpsProxies", "urlMaps", "backendServices")
PLURALS = {
    "APIService": "apiservices", "AutoscalingMetric": "autoscalingmetrics", "GCPBackendPolicy": "gcpbackendpolicies",
    "Gateway": "gateways", "HTTPRoute": "httproutes", "HealthCheckPolicy": "healthcheckpolicies",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers", "Deployment": "deployments",
    "InferencePool": "inferencepools", "NetworkPolicy": "networkpolicies",
    "Service": "services", "ServiceExport": "serviceexports", "ServiceImport": "serviceimports",
    "Namespace": "namespaces", "Node": "nodes", "Pod": "pods",
    "ResourceClaim": "resourceclaims", "ResourceClaimTemplate": "resourceclaimtemplates",
    "GCPInferencePoolImport": "gcpinferencepoolimports", "GCPGatewayPolicy": "gcpgatewaypolicies",
    "GCPTrafficExtension": "gcptrafficextensions", "ApigeeBackendService": "apigeebackendservices",
    "ComputeClass": "computeclasses",
}  # fmt: skip


def path_of(kind: str, version: str, name: str, namespace: str = "inference") -> str:
    """Return where the Kubernetes API has the object; an empty *namespace* for one that is in none."""
    root = "/apis" if "/" in version else "/api"
    return "/".join(filter(None, (root, version, namespace and f"namespaces/{namespace}", PLURALS[kind], name)))


def true(*types: str) -> list[dict[str, str]]:
    """Make conditions that all hold."""
    time = "2026-01-01T00:00:00Z"
    return [
        {"type": name, "status": "True", "reason": name, "message": "", "lastTransitionTime": time} for name in types
    ]


@dataclass
class HealthyPlatform:
    """
    A whole platform on stand-ins, healthy when made.

    Attributes:
        google: Google's APIs; what they answer is in `documents`, by its name or address.
        clusters: The Kubernetes API of each region.
        servers: What answers requests at the gateway's address in each region, by region and model.
        places: Where each of them is, by region and model, while it listens.
        urls: Where the gateway is reached in each region, while it listens.
        path: The config file; one of the product's own by default.
        command: `gke-inference` with these arguments.
    """

    config: Config
    google: GoogleStandIn = field(default_factory=GoogleStandIn)
    clusters: dict[str, ClusterStandIn] = field(default_factory=dict)
    servers: dict[tuple[str, str], StandInServer] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    path: Path | None = None
    urls: dict[str, str] = field(default_factory=dict)
    command: Callable[..., Ran] = lambda *arguments: Ran(0, "", "")

    def run(self, *arguments: str, output: str = "json", only: str = "") -> Ran:
        """Run `gke-inference verify` with these arguments, for all regions or *only* one."""
        keys = [only] if only else list(self.urls)
        asked = [] if "--no-completion" in arguments else keys
        urls = [part for key in asked for part in ("--url-for", f"{key}={self.urls[key]}")]
        region = ("--region", only) if only else ()
        path = self.path or next(path for path in (EXAMPLE, ELASTIC) if load(path).name == self.config.name)
        return self.command("--config", str(path), "--output", output, "verify", *region, *urls, *arguments)

    @property
    def names(self) -> Names:
        """Its cloud names."""
        return Names(self.config)

    def object(self, key: str, kind: str) -> Manifest:
        """Return the first object of *kind* in the cluster of region *key*, to change its status."""
        return next(made for made in self.clusters[key].objects.values() if made["kind"] == kind)

    def named(self, key: str, kind: str, name: str) -> Manifest:
        """Return the object of this kind and name."""
        made = self.clusters[key].objects.values()
        return next(entry for entry in made if (entry["kind"], entry["metadata"]["name"]) == (kind, name))

    def cluster(self, key: str) -> dict[str, Any]:
        """Return what Google answers about the cluster."""
        return self.documents[f"{self.names.cluster_location(key)}/clusters/{self.names.cluster(key)}"]

    def health(self, key: str, model: str = "") -> dict[str, Any]:
        """Return what the load balancer answers about the region's servers of *model*, by default the first."""
        return self.documents[self.group(key, model)]

    def link(self, rest: str) -> str:
        """Return the self link of something of Compute Engine in the project."""
        return f"https://www.googleapis.com/compute/v1/projects/{self.config.project}/{rest}"

    def address(self, key: str) -> str:
        """Return the gateway's address in region *key*: one of its range of nodes, or a public one."""
        if self.config.gateway.gateway_class.public:
            return f"34.90.0.{self.config.regions[key].number}"
        return str(region_ranges(self.config, key).nodes[9])

    def group(self, key: str, model: str = "") -> str:
        """Return the self link of the network endpoint group of *model* in region *key*, by default the first."""
        zone, model = self.config.regions[key].zones[0], model or self.first
        return self.link(f"zones/{zone}/networkEndpointGroups/k8s1-{key}-{model}")

    @property
    def first(self) -> str:
        """Key of the first model."""
        return next(iter(self.config.models))

    @property
    def gateways(self) -> dict[str, StandInServer]:
        """What answers for the first model at the gateway's address in each region."""
        return {key: server for (key, model), server in self.servers.items() if model == self.first}

    def gauge(self, key: str, model: str = "") -> dict[str, Any]:
        """Return what Cloud Monitoring answers about the gauge of *model* in region *key*, by default the first."""
        return self.documents[f"gauge of {model or self.first} in {self.names.cluster(key)}"]

    def parts(self, collection: str, key: str = "") -> list[dict[str, Any]]:
        """Return what Google lists of one kind of parts of load balancers, global or of region *key*, to change it."""
        held = self.documents.setdefault(collection, {"items": {}})
        scopes: dict[str, dict[str, list[dict[str, Any]]]] = held["items"]
        return scopes.setdefault(self.scope(key), {collection: []})[collection]

    def scope(self, key: str) -> str:
        """Return where Compute Engine has a part of a load balancer, global or of region *key*."""
        return f"regions/{self.config.regions[key].region}" if key else "global"

    def forget(self, key: str, kind: str) -> None:
        """Take all objects of *kind* away, so that it has none of them."""
        made = self.clusters[key].objects
        for path in [path for path, entry in made.items() if entry["kind"] == kind]:
            del made[path]

    def put(self, key: str, manifest: Manifest) -> None:
        """Put an object in; it must fit its schema, all but the status that only controllers write."""
        manifest = copy.deepcopy(manifest)
        status = manifest.pop("status", None) if "." in manifest["apiVersion"].partition("/")[0] else None
        meta = manifest["metadata"]
        path = path_of(manifest["kind"], manifest["apiVersion"], meta["name"], meta.get("namespace", ""))
        self.clusters[key].objects[path] = manifest
        if status:
            self.clusters[key].objects[path]["status"] = status
