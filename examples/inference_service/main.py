"""A model server with an InferencePool on a cluster that exists: `tpu_cluster` makes one that fits."""

import fast_synth

fast_synth.enable()  # optional: seconds instead of half a minute

from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.data_google_client_config import DataGoogleClientConfig
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider, HelmProviderKubernetes
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1

from constructs_lib.accelerators import PoolPlan
from constructs_lib.inference_service import InferenceService
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.inference import inference_objective_crd
from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.serving_plan import ServingPlan
from constructs_lib.specs import NodePoolSpec, ServerSpec, WeightsSpec

PROJECT, CLUSTER, LOCATION, NAMESPACE, ACCOUNT = "my-project-id", "team-us", "us-east5", "inference", "model-server"


def providers(stack: TerraformStack) -> tuple[KubernetesProvider, HelmProvider]:
    """Add the providers of the cluster, and the state beside this file."""
    LocalBackend(stack, path=f"../../../{stack.node.id}.tfstate")
    google = GoogleProvider(stack, "google", project=PROJECT)
    found = DataGoogleContainerCluster(stack, "cluster", provider=google, name=CLUSTER, location=LOCATION)
    host = f"https://{found.control_plane_endpoints_config.get(0).dns_endpoint_config.get(0).endpoint}"
    token = DataGoogleClientConfig(stack, "caller", provider=google).access_token
    helm = HelmProvider(stack, "helm", kubernetes=HelmProviderKubernetes(host=host, token=token))
    return KubernetesProvider(stack, "kubernetes", host=host, token=token), helm


app = App()
base, serving = TerraformStack(app, "base"), TerraformStack(app, "serving")
serving.add_dependency(base)  # Terraform knows a kind when it plans an object of it: the CRD is applied before

kubernetes, _ = providers(base)
KubernetesObject(base, "objective-crd", kubernetes=kubernetes, manifest=inference_objective_crd())
namespace = NamespaceV1(base, "namespace", provider=kubernetes, metadata={"name": NAMESPACE})
ServiceAccountV1(base, "account", provider=kubernetes, metadata={"name": ACCOUNT, "namespace": namespace.id})

kubernetes, helm = providers(serving)
plan = ServingPlan(
    name="gemma-server",
    model="gemma-3-27b-it",
    pool_name="gemma-pool",
    namespace=NAMESPACE,
    project=PROJECT,
    region="us-east5",
    cluster=CLUSTER,
    location=LOCATION,
    service_account=ACCOUNT,
    bucket=f"{PROJECT}-weights",
    nodes=ServingNodes(pools={"tpu": PoolPlan(spec=NodePoolSpec(machine_type="ct6e-standard-4t"), zones=1)}),
    disk_gib=62,
    server=ServerSpec(image="docker.io/vllm/vllm-tpu:v0.27.0"),
    weights=WeightsSpec(repository="google/gemma-3-27b-it", revision="005ad3404e59d6023443cb575daa05336842228a"),
)
InferenceService(serving, "gemma", kubernetes=kubernetes, helm=helm, plan=plan)
app.synth()
