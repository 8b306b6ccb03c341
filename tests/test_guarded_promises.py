"""What the platforms of config/guarded.yaml and config/public.yaml guarantee, one promise a test."""

from __future__ import annotations

import json

import pytest

from platform_config.stack_graph import GATEWAY_STACKS, NETWORK_STACK
from tests.conftest import Platforms
from tests.synthesized import Synthesized

GATEWAYS = (f"{GATEWAY_STACKS}eu", f"{GATEWAY_STACKS}us")


@pytest.fixture(name="guarded")
def _guarded(every_platform: Platforms) -> Synthesized:
    return every_platform["guarded"][1]


@pytest.fixture(name="public")
def _public(every_platform: Platforms) -> Synthesized:
    return every_platform["public"][1]


def test_each_region_has_a_gateway_on_its_own_servers_and_nothing_of_a_fleet(guarded: Synthesized) -> None:
    """A region that is lost takes no other with it."""
    for stack in GATEWAYS:
        gateway = guarded.object("Gateway", stack)
        backends = [
            backend
            for route in guarded.objects("HTTPRoute", stack)
            for rule in route["spec"]["rules"]
            for backend in rule.get("backendRefs", [])
        ]
        assert gateway["spec"]["gatewayClassName"] == "gke-l7-rilb"
        assert {backend["kind"] for backend in backends} == {"InferencePool"}
    assert guarded.all("google_gke_hub_membership") == guarded.all("kubernetes_annotations") == []


def test_every_name_that_clients_may_send_is_screened(guarded: Synthesized) -> None:
    """By a template in the region of the gateway that calls it, and a request that cannot be screened is refused."""
    for stack, region in zip(GATEWAYS, ("europe-west4", "us-east4"), strict=True):
        [chain] = guarded.object("GCPTrafficExtension", stack)["spec"]["extensionChains"]
        [screening] = chain["extensions"]
        settings = json.loads(screening["metadata"]["model_armor_settings"])

        assert {row["model"] for row in settings} == {"Llama-3.1-8B-Instruct", "food-review-1", "Qwen3-8B"}
        assert all(f"/locations/{region}/templates/" in row["user_prompt_template_id"] for row in settings)
        assert {block["location"] for block in guarded.all("google_model_armor_template", stack)} == {region}
        assert screening["failOpen"] is False


def test_no_other_path_leads_to_a_model(guarded: Synthesized) -> None:
    """Model servers take prompts at paths that Model Armor does not screen."""
    for stack in GATEWAYS:
        routes = [route["spec"]["rules"] for route in guarded.objects("HTTPRoute", stack)]
        served = [rule for rules in routes for rule in rules if "backendRefs" in rule]
        paths = {match["path"]["value"] for rule in served for match in rule["matches"]}

        assert paths == {"/v1/chat/completions", "/v1/completions", "/v1/models"}
        assert all("path" in match for rule in served for match in rule["matches"])


def test_the_internet_reaches_models_by_https_and_in_limits_alone(public: Synthesized) -> None:
    """HTTP is answered with a redirect; every server's policy has the limits."""
    gateway = public.object("Gateway")
    routes = [route["spec"] for route in public.objects("HTTPRoute")]
    serving = [spec for spec in routes if any("backendRefs" in rule for rule in spec["rules"])]
    [limits] = public.all("google_compute_region_security_policy")

    assert {listener["name"]: listener["protocol"] for listener in gateway["spec"]["listeners"]} == {
        "http": "HTTP",
        "https": "HTTPS",
    }
    assert [parent["sectionName"] for spec in serving for parent in spec["parentRefs"]] == ["https"]
    assert public.object("GCPBackendPolicy")["spec"]["default"]["securityPolicy"] == limits["name"]
    assert limits["rules"][-1]["action"] == "deny(403)"
    assert public.one("google_compute_region_ssl_policy")["min_tls_version"] == "TLS_1_2"


def test_nothing_but_the_gateway_s_address_is_public(public: Synthesized) -> None:
    """Nodes have private addresses, and the firewall knows no source but Google's probes and the platform itself."""
    [address] = public.all("google_compute_address", NETWORK_STACK)
    rules = public.all("google_compute_firewall", NETWORK_STACK)
    outside = {source for rule in rules for source in rule["source_ranges"] if not source.startswith("10.")}

    assert address["address_type"] == "EXTERNAL"
    assert outside == {"130.211.0.0/22", "35.191.0.0/16"}
    assert all(pool["network_config"]["enable_private_nodes"] for pool in public.all("google_container_node_pool"))
