"""A cross-region gateway on a config cluster that exists, in front of an InferencePool that its fleet exports."""

import fast_synth

fast_synth.enable()  # optional: seconds instead of half a minute

from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.data_google_client_config import DataGoogleClientConfig
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.gateway_plan import GatewayPlan, ModelRoute
from constructs_lib.inference_gateway import InferenceGateway
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.specs import GatewaySpec

PROJECT = "my-project-id"

app = App()
stack = TerraformStack(app, "gateway")
LocalBackend(stack, path="../../../gateway.tfstate")  # beside this file
google = GoogleProvider(stack, "google", project=PROJECT)
cluster = DataGoogleContainerCluster(stack, "cluster", provider=google, name="team-us", location="us-east5")
endpoint = cluster.control_plane_endpoints_config.get(0).dns_endpoint_config.get(0).endpoint
token = DataGoogleClientConfig(stack, "caller", provider=google).access_token

InferenceGateway(
    stack,
    "gateway",
    kubernetes=KubernetesProvider(stack, "kubernetes", host=f"https://{endpoint}", token=token),
    time=TimeProvider(stack, "time"),
    plan=GatewayPlan(
        name="team-gateway",
        namespace="inference",  # it exists, as the address does
        addresses=[("us-east5", "team-gateway-us")],
        models={
            "gemma": ModelRoute(
                backend=Backend(name="gemma-pool"),
                port=8000,
                health_path="/health",
                balancing=Balancing(timeout_sec=600, export_name="kv-cache", max_utilization_percent=60),
            )
        },
    ),
    spec=GatewaySpec(),
)
app.synth()
