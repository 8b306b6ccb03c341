"""The network stack: services, VPC, bucket, the nodes' identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.requirements import FLEET_SERVICES, SERVICES
from platform_config.stack_graph import NETWORK_STACK
from tests.configs import REGIONAL, REGIONAL_PUBLIC, config
from tests.synthesized import Block, Synthesized

STACK = NETWORK_STACK


def alone(folder: Path, **changes: Any) -> Synthesized:
    """Synthesize this stack by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.infra_network import InfraNetworkStack

    app = App(outdir=str(folder))
    InfraNetworkStack(app, STACK, config=config(**changes))
    app.synth()
    return Synthesized(folder)


def services(app: Synthesized) -> set[str]:
    """List the APIs that are enabled."""
    return {block["service"].removesuffix(".googleapis.com") for block in app.all("google_project_service", STACK)}


def outputs(app: Synthesized) -> Block:
    """Read the values of the outputs."""
    return {name: output["value"] for name, output in app.stacks[STACK]["output"].items()}


def test_every_service_of_the_platform_is_on(platform: Synthesized) -> None:
    """The codelab's and those that it forgets."""
    assert services(platform) == {*SERVICES, *FLEET_SERVICES, "secretmanager"}
    assert {"networkservices", "autoscaling", "iam", "monitoring", "cloudresourcemanager"} <= services(platform)


def test_services_of_settings_are_on_only_with_them(tmp_path: Path) -> None:
    """Secret Manager with a token in it, multi-cluster Services where they are wanted."""
    token = {"kubernetes_secret": {"name": "hf", "key": "token"}}
    app = alone(tmp_path, service_discovery=True, models__gemma__weights__hugging_face_token=token)

    assert services(app) == {*SERVICES, *FLEET_SERVICES, "multiclusterservicediscovery"}


