"""The network: the VPC, what each region has in it, who may talk to the nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from cdktf_cdktf_provider_google.project_service import ProjectService
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep

from constructs_lib.global_network import GlobalNetwork
from constructs_lib.network_plan import NetworkPlan, NetworkRegionPlan
from constructs_lib.specs import NetworkSpec
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

NODES = "nodes@my-project.iam.gserviceaccount.com"
US = NetworkRegionPlan(
    region="us-east5",
    node_subnet="gemma-nodes-us",
    proxy_subnet="gemma-proxy-us",
    nodes=IPv4Network("10.2.0.0/20"),
    pods=IPv4Network("10.3.0.0/16"),
    services=IPv4Network("10.2.16.0/20"),
    proxy=IPv4Network("10.2.32.0/23"),
    gateway_address="gemma-gateway-us",
    nat="gemma-nat-us",
)
EU = NetworkRegionPlan(
    region="europe-west4",
    node_subnet="gemma-nodes-eu",
    proxy_subnet="gemma-proxy-eu",
    nodes=IPv4Network("10.4.0.0/20"),
    pods=IPv4Network("10.5.0.0/16"),
    services=IPv4Network("10.4.16.0/20"),
    proxy=IPv4Network("10.4.32.0/23"),
    gateway_address="gemma-gateway-eu",
    nat="gemma-nat-eu",
)
PLAN = NetworkPlan(
    project="my-project",
    name="gemma-vpc",
    node_service_account=NODES,
    ports=(8000, 9002, 9003),
    settle_on_destroy_sec=180,
)


def build(spec: NetworkSpec | None = None, **regions: NetworkRegionPlan) -> Callable[[Any], GlobalNetwork]:
    """Build a network of *regions*, its firewall open for the model, with a wait on destroy."""

    def made(stack: Any) -> GlobalNetwork:
        google = GoogleProvider(stack, "google", project="my-project")
        api = ProjectService(stack, "compute", provider=google, service="compute.googleapis.com")
        network = GlobalNetwork(
            stack, "network", google=google, time=TimeProvider(stack, "time"), plan=PLAN, spec=spec or NetworkSpec(),
            after=[api],
        )  # fmt: skip
        for key, region in regions.items():
            network.add_region(key, region)
        return network

    return made


def named(app: Synthesized, kind: str, name: str) -> tuple[str, Block]:
    """Find address and block of the only resource of *kind* with that cloud name."""
    [(key, block)] = [(key, block) for key, block in app.named(kind).items() if block["name"] == name]
    return f"{kind}.{key.removeprefix('test/')}", block


def test_one_vpc_with_global_routes_and_no_subnets_of_its_own(synth: Synth) -> None:
    """It waits for the API and has the MTU that is given."""
    _, vpc = named(synth(build(NetworkSpec(mtu=1460))), "google_compute_network", "gemma-vpc")

    assert (vpc["auto_create_subnetworks"], vpc["routing_mode"], vpc["mtu"]) == (False, "GLOBAL", 1460)
    assert vpc["depends_on"] == ["google_project_service.compute"]


def test_it_can_do_without_anything_before_it(synth: Synth) -> None:
    """Where the API is on already."""

    def made(stack: Any) -> None:
        GlobalNetwork(
            stack, "network", google=GoogleProvider(stack, "google"), time=TimeProvider(stack, "time"), plan=PLAN,
            spec=NetworkSpec(),
        )  # fmt: skip

    assert "depends_on" not in synth(made).one("google_compute_network")


def test_each_region_has_a_node_subnet_with_explicit_ranges(synth: Synth) -> None:
    """Nodes in the primary range, pods and Services in named secondary ones, Google's APIs reached privately."""
    app = synth(build(us=US, eu=EU))
    vpc, _ = named(app, "google_compute_network", "gemma-vpc")
    _, subnet = named(app, "google_compute_subnetwork", "gemma-nodes-us")

    assert (subnet["region"], subnet["ip_cidr_range"]) == ("us-east5", "10.2.0.0/20")
    assert subnet["secondary_ip_range"] == [
        {"range_name": "pods", "ip_cidr_range": "10.3.0.0/16"},
        {"range_name": "services", "ip_cidr_range": "10.2.16.0/20"},
    ]
    assert subnet["private_ip_google_access"] is True
    assert subnet["network"] == f"${{{vpc}.id}}"


