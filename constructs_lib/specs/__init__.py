"""
What can be asked for: frozen dataclasses, one per noun, with their defaults and no cloud library behind them.

A **spec** is what somebody asks for: a section of the config file or an object in code, with defaults, mostly the same
in every region. Its numbers have their unit in their name and their limits in their type.

A **plan** is what follows from specs for one place: names, regions, zones, ranges, and what a machine type decides. It
has no defaults for names and places. A stack works it out, or your own code.

Constructs take the spec as it is and the plan for what is different here; methods that add one more of something, such
as `GkeCluster.add_accelerator_pool`, take its spec and work the plan out. Both are frozen and raise `ValueError` when
they are made, with one line for each problem: one that exists can be used. `CapacitySpec` alone may choose no way to
get machines, or two, so that a config's rules can say so with its path; `NodePool` refuses it.
"""

from constructs_lib.specs.apigee import ApigeeOrganizationSpec, ApigeeSpec
from constructs_lib.specs.autoscaling import AutoscalingSpec
from constructs_lib.specs.body_routing import BodyRoutingSpec
from constructs_lib.specs.client_limits import ClientLimitsSpec
from constructs_lib.specs.cluster import ClusterSpec, MaintenanceWindowSpec, SystemPoolSpec
from constructs_lib.specs.dns import DnsHealthCheckSpec, DnsSpec, ExternalEndpointSpec, RecordSpec, ZoneSpec
from constructs_lib.specs.existing import ExistingRegionSpec, ExistingSpec
from constructs_lib.specs.external_dns import ExternalDnsSpec, OutsideExternalDnsSpec
from constructs_lib.specs.failover_budget import FailoverBudgetSpec
from constructs_lib.specs.gateway import DEFAULT_SPILL_OVER_PERCENT, GatewaySpec, HealthCheckSpec
from constructs_lib.specs.gitops import ArgoCdSpec, GitOpsSpec
from constructs_lib.specs.gpu_stack import GpuOperatorSpec, HamiSpec
from constructs_lib.specs.hugging_face import HuggingFaceTokenSpec, KubernetesSecretSpec, RepositorySpec, Snapshot
from constructs_lib.specs.iap import IapSpec
from constructs_lib.specs.model import AddressSpec, CanarySpec, ModelSpec, TrafficSpec
from constructs_lib.specs.model_armor import ModelArmorFiltersSpec, ModelArmorSpec
from constructs_lib.specs.network import CidrSpec, NetworkSpec
from constructs_lib.specs.node_pool import CapacitySpec, GpuSharingSpec, NodeAutoscalingSpec, NodePoolSpec
from constructs_lib.specs.objectives import ObjectivesSpec
from constructs_lib.specs.observability import AlertSpec, ChannelSpec, ObservabilitySpec
from constructs_lib.specs.outside import (
    EndpointsSpec,
    ExecSpec,
    LoadBalancerControllerSpec,
    OutsideAutoscalingSpec,
    OutsideModelSpec,
    OutsideSpec,
    TunnelSpec,
)
from constructs_lib.specs.providers import ProvidersSpec
from constructs_lib.specs.region import RegionSpec
from constructs_lib.specs.remote import RemoteSpec
from constructs_lib.specs.serving import InferencePoolSpec, ServerSpec
from constructs_lib.specs.storage import BucketSpec
from constructs_lib.specs.tls import TlsSpec
from constructs_lib.specs.universe import UniverseSpec
from constructs_lib.specs.weights import LoraAdapterSpec, WeightsSpec

__all__ = [
    "DEFAULT_SPILL_OVER_PERCENT",
    "AddressSpec",
    "AlertSpec",
    "ApigeeOrganizationSpec",
    "ApigeeSpec",
    "ArgoCdSpec",
    "AutoscalingSpec",
    "BodyRoutingSpec",
    "BucketSpec",
    "CanarySpec",
    "CapacitySpec",
    "ChannelSpec",
    "CidrSpec",
    "ClientLimitsSpec",
    "ClusterSpec",
    "DnsHealthCheckSpec",
    "DnsSpec",
    "EndpointsSpec",
    "ExecSpec",
    "ExistingRegionSpec",
    "ExistingSpec",
    "ExternalDnsSpec",
    "ExternalEndpointSpec",
    "FailoverBudgetSpec",
    "GatewaySpec",
    "GitOpsSpec",
    "GpuOperatorSpec",
    "GpuSharingSpec",
    "HamiSpec",
    "HealthCheckSpec",
    "HuggingFaceTokenSpec",
    "IapSpec",
    "InferencePoolSpec",
    "KubernetesSecretSpec",
    "LoadBalancerControllerSpec",
    "LoraAdapterSpec",
    "MaintenanceWindowSpec",
    "ModelArmorFiltersSpec",
    "ModelArmorSpec",
    "ModelSpec",
    "NetworkSpec",
    "NodeAutoscalingSpec",
    "NodePoolSpec",
    "ObjectivesSpec",
    "ObservabilitySpec",
    "OutsideAutoscalingSpec",
    "OutsideExternalDnsSpec",
    "OutsideModelSpec",
    "OutsideSpec",
    "ProvidersSpec",
    "RecordSpec",
    "RegionSpec",
    "RemoteSpec",
    "RepositorySpec",
    "ServerSpec",
    "Snapshot",
    "SystemPoolSpec",
    "TlsSpec",
    "TrafficSpec",
    "TunnelSpec",
    "UniverseSpec",
    "WeightsSpec",
    "ZoneSpec",
]
