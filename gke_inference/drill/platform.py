"""What a drill looks at in the clusters: the servers of each region, and the gateway's policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from platform_config.config import Config
from platform_config.names import Names
from platform_config.network_plan import region_ranges

Clusters = Callable[[str], ClusterApi]
"""The API of a region's cluster, by the region's key."""


@dataclass(frozen=True, kw_only=True)
class Platform:
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
        return f"/apis/apps/v1/namespaces/{self.config.namespace}/deployments/{self.names.model_server}"

    @property
    def policy_path(self) -> str:
        """How the gateway balances, in the config cluster."""
        namespace = f"/apis/networking.gke.io/v1/namespaces/{self.config.namespace}"
        return f"{namespace}/gcpbackendpolicies/{self.names.gateway}-backend"

    @property
    def pods_path(self) -> str:
        """The pods, in each cluster."""
        return f"/api/v1/namespaces/{self.config.namespace}/pods"

    @property
    def sender_name(self) -> str:
        """What the names of a drill's pods begin with."""
        return f"{self.config.name}-drill"

    def gateway_url(self, key: str) -> str:
        """
        Where the gateway is reached in region *key*: of its addresses the one in that region's range.

        Raises:
            ApiError: It has none there.
        """
        path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{self.config.namespace}/gateways/{self.names.gateway}"
        status = self.clusters(self.config.config_region).get(path).get("status", {})
        given = [entry["value"] for entry in status.get("addresses", [])]
        nodes, port = region_ranges(self.config, key).nodes, self.config.gateway.port
        for address in given:
            if ip_address(address) in nodes:
                return f"http://{address}" if port == 80 else f"http://{address}:{port}"
        message = (
            f"{self.names.gateway} has no address in {key} ({', '.join(given) or 'none at all'}): give it as --url"
        )
        raise ApiError(status=None, reason="noAddress", message=message)

    def deployment(self, key: str) -> dict[str, Any]:
        """The model server of region *key*."""
        return self.clusters(key).get(self.deployment_path)

    def ready_servers(self, key: str) -> int:
        """How many model servers of region *key* are ready."""
        return int(self.deployment(key).get("status", {}).get("readyReplicas", 0))

    def min_replicas(self, key: str) -> int:
        """Fewest servers that the autoscaler of region *key* allows; 0 without one."""
        path = f"/apis/autoscaling/v2/namespaces/{self.config.namespace}/horizontalpodautoscalers"
        for autoscaler in self.clusters(key).get(path).get("items", []):
            if autoscaler["spec"]["scaleTargetRef"]["name"] == self.names.model_server:
                return int(autoscaler["spec"].get("minReplicas", 1))
        return 0

    def policy(self) -> dict[str, Any]:
        """`spec.default` of the gateway's backend policy."""
        policy = self.clusters(self.config.config_region).get(self.policy_path)
        default: dict[str, Any] = policy["spec"].get("default", {})
        return default

    def capacity_percent(self, key: str, policy: dict[str, Any]) -> int:
        """Share of the capacity of region *key* that the gateway uses by *policy*; the first scope that fits counts."""
        for scope in policy.get("scopes") or []:
            if scope["selector"] == self.selector(key):
                return int(scope.get("capacityScalerPercent", 100))
        return int(policy.get("capacityScalerPercent", 100))

    def selector(self, key: str) -> dict[str, str]:
        """How a scope of the policy selects region *key*."""
        return {"gke.io/region": self.config.regions[key].region}

    def accelerator_nodes(self, key: str) -> Iterator[dict[str, Any]]:
        """The nodes of region *key* that the model server may run on."""
        machines = [pool.machine for pool in self.config.serving_nodes(key).pools.values()]
        for label in dict.fromkeys(f"{machine.label}={machine.label_value}" for machine in machines):
            yield from self.clusters(key).get("/api/v1/nodes", labelSelector=label).get("items", [])

    def server_pods(self, key: str) -> list[str]:
        """Paths of the model server's pods in region *key*."""
        pods = self.clusters(key).get(self.pods_path, labelSelector=f"app={self.names.model_server}").get("items", [])
        return [f"{self.pods_path}/{pod['metadata']['name']}" for pod in pods]
