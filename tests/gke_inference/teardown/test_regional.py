"""The teardown of regional gateways: its order, their load balancers, and what they have beside these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gke_inference.findings import Status
from gke_inference.teardown.findings import NOTHING
from gke_inference.teardown.order import read_order
from platform_config.stack_graph import (
    ACCESS_STACK,
    GATEWAY_STACKS,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    base_stack,
    cluster_stack,
    needed_stacks,
    serving_stack,
)
from tests.configs import REGIONAL, REGIONAL_PUBLIC, config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import add_gateway, remaining, sweeper_of, synth_documents, write_synth

GUARDED: dict[str, Any] = {
    **REGIONAL,
    "gateway__tls": {"hosts": ["gemma.example.com"]},
    "gateway__model_armor": {"models": {"gemma": {"dangerous": "HIGH"}}},
}
PLACES = (("us-east5", "us-east5-b"), ("europe-west4", "europe-west4-a"))


def add_gateways(cloud: TeardownCloud, network: str = "") -> list[str]:
    """Add the load balancer of a gateway in each region."""
    return [
        path
        for region, zone in PLACES
        for path in add_gateway(
            cloud, place=f"regions/{region}", prefix=f"gkegw1-{region[:2]}x5", zones=(zone,), network=network
        )
    ]


def test_gateways_go_first_and_clusters_last(tmp_path: Path) -> None:
    """Each region's gateway before its servers; what workloads may do goes before the clusters, as a fleet would."""
    made = config(**REGIONAL)
    written = write_synth(tmp_path / "out", needs=needed_stacks(made), documents=synth_documents(made))
    order = read_order(made, written)

    assert order.stacks == (
        OBSERVABILITY_STACK, f"{GATEWAY_STACKS}us", f"{GATEWAY_STACKS}eu", serving_stack("us"), serving_stack("eu"),
        WEIGHTS_STACK, base_stack("us"), base_stack("eu"), ACCESS_STACK, cluster_stack("us"), cluster_stack("eu"),
        NETWORK_STACK,
    )  # fmt: skip
    assert order.dependents(serving_stack("us")) == (f"{GATEWAY_STACKS}us",)


def test_the_load_balancers_of_all_regions_are_waited_for_and_swept(
    cloud: TeardownCloud, stand_in: GoogleStandIn
) -> None:
    """With the firewall rules of their proxies; those of another platform in the project stay, whatever their names."""
    foreign = add_gateway(
        cloud, name="llama", network="llama-vpc", place="regions/us-east5", prefix="gkegw1-usx5", zones=("us-east5-b",)
    )
    own = add_gateways(cloud)
    rules = [cloud.add(f"global/firewalls/gkegw1-l7-gemma-vpc-{region}") for region, _ in PLACES]
    sweeper = sweeper_of(stand_in)

    waited_for = {one.path for one in sweeper.network.contents().load_balancer}
    sweeper.sweep()

    assert waited_for >= {path for path in own if "serve404" not in path}
    assert not waited_for & {path for path in foreign if "serve404" not in path}
    assert {path for path in cloud.items if "serve404" not in path} == {
        path for path in foreign if "serve404" not in path
    }
    assert set(rules) <= set(sweeper.deleted)
    assert sweeper.problems == {}


def test_a_project_without_a_fleet_is_not_asked_for_one(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Its API may be off. What a gateway has beside its load balancer is asked for as far as the config has it."""
    plain = [one.id for one in remaining(stand_in, config=config(**REGIONAL))]
    guarded = remaining(stand_in, config=config(**GUARDED))

    assert "LEFT-FLEET" not in plain
    assert not any(request.method.startswith("gkehub") for request in stand_in.requests)
    assert [one.id for one in guarded if one.id not in plain] == ["LEFT-CERTIFICATE", "LEFT-TEMPLATE", "LEFT-EXTENSION"]
    assert {one.found for one in guarded} == {NOTHING}


def test_what_gateways_leave_is_reported_by_its_name(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """And nothing of other platforms: neither longer names, nor extensions of other gateways."""
    us, eu = (cloud.path(f"locations/{region}") for region, _ in PLACES)
    for name in ("gemma-us-tls", "gemma-us-tls-more", "llama-us-tls"):
        cloud.add(f"regions/us-east5/sslPolicies/{name}")
    for name in ("gemma-eu-limits", "llama-eu-limits"):
        cloud.add(f"regions/europe-west4/securityPolicies/{name}")
    cloud.add("regions/us-east5/addresses/gemma-gateway-us", addressType="EXTERNAL")
    cloud.beside = {
        "certificates": [f"{us}/certificates/gemma-us-tls-0a1b", f"{us}/certificates/gemma-us-tls-x-0a1b"],
        "dnsAuthorizations": [f"{eu}/dnsAuthorizations/gemma-eu-tls-2c3d", f"{eu}/dnsAuthorizations/by-hand"],
        "lbTrafficExtensions": [
            f"{us}/lbTrafficExtensions/gkegw1-pzx5-inference-gemma-gateway-0a1b",
            f"{us}/lbTrafficExtensions/gkegw1-pzx5-inference-llama-gateway-0a1b",
        ],
    }
    cloud.templates = {f"{eu}/templates/gemma-prompts-gemma", f"{eu}/templates/gemma-prompts-other"}
    state = f"{cloud.path('regions/us-east5')}/sslPolicies/gemma-us-tls"

    found = remaining(stand_in, config=config(**GUARDED), in_states=frozenset({state}))

    assert {one.found: one.fix for one in found if one.status == Status.WRONG} == {
        "address gemma-gateway-us": "look, then: gcloud compute addresses delete "
        f"{cloud.path('regions/us-east5/addresses/gemma-gateway-us')}",
        "TLS policy gemma-us-tls": f"destroy {GATEWAY_STACKS}us, see above",
        "Cloud Armor policy gemma-eu-limits": "look, then: gcloud compute security-policies delete gemma-eu-limits "
        "--region=europe-west4",
        "certificate gemma-us-tls-0a1b": "look, then: gcloud certificate-manager certificates delete gemma-us-tls-0a1b "
        "--location=us-east5",
        "DNS authorization gemma-eu-tls-2c3d": "look, then: gcloud certificate-manager dns-authorizations delete "
        "gemma-eu-tls-2c3d --location=europe-west4",
        "template gemma-prompts-gemma in europe-west4": "look, then: gcloud model-armor templates delete "
        "gemma-prompts-gemma --location=europe-west4",
        "extension gkegw1-pzx5-inference-gemma-gateway-0a1b": "look, then: gcloud service-extensions "
        "lb-traffic-extensions delete gkegw1-pzx5-inference-gemma-gateway-0a1b --location=us-east5",
    }


def test_a_public_address_is_found_by_its_name(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """It is in no subnet and in no network."""
    path = cloud.add("regions/us-east5/addresses/gemma-gateway-us", addressType="EXTERNAL")
    del cloud.items[path]["network"]
    found = remaining(stand_in, config=config(**REGIONAL_PUBLIC))

    assert [one.found for one in found if one.status == Status.WRONG] == ["address gemma-gateway-us"]
