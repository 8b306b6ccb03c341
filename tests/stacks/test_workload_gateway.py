"""The gateway stack: on the config cluster, before all regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platform_config.stack_graph import GATEWAY_STACK
from tests.configs import config
from tests.synthesized import Synthesized

STACK = GATEWAY_STACK


def alone(folder: Path, **changes: Any) -> Synthesized:
    """Synthesize this stack by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.workload_gateway import WorkloadGatewayStack

    app = App(outdir=str(folder))
    WorkloadGatewayStack(app, STACK, config=config(**changes))
    app.synth()
    return Synthesized(folder)


def addresses(app: Synthesized) -> list[str]:
    """List the addresses that the Gateway asks for."""
    return [address["value"] for address in app.object("Gateway", STACK)["spec"]["addresses"]]


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
    """The model's name, and a command that shows the gateway."""
    values = {name: output["value"] for name, output in platform.stacks[STACK]["output"].items()}

    assert values == {
        "model": "gemma-3-27b-it",
        "gateway_status_command": "kubectl get gateway gemma-gateway --namespace inference",
    }
