"""Ranges of a region: they must be free in the whole VPC, and in the networks that are peered with it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network
from typing import Any

from gke_inference.findings import Finding, good, wrong
from gke_inference.load_balancer import path_of
from gke_inference.preflight.target import Target
from platform_config.network_plan import proxy_regions, region_ranges

Subnets = dict[str, list[dict[str, Any]]]
"""By Google's name of their region."""


def free_ranges(target: Target, key: str, subnets: Subnets, network: dict[str, Any]) -> Finding:
    """Check that nobody else has a range that overlaps one of region *key*; *network* is the VPC, empty for none."""
    own_ranges = region_ranges(target.config, key).named(key)
    if target.config.first_beside(key) not in proxy_regions(target.config):
        del own_ranges[f"proxy of {key}"]
    others = dict(_routes(target, key, network)) | dict(_others(target, subnets))
    clashes = [
        f"{name} {cidr} overlaps {other}"
        for name, cidr in own_ranges.items()
        for other, used in others.items()
        if cidr.overlaps(used)
    ]
    needed = f"{', '.join(map(str, own_ranges.values()))} are in no other subnet of the VPC and no peered network"
    if clashes:
        fix = f"give regions.{key} another number, or cidrs that are free"
        return wrong("NETWORK-RANGES", "; ".join(clashes), needed, fix)
    return good("NETWORK-RANGES", "all are free", needed)


def _others(target: Target, subnets: Subnets) -> Iterator[tuple[str, IPv4Network]]:
    """Yield ranges of all subnets of the VPC but the platform's own, in each region: a VPC has each address once."""
    names = target.names
    own = {
        (region.region, name)
        for key, region in target.config.regions.items()
        for name in (names.node_subnet(key), names.proxy_subnet(key))
    }
    for region, found in subnets.items():
        for subnet in found:
            if path_of(subnet["network"]) == names.network_path and (region, subnet["name"]) not in own:
                secondary = (entry["ipCidrRange"] for entry in subnet.get("secondaryIpRanges", []))
                for cidr in filter(None, (subnet.get("ipCidrRange"), *secondary)):
                    yield f"{subnet['name']} {cidr} in {region}", IPv4Network(cidr)


def _routes(target: Target, key: str, network: dict[str, Any]) -> Iterator[tuple[str, IPv4Network]]:
    for peering in network.get("peerings", []):
        for route in target.google.pages(
            "compute", "v1", "networks.listPeeringRoutes", items="items", project=target.names.network_project,
            region=target.config.regions[key].region, network=target.names.network, peeringName=peering["name"],
            direction="INCOMING",
        ):  # fmt: skip
            cidr = ip_network(route["destRange"])
            if isinstance(cidr, IPv4Network):
                yield f"{peering['name']} {cidr}", cidr
