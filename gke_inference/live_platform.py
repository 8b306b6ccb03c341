"""The live objects of a platform: its clusters, the gateway with its addresses, each model's servers and policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from constructs_lib.manifests.apigee import API as APIGEE_API
from constructs_lib.manifests.apigee import apigee_service_name
from constructs_lib.manifests.extensions import extension_name
from constructs_lib.manifests.gates import APIGEE_SERVICES, IMPORTED_POOLS, IMPORTED_SERVICES, TRAFFIC_EXTENSIONS
from constructs_lib.manifests.gateway import GATEWAY_API, GKE_NETWORKING_API, gateway_policy_name
from constructs_lib.specs.tls import HTTPS_PORT
from gke_inference.api_error import ApiError
from gke_inference.backend_policy import REGION_LABEL
from gke_inference.cluster_api import ClusterApi
from gke_inference.google_api import GoogleApi
from platform_config.config import Config
from platform_config.model import Model
from platform_config.names import Names
from platform_config.network_plan import region_ranges

HTTP_PORT = 80
"""Port of a URL that names none."""

Clusters = Callable[[str], ClusterApi]
"""The API of a region's cluster, by the region's key."""


@dataclass(frozen=True, kw_only=True)
class ModelEndpoint:
    """
    How a client reaches one model through the gateway.

    Attributes:
        url: Base address of its requests: that of the gateway, with the model's path prefix; without `/v1`.
        model: What is sent as `model`.
        headers: Headers that the model's route asks for: `Host` for a host name, and those with an exact value.
        server_name: Host name that the gateway's certificate is for, where the URL has an address in its place.
    """

    url: str
    model: str
    headers: Mapping[str, str] = field(default_factory=dict)
    server_name: str = ""

    @classmethod
    def at(cls, url: str, model: Model) -> ModelEndpoint:
        """Return how *model* is reached where the gateway is at *url*, which may have the model's path already."""
        address, server_name = model.spec.address, certificate_host(url, model)
        given = address.host if address and address.host else server_name
        host = {"Host": given} if given else {}
        if address is None:
            return cls(url=url, model=model.name, headers=host, server_name=server_name)
        path = address.path or ""
        base = url.removesuffix(path) if urlsplit(url).path.endswith(path) else url
        return cls(
            url=f"{base}{path}", model=model.name, headers=host | address.headers, server_name=server_name
        )  # fmt: skip


