"""The gateway stack: on the config cluster, before all regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platform_config.stack_graph import GATEWAY_STACK, gateway_stack
from tests.configs import EXAMPLE, GUARDED, REGIONAL, REGIONAL_PUBLIC, config
from tests.synthesized import Synthesized

STACK = GATEWAY_STACK


def alone(folder: Path, base: Path = EXAMPLE, /, **changes: Any) -> Synthesized:
    """Synthesize this stack by itself, of *base* with keys changed; of regional gateways, the first one."""
    from cdktf import App

    from stacks.workload_gateway import WorkloadGatewayStack

    app = App(outdir=str(folder))
    made = config(base, **changes)
    key = next(iter(made.gateway_regions))
    WorkloadGatewayStack(app, gateway_stack(made, key), config=made, key=made.gateway_home(key))
    app.synth()
    return Synthesized(folder)


def addresses(app: Synthesized) -> list[str]:
    """List the addresses that the Gateway asks for."""
    return [address["value"] for address in app.object("Gateway", STACK)["spec"]["addresses"]]


MODELS: dict[str, Any] = {
    "service_discovery": True,
    "models__gemma__address": {"path": "/gemma"},
    "models__next": {
        "weights": {"repository": "google/gemma-3-27b-it", "revision": 40 * "a"},
        "server": {"image": "docker.io/vllm/vllm-tpu:v0.27.1"},
    },
    "models__speech": {
        "server": {"kind": "custom", "image": "example.com/speech:v1", "port": 8880, "health_path": "/ready"},
        "address": {"host": "speech.example.com"},
        "traffic": {"timeout_sec": 60, "max_requests_per_second": 5},
    },
}
"""Changes of the example: a canary without an address, and another model behind a Service."""


def routes(app: Synthesized) -> dict[str, list[tuple[str, int | None]]]:
    """Return what each route sends requests to, with the weights."""
    return {
        made["metadata"]["name"]: [
            (backend["name"], backend.get("weight")) for backend in made["spec"]["rules"][0]["backendRefs"]
        ]
        for made in app.objects("HTTPRoute")
    }


def test_each_model_with_requests_of_its_own_has_a_route(tmp_path: Path) -> None:
    """A canary gets its share on the other model's; one with an address has its own beside it."""
    canary = {"models__gemma__canary": {"model": "next", "percent": 10}}
    shared = alone(tmp_path / "shared", **MODELS, **canary)
    own = alone(tmp_path / "own", **MODELS, **canary, models__next__address={"path": "/next"})
    gemma = [("gemma-pool", 90), ("next-pool", 10)]

    assert routes(shared) == {"gemma-route": gemma, "speech-route": [("speech-server", None)]}
    assert routes(own) == routes(shared) | {"next-route": [("next-pool", None)]}


def test_one_model_beside_its_canary_needs_no_address(tmp_path: Path) -> None:
    """Every request is still the one's; nor does one need an address beside a model that leaves."""
    only = {"models__next": MODELS["models__next"]}
    canary = alone(tmp_path / "canary", **only, models__gemma__canary={"model": "next", "percent": 5})
    leaving = alone(tmp_path / "leaving", **only, models__next__drain=True)

    assert routes(canary) == {"gemma-route": [("gemma-pool", 95), ("next-pool", 5)]}
    assert routes(leaving) == {"gemma-route": [("gemma-pool", None)]}
    for app in (canary, leaving):
        assert "matches" not in app.object("HTTPRoute")["spec"]["rules"][0]


def test_a_model_that_leaves_has_no_route(tmp_path: Path) -> None:
    """Its policies stay until its servers have gone."""
    app = alone(tmp_path, **MODELS, models__next__address={"path": "/next"}, models__next__drain=True)

    assert routes(app).keys() == {"gemma-route", "speech-route"}
    assert len(app.objects("GCPBackendPolicy")) == len(app.objects("HealthCheckPolicy")) == 3


def test_no_route_takes_every_request_where_models_have_addresses(tmp_path: Path) -> None:
    """A request for an unknown model is answered with 404, by no model."""
    app = alone(tmp_path, **MODELS, models__gemma__canary={"model": "next", "percent": 0})

    for route in app.objects("HTTPRoute"):
        assert route["spec"].get("hostnames") or route["spec"]["rules"][0]["matches"]