def test_regional_gateways_need_no_service_of_a_fleet(tmp_path: Path) -> None:
    """What nothing needs is not turned on."""
    assert services(alone(tmp_path, **REGIONAL)) == {*SERVICES, "secretmanager"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (REGIONAL, {"address_type": "INTERNAL", "purpose": "SHARED_LOADBALANCER_VIP"}),
        (REGIONAL_PUBLIC, {"address_type": "EXTERNAL", "network_tier": "PREMIUM"}),
    ],
    ids=["internal", "public"],
)
def test_regional_gateways_have_proxies_and_an_address_of_their_kind(
    tmp_path: Path, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    """An internal address may have HTTP and HTTPS at once; a public one is in no subnet."""
    app = alone(tmp_path, **changes)
    proxies = [one for one in app.all("google_compute_subnetwork") if one.get("purpose")]
    addresses = app.all("google_compute_address")

    assert {(one["purpose"], one["role"]) for one in proxies} == {("REGIONAL_MANAGED_PROXY", "ACTIVE")}
    assert len(proxies) == len(addresses) == 2
    for address in addresses:
        assert expected.items() <= address.items()
        assert ("subnetwork" in address) == (expected["address_type"] == "INTERNAL")


def test_images_are_streamed_by_a_service_and_a_role_of_the_nodes(tmp_path: Path) -> None:
    """Both are there as soon as one pool of one region streams."""
    pools = {"tpu": {"machine_type": "ct6e-standard-4t", "image_streaming": True}}
    app = alone(tmp_path, regions__eu__node_pools=pools)

    assert "containerfilesystem" in services(app)
    assert "roles/serviceusage.serviceUsageConsumer" in {
        block["role"] for block in app.all("google_project_iam_member", STACK)
    }


def test_all_that_is_made_comes_after_the_services(platform: Synthesized) -> None:
    """An API that is not on yet refuses everything."""
    apis = {f"google_project_service.{key.split('/')[1]}" for key in platform.named("google_project_service", STACK)}

    for kind in ("google_compute_network", "google_service_account", "google_storage_bucket"):
        assert set(platform.one(kind, STACK)["depends_on"]) == apis


def test_the_bucket_is_the_config_s(tmp_path: Path) -> None:
    """Its name, and where it is."""
    app = alone(tmp_path, bucket={"location": "us-east5", "name": "my-bucket", "force_destroy": True})
    bucket = app.one("google_storage_bucket", STACK)

    assert (bucket["name"], bucket["location"], bucket["force_destroy"]) == ("my-bucket", "US-EAST5", True)
    assert outputs(app)["model_bucket"] == "gs://my-bucket"


def test_the_firewall_opens_the_server_s_port_to_the_nodes_identity(tmp_path: Path) -> None:
    """And the endpoint picker's two; the identity by reference."""
    app = alone(tmp_path, models__gemma__server__port=9000)
    rules = app.all("google_compute_firewall", STACK)

    assert {rule["target_service_accounts"][0] for rule in rules} == {"${google_service_account.nodes.email}"}
    for rule in rules:
        if "nodes" not in rule["name"]:
            assert rule["allow"] == [{"protocol": "tcp", "ports": ["9000", "9002", "9003"]}]


def test_each_region_has_its_reserved_address_as_output(platform: Synthesized) -> None:
    """By key; the value is the address itself."""
    addresses = {block["name"]: key.split("/")[1] for key, block in platform.named("google_compute_address").items()}

    assert outputs(platform) == {
        "gateway_address_us": f"${{google_compute_address.{addresses['gemma-gateway-us']}.address}}",
        "gateway_address_eu": f"${{google_compute_address.{addresses['gemma-gateway-eu']}.address}}",
        "model_bucket": "gs://my-project-id-gemma-weights",
        "node_service_account": "${google_service_account.nodes.email}",
    }


@pytest.mark.parametrize(
    ("changes", "reserved"),
    [({"gateway__addresses": "ephemeral"}, set()), ({"gateway__regions": ["eu"]}, {"gateway_address_eu"})],
)
def test_addresses_are_reserved_only_where_the_gateway_has_named_ones(
    tmp_path: Path, changes: dict[str, Any], reserved: set[str]
) -> None:
    """The proxies are in every region all the same: each may be given an address later."""
    app = alone(tmp_path, **changes)

    assert {name for name in outputs(app) if name.startswith("gateway_address")} == reserved
    assert len(app.all("google_compute_address", STACK)) == len(reserved)
    assert [block["purpose"] for block in app.all("google_compute_subnetwork") if "purpose" in block] == [
        "GLOBAL_MANAGED_PROXY"
    ] * 2


def test_an_output_has_no_hyphen(tmp_path: Path) -> None:
    """Shells and other tools take it as it is."""
    asia = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}

    assert "gateway_address_asia_1" in outputs(alone(tmp_path, **{"regions__asia-1": asia}))


@pytest.mark.parametrize(
    ("changes", "count"),
    [({}, 2), ({"network__nat": False}, 0), ({"cluster__private_nodes": False}, 2)],
)
def test_nat_goes_by_its_own_setting_alone(tmp_path: Path, changes: dict[str, Any], count: int) -> None:
    """This stack is applied before the pools: nodes that are private still would lose their way out."""
    assert len(alone(tmp_path, **changes).all("google_compute_router_nat", STACK)) == count


def test_a_destroy_waits_three_minutes_for_endpoint_groups(platform: Synthesized) -> None:
    """Before subnets and network go."""
    assert platform.one("time_sleep", STACK)["destroy_duration"] == "180s"
    assert len(platform.one("time_sleep", STACK)["depends_on"]) == 5


def test_mtu_and_ranges_are_the_config_s(tmp_path: Path) -> None:
    """As given."""
    cidrs = {"nodes": "172.16.0.0/22", "pods": "172.20.0.0/16", "services": "172.16.16.0/20", "proxy": "172.16.8.0/23"}
    app = alone(tmp_path, network__mtu=1460, regions__eu__cidrs=cidrs)
    ranges = {block["name"]: block["ip_cidr_range"] for block in app.all("google_compute_subnetwork", STACK)}

    assert app.one("google_compute_network", STACK)["mtu"] == 1460
    assert (ranges["gemma-nodes-eu"], ranges["gemma-proxy-eu"]) == ("172.16.0.0/22", "172.16.8.0/23")
    assert (ranges["gemma-nodes-us"], ranges["gemma-proxy-us"]) == ("10.2.0.0/20", "10.2.32.0/23")
