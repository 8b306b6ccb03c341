"""Examples of docs/constructs.md: guard rails."""

from __future__ import annotations

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.apigee_access import ApigeeAccess
from constructs_lib.apigee_connection import ApigeeConnection
from constructs_lib.apigee_operator import ApigeeOperator
from constructs_lib.apigee_organization import ApigeeOrganization
from constructs_lib.body_routing import BodyRouting, BodyRoutingPlan
from constructs_lib.certificates import Certificates
from constructs_lib.client_limits import ClientLimits
from constructs_lib.model_armor import ModelArmorTemplates, ServiceExtensionsAgent
from constructs_lib.specs import (
    ApigeeOrganizationSpec,
    BodyRoutingSpec,
    ClientLimitsSpec,
    ModelArmorFiltersSpec,
    ModelArmorSpec,
    TlsSpec,
)


def certificates(stack: TerraformStack, google: GoogleProvider, time: TimeProvider) -> Certificates:
    """Have Google make and renew a certificate, once the record in the zone shows that the name is yours."""
    return Certificates(
        stack,
        "tls",
        google=google,
        time=time,
        project="my-project",
        region="us-east5",
        name="acme-us-tls",
        spec=TlsSpec(hosts=("llm.example.com",), dns_zone="example-com"),
    )


def client_limits(stack: TerraformStack, google: GoogleProvider, time: TimeProvider) -> ClientLimits:
    """Let the clients of one network in, each with five requests a second."""
    return ClientLimits(
        stack,
        "limits",
        google=google,
        time=time,
        project="my-project",
        region="us-east5",
        name="acme-us-limits",
        spec=ClientLimitsSpec(requests_per_minute=300, allowed_ranges=("203.0.113.0/24",)),
    )


def body_routing(
    stack: TerraformStack, kubernetes: KubernetesProvider, helm: HelmProvider, time: TimeProvider
) -> BodyRouting:
    """Find two models by the name that a request's body has."""
    return BodyRouting(
        stack,
        "body-routing",
        kubernetes=kubernetes,
        helm=helm,
        time=time,
        plan=BodyRoutingPlan(
            gateway="acme-gateway",
            namespace="inference",
            models={"gemma": ["gemma-3-27b-it"], "llama": ["llama-3-8b", "food-review"]},
        ),
        spec=BodyRoutingSpec(),
    )


def service_extensions_agent(
    stack: TerraformStack, google: GoogleProvider, google_beta: GoogleBetaProvider, time: TimeProvider
) -> ServiceExtensionsAgent:
    """Let the load balancers of the project call Model Armor."""
    return ServiceExtensionsAgent(
        stack,
        "extensions-agent",
        google=google,
        google_beta=google_beta,
        time=time,
        project="my-project",
        project_number="123456789012",
    )


def model_armor_templates(stack: TerraformStack, google: GoogleProvider, time: TimeProvider) -> ModelArmorTemplates:
    """Make a template that blocks what Google's own example blocks, and addresses of known attacks."""
    return ModelArmorTemplates(
        stack,
        "model-armor",
        google=google,
        time=time,
        project="my-project",
        region="us-central1",
        templates={"gemma-prompts": ModelArmorFiltersSpec(malicious_urls=True)},
        spec=ModelArmorSpec(),
    )


def apigee_organization(stack: TerraformStack, google: GoogleProvider) -> ApigeeOrganization:
    """Make the project's organization, paid by use, with an environment that gateways may call."""
    return ApigeeOrganization(
        stack,
        "apigee",
        google=google,
        project="my-project",
        instance="acme-apigee",
        region="us-east5",
        environment="prod",
        spec=ApigeeOrganizationSpec(analytics_region="us-east1"),
    )


def apigee_access(stack: TerraformStack, google: GoogleProvider) -> ApigeeAccess:
    """Let the operator of each cluster of the project manage Apigee and its private endpoints."""
    return ApigeeAccess(
        stack,
        "apigee",
        google=google,
        project="my-project",
        account_id="acme-apigee",
        workload_pool="my-project.svc.id.goog",
    )


def apigee_operator(stack: TerraformStack, kubernetes: KubernetesProvider, helm: HelmProvider) -> ApigeeOperator:
    """Install the operator in one cluster."""
    return ApigeeOperator(
        stack,
        "apigee",
        kubernetes=kubernetes,
        helm=helm,
        project="my-project",
        organization="my-project",
        account="acme-apigee@my-project.iam.gserviceaccount.com",
        version="1.1.1",
    )


def apigee_connection(stack: TerraformStack, kubernetes: KubernetesProvider, time: TimeProvider) -> ApigeeConnection:
    """Connect a gateway with the environment, by an endpoint in the subnet of the nodes."""
    return ApigeeConnection(
        stack,
        "apigee",
        kubernetes=kubernetes,
        time=time,
        gateway="acme-gateway",
        namespace="inference",
        environment="prod",
        region="us-east5",
        network="projects/my-project/global/networks/acme-vpc",
        subnetwork="projects/my-project/regions/us-east5/subnetworks/acme-nodes-us",
    )
