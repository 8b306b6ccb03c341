"""What exists under other names than the platform's, and could be used in place of what it would make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.settings import (
    PRIVATE,
    Settings,
    cluster_path_of,
    network_settings,
    proxy_settings,
    subnet_settings,
)
from gke_inference.adopt.surroundings import Live, Surroundings
from gke_inference.load_balancer import path_of
from platform_config.model import models_of

DEFAULT_ACCOUNT = "default"
"""What GKE calls the service account of Compute Engine."""


def offers(around: Surroundings) -> Iterator[Found]:
    """
    Yield what could be used: the VPC first, then what each region has.

    In a VPC of the platform's own nothing is: what is in it is the platform's, or must be moved.
    """
    config, own = around.config, around.names.network_path
    if own in around.own:
        return
    clusters = {key: cluster for key in config.regions if (cluster := around.cluster(key))}
    networks = {_network_of(cluster) for cluster in clusters.values()}
    if config.existing.network:
        networks = {own}
    elif len(networks) == 1:
        [path] = networks
        yield _offer("VPC", path, network_settings(config, path), "the clusters are in it")
    for key in config.regions:
        cluster = clusters.get(key)
        fits = cluster is not None and networks == {_network_of(cluster)}
        for one in () if fits else around.clusters_for(key):
            yield _other("cluster", cluster_path_of(one), _unused(around, key, networks), key)
        if cluster is not None and fits:
            yield from _cluster_offers(around, key, cluster)
        if len(networks) == 1:
            yield from _network_offers(around, key, next(iter(networks)), cluster if fits else None)


def _network_of(cluster: Live) -> str:
    return path_of(cluster["networkConfig"]["network"])


def _unused(around: Surroundings, key: str, networks: set[str]) -> str:
    """Return why a cluster that region *key* could have is not offered."""
    if around.cluster(key) is None:
        return f"the region has others, too: regions.{key}.existing.cluster chooses one"
    return f"all clusters must be in one VPC, and these are in {', '.join(sorted(networks))} and others"


def _offer(noun: str, path: str, settings: Settings, why: str, where: str = "") -> Found:
    return Found(verdict=Verdict.EXISTING, noun=noun, path=path, why=why, where=where, settings=settings)


def _cluster_offers(around: Surroundings, key: str, cluster: Live) -> Iterator[Found]:
    """Yield the cluster of region *key*, its pools, its account and its membership."""
    path, region = cluster_path_of(cluster), around.config.regions[key]
    existing = region.existing
    if path == around.names.cluster_path(key) and existing.cluster is None:
        return
    if existing.cluster is None:
        why = f"it has another name than {around.names.cluster(key)}"
        yield _offer("cluster", path, {f"regions.{key}.existing.cluster": path}, why, key)
    pools = _pools(around, key, cluster)
    for pool, one in pools.items():
        settings = {f"regions.{key}.existing.node_pools.{pool}": one["name"]}
        yield _offer("node pool", f"{path}/nodePools/{one['name']}", settings, f"it has the machines of {pool}", key)
    for one in cluster.get("nodePools", ()):
        if one["name"] not in {*existing.node_pools.values(), *(pool["name"] for pool in pools.values())}:
            why = "no pool of the config has its machines: it stays as it is"
            yield _other("node pool", f"{path}/nodePools/{one['name']}", why, key)
    yield from _account_offer(around, key, [*pools.values()])
    own = f"projects/{around.config.project}/locations/global/memberships/{cluster['name']}"
    for member in () if around.config.is_regional else around.memberships:
        if around.owner(member) == key and member["name"] not in (own, existing.membership):
            settings = {f"regions.{key}.existing.membership": member["name"]}
            yield _offer("membership", member["name"], settings, "a cluster is in one fleet, once", key)


def _pools(around: Surroundings, key: str, cluster: Live) -> dict[str, Live]:
    """
    Return the pools of *cluster* that can take the place of pools of the config, by their keys: each once.

    Those of which a model has a list are left out: a ComputeClass orders them, by labels that GKE sets at their create.
    """
    config, existing = around.config, around.config.regions[key].existing
    listed = {pool for model in models_of(config) for pool in model.spec.node_pools if len(model.spec.node_pools) > 1}
    left = [one for one in cluster.get("nodePools", ()) if one["name"] not in existing.node_pools.values()]
    found: dict[str, Live] = {}
    for pool, plan in () if config.cluster.autopilot else config.pools(key).items():
        machines = [one for one in left if one["config"].get("machineType") == plan.spec.machine_type]
        if machines and pool not in existing.node_pools and pool not in listed:
            found[pool] = machines[0]
            left.remove(machines[0])
    return found


def _account_offer(around: Surroundings, key: str, pools: list[Live]) -> Iterator[Found]:
    """Yield the account of the pools that are used: firewall rules and grants are for the nodes' account."""
    accounts = {one["config"].get("serviceAccount", DEFAULT_ACCOUNT) for one in pools}
    if len(accounts) != 1 or around.config.existing.node_service_account:
        return
    [email] = accounts
    if email == DEFAULT_ACCOUNT:
        project = around.google.call("cloudresourcemanager", "v1", "projects.get", projectId=around.config.project)
        email = around.config.universe.default_account(project["projectNumber"])
    if email != around.names.node_service_account_email:
        path = f"projects/{around.config.project}/serviceAccounts/{email}"
        why = "the nodes that are used run as it, and firewall rules name the nodes by it"
        yield _offer("service account", path, {"existing.node_service_account": email}, why)