def certificate_host(url: str, model: Model) -> str:
    """
    Return the host name that a client of *model* checks the gateway's certificate for, where *url* has none.

    That is the host of the model's address, or else one that the certificates of the config are for. Empty where *url*
    has a name of its own or no TLS, and where only Google knows the names.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not _is_address(parts.hostname or ""):
        return ""
    if model.spec.address and model.spec.address.host:
        return model.spec.address.host
    tls = model.config.gateway.tls
    known = (tls.known_hosts if tls else None) or ("",)
    named = [host for host in known if not host.startswith("*")]
    return named[0] if named else known[0].replace("*", "gateway")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


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
    def gateway_path(self) -> str:
        """The Gateway, in the cluster that has it."""
        return self.object_path(GATEWAY_API, "gateways", self.names.gateway)

    @property
    def namespace_path(self) -> str:
        """The platform's namespace, in each cluster."""
        return f"/api/v1/namespaces/{self.config.namespace}"

    @property
    def pods_path(self) -> str:
        """The pods, in each cluster."""
        return self.object_path("v1", "pods")

    def deployment_path(self, model: str) -> str:
        """Return where the servers of *model* are, in each cluster."""
        return self.object_path("apps/v1", "deployments", self.names.model_server(model))

    def route_path(self, model: str) -> str:
        """Return where the gateway's route to *model* is, in the gateway's cluster."""
        return self.object_path(GATEWAY_API, "httproutes", self.names.route(model))

    def import_path(self, model: str) -> str:
        """Return where the pool or Service of *model* that comes from all clusters is, in the config cluster."""
        has_pool = Model(self.config, model).has_pool
        plural, _, group = (IMPORTED_POOLS if has_pool else IMPORTED_SERVICES).partition(".")
        return self.object_path(f"{group}/v1", plural, self.names.backend(model))

    def export_path(self, model: str) -> str:
        """Return where the export of the Service of *model* is, in each cluster."""
        group = IMPORTED_SERVICES.partition(".")[2]
        return self.object_path(f"{group}/v1", "serviceexports", self.names.backend(model))

    def health_check_path(self, model: str) -> str:
        """Return where the policy is by which the gateway probes the servers of *model*, in its cluster."""
        return self.object_path(GKE_NETWORKING_API, "healthcheckpolicies", self.names.health_check_policy(model))

    def policy_path(self, model: str) -> str:
        """Return where the policy is by which the gateway treats *model*, in its cluster."""
        return self.object_path(GKE_NETWORKING_API, "gcpbackendpolicies", self.names.backend_policy(model))

    @property
    def gateway_policy_path(self) -> str:
        """The policy of a regional Gateway, in its cluster."""
        name = gateway_policy_name(self.names.gateway)
        return self.object_path(GKE_NETWORKING_API, "gcpgatewaypolicies", name)

    @property
    def extensions_path(self) -> str:
        """The extensions of gateways, in the cluster that has the Gateway."""
        return self.object_path(GKE_NETWORKING_API, TRAFFIC_EXTENSIONS.partition(".")[0])

    @property
    def extension_path(self) -> str:
        """The one extension object of a Gateway, in its cluster."""
        return f"{self.extensions_path}/{extension_name(self.names.gateway)}"

    @property
    def apigee_path(self) -> str:
        """What connects a Gateway with Apigee, in its cluster."""
        return self.object_path(APIGEE_API, APIGEE_SERVICES.partition(".")[0], apigee_service_name(self.names.gateway))

    def gateway(self, key: str) -> dict[str, Any]:
        """
        Return the Gateway that clients in region *key* ask.

        Raises:
            ApiError: Its cluster does not answer, or has no such gateway.
        """
        return self.clusters(self.config.gateway_home(key)).get(self.gateway_path)

    def gateway_url(self, key: str) -> str:
        """
        Return where the gateway is reached in region *key*: at its address in the range of nodes, or its public one.

        Raises:
            ApiError: It has none there, or cannot be read.
        """
        return self.url_in(self.gateway(key), key)

    def url_in(self, gateway: Mapping[str, Any], key: str) -> str:
        """
        Return where *gateway* is reached in region *key*.

        Raises:
            ApiError: Its status has no address there.
        """
        given = gateway_addresses(gateway)
        for address in given:
            if self._is_in(key, ip_address(address)):
                return self._base_url(address)
        message = f"{self.names.gateway} has no address in {key} ({', '.join(given) or 'none at all'})"
        raise ApiError(status=None, reason="noAddress", message=message)

    def _is_in(self, key: str, address: IPv4Address | IPv6Address) -> bool:
        """Return whether *address* can be the gateway's in region *key*; a public one does not show its region."""
        if self.config.gateway.gateway_class.public:
            return not address.is_private
        # A cross-region gateway has one address for clusters beside each other: that of the first.
        keys = (key,) if self.config.is_regional else (key, self.config.first_beside(key))
        return any(address in region_ranges(self.config, each).nodes for each in keys)

    def _base_url(self, address: str) -> str:
        spec = self.config.gateway
        scheme, usual = ("https", HTTPS_PORT) if spec.tls else ("http", HTTP_PORT)
        port = spec.serving_port
        return f"{scheme}://{address}" if port == usual else f"{scheme}://{address}:{port}"

    def endpoint(self, key: str, model: str) -> ModelEndpoint:
        """
        Return how *model* is reached at the gateway's address in region *key*.

        Raises:
            ApiError: The gateway has no address there, or cannot be read.
        """
        return ModelEndpoint.at(self.gateway_url(key), Model(self.config, model))

    def deployment(self, key: str, model: str) -> dict[str, Any]:
        """Return the Deployment of *model* in region *key*."""
        return self.clusters(key).get(self.deployment_path(model))

    def ready_servers(self, key: str, model: str) -> int:
        """Return how many servers of *model* are ready in region *key*."""
        return int(self.deployment(key, model).get("status", {}).get("readyReplicas", 0))

    def ready_nodes(self, key: str, selectors: Iterable[str]) -> int:
        """Return how many nodes with the labels of one of *selectors* are ready in region *key*."""
        lists = (self.items(key, "/api/v1/nodes", labelSelector=selector) for selector in selectors)
        return sum(node_is_ready(node) for nodes in lists for node in nodes)

    def min_replicas(self, key: str, model: str) -> int:
        """Return the fewest servers that the autoscaler of *model* in region *key* allows; 0 without one."""
        path = self.object_path("autoscaling/v2", "horizontalpodautoscalers")
        for autoscaler in self.clusters(key).get(path).get("items", []):
            if autoscaler["spec"]["scaleTargetRef"]["name"] == self.names.model_server(model):
                return int(autoscaler["spec"].get("minReplicas", 1))
        return 0

    def policy(self, model: str) -> dict[str, Any]:
        """Return `spec.default` of the backend policy of *model*."""
        policy = self.clusters(self.config.config_region).get(self.policy_path(model))
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

    def items(self, key: str, path: str, **query: str) -> list[Any]:
        """Return what the list at *path* holds in region *key*."""
        items: list[Any] = self.clusters(key).get(path, **query).get("items", [])
        return items

    def object_path(self, api: str, plural: str, *name: str) -> str:
        """Return the path of an object in the platform's namespace, or of all of its kind, in any cluster."""
        root = "/apis" if "/" in api else "/api"
        return "/".join((root, api, "namespaces", self.config.namespace, plural, *name))


def node_is_ready(node: Mapping[str, Any]) -> bool:
    """Return whether the status of *node* says that it can run pods."""
    conditions = node.get("status", {}).get("conditions", [])
    return any(entry.get("type") == "Ready" and entry.get("status") == "True" for entry in conditions)


def gateway_addresses(gateway: Mapping[str, Any]) -> list[str]:
    """Return the addresses that the status of *gateway* has."""
    return [entry["value"] for entry in gateway.get("status", {}).get("addresses", []) if entry.get("value")]


def connect_clusters(config: Config, google: Callable[[], GoogleApi]) -> Clusters:
    """Return the clusters of *config*; each is looked up once, when it is needed first."""
    return cache(lambda key: ClusterApi.of(google(), Names(config).cluster_path(key)))
