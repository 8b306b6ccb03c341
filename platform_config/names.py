"""
Names: readable, known at synth, the same for ever.

Cloud resources are `<name>-<part>[-<key>]`; a model's objects, in clusters of this platform alone, `<model>-<part>`.
"""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.google_names import GATEWAY_FEATURE, cluster_path
from constructs_lib.manifests.gateway import backend_policy_name, health_check_name
from constructs_lib.manifests.http_route import route_name
from constructs_lib.specs import ExistingRegionSpec
from constructs_lib.specs.universe import project_name
from platform_config.config import Config
from platform_config.stack_graph import dns_zone_name

SYSTEM_POOL = "system"
"""Node pool for everything that needs no accelerator, in every cluster."""
GATEWAY_ADDRESS = "-gateway-"
"""What stands before the key of the region in the name of a gateway's address."""


@dataclass(frozen=True)
class Names:
    """The name of each cloud resource of *config*; rules check length and alphabet of all of them."""

    config: Config

    @property
    def network(self) -> str:
        """VPC network."""
        return self.config.existing.network_name or self.firewall_prefix

    @property
    def firewall_prefix(self) -> str:
        """How the names of firewall rules begin: each platform in an existing network has rules of its own."""
        return f"{self.config.name}-vpc"

    @property
    def network_project(self) -> str:
        """Project of the VPC network: the platform's, or the one that shares it."""
        return self.config.existing.network_project(self.config.project)

    @property
    def network_path(self) -> str:
        """Full name of the VPC network, as Google's APIs and Terraform's states have it."""
        return f"projects/{self.network_project}/global/networks/{self.network}"

    @property
    def bucket(self) -> str:
        """Model bucket: unique in all of Google Cloud, so the project is in it."""
        given = self.config.bucket.name if self.config.bucket else None
        return self.config.existing.bucket or given or f"{project_name(self.config.project)}-{self.config.name}-weights"

    @property
    def node_service_account(self) -> str:
        """Account ID of the nodes' service account."""
        return f"{self.config.name}-nodes"

    @property
    def node_service_account_email(self) -> str:
        """E-mail address of the nodes' service account."""
        return self.config.existing.node_service_account or self.config.universe.service_account(
            self.node_service_account, self.config.project
        )

    @property
    def apigee_service_account(self) -> str:
        """Account ID of the service account that Apigee's operator acts as."""
        return f"{self.config.name}-apigee"

    @property
    def apigee_service_account_email(self) -> str:
        """E-mail address of the service account that Apigee's operator acts as."""
        return self.config.universe.service_account(self.apigee_service_account, self.config.project)

    @property
    def apigee_instance(self) -> str:
        """Instance of Apigee."""
        return f"{self.config.name}-apigee"

    @property
    def apigee_organization(self) -> str:
        """Organization of Apigee: as given, or that of the project, which has the same name."""
        apigee = self.config.gateway.apigee
        return (apigee.organization if apigee else None) or self.config.project

    @property
    def workload_pool(self) -> str:
        """Workload Identity pool; exists once the project has a cluster that uses it."""
        return self.config.universe.workload_pool(self.config.project)

    @property
    def gateway(self) -> str:
        """Gateway object."""
        return f"{self.config.name}-gateway"

    @property
    def proxy_errors(self) -> str:
        """Metric of the load balancer's errors in logs."""
        return f"{self.config.name}-proxy-errors"

    @property
    def mount_errors(self) -> str:
        """Metric of buckets that could not be mounted, in logs."""
        return f"{self.config.name}-mount-errors"

    @property
    def dns_zone(self) -> str:
        """Zone of Cloud DNS, of a platform that has one."""
        return dns_zone_name(self.config) or ""

    @property
    def external_dns_zone(self) -> str:
        """Zone that ExternalDNS writes to."""
        subdomain = self.config.external_dns.subdomain if self.config.external_dns else ""
        return f"{self.config.name}-{subdomain}-zone"

    def endpoint_check(self, record: str) -> str:
        """Health check of the public addresses of *record*. Fixed: with another one the record is made anew."""
        return f"{self.config.name}-dns-{record}"

    @property
    def argo_cd_service_account(self) -> str:
        """Account ID of the service account that Argo CD acts as."""
        return f"{self.config.name}-argocd"

    @property
    def argo_cd_service_account_email(self) -> str:
        """E-mail address of the service account that Argo CD acts as."""
        return self.config.universe.service_account(self.argo_cd_service_account, self.config.project)

    def model_armor_template(self, model: str = "") -> str:
        """Template of Model Armor, the same in each region: of all models, or of *model* alone."""
        return f"{self.config.name}-prompts{f'-{model}' if model else ''}"

    def model_server(self, model: str) -> str:
        """Deployment, Service and service account of the servers of *model*."""
        return f"{model}-server"

    def downloader(self, model: str) -> str:
        """Job that downloads the weights of *model*, and its service account."""
        return f"{model}-download"

    def loader(self, model: str) -> str:
        """Service account of the Cloud Run jobs that download the weights of *model*; their names begin so."""
        return f"{self.config.name}-load-{model}"

    def inference_pool(self, model: str) -> str:
        """InferencePool, chart release and imported pool of *model*: one name, so that they cannot drift apart."""
        return f"{model}-pool"

    def backend(self, model: str) -> str:
        """Return what the gateway sends requests of *model* to: its imported pool, or its imported Service."""
        has_pool = self.config.models[model].server.has_pool
        return self.inference_pool(model) if has_pool else self.model_server(model)

    def remote(self, key: str) -> str:
        """Deployment and Service of the proxies of the remote *key*."""
        return f"{key}-remote"

    def route(self, model: str) -> str:
        """HTTPRoute of *model*."""
        return route_name(model)

    def health_check_policy(self, model: str) -> str:
        """HealthCheckPolicy of the servers of *model*."""
        return health_check_name(model)

    def backend_policy(self, model: str) -> str:
        """GCPBackendPolicy of the servers of *model*."""
        return backend_policy_name(model)

    def node_subnet(self, key: str) -> str:
        """Node subnet of region *key*."""
        return self._existing(key).subnet or f"{self.config.name}-nodes-{key}"

    def node_subnet_path(self, key: str) -> str:
        """Full name of the node subnet of region *key*."""
        region = self.config.regions[key].region
        return f"projects/{self.network_project}/regions/{region}/subnetworks/{self.node_subnet(key)}"

    def proxy_subnet(self, key: str) -> str:
        """Proxy-only subnet that region *key* uses: its own, or that of the region beside it."""
        owner = self.config.first_beside(key)
        return self._existing(owner).proxy_subnet or f"{self.config.name}-proxy-{owner}"

    def proxy_subnet_path(self, key: str) -> str:
        """Full name of the proxy-only subnet that region *key* uses."""
        region = self.config.regions[key].region
        return f"projects/{self.network_project}/regions/{region}/subnetworks/{self.proxy_subnet(key)}"

    def gateway_address(self, key: str) -> str:
        """Reserved gateway address of region *key*."""
        return self._existing(key).gateway_address or f"{self.config.name}{GATEWAY_ADDRESS}{key}"

    def gateway_tls(self, key: str) -> str:
        """TLS policy of the gateway of region *key*; its certificates' names begin so."""
        return f"{self.config.name}-{key}-tls"

    def client_limits(self, key: str) -> str:
        """Cloud Armor policy of the gateway of region *key*."""
        return f"{self.config.name}-{key}-limits"

    def router(self, key: str) -> str:
        """Cloud Router and NAT of region *key*."""
        return f"{self.config.name}-nat-{key}"

    def cluster(self, key: str) -> str:
        """Cluster of region *key*; the membership that the platform makes for it has the same name."""
        existing = self._existing(key)
        return existing.cluster_parts[2] if existing.cluster else f"{self.config.name}-{key}"

    def cluster_location(self, key: str) -> str:
        """Region or zone of the control plane of region *key*."""
        region, existing = self.config.regions[key], self._existing(key)
        if existing.cluster:
            return existing.cluster_parts[1]
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
        return (
            self._existing(key).membership
            or f"projects/{self.config.project}/locations/global/memberships/{self.cluster(key)}"
        )

    def _existing(self, key: str) -> ExistingRegionSpec:
        return self.config.regions[key].existing
