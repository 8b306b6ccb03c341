"""A gateway: of all regions, on the config cluster, or of one region alone. Applied last, destroyed first."""

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformOutput
from constructs import Construct

from constructs_lib.apigee_connection import ApigeeConnection
from constructs_lib.body_routing import BodyRouting, BodyRoutingPlan
from constructs_lib.certificates import WRITE_ONLY_KEY_PROVIDER, Certificates
from constructs_lib.client_limits import ClientLimits
from constructs_lib.inference_gateway import GatewayPlan, InferenceGateway, ModelRoute
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.apigee import apigee_extension
from constructs_lib.manifests.extensions import Extension
from constructs_lib.manifests.gateway import Backend
from constructs_lib.manifests.model_armor import model_armor_extension
from constructs_lib.manifests.network_policies import router_policies
from constructs_lib.model_armor import ModelArmorTemplates
from constructs_lib.provider_versions import pin_provider
from platform_config.config import Config
from platform_config.model import Model, models_in, models_of
from platform_config.model_armor import own_templates, screened_names
from platform_config.network_plan import network_policy_plan
from platform_config.plan_refusals import explain_moved_gateway
from platform_config.requirements import gateway_floor
from stacks.base import WRITE_ONLY_TERRAFORM_VERSION
from stacks.cluster_access import ClusterStack


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
        certificates, limits = self._add_certificates(), self._add_client_limits()
        plan = GatewayPlan(
            name=self.names.gateway,
            namespace=config.namespace,
            addresses=self._addresses(),
            models={model.key: self._route(model) for model in models},
            extensions=self._extensions(),
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
            spec=config.gateway,
            after=[
                *self._add_apigee(),
                *self._add_model_armor(),
                *(wait for made in (certificates, limits) if made for wait in made.ready),
            ],
            routes_after=self._add_body_routing(models),
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

    def _add_body_routing(self, models: Sequence[Model]) -> list[ITerraformDependable]:
        """
        Add what finds *models* by the names in bodies; return what their routes wait for.

        Its network policy is here too: taken away before the routes have changed, it would stop all requests.
        """
        if self.config.is_regional:
            _ = self.helm  # Without its provider Terraform deletes nothing of the state.
        spec, found = self.config.gateway.body_routing, [model for model in models if model.by_name]
        if spec is None or not found:
            return []
        plan = BodyRoutingPlan(
            gateway=self.names.gateway,
            namespace=self.config.namespace,
            models={model.key: model.names for model in found},
        )
        policies = router_policies(network_policy_plan(self.config, self.key))
        routing = BodyRouting(
            self,
            "body-routing",
            kubernetes=self.kubernetes,
            helm=self.helm,
            time=self.time,
            plan=plan,
            spec=spec,
            after=[
                KubernetesObject(self, f"network-policy-{key}", kubernetes=self.kubernetes, manifest=policy)
                for key, policy in policies.items()
                if self.config.cluster.network_policies
            ],
        )
        return routing.ready

    def _extensions(self) -> tuple[Extension, ...]:
        """Return what the gateway calls for each request, in this order: who may not call is not screened."""
        apigee, armor = self.config.gateway.apigee, self.config.gateway.model_armor
        called = []
        if apigee is not None and apigee.enabled:
            called.append(apigee_extension(gateway=self.names.gateway, spec=apigee))
        if armor is not None and armor.enabled:
            region, templates = self.config.regions[self.key].region, screened_names(self.config, self.key)
            called.append(model_armor_extension(region=region, templates=templates, spec=armor))
        return tuple(called)

    def _add_apigee(self) -> list[ITerraformDependable]:
        """Connect the gateway with Apigee while it is turned on."""
        apigee = self.config.gateway.apigee
        if apigee is None or not apigee.enabled:
            return []
        made = ApigeeConnection(
            self,
            "apigee",
            kubernetes=self.kubernetes,
            time=self.time,
            gateway=self.names.gateway,
            namespace=self.config.namespace,
            environment=apigee.environment,
            region=self.config.regions[self.key].region,
            network=self.names.network_path,
            subnetwork=self.names.node_subnet_path(self.key),
        )
        return made.ready

    def _add_model_armor(self) -> list[ITerraformDependable]:
        """Add the region's templates, which stay while Model Armor is turned off."""
        armor, templates = self.config.gateway.model_armor, own_templates(self.config)
        if armor is None or not templates:
            return []
        made = ModelArmorTemplates(
            self,
            "model-armor",
            google=self.google,
            time=self.time,
            project=self.config.project,
            region=self.config.regions[self.key].region,
            templates=templates,
            spec=armor,
        )
        return made.ready

    def _add_certificates(self) -> Certificates | None:
        """Make certificates and a TLS policy where the gateway has HTTPS and its class takes them."""
        tls = self.config.gateway.tls
        if tls is None or not self.config.gateway.gateway_class.regional_certificates:
            return None
        if tls.certificate_pem:
            self.add_override("terraform.required_version", WRITE_ONLY_TERRAFORM_VERSION)
        made = Certificates(
            self,
            "tls",
            google=self.google,
            time=self.time,
            project=self.config.project,
            region=self.config.regions[self.key].region,
            name=self.names.gateway_tls(self.key),
            spec=tls,
        )
        if tls.certificate_pem:
            pin_provider(self, "google", WRITE_ONLY_KEY_PROVIDER)
        if made.records:
            records = {domain: f"{record.name} CNAME {record.data}" for domain, record in made.records.items()}
            TerraformOutput(
                self,
                "dns_records",
                value=records,
                description="Records to write into the DNS zones of these domains: Google makes the certificates then.",
            )
        return made

    def _add_client_limits(self) -> ClientLimits | None:
        limits = self.config.gateway.limits
        if limits is None:
            return None
        return ClientLimits(
            self,
            "limits",
            google=self.google,
            time=self.time,
            project=self.config.project,
            region=self.config.regions[self.key].region,
            name=self.names.client_limits(self.key),
            spec=limits,
        )

    def _route(self, model: Model) -> ModelRoute:
        canary = model.spec.canary
        return ModelRoute(
            backend=self._backend(model.key),
            port=model.server.http_port,
            health_path=model.server.ready_path,
            balancing=model.balancing,
            address=model.route_address,
            canary=(self._backend(canary.model), canary.percent) if canary else None,
            routed=model.is_routed,
            regions=tuple(self.config.regions[key] for key in model.regions),
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
