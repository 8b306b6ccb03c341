"""What exists and is not managed: each thing, the setting that names it, and the stack whose plan checks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from constructs_lib.google_names import GATEWAY_FEATURE
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import DNS_STACK, FLEET_STACK, NETWORK_STACK, base_stack, cluster_stack


@dataclass(frozen=True, kw_only=True)
class ExistingPart:
    """
    One thing that the platform uses, and neither makes, changes nor deletes.

    Attributes:
        noun: What it is, such as `subnet`.
        name: Its name.
        setting: Path of the setting that names it.
        stack: Stack whose plan stops where it does not fit; empty where only `preflight` looks at it.
    """

    noun: str
    name: str
    setting: str
    stack: str = ""

    def __str__(self) -> str:
        return f"{self.noun} {self.name}"


def existing_parts(config: Config) -> tuple[ExistingPart, ...]:
    """Return all that exists and is not managed: what all regions share, then region by region."""
    return (*_shared(config), *(part for key in config.regions for part in _of_region(config, key)))


def _shared(config: Config) -> Iterator[ExistingPart]:
    existing, names = config.existing, Names(config)
    if existing.network is not None:
        place = "" if names.network_project == config.project else f" of {names.network_project}"
        yield _in("network", f"{names.network}{place}", "existing.network", NETWORK_STACK)
    if existing.firewall:
        yield _in("firewall rules of", names.network, "existing.firewall", "")
    if existing.shared_vpc_roles:
        yield _in("roles of Google's agents in", names.network_project, "existing.shared_vpc_roles", "")
    if existing.bucket is not None:
        yield _in("bucket", existing.bucket, "existing.bucket", NETWORK_STACK)
    if existing.node_service_account is not None:
        setting = "existing.node_service_account"
        yield _in("service account", existing.node_service_account, setting, NETWORK_STACK)
    if config.dns is not None and config.dns.zone.existing:
        yield _in("DNS zone", names.dns_zone, "dns.zone.existing", DNS_STACK)
    if existing.fleet_features:
        yield _in("feature", GATEWAY_FEATURE, "existing.fleet_features", FLEET_STACK)


def _of_region(config: Config, key: str) -> Iterator[ExistingPart]:
    existing, at = config.regions[key].existing, f"regions.{key}.existing"
    network = {
        "subnet": existing.subnet,
        "proxy_subnet": existing.proxy_subnet,
        "router": existing.router,
        "gateway_address": existing.gateway_address,
    }
    for setting, name in network.items():
        if name is not None:
            yield _in(setting.replace("_", " "), name, f"{at}.{setting}", NETWORK_STACK)
    if existing.cluster is not None:
        location, cluster = existing.cluster_parts[1:]
        yield _in("cluster", f"{cluster} in {location}", f"{at}.cluster", cluster_stack(key))
        for pool, name in existing.node_pools.items():
            yield _in("node pool", f"{name} of {cluster}", f"{at}.node_pools.{pool}", cluster_stack(key))
    if existing.membership is not None:
        yield _in("membership", existing.membership_parts[2], f"{at}.membership", FLEET_STACK)
    if config.existing.namespace:
        cluster = Names(config).cluster(key)
        yield _in("namespace", f"{config.namespace} of {cluster}", "existing.namespace", base_stack(key))


def _in(noun: str, name: str, setting: str, stack: str) -> ExistingPart:
    return ExistingPart(noun=noun, name=name, setting=setting, stack=stack)
