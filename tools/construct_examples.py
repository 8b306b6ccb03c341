"""One example for each public construct, shown in docs/constructs.md; a test synthesizes each."""

from __future__ import annotations

from ipaddress import IPv4Network

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.accelerators import PoolPlan
from constructs_lib.alert_policies import AlertPolicies
from constructs_lib.apigee_access import ApigeeAccess
from constructs_lib.apigee_connection import ApigeeConnection
from constructs_lib.apigee_operator import ApigeeOperator
from constructs_lib.apigee_organization import ApigeeOrganization
from constructs_lib.autopilot_cluster import AutopilotCluster
from constructs_lib.body_routing import BodyRouting, BodyRoutingPlan
from constructs_lib.bounded_job import BoundedJob
from constructs_lib.certificates import Certificates
from constructs_lib.client_limits import ClientLimits
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.dashboard import Dashboard
from constructs_lib.fixed_value import FixedValue
from constructs_lib.fleet import Fleet, FleetMember
from constructs_lib.gateway_plan import GatewayPlan, ModelRoute
from constructs_lib.gke_cluster import GkeCluster
from constructs_lib.global_network import GlobalNetwork
from constructs_lib.hugging_face_token import HuggingFaceToken
from constructs_lib.inference_gateway import InferenceGateway
from constructs_lib.inference_service import InferenceService
from constructs_lib.inferencepool_chart import EXT_PROC_PORT, GRPC_HEALTH_PORT
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.log_metrics import LogMetrics
from constructs_lib.manifests.gates import crds_established
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.manifests.services import service
from constructs_lib.metrics_adapter import MetricsAdapter
from constructs_lib.model_armor import ModelArmorTemplates, ServiceExtensionsAgent
from constructs_lib.model_store import ModelStore
from constructs_lib.monitoring.alert import alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.monitoring.cloud_dashboard import CLOUD_VARIABLES
from constructs_lib.monitoring.log_metric import log_metrics_of
from constructs_lib.monitoring.metrics import OBJECTIVE_FAMILY, VLLM
from constructs_lib.monitoring.panel import panels_of
from constructs_lib.monitoring.panels import PANELS
from constructs_lib.monitoring.platform import MonitoredModel, MonitoredPlatform, MonitoredRegion
from constructs_lib.network_plan import NetworkPlan, NetworkRegionPlan
from constructs_lib.network_region import NetworkRegion
from constructs_lib.node_pool import NodePool
from constructs_lib.node_service_account import NodeServiceAccount
from constructs_lib.notification_channels import NotificationChannels
from constructs_lib.project_services import ProjectServices
from constructs_lib.provider_versions import pin_google
from constructs_lib.readiness_gate import ReadinessGate
from constructs_lib.removal_guard import RemovalGuard
from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.serving_plan import ServingPlan
from constructs_lib.specs import (
    AlertSpec,
    ApigeeOrganizationSpec,
    AutoscalingSpec,
    BodyRoutingSpec,
    BucketSpec,
    CapacitySpec,
    ChannelSpec,
    ClientLimitsSpec,
    ClusterSpec,
    GatewaySpec,
    HuggingFaceTokenSpec,
    ModelArmorFiltersSpec,
    ModelArmorSpec,
    NetworkSpec,
    NodeAutoscalingSpec,
    NodePoolSpec,
    ServerSpec,
    SystemPoolSpec,
    TlsSpec,
    WeightsSpec,
)
from constructs_lib.system_pool import SystemPool
from constructs_lib.weights_download import WeightsDownload
from constructs_lib.workload_identity import WorkloadIdentity

WATCHED = MonitoredPlatform(
    name="acme",
    project="my-project",
    namespace="inference",
    gateway="acme-gateway",
    regions={"us": MonitoredRegion(region="us-east5", cluster="acme-us")},
    models={
        "gemma": MonitoredModel(
            container="vllm",
            server="gemma-server",
            backend="gemma-pool",
            regions=("us",),
            fewest_servers={"us": 2},
            picker=OBJECTIVE_FAMILY,
            engine=VLLM,
        )
    },
    proxy_errors="acme-proxy-errors",
)
GEMMA = WeightsSpec(
    repository="google/gemma-3-27b-it",
    revision="005ad3404e59d6023443cb575daa05336842228a",
    hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
)
CLUSTER = ClusterPlan(
    name="acme-us",
    project="my-project",
    region="us-east5",
    location="us-east5",
    zones=("us-east5-b",),
    network="acme-vpc",
    subnetwork="acme-nodes-us",
    node_service_account="acme-nodes@my-project.iam.gserviceaccount.com",
    version_floor="1.35.1-gke.1396000",
)
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


