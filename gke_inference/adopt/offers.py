"""What exists under other names than the platform's, and could be used in place of what it would make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.importable import value_at
from gke_inference.adopt.settings import (
    PRIVATE,
    Settings,
    cluster_path_of,
    network_settings,
    proxy_settings,
    subnet_settings,
)
from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi
from gke_inference.load_balancer import path_of
from platform_config.config import Config
from platform_config.names import Names

Live = Mapping[str, Any]
DEFAULT_ACCOUNT = "default"
"""What GKE calls the service account of Compute Engine."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """
    What is in the project beside what the platform would make; each list is asked for once.

    Attributes:
        config: The platform.
        google: Google's APIs.
        own: Full names of what exists under the platform's own names.
    """

    config: Config
    google: GoogleApi
    own: frozenset[str]
    _lists: dict[tuple[str, str, str], list[Live]] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """The platform's cloud names."""
        return Names(self.config)

    @cached_property
    def clusters(self) -> list[Live]:
        """All clusters of the project."""
        parent = f"projects/{self.config.project}/locations/-"
        return self._list("container", "projects.locations.clusters.list", "clusters", parent=parent)

    @cached_property
    def memberships(self) -> list[Live]:
        """All members of the project's fleet."""
        parent = f"projects/{self.config.project}/locations/-"
        return self._list("gkehub", "projects.locations.memberships.list", "resources", parent=parent)

    @cached_property
    def config_membership(self) -> str:
        """The member of the fleet whose cluster holds the objects of its gateways."""
        name = self.names.gateway_feature
        feature = self.google.call("gkehub", "v1", "projects.locations.features.get", name=name)
        return str(value_at(feature, "spec.multiclusteringress.configMembership"))

    def owner(self, member: Live) -> str | None:
        """Return the key of the region whose cluster is the *member* of the fleet; None where it is another's."""
        link = value_at(member, "endpoint.gkeCluster.resourceLink") or ""
        for key in self.config.regions:
            cluster = self.cluster(key)
            if link.endswith(f"/{cluster_path_of(cluster) if cluster else self.names.cluster_path(key)}"):
                return key
        return None

    def in_region(self, collection: str, key: str, project: str) -> list[Live]:
        """Return what of Compute Engine's *collection* is in region *key* of *project*."""
        region = self.config.regions[key].region
        place = (collection, project, region)
        if place not in self._lists:
            found = self._list("compute", f"{collection}.list", "items", project=project, region=region)
            self._lists[place] = found
        return self._lists[place]

    def _list(self, service: str, method: str, items: str, **arguments: str) -> list[Live]:
        """Return all *items* of a list; none where the project has never turned the API on."""
        try:
            return list(self.google.pages(service, "v1", method, items=items, **arguments))
        except ApiError as error:
            if error.turned_off:
                return []
            raise

    def in_network(self, collection: str, key: str, network: str) -> list[Live]:
        """Return what of *collection* is in region *key* and in the VPC at *network*."""
        found = self.in_region(collection, key, network.split("/")[1])
        return [one for one in found if path_of(one["network"]) == network]

    def cluster(self, key: str) -> Live | None:
        """Return the cluster that region *key* has or could have; None where there is none, or more than one."""
        found = self.clusters_for(key)
        return found[0] if len(found) == 1 else None

    def clusters_for(self, key: str) -> list[Live]:
        """Return the cluster that region *key* has, or all that it could have."""
        path, region = self.names.cluster_path(key), self.config.regions[key].region
        named = [one for one in self.clusters if cluster_path_of(one) == path]
        others = [
            one for one in self.clusters
            if one["location"] == region or one["location"].rpartition("-")[0] == region
        ]  # fmt: skip
        return named or others


