"""The types of Google Cloud that are imported, and what of each cannot change while it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gke_inference.adopt.importable import Fixed, FixedArgument, FixedRanges, Importable


def _fixed(**paths: str) -> Iterator[FixedArgument]:
    return (FixedArgument(argument=name, field=path) for name, path in paths.items())


def _regional(noun: str, collection: str, parameter: str, *fixed: Fixed, resource: str = "") -> Importable:
    """Return a type of Compute Engine that is in a region; *resource* has its methods, if not its collection."""
    return Importable(
        noun=noun,
        path=f"projects/{{project}}/regions/{{region}}/{collection}/{{name}}",
        method=("compute", "v1", f"{resource or collection}.get"),
        arguments={"project": "{project}", "region": "{region}", parameter: "{name}"},
        fixed=fixed,
    )


def _global(noun: str, collection: str, parameter: str, *fixed: Fixed) -> Importable:
    """Return a type of Compute Engine that is global."""
    return Importable(
        noun=noun,
        path=f"projects/{{project}}/global/{collection}/{{name}}",
        method=("compute", "v1", f"{collection}.get"),
        arguments={"project": "{project}", parameter: "{name}"},
        fixed=fixed,
    )


def _certificate(noun: str, collection: str) -> Importable:
    """Return a type of Certificate Manager."""
    return Importable(
        noun=noun,
        path=f"projects/{{project}}/locations/{{location}}/{collection}/{{name}}",
        method=("certificatemanager", "v1", f"projects.locations.{collection}.get"),
        arguments={"name": "{path}"},
    )


def _listed(noun: str, version: str, collection: str, parameter: str) -> Importable:
    """Return a type of Cloud Monitoring, whose resources have names of Google's."""
    return Importable(
        noun=noun,
        path=f"projects/{{project}}/{collection}",
        method=("monitoring", version, f"projects.{collection}.list"),
        arguments={parameter: "projects/{project}"},
        listed=collection,
    )


CLUSTER, POOL = "google_container_cluster", "google_container_node_pool"
NETWORK, SUBNET, ADDRESS = "google_compute_network", "google_compute_subnetwork", "google_compute_address"
ROUTER, NAT, FIREWALL = "google_compute_router", "google_compute_router_nat", "google_compute_firewall"
BUCKET, ACCOUNT, METRIC = "google_storage_bucket", "google_service_account", "google_logging_metric"
ALERT, CHANNEL = "google_monitoring_alert_policy", "google_monitoring_notification_channel"
DASHBOARD = "google_monitoring_dashboard"
MEMBERSHIP, FEATURE = "google_gke_hub_membership", "google_gke_hub_feature"

