"""Project services, the VPC with its regions, the model bucket, and the nodes' identity."""

from cdktf import TerraformOutput
from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from constructs import Construct

from constructs_lib.fixed_value import FixedValue
from constructs_lib.global_network import GlobalNetwork
from constructs_lib.model_store import ModelStore
from constructs_lib.network_plan import NetworkPart, NetworkPlan, NetworkRegionPlan
from constructs_lib.node_service_account import NodeServiceAccount
from constructs_lib.project_services import ProjectServices
from constructs_lib.shared_vpc_access import SharedVpcAccess, role_addresses
from constructs_lib.specs import BucketSpec
from constructs_lib.workload_identity import WorkloadIdentity
from platform_config.config import Config
from platform_config.network_plan import makes_nat, proxy_regions, region_ranges, server_ports
from platform_config.plan_refusals import (
    APIGEE,
    BUCKET,
    BUCKET_PLACE,
    GATEWAY_KIND,
    NAMESPACE,
    NETWORK_PLACE,
    THERE_BEFORE,
    explain_moved_bucket,
    explain_moved_namespace,
    explain_moved_network,
    explain_other_gateway,
    explain_removed_apigee,
    explain_removed_bucket,
)
from platform_config.requirements import grants_in_host, project_services, shared_vpc_regions, streams_images

from .base import BaseStack
from .infra_access import bucket_readers, server_identity

SHARED_VPC = "shared-vpc"
"""Construct id of the roles of Google's agents in the project of a Shared VPC."""


