"""The network's settings: one supernet, one numbered block of it per region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """
    One VPC for all regions: cross-region gateways need every cluster in the same one.

    Args:
        mtu: Bytes in a packet, 1300 to 8896. Every VM of the VPC shares it.
        supernet: The range from which every region takes its block, by its number.
        region_prefix_length: Size of one region's block, 13 to 18. Half of it is for pods.
        nat: Gives private nodes a way out (images, Hugging Face). Off where a proxy or mirror does that.
        nat_logs: What the NAT logs: `ERRORS_ONLY` are packets that it had to drop, `TRANSLATIONS_ONLY` each connection,
            `ALL` both, `NONE` nothing. Each connection is a line, and lines cost money.
        flow_logs_percent: Share of the packets between nodes, pods and the rest that VPC Flow Logs sample, 1 to 100.
            Default: none, for each GiB of logs costs money.
    """

    mtu: int = 8896
    supernet: str = "10.0.0.0/8"
    region_prefix_length: int = 15
    nat: bool = True
    nat_logs: Literal["NONE", "ERRORS_ONLY", "TRANSLATIONS_ONLY", "ALL"] = "ERRORS_ONLY"
    flow_logs_percent: int | None = None

    def __post_init__(self) -> None:
        if not 1300 <= self.mtu <= 8896:
            raise ValueError(f"mtu must be between 1300 and 8896, got {self.mtu}")
        if not 13 <= self.region_prefix_length <= 18:
            raise ValueError(f"region_prefix_length must be between 13 and 18, got {self.region_prefix_length}")
        if self.flow_logs_percent is not None and not 1 <= self.flow_logs_percent <= 100:
            raise ValueError(f"flow_logs_percent must be between 1 and 100, got {self.flow_logs_percent}")


@dataclass(frozen=True, kw_only=True)
class CidrSpec:
    """
    One region's four ranges, given by hand instead of taken from the supernet.

    Args:
        nodes: Primary range of the node subnet; the gateway's address is in it too.
        pods: Secondary range; a node takes a /24 of it.
        services: Secondary range for Service addresses.
        proxy: Proxy-only subnet of the load balancer; /23 recommended, /26 at least.
    """

    nodes: str
    pods: str
    services: str
    proxy: str
