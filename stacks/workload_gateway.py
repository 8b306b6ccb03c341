"""The gateway of all regions, on the config cluster: applied last, destroyed first."""

from cdktf import TerraformOutput
from constructs import Construct

from constructs_lib.gke_version import MULTI_CLUSTER_INFERENCE_GATEWAY
from constructs_lib.inference_gateway import GatewayPlan, InferenceGateway, ModelRoute
from constructs_lib.manifests.gateway import Backend
from platform_config.config import Config
from platform_config.model import Model, models_of
from platform_config.plan_refusals import explain_moved_gateway
from stacks.cluster_access import ClusterStack


class WorkloadGatewayStack(ClusterStack):
    """
    The Gateway, and for each model its route, health check and balancing.

    Outputs: the models' names for clients, and the reserved addresses to look up.
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
            models={model.key: self._route(model) for model in models_of(config)},
        )
        InferenceGateway(self, "gateway", kubernetes=self.kubernetes, time=self.time, plan=plan, spec=config.gateway)
        for model in models_of(config):
            TerraformOutput(
                self,
                f"model_{model.key.replace('-', '_')}",
                value=model.name,
                description="What clients send as model.",
            )
        TerraformOutput(
            self,
            "gateway_status_command",
            value=f"kubectl get gateway {plan.name} --namespace {plan.namespace}",
            description="Shows addresses and state of the gateway, on the config cluster.",
        )

    def _route(self, model: Model) -> ModelRoute:
        canary = model.spec.canary
        return ModelRoute(
            backend=self._backend(model.key),
            port=model.server.http_port,
            health_path=model.server.ready_path,
            balancing=model.balancing,
            address=model.spec.address,
            canary=(self._backend(canary.model), canary.percent) if canary else None,
            routed=model.is_routed,
            regions=tuple(self.config.regions[key] for key in model.regions),
        )

    def _backend(self, model: str) -> Backend:
        server = self.config.models[model].server
        return Backend(name=self.names.backend(model), service_port=None if server.has_pool else server.http_port)

    def _addresses(self) -> list[tuple[str, str | None]]:
        named = self.config.gateway.addresses == "named"
        return [
            (self.config.regions[key].region, self.names.gateway_address(key) if named else None)
            for key in self.config.gateway_regions
        ]
