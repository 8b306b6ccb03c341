"""A platform as we deploy it, on stand-ins, where all is well; for tests of `verify`, which break one thing of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from constructs_lib.manifests.region_header import HEADER
from platform_config.config import Config
from platform_config.load import load
from platform_config.model import Model, models_of
from tests.configs import ELASTIC, EXAMPLE, REGIONAL, REGIONAL_PUBLIC, changed
from tests.gke_inference.cluster_stand_in import ClusterStandIn, Manifest, Objects
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.model_configs import several_models, write_config
from tests.gke_inference.stand_in_server import StandInServer
from tests.gke_inference.verify_cluster import fill, fill_gateways
from tests.gke_inference.verify_google import answer, tell_of_balancers, tell_of_cluster, tell_of_fleet
from tests.gke_inference.verify_platform import HealthyPlatform
from tests.synthesized import Synthesized, synthesize


def healthy(config: Config, synthesized: Synthesized) -> HealthyPlatform:
    """Return the platform of *config*, with every object that is applied, and the status of one where all is well."""
    platform = HealthyPlatform(config)
    for key, spec in config.regions.items():
        platform.clusters[key] = ClusterStandIn()
        others = [other.region for other in config.regions.values() if other.region != spec.region]
        answering = next((other.region for other in config.regions.values() if other.preferred), spec.region)
        for model in models_of(config):
            serving = [config.regions[served].region for served in model.regions]
            home = answering if answering in serving else serving[0]
            platform.servers[key, model.key] = StandInServer(
                regions=(home, others[0]),
                models=(model.name,),
                health_path=model.server.ready_path,
                region_header=_header(model),
            )
        fill(platform, key, synthesized)
        tell_of_cluster(platform, key)
    fill_gateways(platform, synthesized)
    tell_of_fleet(platform)
    tell_of_balancers(platform)
    return platform


def _header(model: Model) -> str:
    """Return the header by which answers of *model* name their region; empty for a server that gives none."""
    return HEADER if model.server.answers_with_region else ""


KEY = "key-that-apigee-knows"
"""What clients of the platform `keyed` send as x-api-key."""


@dataclass(frozen=True)
class Running:
    """A platform whose stand-ins listen for all tests, what it was when all was well, and where it is."""

    platform: HealthyPlatform
    documents: dict[str, dict[str, Any]]
    objects: dict[str, dict[str, Manifest]]
    environment: dict[str, str]

    def renewed(self) -> HealthyPlatform:
        """Return the platform with all well again: that it is true to the schemas was seen when it was made."""
        platform = self.platform
        platform.documents.clear()
        platform.documents.update(copy.deepcopy(self.documents))
        platform.google.faults.clear()
        platform.google.requests.clear()
        for key, cluster in platform.clusters.items():
            cluster.objects = Objects(copy.deepcopy(self.objects[key]))
            cluster.faults.clear()
            cluster.requests.clear()
        for (_, model), server in platform.servers.items():
            server.home_slots, server.failure = 1000, ""
            server.region_header = _header(Model(platform.config, model))
            server.requests.clear()
            server.probes.clear()
        return platform


@contextmanager
def running(platform: HealthyPlatform, folder: Path) -> Iterator[Running]:
    """All stand-ins of *platform* listen; they do so for all tests, since each new address costs a client anew."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    answer(platform)
    with ExitStack() as served:
        served.enter_context(platform.google.serving())
        for key, cluster in platform.clusters.items():
            url = served.enter_context(cluster.serving(authority))
            endpoint = platform.cluster(key)["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]
            endpoint["endpoint"] = url.removeprefix("https://")
            for model in platform.config.models:
                place = served.enter_context(platform.servers[key, model].serving())
                platform.places[key, model] = place
            alone = len(platform.config.models) == 1
            platform.urls[key] = platform.places[key, platform.first] if alone else f"http://{platform.address(key)}"
        yield Running(
            platform,
            copy.deepcopy(platform.documents),
            {key: dict(copy.deepcopy(dict(cluster.objects))) for key, cluster in platform.clusters.items()},
            {"SSL_CERT_FILE": str(folder / "ca.pem"), **platform.google.environment(folder)},
        )


@pytest.fixture(scope="session")
def example_running(platform: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the platform of config/example.yaml."""
    with running(healthy(load(EXAMPLE), platform), tmp_path_factory.mktemp("example")) as made:
        yield made


@pytest.fixture(scope="session")
def elastic_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the platform of config/h100-elastic.yaml."""
    config, folder = load(ELASTIC), tmp_path_factory.mktemp("elastic")
    with running(healthy(config, synthesize(config, folder / "out")), folder) as made:
        yield made


@pytest.fixture
def example(example_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return the platform of config/example.yaml, healthy, to break."""
    return to_break(example_running, inference_ops, monkeypatch)


@pytest.fixture
def elastic(elastic_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return the platform of config/h100-elastic.yaml, healthy, to break."""
    return to_break(elastic_running, inference_ops, monkeypatch)


@pytest.fixture(scope="session")
def several_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a platform of two LLMs and a speech server, which one region serves."""
    folder = tmp_path_factory.mktemp("several")
    settings = several_models()
    settings["models"]["speech"]["regions"] = ["eu"]
    with running(_written(settings, folder), folder) as listening:
        yield listening


@pytest.fixture(scope="session")
def pilot_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the platform of config/example.yaml in Autopilot clusters."""
    folder = tmp_path_factory.mktemp("pilot")
    path = write_config(folder / "pilot.yaml", changed(cluster__mode="autopilot"))
    config = load(path)
    made = healthy(config, synthesize(config, folder / "out"))
    made.path = path
    with running(made, folder) as listening:
        yield listening


@pytest.fixture
def pilot(pilot_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return the platform of config/example.yaml in Autopilot clusters, healthy, to break."""
    return to_break(pilot_running, inference_ops, monkeypatch)


@pytest.fixture
def several(several_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return the platform of several models, healthy, to break."""
    return to_break(several_running, inference_ops, monkeypatch)


@pytest.fixture(scope="session")
def regional_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a platform of internal regional gateways, with two LLMs and a speech server that one region serves."""
    folder = tmp_path_factory.mktemp("regional")
    settings = several_models()
    settings["models"]["speech"] |= {"regions": ["eu"], "traffic": {}}
    settings["gateway"] = {"scope": "regional"}
    del settings["service_discovery"], settings["regions"]["us"]["config_cluster"]
    with running(_written(settings, folder), folder) as listening:
        yield listening


@pytest.fixture
def regional(
    regional_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> HealthyPlatform:
    """Return the platform of internal regional gateways, healthy, to break."""
    return to_break(regional_running, inference_ops, monkeypatch)


@pytest.fixture(scope="session")
def public_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the example with a public gateway in each region."""
    folder = tmp_path_factory.mktemp("public")
    with running(_written(changed(**REGIONAL_PUBLIC), folder), folder) as listening:
        yield listening


@pytest.fixture
def public(public_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return the example with public gateways, healthy, to break."""
    return to_break(public_running, inference_ops, monkeypatch)


@pytest.fixture(scope="session")
def screened_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the example with a gateway in each region that calls Model Armor."""
    folder = tmp_path_factory.mktemp("screened")
    place = {"region": "us-east4", "zones": ["us-east4-a"]}
    settings = changed(**REGIONAL, gateway__model_armor={})
    settings["regions"]["us"] |= place
    with running(_written(settings, folder), folder) as listening:
        yield listening


@pytest.fixture
def screened(
    screened_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> HealthyPlatform:
    """Return the example with Model Armor, healthy, to break."""
    return to_break(screened_running, inference_ops, monkeypatch)


@pytest.fixture(scope="session")
def keyed_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the example with a gateway in one region that asks Apigee."""
    folder = tmp_path_factory.mktemp("keyed")
    settings = changed(**REGIONAL, gateway__regions=["us"], gateway__apigee={"environment": "prod"})
    with running(_written(settings, folder), folder) as listening:
        yield listening


@pytest.fixture
def keyed(keyed_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return the example with Apigee, healthy, to break."""
    platform = to_break(keyed_running, inference_ops, monkeypatch)
    for server in platform.servers.values():
        server.api_key = KEY
    return platform


def own_file(path: Path, folder: Path) -> HealthyPlatform:
    """Return the healthy platform of the config at *path*, whose synth goes to *folder*."""
    config = load(path)
    made = healthy(config, synthesize(config, folder / "out"))
    made.path = path
    return made


def _written(settings: dict[str, Any], folder: Path) -> HealthyPlatform:
    """Return the healthy platform of *settings*, whose file is in *folder*."""
    path = write_config(folder / "config.yaml", settings)
    config = load(path)
    made = healthy(config, synthesize(config, folder / "out"))
    made.path = path
    return made


def _route_addresses(platform: HealthyPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead requests to the gateway's addresses, which only the VPC has, to what its routes name, as a gateway does."""
    keys = {platform.address(key): key for key in platform.config.gateway_regions}
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def route(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if key := keys.get(request.url.host):
            found = routed(platform, key, request)
            if found is None:
                return httpx.Response(404, request=request)
            model, path = found
            local = httpx.URL(platform.places[key, model])
            request.url = request.url.copy_with(host=local.host, port=local.port, path=path)
        return await send(transport, request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", route)


def routed(platform: HealthyPlatform, key: str, request: httpx.Request) -> tuple[str, str] | None:
    """
    Return the model whose route takes *request* in region *key*, and the path that its server gets.

    None where no route does.
    """
    objects = platform.clusters[platform.config.gateway_home(key)].objects.values()
    models = {platform.names.backend(model): model for model in platform.config.models}
    for made in (made for made in objects if made["kind"] == "HTTPRoute"):
        host = request.headers["Host"].partition(":")[0]
        [rule] = made["spec"]["rules"]
        match = (rule.get("matches") or [{}])[0]
        prefix = (match.get("path") or {}).get("value", "")
        headers = match.get("headers") or []
        fits = host in (made["spec"].get("hostnames") or [host])
        fits &= request.url.path == prefix or request.url.path.startswith(f"{prefix}/")
        if fits and all(request.headers.get(each["name"]) == each["value"] for each in headers):
            return models[rule["backendRefs"][0]["name"]], request.url.path.removeprefix(prefix)
    return None


def to_break(made: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> HealthyPlatform:
    """Return the platform of *made* with all well again, whose commands run on its stand-ins."""
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    platform = made.renewed()
    _route_addresses(platform, monkeypatch)
    platform.command = inference_ops
    return platform
