"""A network that exists: it, its subnets, routers and the gateway's addresses, where the config says that they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from gke_inference.check import Check
from gke_inference.findings import Finding, good, judge, unknown, wrong
from gke_inference.load_balancer import path_of
from gke_inference.preflight.network import PROXY_PURPOSES
from gke_inference.preflight.target import Target
from platform_config.network_plan import makes_nat, region_ranges

ALL_SUBNETS = ("ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES")
"""What a NAT may cover beside a list of subnets. Source: Compute Engine API, RouterNat, source ranges."""


def checks(target: Target) -> Iterator[Check]:
    """Yield one for the network, and one for each part of a region that is there."""
    if target.config.existing.network is None:
        return
    where = f"in {target.names.network_project}"
    yield Check(
        id="EXISTING-NETWORK", needed=f"{target.names.network_path} is there", role=f"compute.networks.get {where}",
        ask=partial(_network, target),
    )  # fmt: skip
    for key in target.keys:
        existing = target.config.regions[key].existing
        if existing.subnet:
            yield Check(
                id="EXISTING-SUBNET", needed=f"{existing.subnet}, with the ranges of cidrs", where=key,
                role=f"compute.subnetworks.get {where}", ask=partial(_subnet, target, key),
            )  # fmt: skip
        if existing.proxy_subnet:
            yield Check(
                id="EXISTING-PROXY-SUBNET", needed=f"{existing.proxy_subnet}, for proxies alone", where=key,
                role=f"compute.subnetworks.get {where}", ask=partial(_proxy_subnet, target, key),
            )  # fmt: skip
        if existing.router:
            yield Check(
                id="EXISTING-ROUTER", needed=f"{existing.router}, with a NAT", where=key,
                role=f"compute.routers.get {where}", ask=partial(_router, target, key),
            )  # fmt: skip
        elif makes_nat(target.config, key):
            yield Check(
                id="EXISTING-ROUTER", needed="no NAT of others for the subnet of the nodes", where=key,
                role=f"compute.routers.list {where}", ask=partial(_other_nat, target, key),
            )  # fmt: skip
        if existing.gateway_address:
            yield Check(
                id="EXISTING-ADDRESS", needed=f"{existing.gateway_address}, for the gateway", where=key,
                role="compute.addresses.get", ask=partial(_address, target, key),
            )  # fmt: skip


def _network(target: Target) -> Iterator[Finding]:
    names, needed = target.names, f"{target.names.network_path} is there"
    found = target.google.find(
        "compute", "v1", "networks.get", project=names.network_project, network=names.network
    )  # fmt: skip
    if found is None:
        fix = f"correct existing.network: `gcloud compute networks list --project={names.network_project}` shows them"
        yield wrong("EXISTING-NETWORK", f"there is no {names.network_path}", needed, fix)
    else:
        yield good("EXISTING-NETWORK", "there", needed)


def _find_subnet(target: Target, key: str, name: str) -> dict[str, Any] | None:
    project, region = target.names.network_project, target.config.regions[key].region
    return target.google.find(
        "compute", "v1", "subnetworks.get", project=project, region=region, subnetwork=name
    )  # fmt: skip


def _no_subnet(target: Target, key: str, setting: str, name: str) -> dict[str, str]:
    region = target.config.regions[key].region
    show = f"`gcloud compute networks subnets list --project={target.names.network_project} --regions={region}`"
    return {f"there is no {name} in {region}": f"correct regions.{key}.existing.{setting}: {show} shows them"}


def _elsewhere(target: Target, found: Mapping[str, Any], setting: str) -> dict[str, str]:
    """Return that *found* is in another network, where it is."""
    network = path_of(found.get("network", ""))
    if network == target.names.network_path:
        return {}
    return {f"it is in {network}": f"correct {setting} or existing.network"}


def _subnet(target: Target, key: str) -> Iterator[Finding]:
    existing, ranges = target.config.regions[key].existing, region_ranges(target.config, key)
    name = target.names.node_subnet(key)
    wanted = {existing.pods_range: ("pods", ranges.pods), existing.services_range: ("services", ranges.services)}
    listed = ", ".join(f"{range_name} {cidr}" for range_name, (_, cidr) in wanted.items())
    needed = f"{name} with {ranges.nodes}, {listed} and Private Google Access"
    found = _find_subnet(target, key, name)
    if found is None:
        yield judge("EXISTING-SUBNET", "", needed, _no_subnet(target, key, "subnet", name))
        return
    problems = _elsewhere(target, found, f"regions.{key}.existing.subnet")
    if found.get("ipCidrRange") != str(ranges.nodes):
        problems[f"its range is {found.get('ipCidrRange')}"] = f"set regions.{key}.cidrs.nodes to it"
    if not found.get("privateIpGoogleAccess"):
        fix = f"gcloud compute networks subnets update {name} --project={target.names.network_project} "
        fix += f"--region={target.config.regions[key].region} --enable-private-ip-google-access"
        problems["it has no Private Google Access: nodes without public addresses reach no bucket"] = fix
    secondary = {entry["rangeName"]: entry.get("ipCidrRange") for entry in found.get("secondaryIpRanges", [])}
    for range_name, (part, cidr) in wanted.items():
        if range_name not in secondary:
            there = ", ".join(secondary) or "none"
            fix = f"correct regions.{key}.existing.{part}_range, or add the range"
            problems[f"it has no secondary range {range_name}, those that it has: {there}"] = fix
        elif secondary[range_name] != str(cidr):
            problems[f"{range_name} is {secondary[range_name]}"] = f"set regions.{key}.cidrs.{part} to it"
    yield judge("EXISTING-SUBNET", "there, with these ranges", needed, problems)


def _proxy_subnet(target: Target, key: str) -> Iterator[Finding]:
    """Look at its purpose too, which no data source has for a single subnet."""
    purpose = target.config.gateway.gateway_class.proxy_purpose
    name, cidr = target.names.proxy_subnet(key), region_ranges(target.config, key).proxy
    needed = f"{name} with {cidr}, active, for {purpose}"
    found = _find_subnet(target, key, name)
    if found is None:
        yield judge("EXISTING-PROXY-SUBNET", "", needed, _no_subnet(target, key, "proxy_subnet", name))
        return
    problems = _elsewhere(target, found, f"regions.{key}.existing.proxy_subnet")
    if PROXY_PURPOSES.get(found.get("purpose", "")) != purpose:
        fix = f"name the proxy-only subnet in regions.{key}.existing.proxy_subnet, or remove it: one is made"
        problems[f"its purpose is {found.get('purpose', 'PRIVATE')}"] = fix
    if found.get("role") == "BACKUP":
        problems["it is a backup"] = f"name the active one in regions.{key}.existing.proxy_subnet"
    if found.get("ipCidrRange") != str(cidr):
        problems[f"its range is {found.get('ipCidrRange')}"] = f"set regions.{key}.cidrs.proxy to it"
    yield judge("EXISTING-PROXY-SUBNET", "there", needed, problems)


def _covers(target: Target, key: str, nat: Mapping[str, Any]) -> bool:
    """Return whether *nat* is for the node subnet of region *key*."""
    listed = [path_of(entry["name"]) for entry in nat.get("subnetworks", [])]
    return nat.get("sourceSubnetworkIpRangesToNat") in ALL_SUBNETS or target.names.node_subnet_path(key) in listed


def _router(target: Target, key: str) -> Iterator[Finding]:
    region, name = target.config.regions[key].region, target.config.regions[key].existing.router or ""
    project, setting = target.names.network_project, f"regions.{key}.existing.router"
    needed = f"{name} with a NAT for {target.names.node_subnet(key)}"
    found = target.google.find("compute", "v1", "routers.get", project=project, region=region, router=name)
    if found is None:
        show = f"`gcloud compute routers list --project={project} --regions={region}` shows them"
        problems = {f"there is no {name} in {region}": f"correct {setting}: {show}"}
    else:
        problems = _elsewhere(target, found, setting)
        if not any(_covers(target, key, nat) for nat in found.get("nats", [])):
            without = "its NATs are for other subnets" if found.get("nats") else "it has no NAT"
            fix = f"correct {setting}, have the subnet added to the NAT, or remove {setting}: one is made"
            problems[without] = fix
    yield judge("EXISTING-ROUTER", "there, with a NAT", needed, problems)


def _other_nat(target: Target, key: str) -> Iterator[Finding]:
    """Look for a NAT that has the subnet already: Compute Engine refuses a second one."""
    region, project = target.config.regions[key].region, target.names.network_project
    needed = f"no NAT of others for {target.names.node_subnet(key)}"
    routers = target.google.pages("compute", "v1", "routers.list", items="items", project=project, region=region)
    others = [
        router["name"]
        for router in routers
        if path_of(router.get("network", "")) == target.names.network_path
        and router["name"] != target.names.router(key)
        and any(_covers(target, key, nat) for nat in router.get("nats", []))
    ]
    fix = f"add regions.{key}.existing.router: {others[0]}" if others else ""
    problems = {f"{name} has one for it": fix for name in others}
    yield judge("EXISTING-ROUTER", "none", needed, problems)


def _address(target: Target, key: str) -> Iterator[Finding]:
    kind = target.config.gateway.gateway_class
    region, name = target.config.regions[key].region, target.names.gateway_address(key)
    type_, setting = "EXTERNAL" if kind.public else "INTERNAL", f"regions.{key}.existing.gateway_address"
    subnet = target.names.node_subnet_path(key)
    needed = f"{name}, {type_}, {'' if kind.public else f'in {subnet}, '}free or the gateway's"
    found = target.google.find(
        "compute", "v1", "addresses.get", project=target.project, region=region, address=name
    )  # fmt: skip
    if found is None:
        show = f"`gcloud compute addresses list --project={target.project} --regions={region}` shows them"
        fix = f"correct {setting}: {show}"
        yield wrong("EXISTING-ADDRESS", f"there is no {name} in {region} of {target.project}", needed, fix)
        return
    problems = {}
    if found.get("addressType", "EXTERNAL") != type_:
        problems[f"it is {found.get('addressType', 'EXTERNAL')}"] = (
            f"reserve one that is {type_}, and correct {setting}"
        )
    elif type_ == "INTERNAL" and path_of(found.get("subnetwork", "")) != subnet:
        problems[f"it is in {path_of(found.get('subnetwork', ''))}"] = f"reserve one in {subnet}, and correct {setting}"
    if type_ == "INTERNAL" and not kind.multi_cluster and found.get("purpose") != "SHARED_LOADBALANCER_VIP":
        fix = f"reserve one with --purpose=SHARED_LOADBALANCER_VIP, and correct {setting}"
        problems[f"its purpose is {found.get('purpose', 'GCE_ENDPOINT')}"] = fix
    users = ", ".join(path_of(user) for user in found.get("users", []))
    if found.get("status") == "IN_USE" and not problems and target.has_cluster(target.config.gateway_home(key)):
        yield unknown("EXISTING-ADDRESS", f"in use by {users}, which may be the gateway", needed, "compare")
        return
    if found.get("status") == "IN_USE":
        problems[f"it is in use by {users}"] = f"reserve another one, and correct {setting}"
    yield judge("EXISTING-ADDRESS", f"{found.get('status', 'there')}: {found.get('address')}", needed, problems)
