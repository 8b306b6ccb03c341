"""One VPC for all regions, and in each region what a cluster and a gateway need."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.compute_address import ComputeAddress
from cdktf_cdktf_provider_google.compute_firewall import ComputeFirewall, ComputeFirewallAllow
from cdktf_cdktf_provider_google.compute_network import ComputeNetwork
from cdktf_cdktf_provider_google.compute_router import ComputeRouter
from cdktf_cdktf_provider_google.compute_router_nat import ComputeRouterNat
from cdktf_cdktf_provider_google.compute_subnetwork import ComputeSubnetwork, ComputeSubnetworkSecondaryIpRange
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.fixed_value import FixedValue
from constructs_lib.google_names import report_wrong, wrong_project, wrong_word
from constructs_lib.manifests.network_policies import HEALTH_CHECK_RANGES
from constructs_lib.network_region import NetworkRegion
from constructs_lib.specs import NetworkSpec
from constructs_lib.specs.limits import refuse

FLOW_LOGS_INTERVAL = "INTERVAL_30_SEC"
"""Samples of a connection in this time become one line."""
POD_RANGE_NAME = "pods"
SERVICE_RANGE_NAME = "services"


class GlobalNetwork(Construct):
    """
    A VPC whose regions are added one by one, so that one region never changes another's resources.

    Firewall rules apply to the nodes' service account alone, and open the ports of the model server and of the endpoint
    picker, nothing else. Where a region is taken away its node subnet goes first: Google refuses that while a cluster
    has nodes there, and then nothing else of the region has gone.

    Args:
        google: Provider of the project.
        time: Provider of the wait on destroy.
        project: Project ID.
        name: Name of the VPC; firewall rules start with it too.
        spec: Size of packets, and what is logged.
        node_service_account: E-mail address of the nodes' identity.
        after: What must exist first: the compute API.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        project: str,
        name: str,
        spec: NetworkSpec,
        node_service_account: str,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        refuse(
            [*report_wrong("project", project, wrong_project(project)), *report_wrong("name", name, wrong_word(name))]
        )
        super().__init__(scope, id_)
        self._google = google
        self._time = time
        self._project = project
        self._name = name
        self._spec = spec
        self._nodes = node_service_account
        self._vpc = ComputeNetwork(
            self,
            "Default",
            provider=google,
            project=project,
            name=name,
            auto_create_subnetworks=False,
            routing_mode="GLOBAL",
            mtu=spec.mtu,
            depends_on=list(after) or None,
        )
        self._subnets: list[ITerraformDependable] = []
        self._regions: dict[str, NetworkRegion] = {}

    def add_region(self, key: str, region: NetworkRegion, ports: Sequence[int]) -> ComputeAddress | None:
        """
        Add the subnets, firewall rules, gateway's address and NAT of one region; gives the address where there is one.

        The gateway's proxies there reach *ports* anywhere, and its nodes and pods each other: a pair of rules per
        region, so that another region touches no rule of this one.

        Raises:
            ValueError: The region is there already, or one of its ranges is another region's.
        """
        self._refuse_overlaps(key, region)
        here = Construct(self, f"region-{key}")
        outlive: list[ITerraformDependable] = self._allow_region(key, region, ports)
        if region.nat is not None:
            outlive.append(self._add_nat(here, region.nat, region.region))
        proxy = ComputeSubnetwork(
            here,
            "proxy",
            provider=self._google,
            project=self._project,
            name=region.proxy_subnet,
            region=region.region,
            network=self._vpc.id,
            ip_cidr_range=str(region.proxy),
            purpose="GLOBAL_MANAGED_PROXY",
            role="ACTIVE",
        )
        subnet = self._add_node_subnet(here, region, after=[*outlive, proxy])
        self._subnets += [subnet, proxy]
        self._fix(here, key, region, subnet)
        if region.gateway_address is None:
            return None
        return ComputeAddress(
            here,
            "gateway",
            provider=self._google,
            project=self._project,
            name=region.gateway_address,
            region=region.region,
            subnetwork=subnet.id,
            address_type="INTERNAL",
        )

    def allow_health_checks(self, ports: Sequence[int]) -> None:
        """Let Google's health checks reach *ports* of the nodes and their pods."""
        self._allow(self, "health-checks", list(HEALTH_CHECK_RANGES), {"tcp": ports})

    def settle_on_destroy(self, seconds: int) -> None:
        """
        Wait *seconds* before the subnets go: the load balancer's endpoint groups are collected late, and hold them.

        Source: kubernetes/ingress-gce#1720, hashicorp/terraform-provider-google#7637.
        """
        Sleep(
            self, "settle", provider=self._time, destroy_duration=f"{seconds}s", depends_on=[self._vpc, *self._subnets]
        )

    def _allow_region(self, key: str, region: NetworkRegion, ports: Sequence[int]) -> list[ITerraformDependable]:
        rules = Construct(self, f"allow-{key}")
        inside = [str(region.nodes), str(region.pods)]
        return [
            self._allow(rules, "proxies", [str(region.proxy)], {"tcp": ports}, suffix=key),
            self._allow(rules, "nodes", inside, {"tcp": [], "udp": [], "icmp": []}, suffix=key),
        ]

    def _fix(self, here: Construct, key: str, region: NetworkRegion, subnet: ComputeSubnetwork) -> None:
        """Firewall rules would follow other ranges at once, and subnets with nodes in them cannot."""
        FixedValue(
            here,
            "fixed",
            value=f"{self._project}, {region.region}, {region.nodes}, {region.pods}, {region.services}, {region.proxy}",
            refusal=f"Project, region and ranges of {key} are {{was}}, and cannot change while it is there. Put back "
            f"what was there, or add a region with another key and number, and then take {key} away.",
            after=[subnet],
        )

    def _add_node_subnet(
        self, here: Construct, region: NetworkRegion, after: Sequence[ITerraformDependable]
    ) -> ComputeSubnetwork:
        return ComputeSubnetwork(
            here,
            "nodes",
            provider=self._google,
            project=self._project,
            name=region.node_subnet,
            region=region.region,
            network=self._vpc.id,
            ip_cidr_range=str(region.nodes),
            private_ip_google_access=True,
            log_config=self._flow_logs(),
            secondary_ip_range=[
                ComputeSubnetworkSecondaryIpRange(range_name=POD_RANGE_NAME, ip_cidr_range=str(region.pods)),
                ComputeSubnetworkSecondaryIpRange(range_name=SERVICE_RANGE_NAME, ip_cidr_range=str(region.services)),
            ],
            depends_on=list(after),
        )

    def _refuse_overlaps(self, key: str, region: NetworkRegion) -> None:
        """A VPC has one active proxy-only subnet in a region, and each address once."""
        problems = []
        for other_key, other in self._regions.items():
            if region.region == other.region:
                problems.append(f"region of {key} must differ from that of {other_key}, got {region.region} in both")
            for (name, given), (other_name, taken) in product(region.ranges.items(), other.ranges.items()):
                if given.overlaps(taken):
                    apart = f"{other_name} of {other_key} ({taken})"
                    problems.append(f"{name} of {key} must be apart from {apart}, got {given}")
        refuse(problems)
        self._regions[key] = region

    def _flow_logs(self) -> dict[str, Any] | None:
        if self._spec.flow_logs_percent is None:
            return None
        return {
            "flow_sampling": self._spec.flow_logs_percent / 100,
            "aggregation_interval": FLOW_LOGS_INTERVAL,
            # With the names of pods and clusters: addresses alone tell nothing in a cluster.
            "metadata": "INCLUDE_ALL_METADATA",
        }

    def _nat_logs(self) -> dict[str, Any]:
        """The API wants a filter where nothing is logged too."""
        wanted = self._spec.nat_logs
        return {"enable": wanted != "NONE", "filter": "ALL" if wanted == "NONE" else wanted}

    def _add_nat(self, here: Construct, name: str, region: str) -> ComputeRouterNat:
        """A NAT for whatever subnet of ours is there, so that it can outlive the nodes' subnet."""
        router = ComputeRouter(
            here,
            "router",
            provider=self._google,
            project=self._project,
            name=name,
            region=region,
            network=self._vpc.id,
        )
        return ComputeRouterNat(
            here,
            "nat",
            provider=self._google,
            project=self._project,
            name=name,
            region=region,
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            enable_dynamic_port_allocation=True,
            min_ports_per_vm=64,
            enable_endpoint_independent_mapping=False,
            log_config=self._nat_logs(),
        )

    def _allow(
        self,
        scope: Construct,
        id_: str,
        source_ranges: list[str],
        ports: dict[str, Sequence[int]],
        suffix: str | None = None,
    ) -> ComputeFirewall:
        name = "-".join(part for part in (self._name, "allow", id_, suffix) if part)
        return ComputeFirewall(
            scope,
            id_,
            provider=self._google,
            project=self._project,
            name=name,
            network=self._vpc.id,
            direction="INGRESS",
            source_ranges=source_ranges,
            target_service_accounts=[self._nodes],
            allow=[
                ComputeFirewallAllow(protocol=protocol, ports=[str(port) for port in numbers] or None)
                for protocol, numbers in ports.items()
            ],
        )