def test_flow_logs_are_off_until_asked_for_and_name_the_pods(synth: Synth) -> None:
    """They cost money by the GiB; the share that is asked for is sampled in the node subnets."""
    _, quiet = named(synth(build(us=US)), "google_compute_subnetwork", "gemma-nodes-us")
    _, told = named(
        synth(build(NetworkSpec(flow_logs_percent=25), us=US)), "google_compute_subnetwork", "gemma-nodes-us"
    )

    assert "log_config" not in quiet
    assert told["log_config"] == {
        "flow_sampling": 0.25,
        "aggregation_interval": "INTERVAL_30_SEC",
        "metadata": "INCLUDE_ALL_METADATA",
    }


@pytest.mark.parametrize(
    ("wanted", "block"),
    [
        ("ERRORS_ONLY", {"enable": True, "filter": "ERRORS_ONLY"}),
        ("ALL", {"enable": True, "filter": "ALL"}),
        ("NONE", {"enable": False, "filter": "ALL"}),
    ],
)
def test_the_nat_logs_what_is_asked_for(synth: Synth, wanted: Any, block: Block) -> None:
    """By default the packets that it had to drop."""
    spec = NetworkSpec() if wanted == "ERRORS_ONLY" else NetworkSpec(nat_logs=wanted)

    assert synth(build(spec, us=US)).one("google_compute_router_nat")["log_config"] == block


def test_each_region_has_a_proxy_only_subnet_for_cross_region_gateways(synth: Synth) -> None:
    """Global, managed, active."""
    _, subnet = named(synth(build(us=US, eu=EU)), "google_compute_subnetwork", "gemma-proxy-eu")

    assert (subnet["region"], subnet["ip_cidr_range"]) == ("europe-west4", "10.4.32.0/23")
    assert (subnet["purpose"], subnet["role"]) == ("GLOBAL_MANAGED_PROXY", "ACTIVE")
    assert "secondary_ip_range" not in subnet


def test_a_named_address_is_internal_and_in_the_node_subnet(synth: Synth) -> None:
    """A proxy-only subnet could not hold it."""
    app = synth(build(us=US))
    subnet, _ = named(app, "google_compute_subnetwork", "gemma-nodes-us")
    _, address = named(app, "google_compute_address", "gemma-gateway-us")

    assert (address["address_type"], address["region"]) == ("INTERNAL", "us-east5")
    assert address["subnetwork"] == f"${{{subnet}.id}}"


def test_a_region_without_a_named_address_has_none(synth: Synth) -> None:
    """And says so to the one who adds it."""
    given: list[object] = []

    def made(stack: Any) -> None:
        network = build()(stack)
        given.append(network.add_region("us", US).gateway_address)
        given.append(network.add_region("eu", replace(EU, gateway_address=None)).gateway_address)

    app = synth(made)

    assert [block["name"] for block in app.all("google_compute_address")] == ["gemma-gateway-us"]
    assert (given[0] is None, given[1] is None) == (False, True)


def test_private_nodes_go_out_through_the_nat_of_their_region(synth: Synth) -> None:
    """Whatever subnet of ours is there, ports as they are needed, errors logged."""
    app = synth(build(us=US))
    router, _ = named(app, "google_compute_router", "gemma-nat-us")
    _, nat = named(app, "google_compute_router_nat", "gemma-nat-us")

    assert nat["router"] == f"${{{router}.name}}"
    assert nat["source_subnetwork_ip_ranges_to_nat"] == "ALL_SUBNETWORKS_ALL_IP_RANGES"
    assert (nat["nat_ip_allocate_option"], nat["enable_dynamic_port_allocation"]) == ("AUTO_ONLY", True)
    assert nat["enable_endpoint_independent_mapping"] is False, "dynamic ports exclude it"
    assert nat["log_config"] == {"enable": True, "filter": "ERRORS_ONLY"}


def test_nat_can_be_left_out(synth: Synth) -> None:
    """In one region and not in another."""
    app = synth(build(us=US, eu=replace(EU, nat=None)))

    assert [block["name"] for block in app.all("google_compute_router")] == ["gemma-nat-us"]
    assert [block["name"] for block in app.all("google_compute_router_nat")] == ["gemma-nat-us"]


