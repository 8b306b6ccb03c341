"""Rules about clusters that are not one in a region: several in one region, and those that serve nothing."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.rules.rule import Rule, models


def _same_region(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        others = (other for other, one in config.regions.items() if one.region == region.region and one.beside is None)
        first = next(others, key)
        if region.beside is None and first != key:
            message = (
                f"must differ from that of {first} (one proxy-only subnet each), got {shown(region.region)} in both"
            )
            fix = f"give the cluster a region of its own, or write regions.{key}.beside: {first}"
            yield Problem(f"regions.{key}.region", message, fix)


def _beside(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        path, beside = f"regions.{key}.beside", region.beside
        if beside is None:
            continue
        others = [other for other, one in config.regions.items() if one.beside is None and other != key]
        if beside not in others:
            message = (
                f"must be the key of another region that is beside none ({', '.join(others)}), got {shown(beside)}"
            )
            yield Problem(path, message, nearest(beside, others) if others else "remove it")
        elif config.regions[beside].region != region.region:
            message = f"must be in {region.region} too, got {shown(beside)} in {config.regions[beside].region}"
            yield Problem(path, message, "remove it: each Google Cloud region needs a region of the file")
        else:
            yield from _unlike(key, beside, config)


def _unlike(key: str, beside: str, config: Config) -> Iterator[Problem]:
    """Yield what two serving clusters of one region must have in common: the gateway knows regions, not clusters."""
    one, other = config.regions[key], config.regions[beside]
    for setting in ("capacity_percent", "preferred") if one.serves and other.serves else ():
        value, wanted = getattr(one, setting), getattr(other, setting)
        if value != wanted:
            message = f"must be that of {beside}, which is in the same region ({shown(wanted)}), got {shown(value)}"
            yield Problem(f"regions.{key}.{setting}", message, f"write {shown(wanted)}")


def _serves(config: Config) -> Iterator[Problem]:
    for key, region in config.regions.items():
        if region.serves:
            continue
        path = f"regions.{key}.serves"
        if config.is_regional or not region.config_cluster:
            message = "must be true where the cluster holds no cross-region gateway, got false: it would do nothing"
            yield Problem(path, message, "remove the region, or give it config_cluster: true")
        if region.node_pools:
            message = f"must be left out where serves is false, got {', '.join(region.node_pools)}"
            yield Problem(f"regions.{key}.node_pools", message, "remove it")
    if config.regions and not config.serving_regions:
        first = next(iter(config.regions))
        yield Problem(f"regions.{first}.serves", "must be true in at least one region, got false in all", "remove it")


def _named(config: Config) -> Iterator[Problem]:
    for path, model in models(config):
        for index, key in enumerate(model.spec.regions):
            if key in config.regions and not config.regions[key].serves:
                message = f"must be a region that serves ({', '.join(config.serving_regions)}), got {shown(key)}"
                yield Problem(f"{path}.regions[{index}]", message, "remove it")
    for index, key in enumerate(config.gateway.regions if not config.is_regional else ()):
        beside = config.regions[key].beside if key in config.regions else None
        if beside is not None:
            message = f"must be the region that has the address of both, {beside}, got {shown(key)}"
            yield Problem(f"gateway.regions[{index}]", message, f"write {beside}")


RULES = (
    Rule(
        "REG-TWICE",
        "No two regions of the file are the same Google Cloud region",
        "A VPC has one active proxy-only subnet in a region, and the gateway has one address there.",
        "Google, Proxy-only subnets for Envoy-based load balancers",
        _same_region,
    ),
    Rule(
        "REG-BESIDE",
        "A second cluster in a Google Cloud region is beside the first, and has the same weight",
        "Both share what a VPC and a gateway have once in a region; scopes of the backend policy are for regions.",
        "CRD gcpbackendpolicies.networking.gke.io, spec.default.scopes[].selector",
        _beside,
    ),
    Rule(
        "REG-SERVES",
        "Only the config cluster may be without servers, and some region serves",
        "A cluster that neither serves nor holds the gateway costs money and does nothing.",
        "this library",
        _serves,
    ),
    Rule(
        "REG-NAMED",
        "A model's regions serve, and the gateway's have an address",
        "A cluster without accelerators runs no server; two clusters of a region share the address of the first.",
        "this library",
        _named,
    ),
)
