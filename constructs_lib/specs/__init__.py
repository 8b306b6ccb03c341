"""What can be asked for: frozen dataclasses, one per noun, with their defaults and no cloud library behind them."""

from constructs_lib.specs.autoscaling import AutoscalingSpec
from constructs_lib.specs.cluster import ClusterSpec, MaintenanceWindowSpec, SystemPoolSpec
from constructs_lib.specs.gateway import GatewaySpec, HealthCheckSpec
from constructs_lib.specs.model import HuggingFaceTokenSpec, KubernetesSecretSpec, LoraAdapterSpec, ModelSpec
from constructs_lib.specs.network import CidrSpec, NetworkSpec
from constructs_lib.specs.node_pool import CapacitySpec, NodeAutoscalingSpec, NodePoolSpec
from constructs_lib.specs.region import RegionSpec
from constructs_lib.specs.serving import InferencePoolSpec, ModelServerSpec
from constructs_lib.specs.storage import BucketSpec

__all__ = [
    "AutoscalingSpec",
    "BucketSpec",
    "CapacitySpec",
    "CidrSpec",
    "ClusterSpec",
    "GatewaySpec",
    "HealthCheckSpec",
    "HuggingFaceTokenSpec",
    "InferencePoolSpec",
    "KubernetesSecretSpec",
    "LoraAdapterSpec",
    "MaintenanceWindowSpec",
    "ModelServerSpec",
    "ModelSpec",
    "NetworkSpec",
    "NodeAutoscalingSpec",
    "NodePoolSpec",
    "RegionSpec",
    "SystemPoolSpec",
]
