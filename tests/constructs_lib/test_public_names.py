"""The names that an importer may rely on: each is there, documented, and enough for what constructs take."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from tools.public_names import PLANS, public_names
from tools.source_classes import ROOT, classes, constructs

PUBLIC = public_names()
CONTRACT = {
    "constructs_lib.argo_cd_access": "ArgoCdAccess",
    "constructs_lib.argo_cd_cluster": "ArgoCdCluster",
    "constructs_lib.dns_zone": "DnsZone",
    "constructs_lib.endpoint_checks": "EndpointChecks",
    "constructs_lib.external_dns": "ExternalDns external_dns_values outside_values",
    "constructs_lib.gpu_operator": "GpuOperator",
    "constructs_lib.hami": "Hami",
    "constructs_lib.outside_plan": "OutsidePlan",
    "constructs_lib.outside_serving": "OutsideServing",
    "constructs_lib.remote_proxy": "RemoteProxy",
    "constructs_lib.routed_record": "EndpointProbe InternalTarget PublicTarget RoutedRecord",
    "constructs_lib.vng_load_balancer": "VngLoadBalancerController",
    "constructs_lib.accelerators": "PoolPlan",
    "constructs_lib.alert_policies": "AlertPolicies",
    "constructs_lib.apigee_access": "ApigeeAccess",
    "constructs_lib.apigee_connection": "ApigeeConnection",
    "constructs_lib.apigee_operator": "ApigeeOperator",
    "constructs_lib.apigee_organization": "ApigeeOrganization",
    "constructs_lib.autopilot_cluster": "AutopilotCluster",
    "constructs_lib.body_routing": "BodyRouting BodyRoutingPlan",
    "constructs_lib.bounded_job": "BoundedJob",
    "constructs_lib.certificates": "Certificates DnsRecord",
    "constructs_lib.client_limits": "ClientLimits",
    "constructs_lib.cluster_plan": "ClusterPlan",
    "constructs_lib.dashboard": "Dashboard",
    "constructs_lib.fixed_value": "FixedValue",
    "constructs_lib.fleet": "Fleet FleetMember",
    "constructs_lib.gateway_class": "GatewayClass gateway_class",
    "constructs_lib.gateway_plan": "GatewayPlan ModelRoute",
    "constructs_lib.gke_cluster": "GkeCluster",
    "constructs_lib.global_network": "GlobalNetwork",
    "constructs_lib.hugging_face_token": "HuggingFaceToken",
    "constructs_lib.inference_gateway": "InferenceGateway",
    "constructs_lib.inference_service": "InferenceService",
    "constructs_lib.inferencepool_chart": "EXT_PROC_PORT GRPC_HEALTH_PORT",
    "constructs_lib.kubernetes_object": "KubernetesObject",
    "constructs_lib.log_metrics": "LogMetrics",
    "constructs_lib.manifests.autoscaler": "external_metric horizontal_pod_autoscaler native_metric pods_metric",
    "constructs_lib.manifests.compute_class": "compute_class machine_class",
    "constructs_lib.manifests.extensions": "Extension",
    "constructs_lib.manifests.gates": (
        "Gate apigee_connected backend_imported crds_established extension_programmed gateway_class_accepted "
        "gateway_programmed"
    ),
    "constructs_lib.manifests.gateway": "Backend Balancing",
    "constructs_lib.manifests.inference": "inference_objective inference_objective_crd",
    "constructs_lib.manifests.monitoring": "pod_monitoring",
    "constructs_lib.manifests.network_policies": "ModelPeers NetworkPolicyPlan RouterPeers network_policies",
    "constructs_lib.manifests.services": "pod_disruption_budget service service_export",
    "constructs_lib.metrics_adapter": "MetricsAdapter",
    "constructs_lib.model_armor": "ModelArmorTemplates ServiceExtensionsAgent",
    "constructs_lib.model_store": "ModelStore",
    "constructs_lib.monitoring.alert": "Alert alerts_of",
    "constructs_lib.monitoring.alerts": "ALERTS",
    "constructs_lib.monitoring.cloud_dashboard": "CLOUD_VARIABLES",
    "constructs_lib.monitoring.log_metric": "LogMetric log_metrics_of",
    "constructs_lib.monitoring.metrics": "LLM_D_FAMILY MODEL_FAMILY OBJECTIVE_FAMILY SGLANG VLLM",
    "constructs_lib.monitoring.panel": "Panel panels_of",
    "constructs_lib.monitoring.panels": "PANELS",
    "constructs_lib.monitoring.platform": "MonitoredModel MonitoredPlatform MonitoredRegion",
    "constructs_lib.network_plan": "NetworkPlan NetworkRegionPlan",
    "constructs_lib.network_region": "NetworkRegion",
    "constructs_lib.node_pool": "NodePool",
    "constructs_lib.node_service_account": "NodeServiceAccount",
    "constructs_lib.notification_channels": "NotificationChannels",
    "constructs_lib.project_services": "ProjectServices",
    "constructs_lib.provider_versions": "pin_google pin_provider",
    "constructs_lib.readiness_gate": "ReadinessGate",
    "constructs_lib.removal_guard": "RemovalGuard",
    "constructs_lib.serving_nodes": "ServingNodes",
    "constructs_lib.serving_plan": "ServingPlan",
    "constructs_lib.shared_vpc_access": "SharedVpcAccess",
    "constructs_lib.specs": (
        "AddressSpec AlertSpec ApigeeOrganizationSpec ApigeeSpec ArgoCdSpec AutoscalingSpec BodyRoutingSpec "
        "BucketSpec CanarySpec CapacitySpec ChannelSpec CidrSpec ClientLimitsSpec ClusterSpec "
        "DEFAULT_SPILL_OVER_PERCENT DnsHealthCheckSpec DnsSpec EndpointsSpec ExecSpec ExistingRegionSpec "
        "ExistingSpec ExternalDnsSpec ExternalEndpointSpec FailoverBudgetSpec GatewaySpec GitOpsSpec "
        "GpuOperatorSpec GpuSharingSpec HamiSpec HealthCheckSpec HuggingFaceTokenSpec IapSpec "
        "InferencePoolSpec KubernetesSecretSpec LoadBalancerControllerSpec LoraAdapterSpec "
        "MaintenanceWindowSpec ModelArmorFiltersSpec ModelArmorSpec ModelSpec NetworkSpec "
        "NodeAutoscalingSpec NodePoolSpec ObjectivesSpec ObservabilitySpec OutsideAutoscalingSpec "
        "OutsideExternalDnsSpec OutsideModelSpec OutsideSpec ProvidersSpec RecordSpec RegionSpec RemoteSpec "
        "RepositorySpec ServerSpec Snapshot SystemPoolSpec TlsSpec TrafficSpec TunnelSpec UniverseSpec "
        "WeightsSpec ZoneSpec"
    ),
    "constructs_lib.system_pool": "SystemPool",
    "constructs_lib.universe": "PUBLIC universe_named",
    "constructs_lib.weights_download": "WeightsDownload",
    "constructs_lib.weights_load": "RUN_TOKEN_PROVIDER WeightsLoad",
    "constructs_lib.workload_identity": "WorkloadIdentity",
    "fast_synth": "enable skip_gc",
    "inference_stacks.platform": "add_platform",
    "platform_config": "Config ConfigError Names Problem find_config load",
}
"""Every public name. One that goes, or changes its meaning, is a line in CHANGELOG.md."""
PACKAGES = ("constructs_lib", "fast_synth", "inference_stacks", "platform_config")
CONSTRUCTS_PAGE = (ROOT / "docs" / "constructs.md").read_text(encoding="utf-8")
IMPORT_PAGE = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
APPS = sorted((ROOT / "examples").rglob("*.py")) + sorted((ROOT / "tools" / "construct_examples").glob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the names that the file at *path* imports from this package, as `module.name`."""
    return {
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES
        for alias in node.names
    }


