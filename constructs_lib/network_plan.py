"""The names of the network, and its names and ranges in each region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations
from typing import Literal

from constructs_lib.gateway_class import CROSS_REGION, GatewayClass
from constructs_lib.google_names import report_wrong, wrong_project, wrong_region, wrong_word
from constructs_lib.specs import UniverseSpec
from constructs_lib.specs.limits import refuse, wrong_settings, wrong_types
from constructs_lib.universe import PUBLIC

NetworkPart = Literal["node_subnet", "proxy_subnet", "gateway_address"]

SETTLE_ON_DESTROY_SEC = 180
"""The load balancer's endpoint groups are collected late, and hold the network. Sources: kubernetes/ingress-gce#1720,
hashicorp/terraform-provider-google#7637."""


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """
    The names of the network, and what its firewall lets in. All known at synth.

    Attributes:
        project: Project ID of the network: that of the clusters, or the host project of a Shared VPC.
        name: Name of the VPC.
        node_service_account: E-mail address of the nodes' identity: firewall rules apply to it alone.
        ports: TCP ports that proxies and health checks reach: the model server's and the endpoint picker's
            (`EXT_PROC_PORT` and `GRPC_HEALTH_PORT` of `constructs_lib.inferencepool_chart`).
        address_project: Project ID of the gateway's addresses, that of the clusters. Default: the network's.
        firewall: Whether the rules are made here. Default: yes.
        firewall_prefix: How the names of the rules begin, where several platforms make some in one VPC. Default: the
            name of the VPC.
        pod_ranges: Ranges of the pods of all regions, where nodes of clusters that are managed elsewhere have accounts
            of their own: rules are then for these addresses, and not for the nodes' account. GKE lets the nodes and
            pods of a cluster reach each other by itself. Default: none.
        settle_on_destroy_sec: Seconds to wait on destroy before subnets and network go. Default: 180.
        universe: The universe whose health checks the firewall lets in. Default: the public cloud.

    Raises:
        ValueError: For all problems at once: names that Google refuses, no ports.
    """

    project: str
    name: str
    node_service_account: str
    ports: tuple[int, ...]
    address_project: str | None = None
    firewall: bool = True
    firewall_prefix: str | None = None
    pod_ranges: tuple[IPv4Network, ...] = ()
    settle_on_destroy_sec: int = SETTLE_ON_DESTROY_SEC
    universe: UniverseSpec = PUBLIC

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
        problems = [
            *report_wrong("project", self.project, wrong_project(self.project)),
            *report_wrong("name", self.name, wrong_word(self.name)),
            *(report_wrong("firewall_prefix", self.rules, wrong_word(self.rules)) if self.firewall_prefix else ()),
        ]
        # A firewall rule without ports opens all of them.
        refuse(problems if self.ports else [*problems, "ports must name at least one port, got none"])

    @property
    def rules(self) -> str:
        """How the names of the firewall rules begin."""
        return self.name if self.firewall_prefix is None else self.firewall_prefix


@dataclass(frozen=True, kw_only=True)
class NetworkRegionPlan:
    """
    The names and ranges of the network in one region. All known at synth.

    Attributes:
        region: Region, such as `us-east5`.
        node_subnet: Name of the subnet of nodes, pods and Services.
        proxy_subnet: Name of the proxy-only subnet of the load balancer; None where another region of the network has
            it, because both are the same region of Google Cloud, or where no gateway has an address.
        nodes: Primary range of the node subnet.
        pods: Its secondary range for pods.
        services: Its secondary range for Services.
        proxy: Range of the proxy-only subnet; None without one.
        gateway_address: Name of the reserved address; None where the gateway takes an ephemeral one or none.
        nat: Name of the router and its NAT; None without NAT.
        pods_range: Name of the secondary range for pods. Default: `pods`.
        services_range: Name of the secondary range for Services. Default: `services`.
        router: Name of a router that is there, whose NAT the nodes use. Default: none.
        existing: Which of the three are managed elsewhere: they are looked up, and must fit. Default: none.
        gateway_class: Class of the gateways, which decides the purpose of the proxy-only subnet and whether the address
            is public. A region of a VPC has one active proxy-only subnet for each purpose. Default: cross-region.

    Raises:
        ValueError: For all problems at once: names that Google refuses, ranges that are no networks or overlap.
    """

    region: str
    node_subnet: str
    proxy_subnet: str | None
    nodes: IPv4Network
    pods: IPv4Network
    services: IPv4Network
    proxy: IPv4Network | None
    gateway_address: str | None
    nat: str | None
    pods_range: str = "pods"
    services_range: str = "services"
    router: str | None = None
    existing: frozenset[NetworkPart] = frozenset()
    gateway_class: GatewayClass = CROSS_REGION

    def __post_init__(self) -> None:
        refuse(wrong_types(self))
        refuse([*self._wrong_names(), *self._wrong_ranges()])

    @property
    def ranges(self) -> dict[str, IPv4Network]:
        """The ranges by what they are for."""
        proxy = {} if self.proxy is None else {"proxy": self.proxy}
        return {"nodes": self.nodes, "pods": self.pods, "services": self.services, **proxy}

    def _wrong_names(self) -> Iterator[str]:
        yield from report_wrong("region", self.region, wrong_region(self.region))
        for setting in ("node_subnet", "proxy_subnet", "gateway_address", "nat", "router"):
            if name := getattr(self, setting):
                yield from report_wrong(setting, name, wrong_word(name))

    def _wrong_ranges(self) -> Iterator[str]:
        if (self.proxy is None) != (self.proxy_subnet is None):
            yield "proxy must stand beside proxy_subnet: the name and the range of one subnet"
        for name, given in self.ranges.items():
            if not isinstance(given, IPv4Network):
                yield f"{name} must be an IPv4Network, got {given!r}: write IPv4Network('10.2.0.0/20')"
                return
        for (name, given), (other, taken) in combinations(self.ranges.items(), 2):
            if given.overlaps(taken):
                yield f"{other} must be apart from {name} ({given}), got {taken}"
