"""The gateway of all regions, on the config cluster: applied last, destroyed first."""

from cdktf import TerraformOutput
from constructs import Construct

from constructs_lib.gke_version import MULTI_CLUSTER_INFERENCE_GATEWAY
from constructs_lib.inference_gateway import GatewayPlan, InferenceGateway
from platform_config.config import Config
from platform_config.plan_refusals import explain_moved_gateway
from stacks.cluster_access import ClusterStack


class WorkloadGatewayStack(ClusterStack):
    """
    The Gateway, its route, health check and balancing.

    Outputs: the model's name for clients, and the reserved addresses to look up.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(
            scope,
            id_,
            config=config,
            key=config.config_region,
            floor=MULTI_CLUSTER_INFERENCE_GATEWAY.version,
            moved=explain_moved_gateway(config),
        )
        plan = GatewayPlan(
            name=self.names.gateway,
            namespace=config.namespace,
            addresses=self._addresses(),
            pool_name=self.names.inference_pool,
            model_port=config.model_server.port,
            metric_export_name=config.model_server.metric_export_name,
            regions=tuple(config.regions.values()),
        )
        InferenceGateway(self, "gateway", kubernetes=self.kubernetes, time=self.time, plan=plan, spec=config.gateway)
        TerraformOutput(self, "model", value=config.model.name, description="What clients send as model.")
        TerraformOutput(
            self,
            "gateway_status_command",
            value=f"kubectl get gateway {plan.name} --namespace {plan.namespace}",
            description="Shows addresses and state of the gateway, on the config cluster.",
        )

    def _addresses(self) -> list[tuple[str, str | None]]:
        named = self.config.gateway.addresses == "named"
        return [
            (self.config.regions[key].region, self.names.gateway_address(key) if named else None)
            for key in self.config.gateway_regions
        ]
