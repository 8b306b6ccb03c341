"""One VPC for all regions, its firewall, and in each region what a cluster and a gateway need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from cdktf import ITerraformDependable, TerraformResource
from cdktf_cdktf_provider_google.compute_firewall import ComputeFirewall, ComputeFirewallAllow
from cdktf_cdktf_provider_google.compute_network import ComputeNetwork
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.existing_network import find_network
from constructs_lib.google_names import health_check_firewall, node_firewall, proxy_firewall
from constructs_lib.network_plan import NetworkPlan, NetworkRegionPlan
from constructs_lib.network_region import NetworkRegion
from constructs_lib.specs import NetworkSpec
from constructs_lib.specs.limits import refuse


class GlobalNetwork(Construct):
    """
    A VPC whose regions are added one by one, in any order, so that one region never changes another's resources.

    With each region come its subnets, NAT and address (`NetworkRegion`) and two firewall rules: the gateway's proxies
    reach the plan's ports of the nodes and pods of all regions, and the region's nodes and pods reach each other. With
    the first region come the rule for Google's health checks and a wait on destroy, which ends before any subnet goes.

    Args:
        google: Provider of the project.
        time: Provider of the wait on destroy.
        plan: Names, and the ports that the firewall opens.
        spec: Size of packets in bytes, and what is logged.
        after: What must exist first: the compute API.

    Attributes:
        name: The VPC's name (known at synth).
        project: Project ID (known at synth).
        id: Path in the Compute Engine API (known after apply; known at synth for an existing network).
        regions: The regions that were added, by key (known at synth).
        made: The VPC, for what comes after it (known at synth); nothing for an existing one.
    """

    id: str

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        plan: NetworkPlan,
        spec: NetworkSpec,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self._describe(google, time, plan, spec)
        vpc = ComputeNetwork(
            self,
            "Default",
            provider=google,
            project=plan.project,
            name=plan.name,
            auto_create_subnetworks=False,
            routing_mode="GLOBAL",
            mtu=spec.mtu,
            depends_on=list(after) or None,
        )
        self.id = vpc.id
        self.made.append(vpc)
        self._settled.append(vpc)

    @classmethod
    def from_existing(
        cls,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        plan: NetworkPlan,
        spec: NetworkSpec,
    ) -> GlobalNetwork:
        """
        Return a VPC that is managed elsewhere, so that regions can be added to it here.

        Nothing of it is managed: only what `add_region` adds. `spec.mtu` has no effect. Whether a region's ranges are
        free in it is seen at apply. Add all regions in one stack; another platform in the same VPC needs another
        `firewall_prefix`.
        """
        return _ExistingNetwork(scope, id_, google=google, time=time, plan=plan, spec=spec)

    def add_region(self, key: str, plan: NetworkRegionPlan) -> NetworkRegion:
        """
        Add the subnets, firewall rules, address and NAT of one region.

        Args:
            key: Key of the region; the names of its firewall rules end with it.
            plan: Names and ranges.

        Raises:
            ValueError: The region is there already, or one of its ranges is another region's.
        """
        self._refuse_overlaps(key, plan)
        if not self.regions and self._plan.firewall:
            ranges = list(self._plan.universe.health_check_ranges)
            self._allow(
                self, "health-checks", health_check_firewall(self._plan.rules), ranges, {"tcp": self._plan.ports}
            )
        region = NetworkRegion(
            self,
            f"region-{key}",
            google=self._google,
            project=self.project,
            network=self.id,
            address_project=self._plan.address_project or self.project,
            key=key,
            plan=plan,
            spec=self._spec,
            with_others=self._exists,
            after=self._allow_region(key, plan),
        )
        self.regions[key] = region
        self._settle_before(region.subnets)
        return region

    def _describe(self, google: GoogleProvider, time: TimeProvider, plan: NetworkPlan, spec: NetworkSpec) -> None:
        """Set what is known at synth."""
        self.name = plan.name
        self.project = plan.project
        self.regions: dict[str, NetworkRegion] = {}
        self._google = google
        self._time = time
        self._plan = plan
        self._spec = spec
        self.made: list[ITerraformDependable] = []
        self._settled: list[TerraformResource] = []
        self._wait: Sleep | None = None
        self._exists = False

    def _settle_before(self, subnets: Sequence[TerraformResource]) -> None:
        """Have the wait on destroy end before *subnets* go too: it is made with the first region."""
        self._settled += subnets
        if self._wait is None:
            duration = f"{self._plan.settle_on_destroy_sec}s"
            self._wait = Sleep(self, "settle", provider=self._time, destroy_duration=duration)
        self._wait.depends_on = [f"{each.terraform_resource_type}.{each.friendly_unique_id}" for each in self._settled]

    def _refuse_overlaps(self, key: str, plan: NetworkRegionPlan) -> None:
        """Refuse a second region in one place: a VPC has one active proxy-only subnet there, and each address once."""
        problems = []
        for other_key, other in self.regions.items():
            if (
                plan.region == other.plan.region
                and plan.proxy_subnet is not None
                and other.plan.proxy_subnet is not None
            ):
                problems.append(f"region of {key} must differ from that of {other_key}, got {plan.region} in both")
            for (name, given), (other_name, taken) in product(plan.ranges.items(), other.plan.ranges.items()):
                if given.overlaps(taken):
                    apart = f"{other_name} of {other_key} ({taken})"
                    problems.append(f"{name} of {key} must be apart from {apart}, got {given}")
        refuse(problems)

    def _allow_region(self, key: str, plan: NetworkRegionPlan) -> list[ITerraformDependable]:
        """Let the region's proxies reach the servers of all regions, and its nodes and pods each other."""
        if not self._plan.firewall:
            return []
        rules, made = Construct(self, f"allow-{key}"), list[ITerraformDependable]()
        if plan.proxy is not None:
            proxies = proxy_firewall(self._plan.rules, key)
            made.append(self._allow(rules, "proxies", proxies, [str(plan.proxy)], {"tcp": self._plan.ports}))
        if not self._plan.pod_ranges:
            nodes, inside = node_firewall(self._plan.rules, key), [str(plan.nodes), str(plan.pods)]
            made.append(self._allow(rules, "nodes", nodes, inside, {"tcp": (), "udp": (), "icmp": ()}))
        return made

    def _allow(
        self, scope: Construct, id_: str, name: str, source_ranges: list[str], ports: Mapping[str, Sequence[int]]
    ) -> ComputeFirewall:
        """Let *source_ranges* reach *ports* of the nodes, by protocol; no ports are all of them."""
        to = [str(each) for each in self._plan.pod_ranges]
        return ComputeFirewall(
            scope,
            id_,
            provider=self._google,
            project=self.project,
            name=name,
            network=self.id,
            direction="INGRESS",
            source_ranges=source_ranges,
            target_service_accounts=None if to else [self._plan.node_service_account],
            destination_ranges=to or None,
            allow=[
                ComputeFirewallAllow(protocol=protocol, ports=[str(port) for port in numbers] or None)
                for protocol, numbers in ports.items()
            ],
        )


class _ExistingNetwork(GlobalNetwork):
    """A VPC that is managed elsewhere: its path in place of the resource."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        time: TimeProvider,
        plan: NetworkPlan,
        spec: NetworkSpec,
    ) -> None:
        Construct.__init__(self, scope, id_)
        self._describe(google, time, plan, spec)
        self._exists = True
        self.id = f"projects/{plan.project}/global/networks/{plan.name}"
        find_network(self, "found", google=google, project=plan.project, name=plan.name)
