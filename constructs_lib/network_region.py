"""The subnets, the NAT and the gateway's address of one region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable, TerraformResource
from cdktf_cdktf_provider_google.compute_address import ComputeAddress
from cdktf_cdktf_provider_google.compute_router import ComputeRouter
from cdktf_cdktf_provider_google.compute_router_nat import ComputeRouterNat, ComputeRouterNatSubnetwork
from cdktf_cdktf_provider_google.compute_subnetwork import ComputeSubnetwork, ComputeSubnetworkSecondaryIpRange
from cdktf_cdktf_provider_google.data_google_compute_subnetwork import DataGoogleComputeSubnetwork
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.existing_network import ExistingNetworkRegion
from constructs_lib.fixed_value import FixedValue
from constructs_lib.network_plan import NetworkRegionPlan
from constructs_lib.specs import NetworkSpec

FLOW_LOGS_INTERVAL = "INTERVAL_30_SEC"
"""Samples of a connection in this time become one line."""


class NetworkRegion(Construct):
    """
    A node subnet, a proxy-only subnet, and where wanted a NAT and a reserved address for the gateway.

    What the plan says is there already is looked up and must fit, and is not managed.

    `GlobalNetwork.add_region` makes one, with the firewall rules that it needs. Project, region and ranges cannot
    change while it is there: a plan that changes them is refused. The node subnet is the first to go on destroy: Google
    refuses that while a cluster has nodes in it, and then nothing else of the region has gone.

    Args:
        google: Provider of the project.
        project: Project ID of the network.
        network: Path of the VPC in the Compute Engine API.
        address_project: Project ID of the gateway's address.
        key: Key of the region, for messages.
        plan: Names and ranges.
        spec: What is logged.
        with_others: Whether the network has subnets of others: its NAT is for this node subnet alone. Default: no.
        after: What must outlive the node subnet: the firewall rules.

    Attributes:
        plan: The plan (known at synth).
        subnets: Those of node subnet and proxy-only subnet that are managed here, for what comes after them (known at
            synth).
        gateway_address: The gateway's reserved IP address (known after apply); None where the plan names none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        network: str,
        address_project: str,
        key: str,
        plan: NetworkRegionPlan,
        spec: NetworkSpec,
        with_others: bool = False,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.plan = plan
        self._common: dict[str, Any] = {"provider": google, "project": project, "region": plan.region}
        self._found = ExistingNetworkRegion(google=google, project=project, network=network, plan=plan)
        if plan.router is not None:
            self._found.router(self)
        proxies = self._add_proxy_subnet(network)
        nat = [self._add_nat(plan.nat, network, spec)] if plan.nat and not with_others else []
        nodes: ComputeSubnetwork | DataGoogleComputeSubnetwork
        if "node_subnet" in plan.existing:
            nodes, self.subnets = self._found.node_subnet(self), proxies
        else:
            nodes = self._add_node_subnet(network, spec, after=[*after, *nat, *proxies])
            self.subnets = [nodes, *proxies]
        if plan.nat and with_others:
            self._add_nat(plan.nat, network, spec, subnet=nodes.id)
        self._fix_places(project, key, after=nodes)
        self.gateway_address = self._add_gateway_address(plan.gateway_address, nodes.id, address_project)

    def _fix_places(self, project: str, key: str, after: ITerraformDependable) -> None:
        """Refuse a change of ranges: firewall rules would follow at once, and subnets with nodes in them cannot."""
        plan = self.plan
        parts = [project, plan.region, *map(str, plan.ranges.values())]
        parts += [plan.node_subnet] if "node_subnet" in plan.existing else []
        parts += [str(plan.proxy_subnet)] if "proxy_subnet" in plan.existing else []
        FixedValue(
            self,
            "fixed",
            value=", ".join(parts),
            refusal=f"Project, region and ranges of {key} are {{was}}, and cannot change while it is there. Put back "
            f"what was there, or add a region with another key and number, and then take {key} away.",
            after=[after],
        )

    def _add_proxy_subnet(self, network: str) -> list[TerraformResource]:
        """Add the proxy-only subnet, or find the one that is there."""
        plan = self.plan
        if plan.proxy_subnet is None:
            return []
        if "proxy_subnet" in plan.existing:
            self._found.proxy_subnet(self)
            return []
        proxy = ComputeSubnetwork(
            self,
            "proxy",
            **self._common,
            name=plan.proxy_subnet,
            network=network,
            ip_cidr_range=str(plan.proxy),
            purpose=plan.gateway_class.proxy_purpose,
            role="ACTIVE",
        )
        return [proxy]

    def _add_node_subnet(
        self, network: str, spec: NetworkSpec, after: Sequence[ITerraformDependable]
    ) -> ComputeSubnetwork:
        pods, services = str(self.plan.pods), str(self.plan.services)
        return ComputeSubnetwork(
            self,
            "nodes",
            **self._common,
            name=self.plan.node_subnet,
            network=network,
            ip_cidr_range=str(self.plan.nodes),
            private_ip_google_access=True,
            log_config=_flow_logs(spec),
            secondary_ip_range=[
                ComputeSubnetworkSecondaryIpRange(range_name=self.plan.pods_range, ip_cidr_range=pods),
                ComputeSubnetworkSecondaryIpRange(range_name=self.plan.services_range, ip_cidr_range=services),
            ],
            depends_on=list(after),
        )

    def _add_nat(self, name: str, network: str, spec: NetworkSpec, *, subnet: str | None = None) -> ComputeRouterNat:
        """
        Add a NAT for whatever subnet of the region is there, so that it can outlive the nodes' subnet.

        In a network with subnets of others it is for *subnet* alone: theirs may have a NAT, or are to have none.
        """
        everything = ["ALL_IP_RANGES"]
        served = [ComputeRouterNatSubnetwork(name=subnet, source_ip_ranges_to_nat=everything)] if subnet else None
        router = ComputeRouter(self, "router", **self._common, name=name, network=network)
        return ComputeRouterNat(
            self,
            "nat",
            **self._common,
            name=name,
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS" if served else "ALL_SUBNETWORKS_ALL_IP_RANGES",
            subnetwork=served,
            enable_dynamic_port_allocation=True,
            min_ports_per_vm=64,
            enable_endpoint_independent_mapping=False,
            # The API wants a filter where nothing is logged too.
            log_config={
                "enable": spec.nat_logs != "NONE",
                "filter": "ALL" if spec.nat_logs == "NONE" else spec.nat_logs,
            },
        )

    def _add_gateway_address(self, name: str | None, subnet: str, project: str) -> str | None:
        """Reserve the address: a public one, or one in the node subnet, since a proxy-only one cannot hold it."""
        if name is None:
            return None
        if "gateway_address" in self.plan.existing:
            return self._found.address(self, project).address
        gateway = self.plan.gateway_class
        place: dict[str, Any] = {"address_type": "INTERNAL", "subnetwork": subnet}
        if gateway.public:
            place = {"address_type": "EXTERNAL", "network_tier": "PREMIUM"}
        elif not gateway.multi_cluster:
            # For several ports of one address: HTTP and HTTPS are forwarding rules of their own.
            place["purpose"] = "SHARED_LOADBALANCER_VIP"
        address = ComputeAddress(self, "gateway", **(self._common | {"project": project}), name=name, **place)
        return address.address


def _flow_logs(spec: NetworkSpec) -> dict[str, Any] | None:
    if spec.flow_logs_percent is None:
        return None
    return {
        "flow_sampling": spec.flow_logs_percent / 100,
        "aggregation_interval": FLOW_LOGS_INTERVAL,
        # With the names of pods and clusters: in a cluster, addresses alone do not show who talks.
        "metadata": "INCLUDE_ALL_METADATA",
    }
