"""What two platforms cannot both have: names of one project, states, ranges of one VPC, and what a project has once."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import NamedTuple

from constructs_lib.google_names import health_check_firewall, node_firewall, proxy_firewall
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.load import Loaded
from platform_config.names import Names
from platform_config.network_plan import makes_nat, proxy_regions, region_ranges
from platform_config.stack_graph import NETWORK_STACK, state_place


def find_clashes(one: Loaded, other: Loaded) -> Iterator[Problem]:
    """Yield what *one* and *other* cannot both have, with the line of each."""
    if (one.config.project, one.config.name) == (other.config.project, other.config.name):
        message = f"must differ in one project, got '{one.config.name}' twice: all names in the cloud begin with it"
        yield _clash(one, other, "name", message, "give one of the two another name, or another project")
        return
    for check in CHECKS:
        yield from check(one, other)


def overlaps_of_two_networks(one: Loaded, other: Loaded) -> Iterator[str]:
    """Yield each two ranges that overlap, of platforms in different VPCs: no clash, but the two cannot be connected."""
    if not _in_one_network(one, other):
        yield from _overlaps(one.config, other.config)


def _clash(one: Loaded, other: Loaded, path: str, message: str, fix: str) -> Problem:
    """Return a problem at *path* of both, with both lines, or the only one that both have it from."""
    places = dict.fromkeys((one.place(path), other.place(path)))
    return Problem(path, message, fix, origin=" and ".join(places))


def _in_one_project(one: Loaded, other: Loaded) -> bool:
    return one.config.project == other.config.project


def _in_one_network(one: Loaded, other: Loaded) -> bool:
    return Names(one.config).network_path == Names(other.config).network_path


class _Made(NamedTuple):
    """A resource that a platform makes, as far as another one could make it too."""

    kind: str
    name: str
    project: str


def _names(one: Loaded, other: Loaded) -> Iterator[Problem]:
    shared = sorted(set(_made(one.config)) & set(_made(other.config)))
    for made in shared[:1]:
        message = (
            f"must not lead to names of the other platform, got the {made.kind} '{made.name}' twice in {made.project}"
        )
        yield _clash(one, other, "name", message, "give one of the two another name, or other keys of regions")


def _made(config: Config) -> Iterator[_Made]:
    """Yield what is named by a platform and a region together: `a` with `b-c` has the cluster of `a-b` with `c`."""
    names, own, host = Names(config), config.project, Names(config).network_project
    for key, region in config.regions.items():
        if region.existing.cluster is None:
            yield _Made("cluster", names.cluster(key), own)
        if region.existing.subnet is None:
            yield _Made("subnet", names.node_subnet(key), host)
        if region.existing.gateway_address is None and config.gateway.addresses == "named":
            yield _Made("address", names.gateway_address(key), own)
        if makes_nat(config, key):
            yield _Made("router", names.router(key), host)
        if not config.existing.firewall:
            yield _Made("firewall rule", node_firewall(names.firewall_prefix, key), host)
            yield _Made("firewall rule", proxy_firewall(names.firewall_prefix, key), host)
    if not config.existing.firewall:
        yield _Made("firewall rule", health_check_firewall(names.firewall_prefix), host)


def _states(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if state_place(one.config, NETWORK_STACK) != state_place(other.config, NETWORK_STACK):
        return
    if one.config.state_bucket:
        message = f"must not hold the states of both, got gs://{one.config.state_bucket}/{one.config.name} twice"
        fix = "give one of the two another state_bucket, or another name"
        yield _clash(one, other, "state_bucket", message, fix)
    else:
        message = (
            f"must differ where states are local files, got '{one.config.name}' twice: they would be the same files"
        )
        yield _clash(one, other, "name", message, "give one of the two another name, or a state_bucket")


def _buckets(one: Loaded, other: Loaded) -> Iterator[Problem]:
    make = all(each.config.bucket and each.config.existing.bucket is None for each in (one, other))
    name = Names(one.config).bucket
    if make and name == Names(other.config).bucket and one.config.universe == other.config.universe:
        message = f"must differ from that of the other platform, which makes it too, got '{name}' twice"
        fix = "give one of the two another name, or existing.bucket in its place"
        yield _clash(one, other, "bucket.name", message, fix)


def _ranges(one: Loaded, other: Loaded) -> Iterator[Problem]:
    fix = "give one of the two other numbers of regions, another network.supernet, or cidrs"
    for overlap in _overlaps(one.config, other.config) if _in_one_network(one, other) else ():
        message = f"must have ranges that do not overlap those of the other platform in its VPC, got {overlap}"
        yield _clash(one, other, "regions", message, fix)


def _overlaps(one: Config, other: Config) -> Iterator[str]:
    """Yield each range of *one* that overlaps one of *other*, with both; the same range of one subnet is no overlap."""
    for name, block, owner in _owned_ranges(one):
        for other_name, other_block, other_owner in _owned_ranges(other):
            if owner != other_owner and block.overlaps(other_block):
                yield f"{name} ({block}) and {other_name} ({other_block})"


def _owned_ranges(config: Config) -> Iterator[tuple[str, IPv4Network, tuple[str, ...]]]:
    """Yield each range with its name, and the subnet and secondary range in which it is."""
    names = Names(config)
    for key, region in config.regions.items():
        subnet, existing = names.node_subnet_path(key), region.existing
        places: dict[str, tuple[str, ...]] = {
            "pods": (subnet, existing.pods_range),
            "services": (subnet, existing.services_range),
        }
        places["proxy"] = (names.network_path, region.region, names.proxy_subnet(key))
        for name, block in region_ranges(config, key).named(key).items():
            part = name.partition(" ")[0]
            if part != "proxy" or config.first_beside(key) == key:
                yield name, block, places.get(part, (subnet,))


def _proxies(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if not _in_one_network(one, other) or one.config.is_regional != other.config.is_regional:
        return
    mine, theirs = (
        {each.config.regions[key].region: Names(each.config).proxy_subnet(key) for key in proxy_regions(each.config)}
        for each in (one, other)
    )
    for region in (region for region in mine if theirs.get(region, mine[region]) != mine[region]):
        message = (
            f"must share one proxy-only subnet with the other platform in its VPC, got {mine[region]} and "
            f"{theirs[region]} in {region}: a region of a VPC has one for each kind of gateway"
        )
        yield _clash(
            one, other, "regions", message, "write existing.proxy_subnet, with cidrs, in the region of one of the two"
        )


def _fleets(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if one.config.is_regional or other.config.is_regional or not _in_one_project(one, other):
        return
    if not (one.config.existing.fleet_features or other.config.existing.fleet_features):
        message = "must be true in all cross-region platforms of a project but one, got false in both"
        fix = (
            "give each a project of its own; or existing.fleet_features: true to one, with the config cluster of the "
            "other; or gateway.scope: regional"
        )
        yield _clash(one, other, "existing.fleet_features", message, fix)
        return
    mine, theirs = (Names(each.config).cluster_path(each.config.config_region) for each in (one, other))
    if mine != theirs:
        message = f"must have the config cluster of the other platform: a fleet has one, got {mine} and {theirs}"
        yield _clash(one, other, "regions", message, "use the one as existing.cluster of the other's config cluster")


def _namespaces(one: Loaded, other: Loaded) -> Iterator[Problem]:
    mine, theirs = ({Names(each.config).cluster_path(key) for key in each.config.regions} for each in (one, other))
    for cluster in sorted(mine & theirs):
        if one.config.namespace == other.config.namespace:
            message = f"must differ in a cluster that both use, got '{one.config.namespace}' twice in {cluster}"
            yield _clash(one, other, "namespace", message, "give one of the two another namespace")
        if twice := sorted(_made_pools(one.config, cluster) & _made_pools(other.config, cluster)):
            message = f"must differ in a cluster that both use, got {', '.join(twice)} twice in {cluster}"
            fix = "give the pools of one another key, or name them in existing.node_pools"
            yield _clash(one, other, "node_pools", message, fix)


def _identities(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if not _in_one_project(one, other) or one.config.namespace != other.config.namespace:
        return
    for model in sorted(set(one.config.models) & set(other.config.models)):
        message = f"must differ in one project and namespace, got '{model}' twice: both would have the same grants, "
        message += "which the first that is destroyed takes away"
        yield _clash(one, other, f"models.{model}", message, "give one of the two another namespace")


def _screening(one: Loaded, other: Loaded) -> Iterator[Problem]:
    grants = [armor for each in (one, other) if (armor := each.config.gateway.model_armor) and armor.grant_roles]
    if len(grants) == 2 and _in_one_project(one, other):
        message = (
            "must be false in platforms of one project, got true twice: their gateways act as one agent of Google, "
        )
        message += "and the first that is destroyed takes its roles away"
        fix = "write false in both, and grant the agent its roles once (docs/guard-rails.md)"
        yield _clash(one, other, "gateway.model_armor.grant_roles", message, fix)


def _made_pools(config: Config, cluster: str) -> set[str]:
    """Return the names of the node pools that the platform of *config* makes in *cluster*."""
    [key] = [key for key in config.regions if Names(config).cluster_path(key) == cluster]
    return set(config.pools(key)) - set(config.regions[key].existing.node_pools)


def _organizations(one: Loaded, other: Loaded) -> Iterator[Problem]:
    make = all(each.config.gateway.apigee and each.config.gateway.apigee.create for each in (one, other))
    if make and _in_one_project(one, other):
        message = "must be in one platform of a project: it has one Apigee organization, got two"
        yield _clash(one, other, "gateway.apigee.create", message, "remove it from one of the two")


CHECKS = (
    *(_names, _states, _buckets, _ranges, _proxies, _fleets, _namespaces, _identities, _screening),
    _organizations,
)
"""What two platforms are compared in; the order is that of the messages."""
