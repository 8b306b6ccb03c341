"""Examples of docs/constructs.md: other clouds."""

from __future__ import annotations

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.argo_cd_access import ArgoCdAccess
from constructs_lib.argo_cd_cluster import ArgoCdCluster
from constructs_lib.dns_zone import DnsZone
from constructs_lib.endpoint_checks import EndpointChecks
from constructs_lib.external_dns import ExternalDns, external_dns_values
from constructs_lib.gpu_operator import GpuOperator
from constructs_lib.hami import Hami
from constructs_lib.outside_plan import OutsidePlan
from constructs_lib.outside_serving import OutsideServing
from constructs_lib.remote_proxy import RemoteProxy
from constructs_lib.routed_record import EndpointProbe, PublicTarget, RoutedRecord
from constructs_lib.specs import (
    AddressSpec,
    DnsHealthCheckSpec,
    ExternalDnsSpec,
    GpuOperatorSpec,
    HamiSpec,
    LoadBalancerControllerSpec,
    OutsideModelSpec,
    OutsideSpec,
    RecordSpec,
    RemoteSpec,
    ServerSpec,
    ZoneSpec,
)
from constructs_lib.vng_load_balancer import VngLoadBalancerController


def dns_zone(stack: TerraformStack, google: GoogleProvider) -> DnsZone:
    """Make a signed public zone in which Google alone may issue certificates."""
    return DnsZone(
        stack,
        "zone",
        google=google,
        project="my-project",
        name="ai-example-com",
        spec=ZoneSpec(domain="ai.example.com", visibility="public"),
        network="projects/my-project/global/networks/acme-vpc",
    )


def routed_record(stack: TerraformStack, google: GoogleProvider) -> RoutedRecord:
    """Answer with the first address while it is up, else with the other one."""
    return RoutedRecord(
        stack,
        "llm",
        google=google,
        project="my-project",
        zone="ai-example-com",
        spec=RecordSpec(host="llm.ai.example.com", policy="failover", primary=("us",)),
        targets={
            "us": PublicTarget(address="203.0.113.7", location="us-east4"),
            "farm": PublicTarget(address="198.51.100.7", location="europe-west4"),
        },
        probe=EndpointProbe(
            name="acme-dns-llm",
            protocol="HTTPS",
            port=443,
            host="llm.ai.example.com",
            path="/health",
            spec=DnsHealthCheckSpec(),
        ),
    )


def endpoint_checks(stack: TerraformStack, google: GoogleProvider) -> EndpointChecks:
    """Ask an address in another cloud each minute, from all over the world."""
    probe = EndpointProbe(
        name="acme-dns-llm",
        protocol="HTTPS",
        port=443,
        host="llm.ai.example.com",
        path="/health",
        spec=DnsHealthCheckSpec(),
    )
    return EndpointChecks(
        stack,
        "endpoints",
        google=google,
        project="my-project",
        platform="acme",
        endpoints={"farm": (PublicTarget(address="198.51.100.7"), probe)},
    )


def external_dns(stack: TerraformStack, helm: HelmProvider) -> ExternalDns:
    """Write names of Services and routes into a zone of their own."""
    values = external_dns_values(
        ExternalDnsSpec(subdomain="apps"),
        project="my-project",
        zone="apps-ai-example-com",
        visibility="public",
        domain="us.apps.ai.example.com",
        owner="acme-us",
    )
    return ExternalDns(stack, "external-dns", helm=helm, values=values, chart_version="1.21.1")


def outside_serving(stack: TerraformStack, kubernetes: KubernetesProvider) -> OutsideServing:
    """Serve speech in a cluster of Alibaba Cloud, with 3 GiB of a GPU for each pod."""
    return OutsideServing(
        stack,
        "speech",
        kubernetes=kubernetes,
        plan=OutsidePlan(
            name="speech-server",
            model="speech",
            namespace="inference",
            place="hk",
            server=ServerSpec(kind="custom", image="example.com/speech:1.0", port=8880, health_path="/health"),
            weights=None,
            disk_gib=0,
            cluster=OutsideSpec(preset="ack", kubeconfig="~/.kube/hk.yaml", context="hk", gpu_sharing="cgpu"),
            pods=OutsideModelSpec(gpu_memory_gib=3, replicas=2),
            hosts=("speech.ai.example.com",),
        ),
    )


def remote_proxy(stack: TerraformStack, kubernetes: KubernetesProvider) -> RemoteProxy:
    """Send requests on to servers on premises, by HTTPS."""
    return RemoteProxy(
        stack,
        "farm",
        kubernetes=kubernetes,
        name="farm-remote",
        namespace="inference",
        spec=RemoteSpec(endpoints=("farm.example.com",), address=AddressSpec(path="/farm")),
        timeout_sec=600,
    )


def gpu_operator(stack: TerraformStack, kubernetes: KubernetesProvider, helm: HelmProvider) -> GpuOperator:
    """Have NVIDIA's operator install driver and device plugin on an RKE2 cluster."""
    return GpuOperator(stack, "gpu-operator", kubernetes=kubernetes, helm=helm, spec=GpuOperatorSpec(), kind="rancher")


def hami(stack: TerraformStack, kubernetes: KubernetesProvider, helm: HelmProvider) -> Hami:
    """Give out parts of GPUs."""
    return Hami(stack, "hami", kubernetes=kubernetes, helm=helm, spec=HamiSpec(kubernetes_version="v1.34.1"))


def vng_load_balancer_controller(
    stack: TerraformStack, helm: HelmProvider, google: GoogleProvider
) -> VngLoadBalancerController:
    """Make load balancers of VNG Cloud, with credentials of Secret Manager."""
    return VngLoadBalancerController(
        stack,
        "load-balancers",
        helm=helm,
        google=google,
        project="my-project",
        spec=LoadBalancerControllerSpec(
            chart_version="1.0.0",
            cluster_id="k8s-4a6e1b5c",
            region="hcm-3",
            client_id="vng-client-id",
            client_secret="vng-client-secret",
        ),
    )


def argo_cd_access(stack: TerraformStack, google: GoogleProvider) -> ArgoCdAccess:
    """Let Argo CD sign in to the project's clusters."""
    return ArgoCdAccess(
        stack,
        "argo-cd",
        google=google,
        project="my-project",
        account_id="acme-argocd",
        workload_pool="my-project.svc.id.goog",
        namespace="argocd",
    )


def argo_cd_cluster(stack: TerraformStack, kubernetes: KubernetesProvider) -> ArgoCdCluster:
    """Register a cluster by its DNS endpoint."""
    return ArgoCdCluster(
        stack,
        "us",
        kubernetes=kubernetes,
        namespace="argocd",
        name="acme-us",
        endpoint="gke-0123.us-east5.gke.goog",
        labels={"inference-platform": "acme"},
    )