class InfraNetworkStack(BaseStack):
    """
    APIs, VPC, bucket and the nodes' account: they change rarely, and a destroy loses data and addresses.

    Outputs: the bucket where there is one, the gateway's address of each region, the nodes' service account.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, config=config)
        project = config.project
        services = ProjectServices(
            self, "services", google=self.google, project=project, services=project_services(config)
        )
        nodes = self._add_nodes_account(services)
        self._add_bucket(services)
        network = self._add_network(nodes, services)
        for key in config.regions:
            self._add_region(network, key)
        if self.names.network_project != project:
            self._add_shared_vpc_access(network, services)
        FixedValue(
            self, NETWORK_PLACE, value=self.names.network_path, refusal=explain_moved_network(), after=network.made
        )
        namespace = f"{config.namespace}{THERE_BEFORE if config.existing.namespace else ''}"
        FixedValue(self, NAMESPACE, value=namespace, refusal=explain_moved_namespace(config))
        kind = config.gateway.gateway_class.title
        FixedValue(self, GATEWAY_KIND, value=kind, refusal=explain_other_gateway(kind))
        if config.is_regional:
            self._keep_apigee()
        TerraformOutput(self, "node_service_account", value=nodes.email, description="Identity of the nodes.")

    def _add_nodes_account(self, services: ProjectServices) -> NodeServiceAccount:
        config, email = self.config, self.config.existing.node_service_account
        if email is not None:
            return NodeServiceAccount.from_existing(self, "nodes", google=self.google, email=email)
        return NodeServiceAccount(
            self,
            "nodes",
            google=self.google,
            project=config.project,
            account_id=self.names.node_service_account,
            image_streaming=streams_images(config),
            after=services.enabled,
        )

    def _add_network(self, nodes: NodeServiceAccount, services: ProjectServices) -> GlobalNetwork:
        config, existing = self.config, self.config.existing
        has_clusters = any(region.existing.cluster for region in config.regions.values())
        plan = NetworkPlan(
            project=self.names.network_project,
            name=self.names.network,
            node_service_account=nodes.email,
            ports=server_ports(config),
            address_project=config.project,
            firewall=not existing.firewall,
            firewall_prefix=self.names.firewall_prefix,
            pod_ranges=tuple(region_ranges(config, key).pods for key in config.regions) if has_clusters else (),
            universe=config.universe,
        )
        if existing.network is not None:
            return GlobalNetwork.from_existing(
                self, "network", google=self.google, time=self.time, plan=plan, spec=config.network
            )
        return GlobalNetwork(
            self,
            "network",
            google=self.google,
            time=self.time,
            plan=plan,
            spec=config.network,
            after=services.enabled,
        )

    def _add_shared_vpc_access(self, network: GlobalNetwork, services: ProjectServices) -> None:
        """
        Let Google's agents use the subnets of a Shared VPC, or leave the roles to those who manage it.

        Clusters that are there already have theirs, and so has the project: a destroy must not take them away.
        """
        config, names = self.config, self.names
        # Also without the roles: those of an earlier apply are forgotten by their providers.
        _ = self.google_beta
        granted = shared_vpc_regions(config)
        in_host = grants_in_host(config)
        if not in_host:
            others = [key for key in config.regions if key not in granted]
            self.forget(role_addresses(SHARED_VPC, others))
        if not granted and not in_host:
            return
        number = DataGoogleProject(self, "project", provider=self.google, project_id=config.project).number
        SharedVpcAccess(
            self,
            SHARED_VPC,
            google=self.google,
            google_beta=self.google_beta,
            time=self.time,
            project=config.project,
            project_number=number,
            host_project=names.network_project,
            subnets={key: (config.regions[key].region, names.node_subnet(key)) for key in granted},
            in_host=in_host,
            universe=config.universe,
            after=[*services.enabled, *(subnet for region in network.regions.values() for subnet in region.subnets)],
        )

    def _keep_apigee(self) -> None:
        """Refuse to remove Apigee's section while gateways ask it: its operator and account would go before they do."""
        apigee = self.config.gateway.apigee
        FixedValue(
            self,
            APIGEE,
            value="Apigee" if apigee is not None and apigee.enabled else "",
            refusal=explain_removed_apigee(self.config),
            fixed=apigee is None,
        )

    def _add_bucket(self, services: ProjectServices) -> None:
        """Add the bucket. It is removed once the file has none, if nothing read it at the apply before."""
        config = self.config
        if config.bucket is not None:
            store = self._store(config.bucket, services)
            place = f"{store.name} in {config.bucket.location.upper()}{THERE_BEFORE if config.existing.bucket else ''}"
            readers = [WorkloadIdentity.read_grant_address(server_identity(key)) for key in bucket_readers(config)]
            FixedValue(
                self,
                BUCKET_PLACE,
                value=place,
                refusal=explain_moved_bucket(config, readers_grants=readers),
                after=store.ready,
            )
            TerraformOutput(self, "model_bucket", value=store.url, description="Where the weights are.")
        FixedValue(
            self,
            "weights-read",
            value=self.names.bucket if config.reads_bucket else "",
            refusal=explain_removed_bucket(),
            fixed=config.bucket is None,
        )

    def _store(self, spec: BucketSpec, services: ProjectServices) -> ModelStore:
        name = self.names.bucket
        if self.config.existing.bucket is not None:
            return ModelStore.from_existing(self, BUCKET, name=name, google=self.google, location=spec.location)
        return ModelStore(
            self,
            BUCKET,
            google=self.google,
            project=self.config.project,
            name=name,
            spec=spec,
            after=services.enabled,
        )

    def _add_region(self, network: GlobalNetwork, key: str) -> None:
        region = network.add_region(key, self._region(key))
        if region.gateway_address is not None:
            TerraformOutput(
                self,
                f"gateway_address_{key.replace('-', '_')}",
                value=region.gateway_address,
                description=f"Address of the gateway in {region.plan.region}.",
            )

    def _region(self, key: str) -> NetworkRegionPlan:
        config, names = self.config, self.names
        region, ranges = config.regions[key], region_ranges(config, key)
        existing = region.existing
        named = config.gateway.addresses == "named" and key in config.gateway_regions
        has_proxies = key in proxy_regions(config)
        parts: dict[NetworkPart, str | None] = {
            "node_subnet": existing.subnet,
            "proxy_subnet": existing.proxy_subnet,
            "gateway_address": existing.gateway_address,
        }
        return NetworkRegionPlan(
            region=region.region,
            node_subnet=names.node_subnet(key),
            proxy_subnet=names.proxy_subnet(key) if has_proxies else None,
            nodes=ranges.nodes,
            pods=ranges.pods,
            services=ranges.services,
            proxy=ranges.proxy if has_proxies else None,
            gateway_address=names.gateway_address(key) if named else None,
            nat=names.router(key) if makes_nat(config, key) else None,
            pods_range=existing.pods_range,
            services_range=existing.services_range,
            router=existing.router,
            existing=frozenset(part for part, name in parts.items() if name is not None),
            gateway_class=config.gateway.gateway_class,
        )
