"""What is there already, and is used without being managed: network, clusters, bucket and what belongs to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from constructs_lib.google_names import WORD, wrong_bucket
from constructs_lib.specs.limits import refuse, wrong_settings, wrong_text

PROJECT_ID = r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]+"
"""No number: addresses in Google's answers have the ID."""
NETWORK_PATH = rf"(?:projects/(?P<project>{PROJECT_ID})/global/networks/)?(?P<name>{WORD})"
CLUSTER_PATH = rf"projects/(?P<project>{PROJECT_ID})/locations/(?P<location>[^/]+)/clusters/(?P<name>{WORD})"
MEMBERSHIP_PATH = rf"projects/(?P<project>{PROJECT_ID})/locations/(?P<location>[^/]+)/memberships/(?P<name>{WORD})"
BY_ID = "write the project by its ID, which `gcloud projects list` shows beside its number"
EMAIL = r"[a-z0-9][a-z0-9-]*@[a-z0-9.-]+\.[a-z]+"


@dataclass(frozen=True, kw_only=True)
class ExistingRegionSpec:
    """
    What one region has already. Nothing of it is changed or deleted; a plan fails where it does not fit.

    Args:
        subnet: Node subnet of the existing network, by its name; its ranges must be those of `cidrs`.
        pods_range: Name of its secondary range for pods. Also where a subnet of the platform's own is to have it.
        services_range: Name of its secondary range for Services.
        proxy_subnet: Proxy-only subnet of the existing network, by its name; its range must be `cidrs.proxy`.
        router: Cloud Router whose NAT the nodes use, by its name. Default: the platform makes one, unless `network.nat`
            is false.
        gateway_address: Reserved address of the gateway, by its name.
        cluster: Cluster, as `projects/<project>/locations/<location>/clusters/<name>`. The platform adds its
            accelerator pools and its objects.
        node_pools: Pools of that cluster, by the key of the pool in `node_pools` whose place they take. The platform's
            other pools are added.
        membership: The cluster's membership of the fleet, as
            `projects/<project>/locations/<location>/memberships/<name>`.
    """

    subnet: str | None = None
    pods_range: str = "pods"
    services_range: str = "services"
    proxy_subnet: str | None = None
    router: str | None = None
    gateway_address: str | None = None
    cluster: str | None = None
    node_pools: dict[str, str] = field(default_factory=dict)
    membership: str | None = None

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *self._wrong_names()])

    @property
    def cluster_parts(self) -> tuple[str, str, str]:
        """Project, location and name of the cluster."""
        return _parts(CLUSTER_PATH, self.cluster)

    @property
    def membership_parts(self) -> tuple[str, str, str]:
        """Project, location and name of the membership."""
        return _parts(MEMBERSHIP_PATH, self.membership)

    def _wrong_names(self) -> Iterator[str]:
        for name in ("subnet", "pods_range", "services_range", "proxy_subnet", "router", "gateway_address"):
            value = getattr(self, name)
            yield from wrong_text(name, value, WORD, "be a name, without a path", _last_part(value))
        for pool in self.node_pools.values() if isinstance(self.node_pools, dict) else ():
            yield from wrong_text("node_pools", pool, WORD, "hold names of node pools of the cluster")
        must = "be projects/<project>/locations/<location>/{}s/<name>"
        yield from wrong_text("cluster", self.cluster, CLUSTER_PATH, must.format("cluster"), _full(self.cluster))
        full = re.search(r"projects/[^/]+/locations/[^/]+/memberships/[^/]+$", str(self.membership))
        fix = BY_ID if re.search(r"projects/\d+/", str(self.membership)) else f"write {full[0]}" if full else ""
        yield from wrong_text("membership", self.membership, MEMBERSHIP_PATH, must.format("membership"), fix)
        if self.pods_range == self.services_range:
            yield f"services_range must differ from pods_range, got '{self.services_range}' for both"
        if self.subnet is not None and self.subnet == self.proxy_subnet:
            yield f"proxy_subnet must differ from subnet, got '{self.proxy_subnet}' for both"
        if self.node_pools and self.cluster is None:
            yield "node_pools must stand beside cluster, which has them"