def settle_feature(around: Surroundings, feature: Found) -> Found:
    """
    Return what becomes of the fleet's *feature*, which a fleet has once, with one config cluster.

    A fleet with other members is not the platform's. Under another config cluster its Gateways have no controller.
    """
    owners = {one["name"]: around.owner(one) for one in around.memberships}
    if None in owners.values():
        why = "the fleet has other members: a destroy would turn it off for them"
        return _offer(feature.noun, feature.path, {"existing.fleet_features": True}, why)
    if feature.verdict is Verdict.ADOPTED:
        return feature
    owner, wanted = owners.get(around.config_membership), around.config.config_region
    if owner == wanted:
        return _offer(feature.noun, feature.path, {}, f"its config cluster is that of {wanted}: run it again")
    settings = {f"regions.{owner}.config_cluster": True, f"regions.{wanted}.config_cluster": False} if owner else {}
    return replace(feature, verdict=Verdict.EXISTING if owner else Verdict.REFUSED, settings=settings)


def _network_offers(around: Surroundings, key: str, network: str, cluster: Live | None) -> Iterator[Found]:
    """Yield the subnets, the router and the address of region *key* in the VPC at *network*."""
    region, subnets = around.config.regions[key], around.in_network("subnetworks", key, network)
    existing = region.existing
    used = path_of(cluster["networkConfig"]["subnetwork"]) if cluster else ""
    # The nodes' first: what a proxy-only one says of `cidrs.proxy` counts.
    for subnet in sorted(subnets, key=lambda one: path_of(one["selfLink"]) != used):
        path = path_of(subnet["selfLink"])
        if path in around.own or subnet["name"] in (existing.subnet, existing.proxy_subnet):
            continue
        if path == used:
            settings = subnet_settings(around.config, key, subnet, cluster)
            yield _offer("subnet", path, settings, "the cluster's nodes are in it", key)
        elif subnet.get("purpose") != around.config.gateway.gateway_class.proxy_purpose:
            purpose = subnet.get("purpose", PRIVATE)
            yield _other("subnet", path, f"no cluster of the config is in it; its purpose is {purpose}", key)
        elif existing.proxy_subnet is None and subnet.get("role", "ACTIVE") == "ACTIVE" and not region.beside:
            why = "a VPC has one active proxy-only subnet of this purpose in a region"
            yield _offer("proxy-only subnet", path, proxy_settings(key, subnet), why, key)
    if region.beside:
        return
    routers = [one for one in around.in_network("routers", key, network) if one.get("nats")]
    if not existing.router and not around.has_own("routers", key, around.names.router(key)):
        yield from _only("router", key, "router", routers, "its NAT leads the nodes' packets out")
    yield from _address_offers(around, key, {used, around.names.node_subnet_path(key)})


def _only(noun: str, key: str, setting: str, found: list[Live], why: str) -> Iterator[Found]:
    """Yield the only one that was *found* with the *setting* that uses it; of several the user chooses."""
    for one in found:
        if len(found) == 1:
            settings = {f"regions.{key}.existing.{setting}": one["name"]}
            yield _offer(noun, path_of(one["selfLink"]), settings, why, key)
        else:
            several = f"one of {len(found)}: regions.{key}.existing.{setting} chooses one"
            yield _other(noun, path_of(one["selfLink"]), several, key)


def _address_offers(around: Surroundings, key: str, subnets: set[str]) -> Iterator[Found]:
    """Yield the addresses that a gateway of region *key* could have: the one that nobody uses."""
    config, existing = around.config, around.config.regions[key].existing
    gateway, free = config.gateway.gateway_class, []
    purpose = "GCE_ENDPOINT" if gateway.multi_cluster else "SHARED_LOADBALANCER_VIP"
    if config.gateway.addresses != "named" or key not in config.gateway_regions or gateway.public:
        return
    for address in around.in_region("addresses", key, config.project):
        path, users = path_of(address["selfLink"]), [path_of(user) for user in address.get("users", ())]
        if path in around.own or path_of(address.get("subnetwork", "")) not in subnets:
            continue
        if users:
            why = f"{', '.join(users)} has it: the platform reserves its own, until that is gone"
            yield _other("address", path, why, key)
        elif address.get("purpose", "GCE_ENDPOINT") == purpose:
            free.append(address)
    if not existing.gateway_address and not around.has_own("addresses", key, around.names.gateway_address(key)):
        yield from _only("address", key, "gateway_address", free, "nothing uses it")


def _other(noun: str, path: str, why: str, where: str = "") -> Found:
    return Found(verdict=Verdict.NOT_OURS, noun=noun, path=path, why=why, where=where)