def offers(around: Surroundings) -> Iterator[Found]:
    """Yield what could be used: the VPC first, then what each region has."""
    clusters = {key: around.cluster(key) for key in around.config.regions}
    networks = {path_of(one["networkConfig"]["network"]) for one in clusters.values() if one}
    own = around.names.network_path
    if own in around.own or around.config.existing.network:
        networks = {own}
    elif len(networks) == 1:
        [path] = networks
        yield _offer("VPC", path, network_settings(around.config, path), "the clusters are in it")
    for key, cluster in clusters.items():
        for one in () if cluster else around.clusters_for(key):
            why = f"the region has others, too: regions.{key}.existing.cluster chooses one"
            yield _other("cluster", cluster_path_of(one), why, key)
        if cluster is not None:
            yield from _cluster_offers(around, key, cluster)
        if len(networks) == 1:
            yield from _network_offers(around, key, next(iter(networks)), cluster)


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
    pools = {
        pool: one for pool, plan in around.config.pools(key).items() if pool not in existing.node_pools
        for one in cluster.get("nodePools", ()) if one["config"].get("machineType") == plan.spec.machine_type
    }  # fmt: skip
    for pool, one in pools.items():
        settings = {f"regions.{key}.existing.node_pools.{pool}": one["name"]}
        yield _offer("node pool", f"{path}/nodePools/{one['name']}", settings, f"it has the machines of {pool}", key)
    for one in cluster.get("nodePools", ()):
        if one["name"] not in {*existing.node_pools.values(), *(pool["name"] for pool in pools.values())}:
            why = "no pool of the config has its machines: it stays as it is"
            yield _other("node pool", f"{path}/nodePools/{one['name']}", why, key)
    yield from _account_offer(around, key, [*pools.values()])
    own = f"projects/{around.config.project}/locations/global/memberships/{cluster['name']}"
    for member in around.memberships:
        if around.owner(member) == key and member["name"] not in (own, existing.membership):
            settings = {f"regions.{key}.existing.membership": member["name"]}
            yield _offer("membership", member["name"], settings, "a cluster is in one fleet, once", key)


def _account_offer(around: Surroundings, key: str, pools: list[Live]) -> Iterator[Found]:
    """Yield the account of the pools that are used: firewall rules and grants are for the nodes' account."""
    accounts = {one["config"].get("serviceAccount", DEFAULT_ACCOUNT) for one in pools}
    if len(accounts) != 1 or around.config.existing.node_service_account:
        return
    [email] = accounts
    if email == DEFAULT_ACCOUNT:
        project = around.google.call("cloudresourcemanager", "v1", "projects.get", projectId=around.config.project)
        email = f"{project['projectNumber']}-compute@developer.gserviceaccount.com"
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
    existing, subnets = around.config.regions[key].existing, around.in_network("subnetworks", key, network)
    used = path_of(cluster["networkConfig"]["subnetwork"]) if cluster else ""
    # The nodes' first: what a proxy-only one says of `cidrs.proxy` counts.
    for subnet in sorted(subnets, key=lambda one: path_of(one["selfLink"]) != used):
        path = path_of(subnet["selfLink"])
        if path in around.own or subnet["name"] in (existing.subnet, existing.proxy_subnet):
            continue
        if path == used:
            settings = subnet_settings(around.config, key, subnet, cluster)
            yield _offer("subnet", path, settings, "the cluster's nodes are in it", key)
        elif subnet.get("purpose") == around.config.gateway.gateway_class.proxy_purpose:
            why = "a VPC has one active proxy-only subnet of this purpose in a region"
            yield _offer("proxy-only subnet", path, proxy_settings(key, subnet), why, key)
        else:
            purpose = subnet.get("purpose", PRIVATE)
            yield _other("subnet", path, f"no cluster of the config is in it; its purpose is {purpose}", key)
    for router in around.in_network("routers", key, network):
        path = path_of(router["selfLink"])
        if path not in around.own and router["name"] != existing.router and router.get("nats"):
            settings = {f"regions.{key}.existing.router": router["name"]}
            yield _offer("router", path, settings, "its NAT leads the nodes' packets out", key)
    yield from _address_offers(around, key, {used, around.names.node_subnet_path(key)})


def _address_offers(around: Surroundings, key: str, subnets: set[str]) -> Iterator[Found]:
    """Yield the addresses that a gateway of region *key* could have: the one that nobody uses."""
    existing, public = around.config.regions[key].existing, around.config.gateway.public
    for address in around.in_region("addresses", key, around.config.project):
        path, users = path_of(address["selfLink"]), [path_of(user) for user in address.get("users", ())]
        inside = path_of(address.get("subnetwork", "")) in subnets
        if path in around.own or address["name"] == existing.gateway_address or not (public or inside):
            continue
        if users:
            why = f"{', '.join(users)} has it: the platform reserves its own, until that is gone"
            yield _other("address", path, why, key)
        else:
            settings = {f"regions.{key}.existing.gateway_address": address["name"]}
            yield _offer("address", path, settings, "nothing uses it", key)


def _other(noun: str, path: str, why: str, where: str = "") -> Found:
    return Found(verdict=Verdict.NOT_OURS, noun=noun, path=path, why=why, where=where)