def gke_cluster(stack: TerraformStack, google: GoogleProvider) -> GkeCluster:
    """Make a cluster with a system pool and a pool of TPUs."""
    pin_google(stack)
    cluster = GkeCluster(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec())
    cluster.add_system_pool("system", machine_type="e2-standard-8")
    cluster.add_accelerator_pool("tpu", NodePoolSpec(machine_type="ct6e-standard-4t"))
    return cluster


def autopilot_cluster(stack: TerraformStack, google: GoogleProvider) -> AutopilotCluster:
    """Make a cluster whose nodes Google makes as pods ask for them."""
    pin_google(stack)
    return AutopilotCluster(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec(mode="autopilot"))


def node_pool(stack: TerraformStack, google: GoogleProvider) -> NodePool:
    """Add a pool of Spot GPUs that grows to a cluster that another team manages."""
    cluster = GkeCluster.from_existing(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec())
    spec = NodePoolSpec(
        machine_type="g2-standard-12",
        capacity=CapacitySpec(spot=True),
        autoscaling=NodeAutoscalingSpec(max_nodes=4),
    )
    return NodePool(stack, "pool", cluster=cluster, name="l4", spec=spec)


def system_pool(stack: TerraformStack, google: GoogleProvider) -> SystemPool:
    """Add ordinary nodes to a cluster that another team manages."""
    cluster = GkeCluster.from_existing(stack, "cluster", google=google, plan=CLUSTER, spec=ClusterSpec())
    spec = SystemPoolSpec(machine_type="e2-standard-8", max_nodes_per_zone=5)
    return SystemPool(stack, "pool", cluster=cluster, name="system", spec=spec)


def fleet(stack: TerraformStack, google: GoogleProvider, google_beta: GoogleBetaProvider, time: TimeProvider) -> Fleet:
    """Make two clusters one fleet; the gateway's objects are in the first."""
    return Fleet(
        stack,
        "fleet",
        google=google,
        google_beta=google_beta,
        time=time,
        project="my-project",
        members={
            "us": FleetMember(cluster="acme-us", location="us-east5"),
            "eu": FleetMember(cluster="acme-eu", location="europe-west4"),
        },
        config_member="us",
    )


def notification_channels(stack: TerraformStack, google: GoogleProvider) -> NotificationChannels:
    """Write e-mails to the team, and page whoever is on call."""
    return NotificationChannels(
        stack,
        "channels",
        google=google,
        project="my-project",
        platform="acme",
        channels={
            "team": ChannelSpec(kind="email", address="inference@example.com"),
            "oncall": ChannelSpec(kind="pagerduty", secret="pagerduty-key"),
        },
    )


def alert_policies(stack: TerraformStack, google: GoogleProvider) -> AlertPolicies:
    """Watch the servers of one model in one cluster, and be called when more than 2 % of its requests fail."""
    name = "projects/my-project/notificationChannels/123"
    oncall = ChannelSpec(kind="existing", id=name, severities=("critical",))
    return AlertPolicies(
        stack,
        "alerts",
        google=google,
        project="my-project",
        platform="acme",
        alerts=alerts_of(WATCHED, ALERTS, {"request-errors": AlertSpec(threshold=2)}, {"oncall": oncall}),
        channels={"oncall": name},
    )


def log_metrics(stack: TerraformStack, google: GoogleProvider) -> LogMetrics:
    """Count what the load balancer logs of its errors."""
    return LogMetrics(stack, "logs", google=google, project="my-project", metrics=log_metrics_of(WATCHED))


def dashboard(stack: TerraformStack, google: GoogleProvider) -> Dashboard:
    """Draw all that this platform has metrics for."""
    return Dashboard(
        stack,
        "dashboard",
        google=google,
        project="my-project",
        platform="acme",
        panels=list(panels_of(WATCHED, PANELS, (), CLOUD_VARIABLES)),
    )


def kubernetes_object(stack: TerraformStack, kubernetes: KubernetesProvider) -> KubernetesObject:
    """Apply a Service."""
    manifest = service(name="acme-server", namespace="inference", labels={"app": "acme-server"}, port=8000)
    return KubernetesObject(stack, "service", kubernetes=kubernetes, manifest=manifest)


