"""The objects of a platform as they are: its clusters, the gateway with its address and policies, the model servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any

from constructs_lib.manifests.gateway import GATEWAY_API, GKE_NETWORKING_API
from gke_inference.api_error import ApiError
from gke_inference.backend_policy import REGION_LABEL
from gke_inference.cluster_api import ClusterApi
from gke_inference.google_api import GoogleApi
from platform_config.config import Config
from platform_config.names import Names
from platform_config.network_plan import region_ranges

Clusters = Callable[[str], ClusterApi]
"""The API of a region's cluster, by the region's key."""


@dataclass(frozen=True, kw_only=True)
class LivePlatform:
    """
    The live objects of the platform of *config*.

    Attributes:
        config: The platform.
        clusters: Its clusters.
    """

    config: Config
    clusters: Clusters

    @property
    def names(self) -> Names:
        """How its parts are called."""
        return Names(self.config)

    @property
    def deployment_path(self) -> str:
        """The model server, in each cluster."""
        return self.object_path("apps/v1", "deployments", self.names.model_server)

    @property
    def gateway_path(self) -> str:
        """The Gateway, in the config cluster."""
        return self.object_path(GATEWAY_API, "gateways", self.names.gateway)

    @property
    def route_path(self) -> str:
        """The gateway's route, in the config cluster."""
        return self.object_path(GATEWAY_API, "httproutes", self.names.route)

    @property
    def import_path(self) -> str:
        """The pool that comes from all clusters, in the config cluster."""
        return self.object_path(GKE_NETWORKING_API, "gcpinferencepoolimports", self.names.inference_pool)

    @property
    def health_check_path(self) -> str:
        """How the gateway probes servers, in the config cluster."""
        return self.object_path(GKE_NETWORKING_API, "healthcheckpolicies", self.names.health_check_policy)

    @property
    def policy_path(self) -> str:
        """How the gateway balances, in the config cluster."""
        return self.object_path(GKE_NETWORKING_API, "gcpbackendpolicies", self.names.backend_policy)

    @property
    def namespace_path(self) -> str:
        """The platform's namespace, in each cluster."""
        return f"/api/v1/namespaces/{self.config.namespace}"

    @property
    def pods_path(self) -> str:
        """The pods, in each cluster."""
        return self.object_path("v1", "pods")

    def gateway(self) -> dict[str, Any]:
        """
        Return the Gateway.

        Raises:
            ApiError: The config cluster does not answer, or has no such gateway.
        """
        return self.clusters(self.config.config_region).get(self.gateway_path)

    def gateway_url(self, key: str) -> str:
        """
        Return where the gateway is reached in region *key*: at its address in that region's range of nodes.

        Raises:
            ApiError: It has none there, or cannot be read.
        """
        return self.url_in(self.gateway(), key)

    def url_in(self, gateway: Mapping[str, Any], key: str) -> str:
        """
        Return where *gateway* is reached in region *key*.

        Raises:
            ApiError: Its status has no address in that region's range.
        """
        given, port = gateway_addresses(gateway), self.config.gateway.port
        nodes = region_ranges(self.config, key).nodes
        for address in given:
            if ip_address(address) in nodes:
                return f"http://{address}" if port == 80 else f"http://{address}:{port}"
        message = f"{self.names.gateway} has no address in {key} ({', '.join(given) or 'none at all'})"
        raise ApiError(status=None, reason="noAddress", message=message)

    def deployment(self, key: str) -> dict[str, Any]:
        """Return the model server of region *key*."""
        return self.clusters(key).get(self.deployment_path)

    def ready_servers(self, key: str) -> int:
        """Return how many model servers of region *key* are ready."""
        return int(self.deployment(key).get("status", {}).get("readyReplicas", 0))

    def min_replicas(self, key: str) -> int:
        """Return the fewest servers that the autoscaler of region *key* allows; 0 without one."""
        path = self.object_path("autoscaling/v2", "horizontalpodautoscalers")
        for autoscaler in self.clusters(key).get(path).get("items", []):
            if autoscaler["spec"]["scaleTargetRef"]["name"] == self.names.model_server:
                return int(autoscaler["spec"].get("minReplicas", 1))
        return 0

    def policy(self) -> dict[str, Any]:
        """Return `spec.default` of the gateway's backend policy."""
        policy = self.clusters(self.config.config_region).get(self.policy_path)
        default: dict[str, Any] = policy["spec"].get("default", {})
        return default

    def capacity_percent(self, key: str, policy: dict[str, Any]) -> int:
        """Return which percentage of region *key* the gateway uses by *policy*; the first scope that fits counts."""
        for scope in policy.get("scopes") or []:
            if scope["selector"] == self.selector(key):
                return int(scope.get("capacityScalerPercent", 100))
        return int(policy.get("capacityScalerPercent", 100))

    def selector(self, key: str) -> dict[str, str]:
        """Return the selector of the policy's scopes for region *key*."""
        return {REGION_LABEL: self.config.regions[key].region}

    def object_path(self, api: str, plural: str, *name: str) -> str:
        """Return the path of an object in the platform's namespace, or of all of its kind, in any cluster."""
        root = "/apis" if "/" in api else "/api"
        return "/".join((root, api, "namespaces", self.config.namespace, plural, *name))


def gateway_addresses(gateway: Mapping[str, Any]) -> list[str]:
    """Return the addresses that the status of *gateway* has."""
    return [entry["value"] for entry in gateway.get("status", {}).get("addresses", []) if entry.get("value")]


def connect_clusters(config: Config, google: Callable[[], GoogleApi]) -> Clusters:
    """Return the clusters of *config*; each is looked up once, when it is needed first."""
    return cache(lambda key: ClusterApi.of(google(), Names(config).cluster_path(key)))
