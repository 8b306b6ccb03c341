"""Examples of docs/constructs.md: serving."""

from __future__ import annotations

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.accelerators import PoolPlan
from constructs_lib.gateway_plan import GatewayPlan, ModelRoute
from constructs_lib.hugging_face_token import HuggingFaceToken
from constructs_lib.inference_gateway import InferenceGateway
from constructs_lib.inference_service import InferenceService
from constructs_lib.manifests.gateway import Backend, Balancing
from constructs_lib.metrics_adapter import MetricsAdapter
from constructs_lib.provider_versions import pin_provider
from constructs_lib.removal_guard import RemovalGuard
from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.serving_plan import ServingPlan
from constructs_lib.specs import (
    AutoscalingSpec,
    GatewaySpec,
    HuggingFaceTokenSpec,
    NodePoolSpec,
    ServerSpec,
    WeightsSpec,
)
from constructs_lib.weights_download import WeightsDownload
from constructs_lib.weights_load import RUN_TOKEN_PROVIDER, WeightsLoad

GEMMA = WeightsSpec(
    repository="google/gemma-3-27b-it",
    revision="005ad3404e59d6023443cb575daa05336842228a",
    hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
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


def weights_load(stack: TerraformStack, google: GoogleProvider, time: TimeProvider) -> WeightsLoad:
    """Download a model into the bucket without a cluster."""
    pin_provider(stack, "google", RUN_TOKEN_PROVIDER)
    return WeightsLoad(
        stack,
        "load",
        google=google,
        time=time,
        project="my-project",
        region="us-east5",
        name="acme-load-gemma",
        bucket="acme-weights",
        weights=GEMMA,
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