@dataclass(frozen=True, kw_only=True)
class ExistingSpec:
    """
    What the platform finds and uses. Nothing of it is changed or deleted; a plan fails where it does not fit.

    Args:
        network: VPC, by its name, or as `projects/<project>/global/networks/<name>` where another project shares it
            (Shared VPC).
        firewall: The firewall rules are there: the platform makes none.
        shared_vpc_roles: The roles that agents of Google need in the project of a Shared VPC are granted: the platform
            grants none.
        bucket: Bucket of the weights, by its name. Its location must be `bucket.location`.
        node_service_account: E-mail address of the nodes' service account. The platform grants it nothing.
        namespace: The Kubernetes namespace `namespace` is there, in each cluster.
        fleet_features: The fleet's feature of multi-cluster gateways is on, its agent has its role, and its config
            cluster is the one of this config; with `service_discovery` that of Services, too. A fleet has each once.
    """

    network: str | None = None
    firewall: bool = False
    shared_vpc_roles: bool = False
    bucket: str | None = None
    node_service_account: str | None = None
    namespace: bool = False
    fleet_features: bool = False

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *self._wrong_names()])

    def network_project(self, project: str) -> str:
        """Return the project of the network: that of a Shared VPC, or *project*."""
        found = re.fullmatch(NETWORK_PATH, self.network or "")
        return (found["project"] if found else None) or project

    @property
    def network_name(self) -> str | None:
        """Name of the network; None where the platform makes one."""
        found = re.fullmatch(NETWORK_PATH, self.network or "")
        return found["name"] if found else None

    def _wrong_names(self) -> Iterator[str]:
        must = "be a name, or projects/<project>/global/networks/<name>"
        yield from wrong_text("network", self.network, NETWORK_PATH, must, _network(self.network))
        must = "be the e-mail address of a service account, as `gcloud iam service-accounts list` shows it"
        email = re.search(rf"(?:^|[:/])({EMAIL})$", str(self.node_service_account))
        fix = f"write {email[1]}" if email else ""
        yield from wrong_text("node_service_account", self.node_service_account, EMAIL, must, fix)
        if isinstance(self.bucket, str) and (wrong := wrong_bucket(self.bucket)):
            fix = f": write {self.bucket[5:].strip('/')}" if self.bucket.startswith("gs://") else ""
            yield f"bucket must {wrong}, got '{self.bucket}'{fix}"
        if (self.firewall or self.shared_vpc_roles) and self.network is None:
            setting = "firewall" if self.firewall else "shared_vpc_roles"
            yield f"{setting} must stand beside network, which has it, got true"


def _parts(pattern: str, path: str | None) -> tuple[str, str, str]:
    found = re.fullmatch(pattern, path or "")
    if found is None:
        raise ValueError(f"no full name: {path}")
    return found["project"], found["location"], found["name"]


def _last_part(text: object) -> str:
    """Return what to write for a path that ends with a name; empty without one."""
    name = str(text).rstrip("/").rpartition("/")[2]
    return f"write {name}" if "/" in str(text) and re.fullmatch(WORD, name) else ""


def _network(text: object) -> str:
    """Return what to write for the address of a network, such as its self link; empty without a path in it."""
    found = re.search(rf"projects/{PROJECT_ID}/global/networks/{WORD}$", str(text))
    if found is None and re.search(r"projects/\d+/", str(text)):
        return BY_ID
    return f"write {found[0]}" if found else ""


def _full(text: object) -> str:
    """Return what to write for the address of a cluster, such as its self link; empty without a path in it."""
    found = re.search(r"projects/([^/]+)/(?:locations|zones|regions)/([^/]+)/clusters/([^/]+)$", str(text))
    # As kubectl names the cluster's context.
    found = found or re.fullmatch(r"gke_([^_]+)_([^_]+)_([^_]+)", str(text))
    if found and found[1].isdigit():
        return BY_ID
    return f"write projects/{found[1]}/locations/{found[2]}/clusters/{found[3]}" if found else ""
