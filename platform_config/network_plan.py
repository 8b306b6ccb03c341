"""The network of a platform: the IP ranges of each region, and which pods may reach each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network, ip_network

from constructs_lib import body_routing_chart
from constructs_lib.inferencepool_chart import EXT_PROC_PORT, GRPC_HEALTH_PORT, METRICS_PORT
from constructs_lib.manifests.network_policies import ModelPeers, NetworkPolicyPlan, RouterPeers
from constructs_lib.manifests.remote import PROXY_PORT
from constructs_lib.picker_chart import CHARTS
from constructs_lib.serving_plan import server_labels
from constructs_lib.specs import NetworkSpec
from platform_config.config import Config
from platform_config.model import Model, models_in, reads_bodies
from platform_config.names import Names

PROXY_PREFIX_LENGTH = 23
UNUSED = "0.0.0.0/32"
"""In place of a range that nothing has: the proxies of a region that is beside another are that one's."""
ROUTER_PORTS = (body_routing_chart.EXT_PROC_PORT, body_routing_chart.GRPC_HEALTH_PORT)


@dataclass(frozen=True, kw_only=True)
class RegionRanges:
    """The four IP ranges of one region. Known at synth."""

    nodes: IPv4Network
    pods: IPv4Network
    services: IPv4Network
    proxy: IPv4Network

    def named(self, key: str) -> dict[str, IPv4Network]:
        """Return the ranges by the names that messages use, such as `pods of us`."""
        return {f"{part} of {key}": getattr(self, part) for part in ("nodes", "pods", "services", "proxy")}


def block_count(spec: NetworkSpec) -> int:
    """Return how many regions the supernet has room for."""
    prefix: int = ip_network(spec.supernet).prefixlen
    return 1 << max(0, spec.region_prefix_length - prefix) if prefix <= spec.region_prefix_length else 0


def region_block(spec: NetworkSpec, number: int) -> IPv4Network:
    """Return the block with *number*: its upper half is for pods, its lower half for nodes, Services and proxies."""
    supernet = IPv4Network(spec.supernet)
    size = 1 << (32 - spec.region_prefix_length)
    return IPv4Network((int(supernet.network_address) + number * size, spec.region_prefix_length))


def proxy_regions(config: Config) -> tuple[str, ...]:
    """Return the keys of the regions with a proxy-only subnet: each Google Cloud region that a gateway may be in."""
    keys = dict.fromkeys(map(config.first_beside, (*config.serving_regions, *config.gateway_regions)))
    return tuple(key for key in config.regions if key in keys)


def makes_nat(config: Config, key: str) -> bool:
    """
    Return whether region *key* gets a NAT of its own.

    In the platform's own network one is for all subnets of a Google Cloud region; in another one it is for a subnet of
    the platform alone, unless a router of others is there.
    """
    region, first = config.regions[key], config.regions[config.first_beside(key)]
    shares = region.beside is not None and config.existing.network is None
    others = region.existing.router or region.existing.subnet or first.existing.router
    return config.network.nat and others is None and not shares


def region_ranges(config: Config, key: str) -> RegionRanges:
    """
    Return the ranges of region *key*: those of the config, or parts of the block with the region's number.

    Beside another region, the proxies are that one's.
    """
    return replace(_own_ranges(config, key), proxy=_own_ranges(config, config.first_beside(key)).proxy)


def _own_ranges(config: Config, key: str) -> RegionRanges:
    region = config.regions[key]
    if region.cidrs is not None:
        given = region.cidrs
        return RegionRanges(
            nodes=IPv4Network(given.nodes),
            pods=IPv4Network(given.pods),
            services=IPv4Network(given.services),
            proxy=IPv4Network(given.proxy or UNUSED),
        )
    lower, pods = region_block(config.network, region.number).subnets(1)
    nodes, services, rest, *_ = lower.subnets(4)
    proxy = next(rest.subnets(new_prefix=PROXY_PREFIX_LENGTH))
    return RegionRanges(nodes=nodes, pods=pods, services=services, proxy=proxy)


def network_policy_plan(config: Config, key: str) -> NetworkPolicyPlan:
    """Return the pods, ports and proxies that the network policies of the cluster of region *key* name."""
    names = Names(config)
    return NetworkPolicyPlan(
        namespace=config.namespace,
        models={
            model.key: ModelPeers(
                server_labels=server_labels(names.model_server(model.key)),
                server_port=model.server.http_port,
                picker_labels=_picker_labels(model, names) if model.has_pool else None,
            )
            for model in models_in(config, key)
        },
        server_ports=_server_ports(config),
        picker_ports=(EXT_PROC_PORT, GRPC_HEALTH_PORT),
        picker_metrics_port=METRICS_PORT,
        proxies={other: str(region_ranges(config, other).proxy) for other in _calling_regions(config, key)},
        gateway_port=config.gateway.serving_port,
        router=_router(config, key),
        health_check_ranges=config.universe.health_check_ranges,
    )


def _picker_labels(model: Model, names: Names) -> dict[str, str]:
    return CHARTS[model.inference_pool.chart].picker_labels(names.inference_pool(model.key))


def _calling_regions(config: Config, key: str) -> tuple[str, ...]:
    """Return the regions whose proxies send requests to the servers of region *key*."""
    return (config.first_beside(key),) if config.is_regional else proxy_regions(config)


def _router(config: Config, key: str) -> RouterPeers | None:
    used = reads_bodies(config, key)
    return RouterPeers(labels=body_routing_chart.LABELS, ports=ROUTER_PORTS) if used else None


def server_ports(config: Config) -> tuple[int, ...]:
    """
    Return the ports of all model servers and endpoint pickers, which health checks and proxies reach.

    Regional gateways may have body-based routing: its ports stay open, so that no request fails while it is turned off.
    """
    router = ROUTER_PORTS if config.is_regional else ()
    return (*_server_ports(config), EXT_PROC_PORT, GRPC_HEALTH_PORT, *router)


def _server_ports(config: Config) -> tuple[int, ...]:
    remotes = {PROXY_PORT} if config.remotes else set()
    return tuple(sorted({model.server.http_port for model in config.models.values()} | remotes))
