"""What an importer may rely on, by module; docs/constructs.md shows it, and a test lists it once more."""

from __future__ import annotations

import ast

import fast_synth
import platform_config
from constructs_lib import specs
from tools.source_classes import ROOT, classes, constructs

PLANS = (
    "NetworkPlan", "NetworkRegionPlan", "ClusterPlan", "PoolPlan", "FleetMember", "ServingPlan", "ServingNodes",
    "GatewayPlan", "ModelRoute", "BodyRoutingPlan", "OutsidePlan",
)  # fmt: skip
"""The plans that constructs take, and their parts, in the order of the page."""
OTHERS = {
    "constructs_lib.provider_versions": ("pin_google", "pin_provider"),
    "constructs_lib.weights_load": ("RUN_TOKEN_PROVIDER",),
    "constructs_lib.external_dns": ("external_dns_values", "outside_values"),
    "constructs_lib.routed_record": ("EndpointProbe", "InternalTarget", "PublicTarget"),
    "constructs_lib.inferencepool_chart": ("EXT_PROC_PORT", "GRPC_HEALTH_PORT"),
    "constructs_lib.universe": ("PUBLIC", "universe_named"),
    "constructs_lib.certificates": ("DnsRecord",),
    "constructs_lib.gateway_class": ("GatewayClass", "gateway_class"),
    "constructs_lib.manifests.gateway": ("Backend", "Balancing"),
    "constructs_lib.manifests.extensions": ("Extension",),
    "constructs_lib.manifests.gates": (
        "Gate", "crds_established", "gateway_class_accepted", "backend_imported", "gateway_programmed",
        "extension_programmed", "apigee_connected",
    ),
    "constructs_lib.manifests.services": ("service", "service_export", "pod_disruption_budget"),
    "constructs_lib.manifests.inference": ("inference_objective", "inference_objective_crd"),
    "constructs_lib.manifests.autoscaler": (
        "horizontal_pod_autoscaler", "native_metric", "pods_metric", "external_metric",
    ),
    "constructs_lib.manifests.monitoring": ("pod_monitoring",),
    "constructs_lib.manifests.compute_class": ("compute_class", "machine_class"),
    "constructs_lib.manifests.network_policies": (
        "NetworkPolicyPlan", "ModelPeers", "RouterPeers", "network_policies",
    ),
    "constructs_lib.monitoring.platform": ("MonitoredPlatform", "MonitoredRegion", "MonitoredModel"),
    "constructs_lib.monitoring.metrics": ("MODEL_FAMILY", "OBJECTIVE_FAMILY", "LLM_D_FAMILY", "VLLM", "SGLANG"),
    "constructs_lib.monitoring.alert": ("Alert", "alerts_of"),
    "constructs_lib.monitoring.alerts": ("ALERTS",),
    "constructs_lib.monitoring.log_metric": ("LogMetric", "log_metrics_of"),
    "constructs_lib.monitoring.panel": ("Panel", "panels_of"),
    "constructs_lib.monitoring.panels": ("PANELS",),
    "constructs_lib.monitoring.cloud_dashboard": ("CLOUD_VARIABLES",),
}  # fmt: skip
"""Functions, values and classes that examples and signatures of constructs need beside specs and plans."""


def spec_modules() -> dict[str, str]:
    """Return the module in which each name of `constructs_lib.specs` stands."""
    tree = ast.parse((ROOT / "constructs_lib" / "specs" / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    found = {alias.name: str(node.module) for node in imports for alias in node.names}
    return {name: found[name] for name in specs.__all__}


def public_names() -> dict[str, set[str]]:
    """Return every public name, by the module to import it from."""
    found: dict[str, set[str]] = {
        "constructs_lib.specs": set(specs.__all__),
        "fast_synth": set(fast_synth.__all__),
        "inference_stacks.platform": {"add_platform"},
        "platform_config": set(platform_config.__all__),
    }
    for module, names in OTHERS.items():
        found.setdefault(module, set()).update(names)
    for name in (*constructs(), *PLANS):
        found.setdefault(classes()[name].module, set()).add(name)
    return found
