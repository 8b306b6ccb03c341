"""The network: names that are taken, proxy-only subnets, and ranges that others use already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network, ip_network
from typing import Any

from operations.findings import Finding
from operations.preflight.check import Check, Subject, good, wrong
from stacks.network_plan import region_ranges

PROXY_PURPOSES = ("GLOBAL_MANAGED_PROXY", "REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")


def checks(subject: Subject) -> Iterator[Check]:
    """One for the VPC, one per region."""
    yield Check(
        id="NETWORK", needed="a VPC of the platform's own, or none yet", permission="compute.networks.get",
        ask=partial(_network, subject),
    )  # fmt: skip
    for key in subject.keys:
        yield Check(
            id="NETWORK", needed="subnets and ranges that nothing else has", where=key,
            permission="compute.subnetworks.list, compute.networks.get and compute.networks.listPeeringRoutes",
            ask=partial(_region, subject, key),
        )  # fmt: skip


def _found(subject: Subject) -> dict[str, Any] | None:
    return subject.looked_up("compute", "v1", "networks.get", project=subject.project, network=subject.names.network)


def _network(subject: Subject) -> Iterator[Finding]:
    name, found = subject.names.network, _found(subject)
    needed = f"{name} is not there yet, or is the platform's own: custom subnets, global routing"
    if found is None:
        yield good("NETWORK-VPC", "not there yet", needed)
        return
    custom = found.get("autoCreateSubnetworks") is False
    routing = found.get("routingConfig", {}).get("routingMode", "no")
    told = f"{name} is there with {'custom' if custom else 'automatic'} subnets and {routing} routing"
    if custom and routing == "GLOBAL":
        yield good("NETWORK-VPC", told, needed)
    else:
        yield wrong("NETWORK-VPC", told, needed, "it is somebody else's: change `name` in the config")


@dataclass(frozen=True)
class _Region:
    """Its subnets in all networks, and its ranges and subnets as the platform has them."""

    subject: Subject
    key: str
    subnets: list[dict[str, Any]]

    @property
    def own(self) -> dict[str, IPv4Network]:
        ranges, names = region_ranges(self.subject.config, self.key), self.subject.names
        return {names.node_subnet(self.key): ranges.nodes, names.proxy_subnet(self.key): ranges.proxy}

    @property
    def mine(self) -> list[dict[str, Any]]:
        """Those in the network of that name."""
        end = f"/global/networks/{self.subject.names.network}"
        return [subnet for subnet in self.subnets if subnet["network"].endswith(end)]


def _region(subject: Subject, key: str) -> Iterator[Finding]:
    name = subject.config.regions[key].region
    subnets = list(
        subject.google.pages("compute", "v1", "subnetworks.list", items="items", project=subject.project, region=name)
    )
    region = _Region(subject, key, subnets)
    yield _names(region)
    yield _proxy(region)
    yield _ranges(region, _peering_routes(subject, name))


def _names(region: _Region) -> Finding:
    id_, needed = "NETWORK-SUBNETS", f"{' and '.join(region.own)} are not there yet, or are the platform's own"
    mine = [subnet["name"] for subnet in region.mine]
    wrongs = []
    for subnet in region.subnets:
        name, cidr = subnet["name"], subnet.get("ipCidrRange")
        if name in region.own and name not in mine:
            wrongs.append(f"{name} is in the network {subnet['network'].rpartition('/')[2]}")
        elif name in region.own and cidr != str(region.own[name]):
            wrongs.append(f"{name} has {cidr}, the config says {region.own[name]}")
    if wrongs:
        return wrong(id_, "; ".join(wrongs), needed, f"change `name`, or give regions.{region.key}.cidrs what is there")
    there = sum(subnet["name"] in region.own for subnet in region.subnets)
    return good(id_, f"{there} of {len(region.own)} are there", needed)


def _proxy(region: _Region) -> Finding:
    needed = "no other proxy-only subnet in this region of the network: there can be one"
    others = [
        f"{subnet['name']} ({subnet['purpose']})"
        for subnet in region.mine
        if subnet.get("purpose") in PROXY_PURPOSES and subnet["name"] not in region.own
    ]
    if others:
        return wrong("NETWORK-PROXY", ", ".join(others), needed, "delete it, or choose another `name` or region")
    return good("NETWORK-PROXY", "none", needed)


def _ranges(region: _Region, routes: dict[str, IPv4Network]) -> Finding:
    """Ranges of other subnets of the network in this region, and of networks that are peered with it."""
    ours = region_ranges(region.subject.config, region.key).named(region.key)
    theirs = dict(routes)
    for subnet in region.mine:
        if subnet["name"] not in region.own:
            cidrs = [
                subnet.get("ipCidrRange"),
                *(entry["ipCidrRange"] for entry in subnet.get("secondaryIpRanges", [])),
            ]
            theirs |= {f"{subnet['name']} {cidr}": IPv4Network(cidr) for cidr in cidrs if cidr}
    clashes = [
        f"{name} {cidr} overlaps {other}"
        for name, cidr in ours.items()
        for other, used in theirs.items()
        if cidr.overlaps(used)
    ]
    needed = f"{', '.join(map(str, ours.values()))} are in no other subnet and no peered network"
    if clashes:
        fix = f"give regions.{region.key} another number, or cidrs that are free"
        return wrong("NETWORK-RANGES", "; ".join(clashes), needed, fix)
    return good("NETWORK-RANGES", "all are free", needed)


def _peering_routes(subject: Subject, region: str) -> dict[str, IPv4Network]:
    routes: dict[str, IPv4Network] = {}
    for peering in (_found(subject) or {}).get("peerings", []):
        for route in subject.google.pages(
            "compute", "v1", "networks.listPeeringRoutes", items="items", project=subject.project, region=region,
            network=subject.names.network, peeringName=peering["name"], direction="INCOMING",
        ):  # fmt: skip
            cidr = ip_network(route["destRange"])
            if isinstance(cidr, IPv4Network):
                routes[f"{peering['name']} {cidr}"] = cidr
    return routes
