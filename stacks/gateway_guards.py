"""What a gateway has beside its routes: certificates, limits of clients, and what it asks for each request."""

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformOutput

from constructs_lib.apigee_connection import ApigeeConnection
from constructs_lib.body_routing import BodyRouting, BodyRoutingPlan
from constructs_lib.certificates import WRITE_ONLY_KEY_PROVIDER, Certificates
from constructs_lib.client_limits import ClientLimits
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.network_policies import router_policies
from constructs_lib.model_armor import ModelArmorTemplates
from platform_config.model import Model
from platform_config.model_armor import own_templates
from platform_config.network_plan import network_policy_plan

from .base import WRITE_ONLY_TERRAFORM_VERSION
from .cluster_access import ClusterStack


def add_body_routing(stack: ClusterStack, models: Sequence[Model]) -> list[ITerraformDependable]:
    """
    Add what finds *models* by the names in bodies; return what their routes wait for.

    Its network policy is here too: taken away before the routes have changed, it would stop all requests.
    """
    if stack.config.is_regional:
        _ = stack.helm  # Without its provider Terraform deletes nothing of the state.
    spec, found = stack.config.gateway.body_routing, [model for model in models if model.by_name]
    if spec is None or not found:
        return []
    plan = BodyRoutingPlan(
        gateway=stack.names.gateway,
        namespace=stack.config.namespace,
        models={model.key: model.names for model in found},
    )
    policies = router_policies(network_policy_plan(stack.config, stack.key))
    routing = BodyRouting(
        stack,
        "body-routing",
        kubernetes=stack.kubernetes,
        helm=stack.helm,
        time=stack.time,
        plan=plan,
        spec=spec,
        after=[
            KubernetesObject(stack, f"network-policy-{key}", kubernetes=stack.kubernetes, manifest=policy)
            for key, policy in policies.items()
            if stack.config.cluster.network_policies
        ],
    )
    return routing.ready


def add_apigee(stack: ClusterStack) -> list[ITerraformDependable]:
    """Connect the gateway with Apigee while it is turned on."""
    apigee = stack.config.gateway.apigee
    if apigee is None or not apigee.enabled:
        return []
    made = ApigeeConnection(
        stack,
        "apigee",
        kubernetes=stack.kubernetes,
        time=stack.time,
        gateway=stack.names.gateway,
        namespace=stack.config.namespace,
        environment=apigee.environment,
        region=stack.config.regions[stack.key].region,
        network=stack.names.network_path,
        subnetwork=stack.names.node_subnet_path(stack.key),
        autopilot=stack.config.cluster.autopilot,
    )
    return made.ready


def add_model_armor(stack: ClusterStack) -> list[ITerraformDependable]:
    """Add the region's templates, which stay while Model Armor is turned off."""
    armor, templates = stack.config.gateway.model_armor, own_templates(stack.config)
    if armor is None or not templates:
        return []
    made = ModelArmorTemplates(
        stack,
        "model-armor",
        google=stack.google,
        time=stack.time,
        project=stack.config.project,
        region=stack.config.regions[stack.key].region,
        templates=templates,
        spec=armor,
    )
    return made.ready


def add_certificates(stack: ClusterStack) -> Certificates | None:
    """Make certificates and a TLS policy where the gateway has HTTPS and its class takes them."""
    tls = stack.config.gateway.tls
    if tls is None or not stack.config.gateway.gateway_class.regional_certificates:
        return None
    if tls.certificate_pem:
        stack.need_terraform(WRITE_ONLY_TERRAFORM_VERSION)
    made = Certificates(
        stack,
        "tls",
        google=stack.google,
        time=stack.time,
        project=stack.config.project,
        region=stack.config.regions[stack.key].region,
        name=stack.names.gateway_tls(stack.key),
        spec=tls,
    )
    if tls.certificate_pem:
        stack.need_google(WRITE_ONLY_KEY_PROVIDER)
    if made.records:
        records = {domain: f"{record.name} CNAME {record.data}" for domain, record in made.records.items()}
        TerraformOutput(
            stack,
            "dns_records",
            value=records,
            description="Records to write into the DNS zones of these domains: Google makes the certificates then.",
        )
    return made


def add_client_limits(stack: ClusterStack) -> ClientLimits | None:
    """Limit who may call the gateway where the config or a public address asks for it."""
    limits = stack.config.gateway.limits
    if limits is None:
        return None
    return ClientLimits(
        stack,
        "limits",
        google=stack.google,
        time=stack.time,
        project=stack.config.project,
        region=stack.config.regions[stack.key].region,
        name=stack.names.client_limits(stack.key),
        spec=limits,
    )
