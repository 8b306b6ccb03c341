"""What makes a platform private, protected and of least privilege, by the resource that carries it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from platform_config.config import Config
from platform_config.requirements import streams_images
from tests.checks.sent import values

NEVER = (
    "google_project_iam_binding",
    "google_project_iam_policy",
    "google_service_account_key",
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
ARGO_CD_ROLES = {"roles/container.viewer"}
"""Of Argo CD, in the project; what it writes it may write in the platform's clusters alone."""
SIGN_IN = {
    "execProviderConfig": {
        "command": "argocd-k8s-auth",
        "args": ["gcp"],
        "apiVersion": "client.authentication.k8s.io/v1beta1",
    },
    "tlsClientConfig": {"insecure": False},
}
"""How Argo CD signs in to a cluster: as itself, with nothing that would be a secret."""
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
    roles |= ARGO_CD_ROLES if config.gitops and config.gitops.argo_cd else set()
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
        "google_service_account_iam_member": {"role": "roles/iam.workloadIdentityUser"},
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
    if kind == "kubernetes_secret_v1":
        found += [f"{kind}: {problem}" for problem in _secrets(config, resource)]
    if kind == "kubernetes_cluster_role_binding_v1" and "cluster-admin" in values(resource, "role_ref.name"):
        owner = f"{config.name}-argocd@{domain_of(config.project)}.iam.gserviceaccount.com"
        found += [f"{kind}: {name} is cluster-admin" for name in values(resource, "subject.name") if name != owner]
    if kind == "google_compute_firewall":
        found += [
            f"{kind} {resource['name']}: open to {source}"
            for source in resource["source_ranges"]
            # The only public addresses that reach a node: Google's probes.
            if not ip_network(source).is_private and source not in config.universe.health_check_ranges
        ]
    return found


def _secrets(config: Config, resource: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a Secret: the only ones name a cluster to Argo CD, and hold nothing that signs in."""
    [labels] = values(resource, "metadata.labels")
    if config.gitops is None or labels.get("argocd.argoproj.io/secret-type") != "cluster":
        yield "there must be none but those of clusters in Argo CD"
    given = dict(resource["data"])
    if set(given) != {"name", "server", "config"}:
        yield f"has {sorted(given)}, promised name, server and config"
    if json.loads(given["config"]) != SIGN_IN:
        yield "its config has more than how Argo CD signs in as itself"
    if not str(given["server"]).startswith("https://") or "@" in str(given["server"]):
        yield f"its server is {given['server']!r}, promised an https:// address without a user"
    if resource.get("binary_data") or resource.get("data_wo"):
        yield "it has other data"
