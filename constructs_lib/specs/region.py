"""One region's settings: four lines are enough for one more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from constructs_lib.specs.existing import ExistingRegionSpec
from constructs_lib.specs.limits import Between, refuse, wrong_settings
from constructs_lib.specs.network import CidrSpec
from constructs_lib.specs.node_pool import NodePoolSpec


@dataclass(frozen=True, kw_only=True)
class RegionSpec:
    """
    One region with one cluster.

    Args:
        number: Its block of the supernet, 0 and up. Never reuse or change the number of a region that exists.
        region: Google Cloud region, such as `us-east5`.
        zones: Zones of the nodes; those that have the machine type.
        config_cluster: The cluster that holds the gateway's objects. Exactly one region has it.
        serves: Whether the cluster has accelerators and model servers. A config cluster may be without.
        beside: Key of another entry that is the same Google Cloud region: this cluster is a second one there. It has a
            subnet of its own, and shares the proxy-only subnet and the NAT; a cross-region gateway has one address for
            both.
        capacity_percent: Share of the region's capacity that the gateway uses: 10 to 100, or 0, which drains it: its
            requests go to the other regions, such as before an upgrade. What runs there runs on.
        preferred: Requests go here first, from wherever they come, until the region is full. Default: each request goes
            to the region nearest to it.
        cidrs: Ranges given by hand instead of the block; those that an existing subnet has.
        existing: What is there already, and is used as it is.
        node_pools: Pools of this region, by key: added to those of all regions or in place of one with the same key.
    """

    # There is no more than this many blocks of the smallest size, /18.
    number: Annotated[int, Between(0, 262_143)]
    region: str
    zones: tuple[str, ...]
    config_cluster: bool = False
    serves: bool = True
    beside: str | None = None
    # Source: Compute Engine API, Backend.capacityScaler: 0.0, or 0.1 to 1.0.
    capacity_percent: Annotated[int, Between(10, 100, or_zero=True)] = 100
    preferred: bool = False
    cidrs: CidrSpec | None = None
    existing: ExistingRegionSpec = field(default_factory=ExistingRegionSpec)
    node_pools: dict[str, NodePoolSpec] | None = None

    def __post_init__(self) -> None:
        no_zones = ["zones must name at least one zone, got none"] if self.zones == () else []
        refuse([*wrong_settings(self), *no_zones])
