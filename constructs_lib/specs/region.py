"""One region's settings: four lines are enough for one more."""

from __future__ import annotations

from dataclasses import dataclass

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
        capacity_percent: Share of the region's capacity that the gateway uses, 0 to 100. 0 drains it: its requests go
            to the other regions, such as before an upgrade. What runs there runs on.
        preferred: Requests go here first, from wherever they come, until the region is full. Default: each request goes
            to the region nearest to it.
        cidrs: Ranges given by hand instead of the block.
        node_pools: Pools of this region, by key: added to those of all regions or in place of one with the same key.
    """

    number: int
    region: str
    zones: tuple[str, ...]
    config_cluster: bool = False
    capacity_percent: int = 100
    preferred: bool = False
    cidrs: CidrSpec | None = None
    node_pools: dict[str, NodePoolSpec] | None = None

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError(f"number must be at least 0, got {self.number}")
        if not 0 <= self.capacity_percent <= 100:
            raise ValueError(f"capacity_percent must be between 0 and 100, got {self.capacity_percent}")
        if not self.zones:
            raise ValueError("zones must name at least one zone, got none")
