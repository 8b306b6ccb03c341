"""Cloud names: `<name>-<part>[-<key>]`, readable, known at synth, the same for ever."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.google_names import GATEWAY_FEATURE, cluster_path
from constructs_lib.manifests.gateway import backend_policy_name, health_check_name, route_name
from platform_config.config import Config

SERVER_ACCOUNT = "model-server"
"""Kubernetes service account that reads the weights, in every cluster."""
SYSTEM_POOL = "system"
"""Node pool for everything that needs no accelerator, in every cluster."""
DOWNLOADER_ACCOUNT = "weights-downloader"
"""Kubernetes service account that writes them, in one cluster."""


@dataclass(frozen=True)
class Names:
    """The name of each cloud resource of *config*; rules check length and alphabet of all of them."""

    config: Config

    @property
    def network(self) -> str:
        """VPC network."""
        return f"{self.config.name}-vpc"

    @property
    def network_path(self) -> str:
        """Full name of the VPC network, as Google's APIs and Terraform's states have it."""
        return f"projects/{self.config.project}/global/networks/{self.network}"

    @property
    def bucket(self) -> str:
        """Model bucket: unique in all of Google Cloud, so the project is in it."""
        given = self.config.bucket.name if self.config.bucket else None
        return given or f"{self.config.project}-{self.config.name}-weights"

    @property
    def node_service_account(self) -> str:
        """Account ID of the nodes' service account."""
        return f"{self.config.name}-nodes"

    @property
    def node_service_account_email(self) -> str:
        """E-mail address of the nodes' service account."""
        return f"{self.node_service_account}@{self.config.project}.iam.gserviceaccount.com"

    @property
    def workload_pool(self) -> str:
        """Workload Identity pool; exists once the project has a cluster that uses it."""
        return f"{self.config.project}.svc.id.goog"

    @property
    def inference_pool(self) -> str:
        """InferencePool, chart release and imported pool: one name, so that they cannot drift apart."""
        return f"{self.config.name}-pool"

    @property
    def model_server(self) -> str:
        """Deployment and Service of the model server."""
        return f"{self.config.name}-server"

    @property
    def gateway(self) -> str:
        """Gateway object."""
        return f"{self.config.name}-gateway"

    @property
    def route(self) -> str:
        """HTTPRoute of the gateway."""
        return route_name(self.gateway)

    @property
    def health_check_policy(self) -> str:
        """HealthCheckPolicy of the pools behind the gateway."""
        return health_check_name(self.gateway)

    @property
    def backend_policy(self) -> str:
        """GCPBackendPolicy of the pools behind the gateway."""
        return backend_policy_name(self.gateway)

    def node_subnet(self, key: str) -> str:
        """Node subnet of region *key*."""
        return f"{self.config.name}-nodes-{key}"

    def proxy_subnet(self, key: str) -> str:
        """Proxy-only subnet of region *key*."""
        return f"{self.config.name}-proxy-{key}"

    def gateway_address(self, key: str) -> str:
        """Reserved gateway address of region *key*."""
        return f"{self.config.name}-gateway-{key}"

    def router(self, key: str) -> str:
        """Cloud Router and NAT of region *key*."""
        return f"{self.config.name}-nat-{key}"

    def cluster(self, key: str) -> str:
        """Cluster and fleet membership of region *key*."""
        return f"{self.config.name}-{key}"

    def cluster_location(self, key: str) -> str:
        """Region or zone of the control plane of region *key*."""
        region = self.config.regions[key]
        return region.region if self.config.cluster.control_plane == "regional" else region.zones[0]

    def cluster_path(self, key: str) -> str:
        """Full name of the cluster of region *key*."""
        return cluster_path(self.config.project, self.cluster_location(key), self.cluster(key))

    @property
    def gateway_feature(self) -> str:
        """Full name of the fleet's feature that controls the gateway."""
        return f"projects/{self.config.project}/locations/global/features/{GATEWAY_FEATURE}"

    def membership(self, key: str) -> str:
        """Full name of the fleet membership of region *key*."""
        return f"projects/{self.config.project}/locations/global/memberships/{self.cluster(key)}"
