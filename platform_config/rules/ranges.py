"""Rules about the size of ranges: they have enough addresses for all nodes and pods."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.network import all_ranges
from platform_config.rules.rule import Rule, region_plans

RESERVED_ADDRESSES = 6
"""Google reserves four addresses of each subnet; the gateway and the control plane's endpoint use one each."""
SMALLEST = {"services": 27, "proxy": 26}
RECOMMENDED_PROXY = 23
POD_PREFIX_LENGTH = 24
"""Size of a node's part of the pod range, with GKE's default of 110 pods."""


def most_nodes(config: Config, key: str) -> int:
    """Return the most nodes that the cluster of region *key* can have; an upgrade of the system pool adds one."""
    system = config.cluster.system_pool.max_nodes_per_zone * len(config.regions[key].zones)
    return system + 1 + sum(plan.nodes for _, plan in region_plans(config, key).values())


def _nodes(config: Config) -> Iterator[Problem]:
    for key, network in _part(config, "nodes"):
        nodes = most_nodes(config, key)
        longest = max(8, min(29, 32 - (nodes + RESERVED_ADDRESSES - 1).bit_length()))
        yield from _too_small(config, key, "nodes", network, longest, f" for {nodes} nodes")


def _pods(config: Config) -> Iterator[Problem]:
    for key, network in _part(config, "pods"):
        nodes = most_nodes(config, key)
        longest = max(8, POD_PREFIX_LENGTH - (nodes - 1).bit_length())
        need = f" for {nodes} nodes of a /{POD_PREFIX_LENGTH} each"
        yield from _too_small(config, key, "pods", network, longest, need)


def _services(config: Config) -> Iterator[Problem]:
    for key, network in _part(config, "services"):
        yield from _too_small(config, key, "services", network, SMALLEST["services"])


def _proxy(config: Config) -> Iterator[Problem]:
    for key, network in _part(config, "proxy"):
        yield from _too_small(config, key, "proxy", network, SMALLEST["proxy"])


def _small_proxy(config: Config) -> Iterator[Problem]:
    for key, network in _part(config, "proxy"):
        if RECOMMENDED_PROXY < network.prefixlen <= SMALLEST["proxy"]:
            message = f"should be /{RECOMMENDED_PROXY} or larger, got '{network}'"
            yield Problem(f"regions.{key}.cidrs.proxy", message, f"write a /{RECOMMENDED_PROXY}")


def _part(config: Config, part: str) -> Iterator[tuple[str, IPv4Network]]:
    return ((key, network) for key, name, network in all_ranges(config) if name == part)


def _too_small(
    config: Config, key: str, part: str, network: IPv4Network, longest: int, need: str = ""
) -> Iterator[Problem]:
    if network.prefixlen <= longest:
        return
    message = f"must be /{longest} or larger{need}, got '{network}'"
    if config.regions[key].cidrs:
        yield Problem(f"regions.{key}.cidrs.{part}", message, f"write a /{longest}")
    else:
        path = "network.region_prefix_length"
        yield Problem(path, f"{part} of {key} {message}", f"give regions.{key}.cidrs, or make the blocks larger")


RULES = (
    Rule(
        "NET-NODES-29",
        "The node range holds the most nodes the pools can have, and is /29 at least",
        "Each node, the gateway and the control plane need an address; a full range stops upgrades. "
        "Google reserves four addresses of each subnet.",
        "Google, GKE VPC-native clusters, subnet primary range",
        _nodes,
    ),
    Rule(
        "NET-PODS-24",
        "The pod range has a /24 for the most nodes the pools can have",
        "GKE gives each node a /24 for its 110 pods; without one the node is not created.",
        "Google, GKE VPC-native clusters, Pod address range",
        _pods,
    ),
    Rule(
        "NET-SERVICES-27",
        "The Service range is /27 at least",
        "GKE refuses smaller ones.",
        "Google, GKE VPC-native clusters, Service address range",
        _services,
    ),
    Rule(
        "NET-PROXY-26",
        "The proxy-only subnet is /26 at least",
        "Smaller ones are refused.",
        "Google, Proxy-only subnets for Envoy-based load balancers",
        _proxy,
    ),
    Rule(
        "NET-PROXY-23",
        "The proxy-only subnet is /23 or larger",
        "Each proxy needs an address; the load balancer adds proxies as traffic grows.",
        "Google, Proxy-only subnets for Envoy-based load balancers",
        _small_proxy,
        severity="warning",
    ),
)
