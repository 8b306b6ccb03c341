"""A gateway: of all regions, on the config cluster, or of one region alone. Applied last, destroyed first."""

from cdktf import TerraformOutput
from constructs import Construct

from constructs_lib.gateway_plan import GatewayPlan, ModelRoute
from constructs_lib.inference_gateway import InferenceGateway
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.manifests.remote import PROXY_PORT
from constructs_lib.specs import RemoteSpec
from platform_config.called_extensions import called_extensions
from platform_config.config import Config
from platform_config.model import Model, models_in, models_of
from platform_config.plan_refusals import explain_moved_gateway
from platform_config.requirements import gateway_floor
from platform_config.shutdown import served_gateway

from .cluster_access import ClusterStack
from .gateway_guards import (
    add_apigee,
    add_body_routing,
    add_certificates,
    add_client_limits,
    add_model_armor,
)


class WorkloadGatewayStack(ClusterStack):
    """
    The Gateway, and for each model its route, health check and balancing.

    Outputs: the models' names for clients, and the reserved addresses to look up.

    Args:
        key: Key of the region whose cluster holds these objects.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, key: str) -> None:
        super().__init__(
            scope,
            id_,
            config=config,
            key=key,
            floor=gateway_floor(config).version,
            moved=None if config.is_regional else explain_moved_gateway(config),
        )
        models = models_in(config, key) if config.is_regional else models_of(config)
        certificates, limits = add_certificates(self), add_client_limits(self)
        plan = GatewayPlan(
            name=self.names.gateway,
            namespace=config.namespace,
            addresses=self._addresses(),
            models={
                **{model.key: self._route(model) for model in models},
                **{key: self._remote_route(key, spec) for key, spec in config.remotes.items()},
            },
            extensions=called_extensions(self.config, self.key),
            autopilot=config.cluster.autopilot,
            certificates=tuple(certificates.names) if certificates else (),
            ssl_policy=certificates.ssl_policy if certificates else None,
            security_policy=limits.name if limits else None,
        )
        InferenceGateway(
            self,
            "gateway",
            kubernetes=self.kubernetes,
            time=self.time,
            plan=plan,
            spec=served_gateway(config),
            after=[
                *add_apigee(self),
                *add_model_armor(self),
                *(wait for made in (certificates, limits) if made for wait in made.ready),
            ],
            routes_after=add_body_routing(self, models),
        )
        for model in models:
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
            description=f"Shows addresses and state of the gateway, on the cluster {self.names.cluster(key)}.",
        )

    def _route(self, model: Model) -> ModelRoute:
        canary = model.spec.canary
        return ModelRoute(
            backend=self._backend(model.key),
            port=model.server.http_port,
            health_path=model.server.ready_path,
            balancing=model.balancing,
            address=model.route_address,
            paths=model.paths,
            canary=(self._backend(canary.model), canary.percent) if canary else None,
            routed=model.is_routed,
            regions=tuple(self.config.regions[key] for key in model.regions),
        )

    def _remote_route(self, key: str, spec: RemoteSpec) -> ModelRoute:
        return ModelRoute(
            backend=Backend(name=self.names.remote(key), service_port=PROXY_PORT, imported=not self.config.is_regional),
            port=PROXY_PORT,
            health_path=spec.health_path,
            balancing=Balancing(
                timeout_sec=self.config.gateway.timeout_sec,
                max_in_flight_requests=None if self.config.is_regional else spec.max_in_flight_requests,
            ),
            address=spec.address,
            regions=tuple(self.config.regions[region] for region in self.config.serving_regions),
        )

    def _backend(self, model: str) -> Backend:
        server = self.config.models[model].server
        return Backend(
            name=self.names.backend(model),
            service_port=None if server.has_pool else server.http_port,
            imported=not self.config.is_regional,
        )

    def _addresses(self) -> list[tuple[str, str | None]]:
        named = self.config.gateway.addresses == "named"
        return [
            (self.config.regions[key].region, self.names.gateway_address(key) if named else None)
            for key in ((self.key,) if self.config.is_regional else self.config.gateway_regions)
        ]
