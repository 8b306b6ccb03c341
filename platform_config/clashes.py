"""What two platforms cannot both have: names of one project, states, ranges of one VPC, and what a project has once."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.errors import Problem
from platform_config.load import Loaded
from platform_config.names import Names
from platform_config.network_plan import region_ranges
from platform_config.stack_graph import NETWORK_STACK, state_place

REGION_NAMES = (Names.cluster, Names.node_subnet, Names.proxy_subnet, Names.gateway_address, Names.router)
"""What is named by the platform and a region together: `a` with the region `b-c` has the cluster of `a-b` with `c`."""


def find_clashes(one: Loaded, other: Loaded) -> Iterator[Problem]:
    """Yield what *one* and *other* cannot both have, with the line of each."""
    for check in (_names, _states, _buckets, _ranges, _fleets, _organizations):
        yield from check(one, other)


def overlaps_of_two_networks(one: Loaded, other: Loaded) -> Iterator[str]:
    """Yield each two ranges that overlap, of platforms in different VPCs: no clash, but the two cannot be connected."""
    if Names(one.config).network_path != Names(other.config).network_path:
        yield from _overlaps(one, other)


def _clash(one: Loaded, other: Loaded, path: str, message: str, fix: str) -> Problem:
    """Return a problem at *path* of both, with both lines, or the only one that both have it from."""
    places = dict.fromkeys((one.place(path), other.place(path)))
    return Problem(path, message, fix, origin=" and ".join(places))


def _same_project(one: Loaded, other: Loaded) -> bool:
    return one.config.project == other.config.project


def _names(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if not _same_project(one, other):
        return
    fix = "give one of the two another name, or another project"
    if one.config.name == other.config.name:
        message = f"must differ in one project, got '{one.config.name}' twice: all names in the cloud begin with it"
        yield _clash(one, other, "name", message, fix)
        return
    for name_of in REGION_NAMES:
        mine, theirs = ({name_of(Names(each.config), key) for key in each.config.regions} for each in (one, other))
        if shared := sorted(mine & theirs):
            message = f"must give other names than the other platform in its project, got '{shared[0]}' twice"
            yield _clash(one, other, "name", message, fix)
            return


def _states(one: Loaded, other: Loaded) -> Iterator[Problem]:
    place = state_place(one.config, NETWORK_STACK)
    same_names = _same_project(one, other) and one.config.name == other.config.name
    if place != state_place(other.config, NETWORK_STACK) or same_names:
        return
    if one.config.state_bucket:
        message = f"must be apart, got both in gs://{one.config.state_bucket}/{one.config.name}/"
        fix = "give one of the two another state_bucket, or another name"
        yield _clash(one, other, "state_bucket", message, fix)
    else:
        message = f"must differ for states in local files, got '{one.config.name}' twice: both in one folder"
        yield _clash(one, other, "name", message, "give one of the two another name, or a state_bucket")


def _buckets(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if not (one.config.bucket and other.config.bucket) or one.config.universe != other.config.universe:
        return
    name = Names(one.config).bucket
    if name == Names(other.config).bucket and one.config.name != other.config.name:
        message = f"must differ between platforms, got '{name}' twice: each makes its bucket"
        yield _clash(one, other, "bucket.name", message, "give one of the two another name")


def _ranges(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if Names(one.config).network_path != Names(other.config).network_path or one.config.name == other.config.name:
        return
    for overlap in _overlaps(one, other):
        fix = "give one of the two other numbers, another network.supernet, or cidrs"
        yield _clash(one, other, "regions", f"must have ranges that do not overlap in one VPC, got {overlap}", fix)


def _overlaps(one: Loaded, other: Loaded) -> Iterator[str]:
    """Yield each range of *one* that overlaps one of *other*, with both."""
    mine, theirs = (
        [named for key in each.config.regions for named in region_ranges(each.config, key).named(key).items()]
        for each in (one, other)
    )
    for name, block in mine:
        for other_name, other_block in theirs:
            if block.overlaps(other_block):
                yield f"{name} ({block}) and {other_name} ({other_block})"


def _fleets(one: Loaded, other: Loaded) -> Iterator[Problem]:
    if one.config.is_regional or other.config.is_regional or not _same_project(one, other):
        return
    message = (
        "must be regional in all platforms of a project but one: a fleet has one feature of multi-cluster gateways"
    )
    yield _clash(one, other, "gateway.scope", message, "")


def _organizations(one: Loaded, other: Loaded) -> Iterator[Problem]:
    made = [each.config.gateway.apigee and each.config.gateway.apigee.create for each in (one, other)]
    if all(made) and _same_project(one, other):
        message = "must be in one platform of a project: it has one Apigee organization, got two"
        yield _clash(one, other, "gateway.apigee.create", message, "remove it from one of the two")
