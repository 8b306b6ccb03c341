"""Rules about what regions have already: clusters, subnets and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.google_names import wrong_zone
from constructs_lib.specs import ExistingRegionSpec
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.model import models_of
from platform_config.names import Names
from platform_config.rules.rule import Rule, region_plans

IN_NETWORK = ("subnet", "proxy_subnet", "router", "cluster")
"""Parts of a region that are in a network."""
ONE_PROJECT = "Google, Prepare your environment for multi-cluster Gateways: the project in which the clusters reside"


def _regions(config: Config) -> Iterator[tuple[str, str, ExistingRegionSpec]]:
    for key, region in config.regions.items():
        yield f"regions.{key}.existing", key, region.existing


def _network(config: Config) -> Iterator[Problem]:
    for path, _, existing in _regions(config):
        for part in IN_NETWORK:
            name = getattr(existing, part)
            if name is not None and config.existing.network is None:
                message = f"must be in the network of existing.network, got {shown(name)} and a network of the platform"
                yield Problem(f"{path}.{part}", message, "add existing.network with the name of its network")


def _cidrs(config: Config) -> Iterator[Problem]:
    for path, key, existing in _regions(config):
        given = [part for part in ("subnet", "proxy_subnet") if getattr(existing, part) is not None]
        if given and config.regions[key].cidrs is None:
            fix = f"add regions.{key}.cidrs with its four ranges: `gcloud compute networks subnets list` shows them"
            yield Problem(f"{path}.{given[0]}", "must stand beside cidrs, the ranges that it has, got none", fix)


def _cluster_subnet(config: Config) -> Iterator[Problem]:
    for path, _, existing in _regions(config):
        if existing.cluster is not None and existing.subnet is None:
            message = f"must stand beside subnet, the one that the cluster is in, got {shown(existing.cluster)} alone"
            fix = "`gcloud container clusters describe` shows subnetwork and clusterSecondaryRangeName"
            yield Problem(f"{path}.cluster", message, fix)


def _place(config: Config) -> Iterator[Problem]:
    for path, key, existing in _regions(config):
        region = config.regions[key].region
        if existing.cluster is None:
            continue
        _, location, _ = existing.cluster_parts
        if location != region and wrong_zone(location, region):
            message = f"must be in {region} or a zone of it, got {shown(location)}"
            yield Problem(f"{path}.cluster", message, f"give the region of the cluster to regions.{key}.region")


def _membership_place(config: Config) -> Iterator[Problem]:
    for path, key, existing in _regions(config):
        if existing.membership is None:
            continue
        _, location, _ = existing.membership_parts
        region = config.regions[key].region
        if location not in ("global", region):
            message = f"must be in global or {region}, got {shown(location)}"
            fix = "`gcloud container fleet memberships list` shows it"
            yield Problem(f"{path}.membership", message, fix)


def _project(config: Config) -> Iterator[Problem]:
    for path, _, existing in _regions(config):
        for part in ("cluster", "membership"):
            if getattr(existing, part) is None:
                continue
            project = getattr(existing, f"{part}_parts")[0]
            if project != config.project:
                message = f"must be in the platform's project {config.project}, got {shown(project)}"
                fix = "give each project a platform of its own: Google documents one project for a gateway's clusters"
                yield Problem(f"{path}.{part}", message, fix)


def _twice(config: Config) -> Iterator[Problem]:
    names = Names(config)
    first: dict[tuple[str, str], str] = {}
    for path, key, existing in _regions(config):
        taken = {"cluster": names.cluster(key)}
        if existing.subnet is not None:
            taken["subnet"] = names.node_subnet_path(key)
        for part, name in taken.items():
            other = first.setdefault((part, name), key)
            if other != key:
                message = f"must differ from that of {other}, got {shown(name)} in both"
                fix = f"give each cluster a {part} of its own"
                if part == "cluster":
                    message = f"must have another name than that of {other}, got {shown(name)} twice"
                    fix = "use another cluster: alerts, dashboards and memberships go by its name, wherever it is"
                yield Problem(f"{path}.{part}", message, fix)


def _pools(config: Config) -> Iterator[Problem]:
    for path, key, existing in _regions(config):
        if not existing.node_pools:
            continue
        plans = region_plans(config, key)
        if not config.regions[key].serves:
            message = f"must be left out where serves is false, got {', '.join(existing.node_pools)}"
            yield Problem(f"{path}.node_pools", message, "remove it")
            continue
        if config.cluster.autopilot:
            yield Problem(
                f"{path}.node_pools", "must be left out: an Autopilot cluster has no pools, got some", "remove it"
            )
            continue
        chosen = {
            pool for model in models_of(config) for pool in model.spec.node_pools if len(model.spec.node_pools) > 1
        }
        for pool, name in existing.node_pools.items():
            at = f"{path}.node_pools.{pool}"
            if pool not in plans:
                message = f"must be a key of node_pools ({', '.join(plans)}), got {shown(pool)}"
                yield Problem(at, message, nearest(pool, plans))
            elif pool in chosen:
                message = (
                    "must be a pool that no model has in a list of several: GKE wants a label and a taint on those"
                )
                yield Problem(
                    at, f"{message}, got {shown(name)}", "take it out of the lists, or let the platform make it"
                )
            elif name in plans and name not in existing.node_pools:
                yield Problem(at, f"must not be the key of a pool that is made, got {shown(name)}", "rename that key")


def _membership(config: Config) -> Iterator[Problem]:
    for path, key, existing in _regions(config):
        if existing.membership is None:
            continue
        if config.is_regional:
            message = f"must be left out: regional gateways need no fleet, got {shown(existing.membership)}"
            yield Problem(f"{path}.membership", message, "remove it")
        elif existing.cluster is None:
            message = (
                f"must stand beside cluster, got nothing: the platform makes the cluster of {key}, and its membership"
            )
            yield Problem(f"{path}.membership", message, "remove it, or add cluster")


def _address(config: Config) -> Iterator[Problem]:
    for path, key, existing in _regions(config):
        if existing.gateway_address is None:
            continue
        if config.gateway.addresses != "named":
            message = f"must stand beside gateway.addresses: named, got {config.gateway.addresses}"
            yield Problem(f"{path}.gateway_address", message, "remove one of them")
        elif existing.subnet is None and not config.gateway.public:
            message = f"must stand beside subnet, which it is in, got {shown(existing.gateway_address)} and a subnet "
            message += "that the platform makes"
            yield Problem(f"{path}.gateway_address", message, "remove it: the platform reserves one in its own subnet")
        elif key not in config.gateway_regions:
            message = f"must be in a region with a gateway address ({', '.join(config.gateway_regions)}), got {key}"
            yield Problem(f"{path}.gateway_address", message, "move it there")


def _proxy(config: Config) -> Iterator[Problem]:
    for path, key, existing in _regions(config):
        beside = config.regions[key].beside
        if existing.proxy_subnet is not None and beside is not None:
            message = f"must be left out beside {beside}, whose proxy-only subnet is for both, got "
            yield Problem(
                f"{path}.proxy_subnet", message + shown(existing.proxy_subnet), f"move it to regions.{beside}"
            )


RULES = (
    Rule(
        "EXIST-NETWORK",
        "Subnets, routers and clusters that exist are in an existing network",
        "A network that the platform makes has nothing in it that was there before.",
        "this library",
        _network,
    ),
    Rule(
        "EXIST-CIDRS",
        "A region with an existing subnet says its ranges",
        "Firewall rules and network policies name them, and rules about room and overlaps count them; the plan checks "
        "that they are the subnet's.",
        "this library, constructs_lib/existing_network.py",
        _cidrs,
    ),
    Rule(
        "EXIST-CLUSTER-SUBNET",
        "An existing cluster stands beside its subnet",
        "The ranges of its pods are the subnet's.",
        "Google, GKE VPC-native clusters",
        _cluster_subnet,
    ),
    Rule(
        "EXIST-PLACE",
        "An existing cluster is in its region",
        "Proxies and addresses of the region lead to it.",
        "GKE API, Cluster.location",
        _place,
    ),
    Rule(
        "EXIST-MEMBERSHIP-PLACE",
        "A membership is global or in the region of its cluster",
        "A fleet has memberships in no other place.",
        "gcloud container fleet memberships register, --location",
        _membership_place,
    ),
    Rule(
        "EXIST-PROJECT",
        "Existing clusters and memberships are in the platform's project",
        "The load balancer is made in the project of the clusters, and Google documents one. Multi-cluster Services "
        "may cross projects in a Shared VPC; the gateway's page does not say that it does.",
        ONE_PROJECT,
        _project,
    ),
    Rule(
        "EXIST-TWICE",
        "Clusters have different names, and subnets of their own",
        "Alerts and the fleet go by a cluster's name; rules cannot separate two clusters in one range.",
        "this library",
        _twice,
    ),
    Rule(
        "EXIST-POOLS",
        "Existing pools take the place of pools of the file, which no ComputeClass orders",
        "Pods of a ComputeClass run on pools with its label and taint alone, and those cannot be set from outside.",
        "Google, About custom compute classes",
        _pools,
    ),
    Rule(
        "EXIST-MEMBERSHIP",
        "An existing membership is that of an existing cluster, behind a cross-region gateway",
        "Nothing else reads it.",
        "this library",
        _membership,
    ),
    Rule(
        "EXIST-ADDRESS",
        "An existing address is in a region where the gateway has one",
        "No gateway would use it.",
        "this library",
        _address,
    ),
    Rule(
        "EXIST-PROXY",
        "The proxy-only subnet stands in the first of the regions that are beside each other",
        "A VPC has one active proxy-only subnet in a region.",
        "Google, Proxy-only subnets for Envoy-based load balancers",
        _proxy,
    ),
)