def test_the_public_names_are_these() -> None:
    """Written down a second time, so that none comes or goes unseen."""
    public = {f"{module}.{name}" for module, names in PUBLIC.items() for name in names}
    listed = {f"{module}.{name}" for module, names in CONTRACT.items() for name in names.split()}

    assert (public - listed, listed - public) == (set(), set())


@pytest.mark.parametrize("module", PUBLIC)
def test_each_is_there_and_on_the_page(module: str) -> None:
    """
    On that for constructs, or on that for importers.

    The package of stacks is tried under its first name: a clone has no second.
    """
    loaded = import_module(module.replace("inference_stacks", "stacks"))
    page = CONSTRUCTS_PAGE if module.startswith("constructs_lib.") else IMPORT_PAGE

    assert [name for name in PUBLIC[module] if not hasattr(loaded, name)] == []
    assert module in page
    assert [name for name in PUBLIC[module] if not re.search(rf"[`.]{name}[`(]|^### {name}$", page, re.MULTILINE)] == []


@pytest.mark.parametrize("path", APPS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_import_nothing_else(path: Path) -> None:
    """What the docs show, everybody may do."""
    public = {f"{module}.{name}" for module, names in PUBLIC.items() for name in names}

    assert imported(path) <= public


def test_what_constructs_and_plans_take_is_public() -> None:
    """Each class of this package that an argument or a field has as its type."""
    defined = {
        node.name
        for path in (ROOT / "constructs_lib").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    taken = {
        word
        for name in (*constructs(), *PLANS)
        for node in ast.walk(classes()[name].tree)
        for given in (
            [argument.annotation for argument in node.args.kwonlyargs]
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_" * (node.name != "__init__"))
            else [node.annotation] if isinstance(node, ast.AnnAssign) else []
        )
        for word in re.findall(r"\w+", ast.unparse(given) if given else "")
    }  # fmt: skip

    assert (taken & defined) - {name for names in PUBLIC.values() for name in names} == {"Between"}