def bounded_job(stack: TerraformStack, kubernetes: KubernetesProvider) -> BoundedJob:
    """Run a pod that must end within five minutes."""
    pod = {
        "serviceAccountName": "default",
        "containers": [{"name": "hello", "image": "docker.io/library/busybox:1.37.0", "command": ["true"]}],
    }
    return BoundedJob(
        stack,
        "job",
        kubernetes=kubernetes,
        name="hello",
        namespace="inference",
        template={"spec": pod},
        deadline_sec=300,
    )


def readiness_gate(stack: TerraformStack, kubernetes: KubernetesProvider) -> ReadinessGate:
    """Wait up to 15 minutes for a CRD that GKE installs."""
    return ReadinessGate(
        stack,
        "crds",
        kubernetes=kubernetes,
        name="wait-for-crds",
        namespace="inference",
        gate=crds_established(["inferencepools.inference.networking.k8s.io"], timeout_sec=900),
    )


def hugging_face_token(stack: TerraformStack, kubernetes: KubernetesProvider) -> HuggingFaceToken:
    """Let pods mount the token from Secret Manager."""
    return HuggingFaceToken(
        stack,
        "token",
        kubernetes=kubernetes,
        project="my-project",
        namespace="inference",
        service_account="model-server",
        spec=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
    )


def weights_download(stack: TerraformStack, kubernetes: KubernetesProvider) -> WeightsDownload:
    """Download a model into the bucket."""
    return WeightsDownload(
        stack,
        "download",
        kubernetes=kubernetes,
        name="gemma-download",
        project="my-project",
        namespace="inference",
        service_account="weights-downloader",
        bucket="acme-weights",
        weights=GEMMA,
    )


def metrics_adapter(stack: TerraformStack, kubernetes: KubernetesProvider) -> MetricsAdapter:
    """Serve the pods' metrics to autoscalers."""
    return MetricsAdapter(stack, "adapter", kubernetes=kubernetes, cluster="acme-us", serves=["pods"])


def removal_guard(stack: TerraformStack, kubernetes: KubernetesProvider) -> RemovalGuard:
    """Refuse to remove servers other than those of two models while the gateway has requests for them."""
    return RemovalGuard(
        stack,
        "models",
        kubernetes=kubernetes,
        namespace="inference",
        servers=["gemma-server", "llama-server"],
        refusal="{was} still has requests: take its route away first.",
    )


def inference_service(stack: TerraformStack, kubernetes: KubernetesProvider, helm: HelmProvider) -> InferenceService:
    """Serve a model from a bucket, on one pool, with as many pods as the load needs."""
    tpu = PoolPlan(spec=NodePoolSpec(machine_type="ct6e-standard-4t"), zones=1)
    plan = ServingPlan(
        name="gemma-server",
        model="gemma-3-27b-it",
        pool_name="gemma-pool",
        namespace="inference",
        project="my-project",
        region="us-east5",
        cluster="acme-us",
        location="us-east5",
        service_account="model-server",
        bucket="acme-weights",
        nodes=ServingNodes(pools={"tpu": tpu}),
        disk_gib=62,
        server=ServerSpec(image="docker.io/vllm/vllm-tpu:v0.27.0"),
        weights=GEMMA,
        autoscaling=AutoscalingSpec(max_replicas=4),
    )
    return InferenceService(stack, "inference", kubernetes=kubernetes, helm=helm, plan=plan)


def inference_gateway(stack: TerraformStack, kubernetes: KubernetesProvider, time: TimeProvider) -> InferenceGateway:
    """Route to the pools of all clusters, by one reserved address in each of two regions."""
    plan = GatewayPlan(
        name="acme-gateway",
        namespace="inference",
        addresses=[("us-east5", "acme-gateway-us"), ("europe-west4", "acme-gateway-eu")],
        models={
            "gemma": ModelRoute(
                backend=Backend(name="gemma-pool"),
                port=8000,
                health_path="/health",
                balancing=Balancing(timeout_sec=600, export_name="kv-cache", max_utilization_percent=60),
            )
        },
    )
    return InferenceGateway(stack, "gateway", kubernetes=kubernetes, time=time, plan=plan, spec=GatewaySpec())


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


def fixed_value(stack: TerraformStack) -> FixedValue:
    """Refuse every plan that moves the platform to another namespace."""
    return FixedValue(stack, "namespace", value="inference", refusal="The namespace is {was} and cannot change.")