IMPORTABLE: Mapping[str, Importable] = {
    NETWORK: _global("VPC", "networks", "network", FixedArgument(
        argument="auto_create_subnetworks", field="autoCreateSubnetworks", default=False,
    )),
    FIREWALL: _global("firewall rule", "firewalls", "firewall", *_fixed(network="network", direction="direction")),
    SUBNET: _regional(
        "subnet", "subnetworks", "subnetwork", *_fixed(network="network"), FixedRanges(),
        FixedArgument(argument="purpose", field="purpose", default="PRIVATE"),
    ),
    ADDRESS: _regional(
        "address", "addresses", "address", *_fixed(subnetwork="subnetwork", network_tier="networkTier"),
        FixedArgument(argument="address_type", field="addressType", default="EXTERNAL"),
    ),
    ROUTER: _regional("router", "routers", "router", *_fixed(network="network")),
    NAT: Importable(
        noun="NAT",
        path="projects/{project}/regions/{region}/routers/{router}/nats/{name}",
        method=("compute", "v1", "routers.get"),
        arguments={"project": "{project}", "region": "{region}", "router": "{router}"},
        import_id="{project}/{region}/{router}/{name}",
        part="nats",
    ),
    CLUSTER: Importable(
        noun="cluster",
        path="projects/{project}/locations/{location}/clusters/{name}",
        method=("container", "v1", "projects.locations.clusters.get"),
        arguments={"name": "{path}"},
        fixed=(
            *_fixed(network="networkConfig.network", subnetwork="networkConfig.subnetwork"),
            FixedArgument(
                argument="datapath_provider", field="networkConfig.datapathProvider", absent="LEGACY_DATAPATH"
            ),
            FixedArgument(argument="enable_autopilot", field="autopilot.enabled", default=False),
            FixedArgument(
                argument="ip_allocation_policy.cluster_secondary_range_name",
                field="ipAllocationPolicy.clusterSecondaryRangeName",
            ),
            FixedArgument(
                argument="ip_allocation_policy.services_secondary_range_name",
                field="ipAllocationPolicy.servicesSecondaryRangeName",
            ),
        ),
    ),
    POOL: Importable(
        noun="node pool",
        path="projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{name}",
        method=("container", "v1", "projects.locations.clusters.nodePools.get"),
        arguments={"name": "{path}"},
        import_id="{project}/{location}/{cluster}/{name}",
        fixed=(
            *_fixed(**{"node_config.machine_type": "config.machineType"}),
            *_fixed(**{"node_config.oauth_scopes": "config.oauthScopes"}),
            *_fixed(**{"node_config.guest_accelerator.type": "config.accelerators.acceleratorType"}),
            *_fixed(**{"node_config.guest_accelerator.count": "config.accelerators.acceleratorCount"}),
            FixedArgument(argument="node_config.service_account", field="config.serviceAccount", default="default"),
            FixedArgument(argument="node_config.spot", field="config.spot", default=False),
            FixedArgument(argument="node_config.flex_start", field="config.flexStart", default=False),
            FixedArgument(
                argument="node_config.shielded_instance_config.enable_secure_boot",
                field="config.shieldedInstanceConfig.enableSecureBoot", default=False,
            ),
            FixedArgument(
                argument="network_config.accelerator_network_profile",
                field="networkConfig.acceleratorNetworkProfile", default="",
            ),
            FixedArgument(argument="placement_policy.tpu_topology", field="placementPolicy.tpuTopology", default=""),
            FixedArgument(argument="placement_policy.policy_name", field="placementPolicy.policyName", default=""),
            FixedArgument(
                argument="queued_provisioning.enabled", field="queuedProvisioning.enabled", default=False
            ),
        ),
    ),
    MEMBERSHIP: Importable(
        noun="membership",
        path="projects/{project}/locations/{location}/memberships/{membership_id}",
        method=("gkehub", "v1", "projects.locations.memberships.get"),
        arguments={"name": "{path}"},
        fixed=(
            *_fixed(**{"endpoint.gke_cluster.resource_link": "endpoint.gkeCluster.resourceLink"}),
            FixedArgument(argument="authority.issuer", field="authority.issuer", default=""),
        ),
    ),
    FEATURE: Importable(
        noun="fleet feature",
        path="projects/{project}/locations/{location}/features/{name}",
        method=("gkehub", "v1", "projects.locations.features.get"),
        arguments={"name": "{path}"},
        # Google would take another cluster; the Gateways in the first one would have no controller left.
        fixed=tuple(_fixed(**{
            "spec.multiclusteringress.config_membership": "spec.multiclusteringress.configMembership",
        })),
    ),
    ACCOUNT: Importable(
        noun="service account",
        path="projects/{project}/serviceAccounts/{email}",
        method=("iam", "v1", "projects.serviceAccounts.get"),
        arguments={"name": "{path}"},
    ),
    BUCKET: Importable(
        noun="bucket",
        path="projects/{project}/buckets/{name}",
        method=("storage", "v1", "buckets.get"),
        arguments={"bucket": "{name}"},
        import_id="{project}/{name}",
        fixed=(
            *_fixed(location="location"),
            FixedArgument(
                argument="hierarchical_namespace.enabled", field="hierarchicalNamespace.enabled", default=False
            ),
        ),
    ),
    METRIC: Importable(
        noun="log metric",
        path="projects/{project}/metrics/{name}",
        method=("logging", "v2", "projects.metrics.get"),
        arguments={"metricName": "{path}"},
        import_id="{project} {name}",
    ),
    ALERT: _listed("alert policy", "v3", "alertPolicies", "name"),
    CHANNEL: _listed("notification channel", "v3", "notificationChannels", "name"),
    DASHBOARD: _listed("dashboard", "v1", "dashboards", "parent"),
    "google_compute_region_ssl_policy": _regional(
        "TLS policy", "sslPolicies", "sslPolicy", resource="regionSslPolicies",
    ),
    "google_compute_region_security_policy": _regional(
        "Cloud Armor policy", "securityPolicies", "securityPolicy", *_fixed(type="type"),
        resource="regionSecurityPolicies",
    ),
    "google_compute_resource_policy": _regional("placement policy", "resourcePolicies", "resourcePolicy"),
    "google_model_armor_template": Importable(
        noun="Model Armor template",
        path="projects/{project}/locations/{location}/templates/{template_id}",
        method=("modelarmor", "v1", "projects.locations.templates.get"),
        arguments={"name": "{path}"},
        has_endpoints=True,
    ),
    "google_certificate_manager_certificate": _certificate("certificate", "certificates"),
    "google_certificate_manager_dns_authorization": _certificate("DNS authorization", "dnsAuthorizations"),
}  # fmt: skip
"""
By type in Terraform. What replaces a resource is in no page of the provider; it is `ForceNew` in the schemas of google
7.45.0. Names and places are not here: a resource of another name is another resource.

A create of what is there does nothing for project services, grants and service agents (the provider's documentation
of each), so they need no import. DNS records are not asked for: what they are called, only an apply can say.
"""
