"""The network: names that are taken, proxy-only subnets, and ranges that others use already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.concurrency import Once
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.load_balancer import path_of
from gke_inference.preflight.network_ranges import Subnets, free_ranges
from gke_inference.preflight.target import Target
from platform_config.network_plan import proxy_regions, region_ranges

PROXY_PURPOSES = {
    "GLOBAL_MANAGED_PROXY": "GLOBAL_MANAGED_PROXY",
    "REGIONAL_MANAGED_PROXY": "REGIONAL_MANAGED_PROXY",
    "INTERNAL_HTTPS_LOAD_BALANCER": "REGIONAL_MANAGED_PROXY",
}
"""Purposes of proxy-only subnets, each with its newest name."""
CONTRADICTION = (
    'Google, "Proxy-only subnets for Envoy-based load balancers", says one for each purpose; Google, "Set up the '
    'multi-cluster GKE Inference Gateway", says one alone'
)


def checks(target: Target) -> Iterator[Check]:
    """Yield one for the VPC unless the config says that it exists, and one per region."""
    if target.config.existing.network is None:
        yield Check(
            id="NETWORK", needed="a VPC of the platform's own, or none yet", role="compute.networks.get",
            ask=partial(_network, target),
        )  # fmt: skip
    subnets = Once(partial(_subnets, target))
    for key in target.keys:
        yield Check(
            id="NETWORK", needed="subnets and ranges that nothing else has", where=key,
            role="compute.subnetworks.list, compute.networks.get and compute.networks.listPeeringRoutes",
            ask=partial(_region, target, key, subnets),
        )  # fmt: skip


def _found(target: Target) -> dict[str, Any] | None:
    return target.google.find(
        "compute", "v1", "networks.get", project=target.names.network_project, network=target.names.network
    )


def _network(target: Target) -> Iterator[Finding]:
    name, found = target.names.network, _found(target)
    needed = f"{name} is not there yet, or is the platform's own: custom subnets, global routing"
    if found is None:
        yield good("NETWORK-VPC", "not there yet", needed)
        return
    custom = found.get("autoCreateSubnetworks") is False
    routing = found.get("routingConfig", {}).get("routingMode", "no")
    state = f"{name} is there with {'custom' if custom else 'automatic'} subnets and {routing} routing"
    if custom and routing == "GLOBAL":
        yield good("NETWORK-VPC", state, needed)
    else:
        yield wrong("NETWORK-VPC", state, needed, "it is somebody else's: change `name` in the config")


@dataclass(frozen=True)
class _Region:
    """Its subnets in all networks, and its ranges and subnets as the platform has them."""

    target: Target
    key: str
    subnets: list[dict[str, Any]]

    @property
    def own(self) -> dict[str, IPv4Network]:
        config, names, ranges = self.target.config, self.target.names, region_ranges(self.target.config, self.key)
        has_proxies = config.first_beside(self.key) in proxy_regions(config)
        proxy = {names.proxy_subnet(self.key): ranges.proxy} if has_proxies else {}
        return {names.node_subnet(self.key): ranges.nodes, **proxy}

    @property
    def made(self) -> dict[str, IPv4Network]:
        """Those of `own` that the platform makes; the others are in `existing_network`."""
        config, names = self.target.config, self.target.names
        there = {
            names.node_subnet(self.key): config.regions[self.key].existing.subnet,
            names.proxy_subnet(self.key): config.regions[config.first_beside(self.key)].existing.proxy_subnet,
        }
        return {name: cidr for name, cidr in self.own.items() if there[name] is None}

    @property
    def in_network(self) -> list[dict[str, Any]]:
        """Those in the network of that name."""
        return [subnet for subnet in self.subnets if path_of(subnet["network"]) == self.target.names.network_path]


def _region(target: Target, key: str, subnets: Once[Subnets]) -> Iterator[Finding]:
    region = _Region(target, key, subnets().get(target.config.regions[key].region, []))
    yield _names(region)
    yield _proxy(region)
    yield free_ranges(target, key, subnets(), _found(target) or {})


def _subnets(target: Target) -> Subnets:
    """
    Return all of the project, by Google's name of their region: names are taken in all networks.

    Raises:
        ApiError: They cannot be listed, or not those of every region.
    """
    found: Subnets = {}
    for scope, answer in target.google.pages(
        "compute", "v1", "subnetworks.aggregatedList", items="items", project=target.names.network_project
    ):
        if answer.get("warning", {}).get("code") == "UNREACHABLE":
            raise ApiError(
                status=None, reason="UNREACHABLE", message=f"{scope}: {answer['warning'].get('message', '')}"
            )
        found.setdefault(scope.removeprefix("regions/"), []).extend(answer.get("subnetworks", []))
    return found


def _names(region: _Region) -> Finding:
    made, id_ = region.made, "NETWORK-SUBNETS"
    needed = f"{' and '.join(made) or 'none'} are not there yet, or are the platform's own"
    there = [subnet["name"] for subnet in region.in_network]
    wrongs = []
    for subnet in region.subnets:
        name, cidr = subnet["name"], subnet.get("ipCidrRange")
        if name in made and name not in there:
            wrongs.append(f"{name} is in the network {subnet['network'].rpartition('/')[2]}")
        elif name in made and cidr != str(made[name]):
            wrongs.append(f"{name} has {cidr}, the config says {made[name]}")
    if wrongs:
        return wrong(id_, "; ".join(wrongs), needed, f"change `name`, or give regions.{region.key}.cidrs what is there")
    count = sum(subnet["name"] in made for subnet in region.subnets)
    return good(id_, f"{count} of {len(made)} are there", needed)


def _proxy(region: _Region) -> Finding:
    """
    Look for other proxy-only subnets.

    Of one purpose there is one that is active. Whether one of each purpose may be there, two of Google's pages
    disagree on.
    """
    purpose = region.target.config.gateway.gateway_class.proxy_purpose
    needed = f"no other proxy-only subnet in this region of the network: there can be one active {purpose}"
    others = [
        subnet
        for subnet in region.in_network
        if subnet.get("purpose") in PROXY_PURPOSES and subnet["name"] not in region.own
    ]
    there = ", ".join(f"{subnet['name']} ({subnet['purpose']})" for subnet in others)
    active = [subnet for subnet in others if subnet.get("role") != "BACKUP"]
    if any(PROXY_PURPOSES[subnet["purpose"]] == purpose for subnet in active):
        return wrong("NETWORK-PROXY", there, needed, _proxy_fix(region, active[0]["name"]))
    if active:
        return unknown("NETWORK-PROXY", f"{there}; {CONTRADICTION}", needed, "delete it where nothing uses it, or try")
    return good("NETWORK-PROXY", there or "none", needed)


def _proxy_fix(region: _Region, name: str) -> str:
    """In a network of others, the proxy-only subnet that is there can be used."""
    if region.target.config.existing.network is None:
        return "delete it, or choose another `name` or region"
    return f"add regions.{region.target.config.first_beside(region.key)}.existing.proxy_subnet: {name}"
