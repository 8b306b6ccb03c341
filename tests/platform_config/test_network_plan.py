"""Ranges: a numbered block of the supernet for each region, or as given."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest

from constructs_lib.manifests.network_policies import network_policies
from constructs_lib.specs import NetworkSpec
from platform_config.network_plan import (
    RegionRanges,
    block_count,
    network_policy_plan,
    region_block,
    region_ranges,
    server_ports,
)
from tests.configs import config


def parts(ranges: RegionRanges) -> list[IPv4Network]:
    """Return all four."""
    return [ranges.nodes, ranges.services, ranges.proxy, ranges.pods]


@pytest.mark.parametrize(
    ("supernet", "prefix", "count"),
    [("10.0.0.0/8", 15, 128), ("10.0.0.0/8", 13, 32), ("10.0.0.0/15", 15, 1), ("172.16.0.0/12", 18, 64)],
)
def test_a_supernet_has_room_for_so_many_regions(supernet: str, prefix: int, count: int) -> None:
    """A power of two."""
    assert block_count(NetworkSpec(supernet=supernet, region_prefix_length=prefix)) == count


def test_a_supernet_that_is_smaller_than_a_block_has_room_for_none() -> None:
    """Instead of a fraction."""
    assert block_count(NetworkSpec(supernet="10.0.0.0/16", region_prefix_length=15)) == 0


def test_a_block_is_found_by_its_number() -> None:
    """The first is 0."""
    spec = NetworkSpec(supernet="10.0.0.0/8")

    assert region_block(spec, 0) == IPv4Network("10.0.0.0/15")
    assert region_block(spec, 1) == IPv4Network("10.2.0.0/15")
    assert region_block(spec, 127) == IPv4Network("10.254.0.0/15")


def test_half_of_a_block_is_for_pods() -> None:
    """Nodes, Services and the proxies share the other half; a quarter of that is spare."""
    ranges = region_ranges(config(), "us")

    assert ranges.nodes == IPv4Network("10.2.0.0/20")
    assert ranges.services == IPv4Network("10.2.16.0/20")
    assert ranges.proxy == IPv4Network("10.2.32.0/23")
    assert ranges.pods == IPv4Network("10.3.0.0/16")


@pytest.mark.parametrize("prefix", range(13, 19))
def test_ranges_of_every_size_of_block_are_apart_and_inside(prefix: int) -> None:
    """No two overlap, in one region or two; the proxies always have a /23."""
    made = config(network__region_prefix_length=prefix)
    both = [(key, part) for key in ("us", "eu") for part in parts(region_ranges(made, key))]

    assert not any(one.overlaps(two) for (_, one), (_, two) in combinations(both, 2))
    for key, part in both:
        assert part.subnet_of(region_block(made.network, made.regions[key].number))
    assert region_ranges(made, "us").proxy.prefixlen == 23


def test_ranges_that_are_given_win() -> None:
    """All four of them, in that region only."""
    cidrs = {"nodes": "172.16.0.0/22", "pods": "172.20.0.0/16", "services": "172.16.16.0/20", "proxy": "172.16.8.0/26"}
    made = config(regions__eu__cidrs=cidrs)

    assert region_ranges(made, "eu").named("eu") == {f"{name} of eu": IPv4Network(cidrs[name]) for name in cidrs}
    assert region_ranges(made, "us") == region_ranges(config(), "us")


def test_ranges_depend_on_nothing_but_the_number() -> None:
    """Another region before it changes nothing; another number does."""
    asia = {"number": 0, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}

    assert region_ranges(config(regions__asia=asia), "us") == region_ranges(config(), "us")
    assert region_ranges(config(regions__us__number=5), "us").nodes == IPv4Network("10.10.0.0/20")


def test_a_regional_gateway_calls_its_own_cluster_alone() -> None:
    """Its policies name the proxies of its own region; those of a cross-region gateway name all of them."""
    assert [*network_policy_plan(config(), "us").proxies] == ["us", "eu"]
    assert [*network_policy_plan(config(gateway__scope="regional"), "us").proxies] == ["us"]


@pytest.mark.parametrize(
    ("gateway", "port"),
    [
        ({}, 80),
        ({"port": 8080}, 8080),
        ({"tls": {"hosts": ["llm.example.com"]}}, 443),
        ({"port": 8080, "tls": {"hosts": ["llm.example.com"], "port": 8443, "redirect": False}}, 8443),
    ],
)
def test_the_drill_may_send_to_the_port_that_models_are_served_at(gateway: dict[str, Any], port: int) -> None:
    """That of HTTPS where there is TLS: by HTTP there is a redirect at most."""
    made = config(gateway__scope="regional", **{f"gateway__{name}": value for name, value in gateway.items()})
    drill = network_policies(network_policy_plan(made, "us"))["drill"]

    assert drill["spec"]["egress"] == [{"ports": [{"protocol": "TCP", "port": port}]}]


def test_ports_of_body_routing_are_open_wherever_it_may_be_turned_off() -> None:
    """The firewall is applied before the gateway, which still sends bodies there until its routes have changed."""
    regional = {"gateway__scope": "regional"}

    assert server_ports(config()) == (8000, 9002, 9003)
    assert server_ports(config(**regional)) == (8000, 9002, 9003, 9004, 9005)
    assert server_ports(config(**regional, gateway__body_routing={})) == server_ports(config(**regional))


def test_pods_that_read_bodies_have_a_policy_where_a_model_is_found_by_name() -> None:
    """Where all models of a region have addresses, there are none."""
    made = config(gateway__scope="regional", gateway__body_routing={})
    router = network_policy_plan(made, "us").router

    assert router is not None
    assert (router.labels, router.ports) == ({"app": "body-based-router"}, (9004, 9005))
    addressed = config(gateway__scope="regional", gateway__body_routing={}, models__gemma__address={"path": "/gemma"})
    assert network_policy_plan(addressed, "us").router is None