def test_a_model_behind_a_service_is_probed_and_balanced_by_its_own_settings(tmp_path: Path) -> None:
    """Its port and path, and requests a second in place of a metric."""
    app = alone(tmp_path, **MODELS, models__gemma__canary={"model": "next", "percent": 10})
    [check] = [made for made in app.objects("HealthCheckPolicy") if made["metadata"]["name"] == "speech-health"]
    [policy] = [made for made in app.objects("GCPBackendPolicy") if made["metadata"]["name"] == "speech-backend"]
    probe = check["spec"]["default"]["config"]["httpHealthCheck"]
    balancing = policy["spec"]["default"]

    assert (probe["port"], probe["requestPath"]) == (8880, "/ready")
    assert (balancing["timeoutSec"], balancing["balancingMode"], balancing["maxRatePerEndpoint"]) == (60, "RATE", 5)


def test_it_is_on_the_config_cluster(platform: Synthesized, tmp_path: Path) -> None:
    """Whichever that is."""
    turned = alone(tmp_path, regions__us__config_cluster=False, regions__eu__config_cluster=True)

    for app, name in ((platform, "gemma-us"), (turned, "gemma-eu")):
        [cluster] = app.stacks[STACK]["data"]["google_container_cluster"].values()
        assert cluster["name"] == name


def test_its_addresses_are_those_that_the_network_reserves(platform: Synthesized) -> None:
    """By region and name."""
    reserved = {f"regions/{one['region']}/addresses/{one['name']}" for one in platform.all("google_compute_address")}

    assert set(addresses(platform)) == reserved
    assert len(addresses(platform)) == 2


def test_regions_and_kind_of_addresses_are_settings(tmp_path: Path) -> None:
    """One region only; or ones that Google chooses."""
    assert addresses(alone(tmp_path, gateway__regions=["eu"])) == ["regions/europe-west4/addresses/gemma-gateway-eu"]
    assert addresses(alone(tmp_path, gateway__addresses="ephemeral")) == ["us-east5", "europe-west4"]


def test_it_routes_to_the_pool_of_every_cluster(platform: Synthesized) -> None:
    """The import has the name and namespace of the releases."""
    releases = platform.all("helm_release")
    [backend] = platform.object("HTTPRoute", STACK)["spec"]["rules"][0]["backendRefs"]

    assert {(release["name"], release["namespace"]) for release in releases} == {
        (backend["name"], platform.object("HTTPRoute", STACK)["metadata"]["namespace"])
    }


def test_it_probes_and_balances_as_the_server_says(tmp_path: Path) -> None:
    """Port and metric are the server's."""
    app = alone(tmp_path, models__gemma__server__port=9000, models__gemma__server__metric_export_name="fill")
    probe = app.object("HealthCheckPolicy")["spec"]["default"]["config"]["httpHealthCheck"]
    [metric] = app.object("GCPBackendPolicy")["spec"]["default"]["customMetrics"]

    assert (probe["port"], metric["name"]) == (9000, "gke.named_metrics.fill")


def test_outputs_are_what_a_client_and_an_operator_need(platform: Synthesized) -> None:
    """The models' names, and a command that shows the gateway."""
    values = {name: output["value"] for name, output in platform.stacks[STACK]["output"].items()}

    assert values == {
        "model_gemma": "gemma-3-27b-it",
        "gateway_status_command": "kubectl get gateway gemma-gateway --namespace inference",
    }


def test_a_regional_gateway_is_alone_with_its_own_cluster(tmp_path: Path) -> None:
    """One address, the pool of that cluster, nothing imported; both policies are for that pool."""
    app = alone(tmp_path, **REGIONAL)
    [stack] = app.stacks
    [cluster] = app.stacks[stack]["data"]["google_container_cluster"].values()
    pool = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "gemma-pool"}

    assert (stack, cluster["name"]) == ("workload-gateway-us", "gemma-us")
    assert app.object("Gateway")["spec"]["addresses"] == [{"type": "NamedAddress", "value": "gemma-gateway-us"}]
    assert app.object("HTTPRoute")["spec"]["rules"] == [{"backendRefs": [pool]}]
    assert app.object("GCPBackendPolicy")["spec"]["targetRef"] == pool
    assert app.object("HealthCheckPolicy")["spec"]["targetRef"] == pool
    assert not [name for name in app.all("kubernetes_job_v1") if "import" in name["metadata"]["name"]]


def test_a_regional_gateway_routes_to_the_models_of_its_region(tmp_path: Path) -> None:
    """A model that is elsewhere has no servers that it could send requests to."""
    elsewhere = {"models__speech__regions": ["eu"], "models__speech__traffic": None, "service_discovery": None}
    app = alone(tmp_path, **(MODELS | REGIONAL | elsewhere), models__next__address={"path": "/next"})
    routes = {route["metadata"]["name"] for route in app.objects("HTTPRoute")}

    assert routes == {"gemma-route", "next-route"}


