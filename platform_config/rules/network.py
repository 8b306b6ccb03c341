"""Rules about IP ranges: they can be read, are allowed, and do not overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.network_plan import block_count, region_ranges
from platform_config.partial_config import known_first
from platform_config.rules.rule import Rule

PARTS = ("nodes", "pods", "services", "proxy")
PRIVATE = [IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
PROHIBITED = [
    IPv4Network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "199.36.153.4/30", "199.36.153.8/30", "224.0.0.0/4")
] + [IPv4Network("255.255.255.255/32")]


def given_ranges(config: Config) -> Iterator[tuple[str, str]]:
    """Yield path and text of each range in the file."""
    given = [("network.supernet", config.network.supernet)]
    for key, region in config.regions.items():
        cidrs = {part: getattr(region.cidrs, part) for part in PARTS} if region.cidrs else {}
        given += [(f"regions.{key}.cidrs.{part}", text) for part, text in cidrs.items() if text is not None]
    yield from known_first(given)


def read_range(text: str) -> IPv4Network | None:
    """Return *text* as a range, or None if `NET-CIDR` refuses it."""
    try:
        return IPv4Network(text) if re.fullmatch(r"[0-9.]+/[0-9]{1,2}", text) else None
    except ValueError:
        return None


def all_ranges(config: Config) -> Iterator[tuple[str, str, IPv4Network]]:
    """Yield region key, part and range, for every range that can be read."""
    for key, region in config.regions.items():
        # The proxies of a region that is beside another are that one's.
        parts = PARTS if region.beside is None else PARTS[:-1]
        if region.cidrs is not None:
            given = known_first((part, getattr(region.cidrs, part)) for part in parts)
            yield from ((key, part, network) for part, text in given if text and (network := read_range(text)))
            continue
        try:
            ranges = region_ranges(config, key)
        except ValueError:
            continue
        for part in parts:
            yield key, part, getattr(ranges, part)


def _proxy_given(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        if region.cidrs is None:
            continue
        path = f"regions.{key}.cidrs.proxy"
        if region.cidrs.proxy is None and region.beside is None:
            yield Problem(path, "must be given, got nothing", "write a free range of /23")
        elif region.cidrs.proxy is not None and region.beside is not None:
            message = f"must be left out beside {region.beside}, whose proxies are for both, got "
            yield Problem(path, message + shown(region.cidrs.proxy), "remove it")


def _cidrs(config: Config) -> Iterator[Problem]:
    for path, text in given_ranges(config):
        if read_range(text) is None:
            yield Problem(path, f"must be an IPv4 range such as 10.8.0.0/16, got {shown(text)}", _likely(text))


def _likely(text: str) -> str:
    try:
        near = IPv4Network(text, strict=False)
    except ValueError:
        return "only IPv4 is supported" if ":" in text else "write address/size"
    return f"write '{near}'" if "/" in text else "add its size, such as /16"


def _blocks(config: Config) -> Iterator[Problem]:
    supernet, length = read_range(config.network.supernet), config.network.region_prefix_length
    if supernet is None:
        return
    if not block_count(config.network):
        message = f"must be at least {supernet.prefixlen}, the size of the supernet {supernet}, got {length}"
        yield Problem("network.region_prefix_length", message, "choose a larger supernet, such as 10.0.0.0/8")
        return
    last = block_count(config.network) - 1
    for key, region in config.regions.items():
        if region.cidrs is None and region.number > last:
            message = f"must be between 0 and {last} (blocks of /{length} in {supernet}), got {region.number}"
            yield Problem(f"regions.{key}.number", message, "choose a free number, or give cidrs")


def _overlaps(config: Config) -> Iterator[Problem]:
    reported: set[tuple[str, str]] = set()
    ranges = [(int(net[0]), int(net[-1]), key, part, net) for key, part, net in all_ranges(config)]
    for one, two in combinations(ranges, 2):
        if not (one[0] <= two[1] and two[0] <= one[1]) or _same_block(config, one[2], two[2]):
            continue
        # The range in the file is reported, not the number of the other region.
        by_hand = config.regions[one[2]].cidrs is not None and config.regions[two[2]].cidrs is None
        (*_, key, part, net), (*_, other_key, other_part, other) = (two, one) if by_hand else (one, two)
        path = range_path(config, other_key, other_part)
        if config.regions[key].cidrs is None and (path, key) in reported:
            continue
        reported.add((path, key))
        message = f"must not overlap {part} of {key} ({net}), got {other_part} of {other_key} ({other})"
        yield Problem(path, message, "choose a free range")


def _same_block(config: Config, key: str, other: str) -> bool:
    """Return whether two regions overlap because they have one number, which `REG-NUMBER` reports."""
    one, two = config.regions[key], config.regions[other]
    return key != other and one.cidrs is None and two.cidrs is None and one.number == two.number


def range_path(config: Config, key: str, part: str) -> str:
    """Return the path of the setting that decides one range of region *key*."""
    return f"regions.{key}.cidrs.{part}" if config.regions[key].cidrs else f"regions.{key}.number"


def _prohibited(config: Config) -> Iterator[Problem]:
    for path, text in given_ranges(config):
        network = read_range(text)
        bad = [str(prohibited) for prohibited in PROHIBITED if network and network.overlaps(prohibited)]
        if bad:
            message = f"must not overlap {', '.join(bad)}, got {shown(text)}"
            yield Problem(path, message, "choose a range in 10.0.0.0/8")


def _public(config: Config) -> Iterator[Problem]:
    for path, text in given_ranges(config):
        network = read_range(text)
        if network and not any(network.subnet_of(private) for private in PRIVATE):
            message = f"should be in {', '.join(map(str, PRIVATE))}, got {shown(text)}"
            yield Problem(path, message, "choose a range in 10.0.0.0/8")


def _no_nat(config: Config) -> Iterator[Problem]:
    if config.cluster.private_nodes and not config.network.nat:
        message = "should be true with private nodes, got false: nodes cannot download images or the model"
        yield Problem("network.nat", message, "remove the line, or mirror images and weights inside Google Cloud")


RULES = (
    Rule(
        "NET-PROXY",
        "`cidrs` has a range for proxies where the region has a proxy-only subnet of its own",
        "Of two clusters in one region of Google Cloud the first has it for both.",
        "Google, Proxy-only subnets for Envoy-based load balancers",
        _proxy_given,
    ),
    Rule(
        "NET-CIDR",
        "Ranges are IPv4 with a size and without host bits",
        "Google refuses others when the subnet is made.",
        "Google, Subnets",
        _cidrs,
    ),
    Rule(
        "NET-BLOCK",
        "Each region's number is a block of the supernet",
        "A block outside the supernet would use addresses that may belong to another network.",
        "this library, platform_config/network_plan.py",
        _blocks,
    ),
    Rule(
        "NET-OVERLAP",
        "No two ranges overlap, in one region or across regions",
        "All clusters share one VPC; the second subnet is refused after the first is made.",
        "Google, Subnets",
        _overlaps,
    ),
    Rule(
        "NET-PROHIBITED",
        "No range is one that a subnet must not have",
        "Google refuses loopback, link local, multicast and its own service addresses.",
        "Google, Subnets, prohibited IPv4 ranges",
        _prohibited,
    ),
    Rule(
        "NET-PUBLIC",
        "Ranges are private (RFC 1918)",
        "Public addresses in such a range cannot be reached from the VPC.",
        "Google, Subnets, privately used public IPv4 ranges",
        _public,
        severity="warning",
    ),
    Rule(
        "NET-NAT",
        "Private nodes can reach the internet",
        "Google's registries are reached without NAT; Docker Hub and Hugging Face are not.",
        "Google, Private Google Access; Cloud NAT overview",
        _no_nat,
        severity="warning",
    ),
)
