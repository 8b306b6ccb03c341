"""What makes a platform private, protected and of least privilege, by the resource that carries it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from platform_config.config import Config
from platform_config.requirements import streams_images
from tests.checks.sent import values

NEVER = (
    "google_project_iam_binding",
    "google_project_iam_policy",
    "google_service_account_key",
    "kubernetes_secret_v1",
)
ROLES = {
    "roles/container.defaultNodeServiceAccount",
    "roles/autoscaling.metricsWriter",
    "roles/artifactregistry.reader",
    "roles/container.admin",
    "roles/monitoring.viewer",
    "roles/compute.networkViewer",
}
SCREENING_ROLES = {
    "roles/modelarmor.calloutUser",
    "roles/modelarmor.user",
    "roles/serviceusage.serviceUsageConsumer",
}
"""Of the agent in whose name load balancers call Model Armor."""
EXTERNAL_DNS_ROLES = {"roles/dns.reader"}
"""Of ExternalDNS, in the project; more it has on its zone alone."""
APIGEE_ROLES = {
    "roles/apigee.admin",
    "roles/compute.loadBalancerAdmin",
    "roles/compute.networkAdmin",
    "roles/networkservices.serviceExtensionsAdmin",
}
"""Of the account that Apigee's operator acts as."""
SHARED_VPC_ROLES = {"roles/container.hostServiceAgentUser"}
"""Of GKE's agent, in the project that shares its network."""
STREAMING_ROLE = "roles/serviceusage.serviceUsageConsumer"
"""Of the nodes, where some stream their images."""
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


def domain_of(project: str) -> str:
    """Return *project* as names of accounts and pools have it: what stands before a colon goes behind."""
    before, _, name = project.rpartition(":")
    return f"{name}.{before}" if before else name


def promises(config: Config) -> dict[str, dict[str, Any]]:
    """Promise, by type, what each resource has at a path, in each nested block; a set holds all that it may have."""
    roles = ROLES | ({STREAMING_ROLE} if streams_images(config) else set())
    roles |= SCREENING_ROLES if config.gateway.model_armor else set()
    roles |= EXTERNAL_DNS_ROLES if config.external_dns else set()
    roles |= APIGEE_ROLES if config.gateway.apigee else set()
    roles |= SHARED_VPC_ROLES if config.existing.network_project(config.project) != config.project else set()
    own = f"{config.name}-nodes@{domain_of(config.project)}.iam.gserviceaccount.com"
    nodes = config.existing.node_service_account or own
    node = {
        "oauth_scopes": CLOUD_PLATFORM,
        "service_account": nodes,
        "shielded_instance_config.enable_integrity_monitoring": True,
        "workload_metadata_config.mode": "GKE_METADATA",
    }
    container = {"allow_privilege_escalation": False, "privileged": False, "run_as_non_root": True}
    pod = "spec.template.spec"
    return {
        "google_container_cluster": {
            "control_plane_endpoints_config.dns_endpoint_config.enable_k8s_certs_via_dns": False,
            "control_plane_endpoints_config.dns_endpoint_config.enable_k8s_tokens_via_dns": False,
            "deletion_protection": config.cluster.deletion_protection,
            "enable_legacy_abac": False,
            "enable_shielded_nodes": True,
            "master_auth.client_certificate_config.issue_client_certificate": False,
            "master_authorized_networks_config.gcp_public_cidrs_access_enabled": False,
            "private_cluster_config.enable_private_endpoint": True,
            "private_cluster_config.enable_private_nodes": config.cluster.private_nodes,
            **(_autopilot(nodes) if config.cluster.autopilot else _standard(config, node)),
        },
        "google_container_node_pool": {
            "network_config.enable_private_nodes": config.cluster.private_nodes,
            "node_config.kubelet_config.insecure_kubelet_readonly_port_enabled": "FALSE",
            "node_config.metadata.disable-legacy-endpoints": "true",
            **{f"node_config.{path}": value for path, value in node.items()},
        },
        "google_storage_bucket": {
            "force_destroy": bool(config.bucket and config.bucket.force_destroy),
            "public_access_prevention": "enforced",
            "uniform_bucket_level_access": True,
        },
        "google_compute_address": {"address_type": "EXTERNAL" if config.gateway.public else "INTERNAL"},
        "google_compute_firewall": {"direction": "INGRESS"},
        "google_dns_managed_zone": {"visibility": config.dns.zone.visibility if config.dns else None},
        "google_dns_managed_zone_iam_member": {
            "managed_zone": f"{config.name}-{config.external_dns.subdomain}-zone" if config.external_dns else None,
            "role": "roles/dns.admin",
        },
        "google_compute_network": {"auto_create_subnetworks": False},
        "google_compute_subnetwork_iam_member": {"role": "roles/compute.networkUser"},
        "google_project_iam_member": {"role": roles},
        "google_service_account": {"disabled": {False, None}},
        "kubernetes_job_v1": {
            **{f"{pod}.container.security_context.{path}": value for path, value in container.items()},
            f"{pod}.host_network": False,
            f"{pod}.host_pid": False,
            f"{pod}.security_context.run_as_non_root": True,
        },
    }


def _standard(config: Config, node: dict[str, Any]) -> dict[str, Any]:
    """Promise what a cluster has whose nodes are ours."""
    return {
        "remove_default_node_pool": True,
        "workload_identity_config.workload_pool": f"{domain_of(config.project)}.svc.id.goog",
        **{f"node_config.{path}": value for path, value in node.items()},
    }


def _autopilot(nodes: str) -> dict[str, Any]:
    """Promise whose identity the nodes have that Google makes; everything else is always on."""
    defaults = "cluster_autoscaling.auto_provisioning_defaults"
    return {
        "enable_autopilot": True,
        f"{defaults}.oauth_scopes": CLOUD_PLATFORM,
        f"{defaults}.service_account": nodes,
    }


def broken(config: Config, kind: str, resource: dict[str, Any]) -> list[str]:
    """List the promises about its type that *resource*, with all that is sent for it, does not keep."""
    found = [f"{kind}: there must be none"] if kind in NEVER else []
    for path, promised in promises(config).get(kind, {}).items():
        allowed = promised if isinstance(promised, set) else {promised}
        found += [
            f"{kind} {resource.get('name', '')}: {path} is {value!r}, promised {promised!r}"
            for value in values(resource, path)
            if value not in allowed
        ]
    if kind == "google_compute_firewall":
        found += [
            f"{kind} {resource['name']}: open to {source}"
            for source in resource["source_ranges"]
            # The only public addresses that reach a node: Google's probes.
            if not ip_network(source).is_private and source not in config.universe.health_check_ranges
        ]
    return found