def test_models_are_found_by_the_names_in_bodies(tmp_path: Path) -> None:
    """Each route asks for one name exactly; one release reads the bodies of the gateway, and one map has its names."""
    app = alone(tmp_path, GUARDED)
    rules = {route["metadata"]["name"]: route["spec"]["rules"] for route in app.objects("HTTPRoute")}
    routes = {
        name: [match["headers"] for rule in of_route for match in rule["matches"]]
        for name, of_route in rules.items()
        if "backendRefs" in of_route[0]
    }
    names = {made["data"]["baseModel"]: made["data"].get("adapters") for made in app.objects("ConfigMap")}
    release = app.one("helm_release")

    header = {"name": "X-Gateway-Base-Model-Name", "type": "Exact"}
    assert routes == {
        "llama-route": 3 * [[header | {"value": "Llama-3.1-8B-Instruct"}]],
        "qwen-route": 3 * [[header | {"value": "Qwen3-8B"}]],
    }
    assert names == {"Llama-3.1-8B-Instruct": '["food-review-1"]', "Qwen3-8B": None}
    assert (release["chart"], "guarded-gateway" in release["values"][0]) == ("body-based-routing", True)
    # Of the other type of extensions there is one too: that of Model Armor.
    assert len(app.objects("GCPTrafficExtension")) == 1
    assert app.objects("GCPRoutingExtension") == []


def test_a_public_gateway_asks_for_the_name_and_the_path(tmp_path: Path) -> None:
    """In one match, which a request must fit as a whole."""
    app = alone(tmp_path, GUARDED, gateway={"scope": "regional", "public": True, "body_routing": {}})
    rules = [route["spec"]["rules"][0] for route in app.objects("HTTPRoute")]
    matches = [match for rule in rules if "backendRefs" in rule for match in rule["matches"]]

    assert [match["path"]["value"] for match in matches] == ["/v1", "/v1"]
    assert [match["headers"][0]["value"] for match in matches] == ["Llama-3.1-8B-Instruct", "Qwen3-8B"]


def test_an_internal_regional_gateway_answers_other_regions_of_the_vpc_too(tmp_path: Path) -> None:
    """A public one answers the internet anyway, and has no such policy."""
    [policy] = alone(tmp_path / "internal", **REGIONAL).objects("GCPGatewayPolicy")
    public = alone(tmp_path / "public", **REGIONAL_PUBLIC)

    assert policy["spec"]["default"] == {"allowGlobalAccess": True}
    assert policy["spec"]["targetRef"]["name"] == "gemma-gateway"
    assert public.objects("GCPGatewayPolicy") == []
    assert public.object("Gateway")["spec"]["gatewayClassName"] == "gke-l7-regional-external-managed"


def test_the_internet_reaches_the_api_of_a_server_and_nothing_else_of_it(tmp_path: Path) -> None:
    """VLLM has metrics and more beside `/v1`; what a custom server has only its owner knows."""

    def paths(name: str, **changes: Any) -> dict[str, list[Any]]:
        made = alone(tmp_path / name, **changes).objects("HTTPRoute")
        return {
            route["metadata"]["name"]: [
                match["path"]["value"] for rule in route["spec"]["rules"] for match in rule.get("matches", [])
            ]
            for route in made
        }

    speech = {**MODELS["models__speech"], "traffic": {}}
    both = {"models__gemma__address": {"path": "/gemma"}, "models__speech": speech}

    assert paths("public", **REGIONAL_PUBLIC) == {"gemma-route": ["/v1"]}
    assert paths("more", **REGIONAL_PUBLIC, gateway__paths=["/v1", "/rerank"]) == {"gemma-route": ["/v1", "/rerank"]}
    assert paths("both", **REGIONAL_PUBLIC, **both) == {"gemma-route": ["/gemma/v1"], "speech-route": []}
    assert paths("internal", **REGIONAL) == {"gemma-route": []}


def test_behind_model_armor_clients_reach_what_it_screens(tmp_path: Path) -> None:
    """VLLM takes prompts at other paths too, which Model Armor lets pass; turned off, all paths are open again."""
    screened = ["/v1/chat/completions", "/v1/completions", "/v1/models"]

    def paths(name: str, **armor: Any) -> list[str]:
        [route] = alone(tmp_path / name, **REGIONAL, gateway__model_armor=armor).objects("HTTPRoute")
        return [match["path"]["value"] for rule in route["spec"]["rules"] for match in rule.get("matches", [])]

    assert paths("on") == screened
    assert paths("off", enabled=False) == []
