"""The network's settings: one supernet, one numbered block of it per region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """
    One VPC for all regions: cross-region gateways need every cluster in the same one.

    Args:
        mtu: Bytes in a packet, 1300 to 8896. Every VM of the VPC shares it.
        supernet: The range from which every region takes its block, by its number.
        region_prefix_length: Size of one region's block, 13 to 18. Half of it is for pods.
        nat: Lets private nodes reach the internet (images, Hugging Face). Off where a proxy or mirror does that.
        nat_logs: What the NAT logs: `ERRORS_ONLY` are packets that it had to drop, `TRANSLATIONS_ONLY` each connection,
            `ALL` both, `NONE` nothing. Each connection is a line, and lines cost money.
        flow_logs_percent: Share of the packets between nodes, pods and the rest that VPC Flow Logs sample, 1 to 100.
            Default: none, for each GiB of logs costs money.
    """

    # Source: Compute Engine API, Network.mtu.
    mtu: Annotated[int, Between(1300, 8896)] = 8896
    supernet: str = "10.0.0.0/8"
    region_prefix_length: Annotated[int, Between(13, 18)] = 15
    nat: bool = True
    nat_logs: Literal["NONE", "ERRORS_ONLY", "TRANSLATIONS_ONLY", "ALL"] = "ERRORS_ONLY"
    # Source: Compute Engine API, Subnetwork.logConfig.flowSampling, 0 to 1.
    flow_logs_percent: Annotated[int | None, Between(1, 100)] = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class CidrSpec:
    """
    One region's four ranges, given by hand instead of taken from the supernet.

    Args:
        nodes: Primary range of the node subnet; the gateway's address is in it too.
        pods: Secondary range; a node takes a /24 of it.
        services: Secondary range for Service addresses.
        proxy: Proxy-only subnet of the load balancer; /23 recommended, /26 at least. Left out for a region that is
            beside another.
    """

    nodes: str
    pods: str
    services: str
    proxy: str | None = None
