"""What a region has in a network that is managed elsewhere, and a stop where it does not fit."""

from __future__ import annotations

from typing import Any

from cdktf_cdktf_provider_google.data_google_compute_address import DataGoogleComputeAddress
from cdktf_cdktf_provider_google.data_google_compute_network import DataGoogleComputeNetwork
from cdktf_cdktf_provider_google.data_google_compute_router import DataGoogleComputeRouter
from cdktf_cdktf_provider_google.data_google_compute_subnetwork import DataGoogleComputeSubnetwork
from cdktf_cdktf_provider_google.data_google_compute_subnetworks import DataGoogleComputeSubnetworks
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.network_plan import NetworkRegionPlan
from constructs_lib.postconditions import ends_with, refuse_unless, shown


def find_network(scope: Construct, id_: str, *, google: GoogleProvider, project: str, name: str) -> None:
    """Read the network *name* of *project*; a plan fails where there is none."""
    DataGoogleComputeNetwork(scope, id_, provider=google, project=project, name=name)


class ExistingNetworkRegion:
    """
    Finds what one region of *network* has already: each part is read while Terraform plans, and must fit.

    Args:
        google: Provider of the project.
        project: Project ID of the network.
        network: Path of the VPC in the Compute Engine API.
        plan: Names and ranges.
    """

    def __init__(self, *, google: GoogleProvider, project: str, network: str, plan: NetworkRegionPlan) -> None:
        self._common: dict[str, Any] = {"provider": google, "region": plan.region}
        self._project = project
        self._network = network
        self._plan = plan

    def node_subnet(self, scope: Construct) -> DataGoogleComputeSubnetwork:
        """Find the node subnet, with the plan's ranges."""
        plan, name = self._plan, self._plan.node_subnet
        ranges = {plan.pods_range: plan.pods, plan.services_range: plan.services}
        conditions = {
            self._in_network("self.network"): f"Subnet {name} must be in {self._network}, got {shown('self.network')}",
            f'self.ip_cidr_range == "{plan.nodes}"': f"The range of subnet {name} must be {plan.nodes}, as cidrs.nodes "
            f"says, got {shown('self.ip_cidr_range')}",
            "coalesce(self.private_ip_google_access, false)": f"Subnet {name} must have Private Google "
            "Access: without it, nodes without public addresses reach no bucket",
        }
        for range_name, given in ranges.items():
            listed = '[for held in self.secondary_ip_range : join(" ", [held.range_name, held.ip_cidr_range])]'
            conditions[f'contains({listed}, "{range_name} {given}")'] = (
                f'Subnet {name} must have the secondary range {range_name} with {given}, got ${{join(", ", {listed})}}'
            )
        return DataGoogleComputeSubnetwork(
            scope, "nodes", **self._common, project=self._project, name=name, lifecycle=refuse_unless(conditions)
        )

    def proxy_subnet(self, scope: Construct) -> DataGoogleComputeSubnetworks:
        """
        Find the proxy-only subnet in the list of subnets: the data source of a single one does not have its purpose.

        Source: hashicorp/terraform-provider-google, docs/d/compute_subnetwork, docs/d/compute_subnetworks.
        """
        plan, name, purpose = self._plan, self._plan.proxy_subnet, self._plan.gateway_class.proxy_purpose
        # Provider 7.45.0 has the network's address in `network`, and its name in `network_self_link`.
        here = f"({ends_with('held.network', self._network)} || {ends_with('held.network_self_link', self._network)})"
        ranges = f"[for held in self.subnetworks : held.ip_cidr_range if {here}"
        conditions = {
            f'contains({ranges} && held.name == "{name}"], "{plan.proxy}")': f"{plan.region} must have a proxy-only "
            f"subnet {name} for {purpose} with range {plan.proxy}, as cidrs.proxy says; those for it have "
            f'${{join(", ", {ranges}])}}',
        }
        return DataGoogleComputeSubnetworks(
            scope,
            "proxy",
            **self._common,
            project=self._project,
            filter=f'purpose = "{purpose}"',
            lifecycle=refuse_unless(conditions),
        )

    def router(self, scope: Construct) -> DataGoogleComputeRouter:
        """Find the router whose NAT the nodes use."""
        name = self._plan.router
        message = f"Router {name} must be in {self._network}, got {shown('self.network')}"
        return DataGoogleComputeRouter(
            scope,
            "router",
            **self._common,
            project=self._project,
            name=str(name),
            network=self._network,
            lifecycle=refuse_unless({self._in_network("self.network"): message}),
        )

    def address(self, scope: Construct, project: str) -> DataGoogleComputeAddress:
        """Find the gateway's address, in the *project* of the clusters."""
        name, kind = self._plan.gateway_address, "EXTERNAL" if self._plan.gateway_class.public else "INTERNAL"
        conditions = {
            f'self.address_type == "{kind}"': f"Address {name} must be {kind}, got {shown('self.address_type')}",
        }
        if kind == "INTERNAL":
            here = ends_with("self.network", self._network), ends_with("self.subnetwork", self._subnet)
            conditions[" || ".join(here)] = (
                f"Address {name} must be in subnet {self._subnet}, got {shown('self.subnetwork')}"
            )
        if not self._plan.gateway_class.multi_cluster and kind == "INTERNAL":
            conditions['self.purpose == "SHARED_LOADBALANCER_VIP"'] = (
                f"The purpose of address {name} must be SHARED_LOADBALANCER_VIP, got {shown('self.purpose')}"
            )
        return DataGoogleComputeAddress(
            scope, "gateway", **self._common, project=project, name=str(name), lifecycle=refuse_unless(conditions)
        )

    @property
    def _subnet(self) -> str:
        return f"projects/{self._project}/regions/{self._plan.region}/subnetworks/{self._plan.node_subnet}"

    def _in_network(self, value: str) -> str:
        return ends_with(value, self._network)
