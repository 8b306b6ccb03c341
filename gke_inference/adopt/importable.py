"""Which resources of Google Cloud can be imported: where each is, how an import names it, and what replaces it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gke_inference.load_balancer import path_of

Values = Mapping[str, Any]
NOTHING: Any = object()
"""In place of a default: where the configuration says nothing, Terraform keeps what is there."""


@dataclass(frozen=True, kw_only=True)
class FixedArgument:
    """
    An argument whose change replaces the resource.

    Attributes:
        argument: Its path in Terraform.
        field: Its path in Google's API.
        default: What a missing one stands for, on both sides.
    """

    argument: str
    field: str
    default: Any = NOTHING

    def difference(self, planned: Values, live: Values) -> str:
        """Return how *live* differs from *planned*; empty where it does not, or where only an apply can say."""
        wanted, found = value_at(planned, self.argument), value_at(live, self.field)
        if wanted is None and self.default is NOTHING:
            return ""
        wanted, found = (self.default if one is None else one for one in (wanted, found))
        if "${" in str(wanted) or _plain(wanted) == _plain(found):
            return ""
        return f"{self.argument} is {_shown(found)}, and the config makes it {_shown(wanted)}"


@dataclass(frozen=True, kw_only=True)
class Importable:
    """
    A type of resource that can be imported.

    Attributes:
        noun: What it is, for people.
        path: Its full name in Google's API, of its arguments in Terraform.
        method: Service, version and method that read it.
        arguments: Parameters of the method, of its arguments in Terraform; `{path}` is its full name.
        import_id: What an import takes. Default: the full name.
        fixed: What replaces it.
        part: Field of the answer that lists such resources by name, where it has no method of its own.
    """

    noun: str
    path: str
    method: tuple[str, str, str]
    arguments: Mapping[str, str]
    import_id: str = "{path}"
    fixed: Sequence[FixedArgument] = ()
    part: str = ""

    def path_of(self, values: Values) -> str:
        """Return the full name of the resource with the arguments *values*."""
        return self.path.format(**_words(values))

    def id_of(self, values: Values) -> str:
        """Return what an import of it takes."""
        return self.import_id.format(**_words(values) | {"path": self.path_of(values)})

    def question(self, values: Values) -> dict[str, str]:
        """Return the parameters that the method reads it with."""
        words = _words(values) | {"path": self.path_of(values)}
        return {name: text.format(**words) for name, text in self.arguments.items()}

    def differences(self, planned: Values, live: Values) -> list[str]:
        """Return each argument that would replace it, with what is there and what the config makes."""
        return [found for one in self.fixed if (found := one.difference(planned, live))]


def value_at(values: Any, path: str) -> Any:
    """Return the value at *path*, through blocks, of which the first counts; None where there is none."""
    for step in path.split("."):
        if isinstance(values, list):
            values = values[0] if values else None
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def _words(values: Values) -> dict[str, str]:
    words = {name: value for name, value in values.items() if isinstance(value, str)}
    if "account_id" in words:
        words["email"] = f"{words['account_id']}@{_account_domain(words['project'])}"
    if "cluster" in words:
        words["cluster"] = words["cluster"].rpartition("/")[2]
    return words


def _account_domain(project: str) -> str:
    """Return the domain of the project's service accounts: `name.scope` for a domain-scoped one, `scope:name`."""
    scope, _, name = project.rpartition(":")
    return f"{name}.{scope}.iam.gserviceaccount.com" if scope else f"{name}.iam.gserviceaccount.com"


def _plain(value: Any) -> Any:
    """Return *value* so that two of one meaning are equal: paths for links, one order for lists, text for numbers."""
    if isinstance(value, list):
        return sorted(map(str, value))
    if isinstance(value, bool) or isinstance(value, Mapping):
        return value
    text = str(value)
    return path_of(text) if re.match(r"https?://", text) else text


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return path_of(value) if value.startswith("http") else value or "empty"
    return {True: "true", False: "false", None: "not set"}.get(value, str(value)) if not isinstance(value, list) else (
        ", ".join(map(str, value)) or "empty"
    )


def _fixed(**paths: str) -> Iterator[FixedArgument]:
    return (FixedArgument(argument=name, field=path) for name, path in paths.items())


def _regional(noun: str, collection: str, parameter: str, *fixed: FixedArgument) -> Importable:
    """Return a type of Compute Engine that is in a region."""
    return Importable(
        noun=noun,
        path=f"projects/{{project}}/regions/{{region}}/{collection}/{{name}}",
        method=("compute", "v1", f"{collection}.get"),
        arguments={"project": "{project}", "region": "{region}", parameter: "{name}"},
        fixed=fixed,
    )


def _global(noun: str, collection: str, parameter: str, *fixed: FixedArgument) -> Importable:
    """Return a type of Compute Engine that is global."""
    return Importable(
        noun=noun,
        path=f"projects/{{project}}/global/{collection}/{{name}}",
        method=("compute", "v1", f"{collection}.get"),
        arguments={"project": "{project}", parameter: "{name}"},
        fixed=fixed,
    )


CLUSTER, POOL = "google_container_cluster", "google_container_node_pool"
NETWORK, SUBNET, ADDRESS = "google_compute_network", "google_compute_subnetwork", "google_compute_address"
ROUTER, NAT, FIREWALL = "google_compute_router", "google_compute_router_nat", "google_compute_firewall"
BUCKET, ACCOUNT, METRIC = "google_storage_bucket", "google_service_account", "google_logging_metric"
MEMBERSHIP, FEATURE = "google_gke_hub_membership", "google_gke_hub_feature"

IMPORTABLE: Mapping[str, Importable] = {
    NETWORK: _global("VPC", "networks", "network", FixedArgument(
        argument="auto_create_subnetworks", field="autoCreateSubnetworks", default=False,
    )),
    FIREWALL: _global("firewall rule", "firewalls", "firewall", *_fixed(network="network", direction="direction")),
    SUBNET: _regional(
        "subnet", "subnetworks", "subnetwork", *_fixed(network="network"),
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
                argument="datapath_provider", field="networkConfig.datapathProvider", default="LEGACY_DATAPATH"
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
}  # fmt: skip
"""
By type in Terraform. What replaces a resource is in no page of the provider; it is `ForceNew` in the schemas of google
7.45.0. Names and places are not here: a resource of another name is another resource.

The other types are left out on purpose. A create of what is there does nothing for project services, grants and service
agents (the provider's documentation of each); alert policies and dashboards have IDs of Google's and no names.
"""
