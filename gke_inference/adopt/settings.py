"""The settings by which a platform uses what exists, from how Google describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gke_inference.adopt.google_types import (
    ACCOUNT,
    ADDRESS,
    BUCKET,
    CLUSTER,
    FIREWALL,
    MEMBERSHIP,
    NETWORK,
    ROUTER,
    SUBNET,
)
from gke_inference.load_balancer import path_of
from platform_config.config import Config
from platform_config.network_plan import region_ranges

Settings = dict[str, Any]
Live = Mapping[str, Any]
PRIVATE = "PRIVATE"
"""Purpose of a subnet for nodes; Google leaves it out now and then."""


def existing_settings(config: Config, type_: str, where: str, live: Live) -> Settings:
    """
    Return the settings by which the platform uses *live* in place of its own resource of *type_*; none if it cannot.

    Args:
        config: The platform.
        type_: Type in Terraform.
        where: Key of the region; empty for what all regions share.
        live: The resource as Google describes it.
    """
    section = f"regions.{where}.existing"
    if type_ == NETWORK:
        return network_settings(config, path_of(live["selfLink"]))
    if type_ == SUBNET and live.get("purpose", PRIVATE) == PRIVATE:
        return subnet_settings(config, where, live)
    if type_ == SUBNET:
        return proxy_settings(where, live)
    if type_ in (ADDRESS, ROUTER):
        return {f"{section}.{'router' if type_ == ROUTER else 'gateway_address'}": live["name"]}
    if type_ in (CLUSTER, MEMBERSHIP):
        return {f"{section}.{'cluster' if type_ == CLUSTER else 'membership'}": cluster_path_of(live)}
    found: dict[str, Settings] = {
        BUCKET: {"existing.bucket": live.get("name"), "bucket.location": live.get("location")},
        ACCOUNT: {"existing.node_service_account": live.get("email")},
        FIREWALL: {"existing.firewall": True},
    }
    return found.get(type_, {})


def network_settings(config: Config, path: str) -> Settings:
    """Return what uses the VPC at *path*: its name, or its full name where another project shares it."""
    _, project, _, _, name = path.split("/")
    return {"existing.network": name if project == config.project else path}


def subnet_settings(config: Config, key: str, subnet: Live, cluster: Live | None = None) -> Settings:
    """
    Return what uses *subnet* for the nodes of region *key*, with its ranges, which the YAML must repeat.

    Its secondary ranges are those of *cluster*, or by their names, or the larger one is for pods.
    """
    ranges = {one["rangeName"]: one["ipCidrRange"] for one in subnet.get("secondaryIpRanges", ())}
    pods, services = _range_names(ranges, (cluster or {}).get("ipAllocationPolicy", {}))
    section, own = f"regions.{key}", region_ranges(config, key)
    return {
        f"{section}.cidrs.nodes": subnet["ipCidrRange"],
        f"{section}.cidrs.pods": ranges.get(pods, str(own.pods)),
        f"{section}.cidrs.services": ranges.get(services, str(own.services)),
        f"{section}.cidrs.proxy": str(own.proxy),
        f"{section}.existing.subnet": subnet["name"],
        f"{section}.existing.pods_range": pods,
        f"{section}.existing.services_range": services,
    }


def proxy_settings(key: str, subnet: Live) -> Settings:
    """Return what uses the proxy-only *subnet* in region *key*."""
    return {
        f"regions.{key}.cidrs.proxy": subnet["ipCidrRange"],
        f"regions.{key}.existing.proxy_subnet": subnet["name"],
    }


def cluster_path_of(live: Live) -> str:
    """Return the full name of a cluster, whose own name is short, or of a membership."""
    if "selfLink" not in live:
        return str(live["name"])
    path = path_of(live["selfLink"])
    return path.replace("/zones/", "/locations/").replace("/regions/", "/locations/")


def _range_names(ranges: Mapping[str, str], policy: Live) -> tuple[str, str]:
    """Return the names of the ranges for pods and for Services."""
    if "clusterSecondaryRangeName" in policy:
        return str(policy["clusterSecondaryRangeName"]), str(policy["servicesSecondaryRangeName"])
    names = sorted(ranges, key=lambda name: (int(ranges[name].partition("/")[2]), name))
    services = next((name for name in names if "service" in name), "")
    pods = next((name for name in names if name != services), "pods")
    return pods, services or next((name for name in names if name != pods), "services")
