"""Project services, the VPC with its regions, the model bucket, and the nodes' identity."""

from cdktf import TerraformOutput
from constructs import Construct

from constructs_lib.fixed_value import FixedValue
from constructs_lib.global_network import GlobalNetwork
from constructs_lib.model_store import ModelStore
from constructs_lib.network_plan import NetworkPlan, NetworkRegionPlan
from constructs_lib.node_service_account import NodeServiceAccount
from constructs_lib.project_services import ProjectServices
from constructs_lib.workload_identity import WorkloadIdentity
from platform_config.config import Config
from platform_config.network_plan import region_ranges, server_ports
from platform_config.plan_refusals import (
    APIGEE,
    BUCKET,
    BUCKET_PLACE,
    GATEWAY_KIND,
    NAMESPACE,
    explain_moved_bucket,
    explain_moved_namespace,
    explain_other_gateway,
    explain_removed_apigee,
    explain_removed_bucket,
)
from platform_config.requirements import project_services, streams_images

from .base import BaseStack
from .infra_access import bucket_readers, server_identity


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
        nodes = NodeServiceAccount(
            self,
            "nodes",
            google=self.google,
            project=project,
            account_id=self.names.node_service_account,
            image_streaming=streams_images(config),
            after=services.enabled,
        )
        self._add_bucket(services)
        plan = NetworkPlan(
            project=project,
            name=self.names.network,
            node_service_account=nodes.email,
            ports=server_ports(config),
            universe=config.universe,
        )
        network = GlobalNetwork(
            self,
            "network",
            google=self.google,
            time=self.time,
            plan=plan,
            spec=config.network,
            after=services.enabled,
        )
        for key in config.regions:
            self._add_region(network, key)
        FixedValue(self, NAMESPACE, value=config.namespace, refusal=explain_moved_namespace(config))
        kind = config.gateway.gateway_class.title
        FixedValue(self, GATEWAY_KIND, value=kind, refusal=explain_other_gateway(kind))
        if config.is_regional:
            self._keep_apigee()
        TerraformOutput(self, "node_service_account", value=nodes.email, description="Identity of the nodes.")

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
            store = ModelStore(
                self,
                BUCKET,
                google=self.google,
                project=config.project,
                name=self.names.bucket,
                spec=config.bucket,
                after=services.enabled,
            )
            place = f"{store.name} in {config.bucket.location.upper()}"
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
        config = self.config
        ranges = region_ranges(config, key)
        named = config.gateway.addresses == "named" and key in config.gateway_regions
        return NetworkRegionPlan(
            region=config.regions[key].region,
            node_subnet=self.names.node_subnet(key),
            proxy_subnet=self.names.proxy_subnet(key),
            nodes=ranges.nodes,
            pods=ranges.pods,
            services=ranges.services,
            proxy=ranges.proxy,
            gateway_address=self.names.gateway_address(key) if named else None,
            nat=self.names.router(key) if config.network.nat else None,
            gateway_class=config.gateway.gateway_class,
        )