def test_the_nodes_subnet_is_the_first_to_go_of_a_region(synth: Synth) -> None:
    """Google keeps it while a cluster is in it, and what it needs stays with it: rules, NAT, proxies."""
    app = synth(build(us=US, eu=EU))
    _, subnet = named(app, "google_compute_subnetwork", "gemma-nodes-eu")
    kept = [("compute_firewall", "gemma-vpc-allow-proxies-eu"), ("compute_firewall", "gemma-vpc-allow-nodes-eu"),
            ("compute_router_nat", "gemma-nat-eu"), ("compute_subnetwork", "gemma-proxy-eu")]  # fmt: skip

    assert set(subnet["depends_on"]) == {named(app, f"google_{kind}", name)[0] for kind, name in kept}


def test_google_s_probes_reach_the_given_ports_of_our_nodes(synth: Synth) -> None:
    """One rule for all regions, from the two ranges that Google publishes."""
    _, rule = named(synth(build(us=US)), "google_compute_firewall", "gemma-vpc-allow-health-checks")

    assert rule["source_ranges"] == ["130.211.0.0/22", "35.191.0.0/16"]
    assert rule["allow"] == [{"protocol": "tcp", "ports": ["8000", "9002", "9003"]}]
    assert (rule["direction"], rule["target_service_accounts"]) == ("INGRESS", [NODES])


def test_each_region_has_two_rules_of_its_own(synth: Synth) -> None:
    """Its proxies reach the model everywhere, its nodes and pods reach each other; Services are no source."""
    app = synth(build(us=US, eu=EU))
    _, proxies = named(app, "google_compute_firewall", "gemma-vpc-allow-proxies-eu")
    _, nodes = named(app, "google_compute_firewall", "gemma-vpc-allow-nodes-eu")

    assert proxies["source_ranges"] == ["10.4.32.0/23"]
    assert proxies["allow"] == [{"protocol": "tcp", "ports": ["8000", "9002", "9003"]}]
    assert nodes["source_ranges"] == ["10.4.0.0/20", "10.5.0.0/16"]
    assert nodes["allow"] == [{"protocol": "tcp"}, {"protocol": "udp"}, {"protocol": "icmp"}]
    assert {rule["target_service_accounts"][0] for rule in app.all("google_compute_firewall")} == {NODES}
    assert len(app.all("google_compute_firewall")) == 5


def test_one_region_more_changes_no_other(synth: Synth) -> None:
    """Each resource but the wait is the same with and without a second region."""
    one, two = synth(build(us=US)), synth(build(us=US, eu=EU))

    for kind, blocks in one.stacks["test"]["resource"].items():
        if kind != "time_sleep":
            assert blocks.items() <= two.stacks["test"]["resource"][kind].items()


def test_on_destroy_it_waits_before_subnets_and_network_go(synth: Synth) -> None:
    """Endpoint groups are collected late; nothing depends on the wait, so it is the first to go."""
    app = synth(build(us=US, eu=EU))
    wait = app.one("time_sleep")
    subnets = {f"google_compute_subnetwork.{key.split('/')[1]}" for key in app.named("google_compute_subnetwork")}

    assert wait["destroy_duration"] == "180s"
    assert "create_duration" not in wait
    assert set(wait["depends_on"]) == {"google_compute_network.network", *subnets}
    assert len(subnets) == 4


@pytest.mark.parametrize("keys", [("settle",), ("health-checks",), ("us", "allow-us")])
def test_region_keys_are_free_to_choose(synth: Synth, keys: tuple[str, ...]) -> None:
    """No key of a region collides with a part of the network or of another region."""
    regions: dict[str, Any] = dict(zip(keys, (US, EU), strict=False))

    assert len(synth(build(**regions)).all("google_compute_router")) == len(keys)


def test_a_region_that_comes_last_is_waited_for_too(synth: Synth) -> None:
    """Whatever is made between two regions: firewall, edges and the wait are those of two at once."""

    def late(stack: Any) -> None:
        network = build(us=US)(stack)
        assert list(network.regions) == ["us"]
        Sleep(network, "of-somebody-else", destroy_duration="1s", depends_on=network.regions["us"].subnets)
        network.add_region("eu", EU)

    added = synth(late).stacks["test"]["resource"]
    other = [name for name in added["time_sleep"] if "of-somebody-else" in name]
    for name in other:
        del added["time_sleep"][name]

    assert len(other) == 1
    assert added == synth(build(us=US, eu=EU)).stacks["test"]["resource"]


def test_a_network_without_ports_is_refused() -> None:
    """A firewall rule without ports would open all of them."""
    with pytest.raises(ValueError, match=r"^ports must name at least one port, got none$"):
        replace(PLAN, ports=())
