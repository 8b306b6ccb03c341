"""Examples of docs/constructs.md: project and network."""

from __future__ import annotations

from ipaddress import IPv4Network

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.global_network import GlobalNetwork
from constructs_lib.inferencepool_chart import EXT_PROC_PORT, GRPC_HEALTH_PORT
from constructs_lib.model_store import ModelStore
from constructs_lib.network_plan import NetworkPlan, NetworkRegionPlan
from constructs_lib.network_region import NetworkRegion
from constructs_lib.node_service_account import NodeServiceAccount
from constructs_lib.project_services import ProjectServices
from constructs_lib.shared_vpc_access import SharedVpcAccess
from constructs_lib.specs import BucketSpec, NetworkSpec
from constructs_lib.workload_identity import WorkloadIdentity

REGION = NetworkRegionPlan(
    region="us-east5",
    node_subnet="acme-nodes-us",
    proxy_subnet="acme-proxy-us",
    nodes=IPv4Network("10.2.0.0/20"),
    pods=IPv4Network("10.3.0.0/16"),
    services=IPv4Network("10.2.16.0/20"),
    proxy=IPv4Network("10.2.32.0/23"),
    gateway_address="acme-gateway-us",
    nat="acme-nat-us",
)


def project_services(stack: TerraformStack, google: GoogleProvider) -> ProjectServices:
    """Turn two APIs on."""
    return ProjectServices(stack, "services", google=google, project="my-project", services=["compute", "container"])


def node_service_account(stack: TerraformStack, google: GoogleProvider) -> NodeServiceAccount:
    """Make the identity of all nodes."""
    return NodeServiceAccount(stack, "nodes", google=google, project="my-project", account_id="acme-nodes")


def global_network(stack: TerraformStack, google: GoogleProvider, time: TimeProvider) -> GlobalNetwork:
    """Make a VPC with one region; its firewall opens with the region, without another call."""
    plan = NetworkPlan(
        project="my-project",
        name="acme-vpc",
        node_service_account="acme-nodes@my-project.iam.gserviceaccount.com",
        ports=(8000, EXT_PROC_PORT, GRPC_HEALTH_PORT),
    )
    network = GlobalNetwork(stack, "network", google=google, time=time, plan=plan, spec=NetworkSpec())
    network.add_region("us", REGION)
    return network


def network_region(stack: TerraformStack, google: GoogleProvider, time: TimeProvider) -> NetworkRegion:
    """Add a region to a VPC that another team manages."""
    plan = NetworkPlan(
        project="my-project",
        name="landing-zone",
        node_service_account="acme-nodes@my-project.iam.gserviceaccount.com",
        ports=(8000, EXT_PROC_PORT, GRPC_HEALTH_PORT),
    )
    network = GlobalNetwork.from_existing(stack, "network", google=google, time=time, plan=plan, spec=NetworkSpec())
    return network.add_region("us", REGION)


def shared_vpc_access(
    stack: TerraformStack, google: GoogleProvider, google_beta: GoogleBetaProvider, time: TimeProvider
) -> SharedVpcAccess:
    """Let GKE in one project use a subnet of another."""
    return SharedVpcAccess(
        stack,
        "shared-vpc",
        google=google,
        google_beta=google_beta,
        time=time,
        project="my-project",
        project_number="123456789012",
        host_project="net-host",
        subnets={"us": ("us-east5", "nodes-us")},
    )


def model_store(stack: TerraformStack, google: GoogleProvider) -> ModelStore:
    """Make a bucket in one multi-region."""
    return ModelStore(
        stack,
        "weights",
        google=google,
        project="my-project",
        name="acme-weights",
        spec=BucketSpec(location="US", soft_delete_days=0),
    )


def workload_identity(stack: TerraformStack, google: GoogleProvider) -> WorkloadIdentity:
    """Let the pods of one account read a bucket that another stack manages."""
    store = ModelStore.from_existing(stack, "weights", name="acme-weights")
    reader = WorkloadIdentity(
        stack,
        "reader",
        google=google,
        project="my-project",
        project_number="123456789012",
        namespace="inference",
        service_account="model-server",
    )
    reader.grant_read(store.name)
    return reader
