"""The arguments of `google_container_cluster`, by what they are about."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, Op, TerraformStack
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster

from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.specs import ClusterSpec
from constructs_lib.specs.cluster import Weekday

WEEKDAYS: tuple[Weekday, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MONITORED = {"DCGM": "DCGM", "HPA": "HPA", "POD": "POD", "SYSTEM_COMPONENTS": "SYSTEM"}
LOGGED = {"SYSTEM_COMPONENTS": "SYSTEM", "WORKLOADS": "WORKLOAD"}
"""What GKE sends to Cloud Monitoring and Cloud Logging: the API's names, and gcloud's."""
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
"""Scopes limit nothing here: the service account's roles do."""


def maintenance_window(plan: ClusterPlan, spec: ClusterSpec) -> dict[str, str]:
    """Return the weekly window in which GKE may upgrade the cluster."""
    window = spec.maintenance_window
    days = sorted(set(window.days), key=WEEKDAYS.index) or [plan.maintenance_day]
    end = window.start_hour_utc + window.duration_hours
    # 2026-01-05 was a Monday; only the hours count, the days are in the recurrence.
    return {
        "start_time": f"2026-01-05T{window.start_hour_utc:02d}:00:00Z",
        "end_time": f"2026-01-{5 + end // 24:02d}T{end % 24:02d}:00:00Z",
        "recurrence": f"FREQ=WEEKLY;BYDAY={','.join(days)}",
    }


def network(plan: ClusterPlan) -> dict[str, Any]:
    """Return where the cluster's addresses are, and the Gateway API."""
    return {
        "network": plan.network_path,
        "subnetwork": plan.subnetwork_path,
        "networking_mode": "VPC_NATIVE",
        "ip_allocation_policy": {
            "cluster_secondary_range_name": plan.pods_range,
            "services_secondary_range_name": plan.services_range,
        },
        "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
    }


def access(plan: ClusterPlan, spec: ClusterSpec) -> dict[str, Any]:
    """Let people and Terraform in by the DNS endpoint and IAM; the IP endpoint is for the VPC and GKE itself."""
    return {
        "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": True}},
        "private_cluster_config": {
            "enable_private_nodes": spec.private_nodes,
            "enable_private_endpoint": True,
            "master_global_access_config": {"enabled": True},
        },
        "master_authorized_networks_config": {"gcp_public_cidrs_access_enabled": False},
        "master_auth": {"client_certificate_config": {"issue_client_certificate": False}},
        "enable_legacy_abac": False,
    }


def features(plan: ClusterPlan) -> dict[str, Any]:
    """Return the add-ons, and what is monitored and logged."""
    return {
        "addons_config": {"gcs_fuse_csi_driver_config": {"enabled": True}},
        # Always set: an add-on that is left out of the request stays on (provider google 7.45, container_cluster).
        "secret_manager_config": {"enabled": plan.secret_manager},
        "monitoring_config": {"enable_components": list(MONITORED), "managed_prometheus": {"enabled": True}},
        "logging_config": {"enable_components": list(LOGGED)},
        **({"pod_autoscaling": {"hpa_profile": "PERFORMANCE"}} if plan.universe.has("performance_hpa") else {}),
        "cost_management_config": {"enabled": True},
        "security_posture_config": {"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_DISABLED"},
    }


def own_nodes(plan: ClusterPlan, spec: ClusterSpec) -> dict[str, Any]:
    """
    Return what a cluster says whose nodes are ours: its dataplane, and what its nodes have.

    GKE must make a pool with the cluster, which is removed at once, and never has the default identity.
    """
    return {
        "datapath_provider": "ADVANCED_DATAPATH" if spec.dataplane_v2 else "LEGACY_DATAPATH",
        "enable_shielded_nodes": True,
        "workload_identity_config": {"workload_pool": plan.universe.workload_pool(plan.project)},
        "remove_default_node_pool": True,
        "initial_node_count": 1,
        "node_config": {
            "machine_type": "e2-medium",
            "disk_size_gb": 30,
            "service_account": plan.node_service_account,
            "oauth_scopes": SCOPES,
            "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
            "workload_metadata_config": {"mode": "GKE_METADATA"},
        },
    }


def google_nodes(plan: ClusterPlan) -> dict[str, Any]:
    """
    Return what an Autopilot cluster says of the nodes that Google makes: whose identity they have.

    Dataplane V2, shielded nodes and workload identity are always on; the provider refuses most of the settings that
    would say so (google 7.45.0, resource_container_cluster.go, ConflictsWith enable_autopilot).
    """
    nodes = {"service_account": plan.node_service_account, "oauth_scopes": SCOPES}
    return {"enable_autopilot": True, "cluster_autoscaling": {"auto_provisioning_defaults": nodes}}


def ignored_changes(spec: ClusterSpec) -> list[str]:
    """
    Return what Terraform leaves alone after the first apply.

    A default pool's settings are gone with it, and planning them again fails. The release channel moves the
    version on, unless the config names one. GKE returns components in an order of its own, and the provider before
    8.0 holds lists: each plan would change them back (hashicorp/terraform-provider-google#28688).
    """
    version = [] if spec.gke_version else ["min_master_version"]
    components = [f"{part}_config[0].enable_components" for part in ("logging", "monitoring")]
    default_pool = [] if spec.autopilot else ["node_config", "initial_node_count"]
    return [*default_pool, *version, *components]


def warn_of_missing_components(cluster: ContainerCluster, plan: ClusterPlan) -> None:
    """Warn in each plan of what an older cluster does not log or monitor, which no plan changes."""
    _warn_of_missing(cluster, plan, "logging", cluster.logging_config.enable_components, LOGGED)
    _warn_of_missing(cluster, plan, "monitoring", cluster.monitoring_config.enable_components, MONITORED)


def _warn_of_missing(
    cluster: ContainerCluster, plan: ClusterPlan, part: str, enabled: list[str], wanted: dict[str, str]
) -> None:
    missing = Fn.setsubtract(list(wanted), enabled)
    command = f"gcloud container clusters update {plan.name} --project={plan.project}"
    command += f" --location={plan.location} --{part}={','.join(wanted.values())}"
    rule = {
        "condition": Op.lt(Fn.length_of(missing), 1),
        "error_message": f"{plan.name} lacks a {part} component, which Terraform leaves alone: run `{command}`",
    }
    TerraformStack.of(cluster).add_override(f"check.{cluster.friendly_unique_id}-{part}", {"assert": [rule]})
