"""Rules about gateways of one region: what has no meaning without other regions, and what only these gateways have."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.inferencepool_chart import CHART, VERSIONS
from constructs_lib.manifests.model_armor import SCREENED_PATHS
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.model import MODELS_PATH, models_in
from platform_config.rules.rule import Rule, models

CLASSES = "Google, GatewayClass capabilities"


def _public(config: Config) -> Iterator[Problem]:
    if config.gateway.public and not config.is_regional:
        message = "must be false for gateway.scope: cross_region, whose one class is internal, got true"
        yield Problem("gateway.public", message, "write gateway.scope: regional, or remove the line")


def _unscreened(config: Config) -> Iterator[Problem]:
    gateway = config.gateway
    if gateway.model_armor is None or not gateway.model_armor.enabled:
        return
    allowed = (*SCREENED_PATHS, MODELS_PATH)
    for index, path in enumerate(gateway.paths or ()):
        if not any(path == screened or path.startswith(f"{screened}/") for screened in allowed):
            message = f"should be among {', '.join(allowed)}, since Model Armor screens no other, got {shown(path)}"
            yield Problem(f"gateway.paths[{index}]", message, "remove it, if a prompt can be sent there")
    for path, model in models(config) if gateway.paths is None else ():
        if model.server.kind == "custom":
            message = f"should be given for a custom server: without it clients reach {', '.join(allowed)} alone"
            yield Problem("gateway.paths", f"{message}, got none beside {path}", "name the paths of its API")


def _other_regions(config: Config) -> Iterator[Problem]:
    if not config.is_regional:
        return
    for path, given in (*_of_regions(config), *_of_traffic(config)):
        message = f"must be left out for gateway.scope: regional, where no region helps another, got {given}"
        yield Problem(path, message, "remove it")


def _of_regions(config: Config) -> Iterator[tuple[str, str]]:
    for key, region in config.regions.items():
        if region.config_cluster:
            yield f"regions.{key}.config_cluster", "true"
        if region.preferred:
            yield f"regions.{key}.preferred", "true"
        if region.capacity_percent != 100:
            yield f"regions.{key}.capacity_percent", str(region.capacity_percent)
    if config.service_discovery:
        yield "service_discovery", "true"


def _of_traffic(config: Config) -> Iterator[tuple[str, str]]:
    for name in ("max_utilization_percent", "max_in_flight_requests"):
        if (given := getattr(config.gateway, name)) is not None:
            yield f"gateway.{name}", str(given)
    for path, model in models(config):
        for name in model.spec.traffic.limits:
            yield f"{path}.traffic.{name}", str(getattr(model.spec.traffic, name))
        if (downtime := model.spec.objectives.failover_downtime_sec) is not None:
            yield f"{path}.objectives.failover_downtime_sec", f"{downtime:g}"


def _idle(config: Config) -> Iterator[Problem]:
    for index, key in enumerate(config.gateway_regions if config.is_regional else ()):
        if key in config.regions and not any(models_in(config, key)):
            path = f"gateway.regions[{index}]" if config.gateway.regions else f"regions.{key}"
            message = f"must be a region that serves a model at its gateway, got {key}, where none is served"
            fix = f"add {key} to the regions of a model, or name only the others in gateway.regions"
            yield Problem(path, message, fix)


def _unreached(config: Config) -> Iterator[Problem]:
    for key in config.regions if config.is_regional else ():
        if key not in config.gateway_regions and any(models_in(config, key)):
            message = (
                f"should name each region that serves a model, got none for {key}: no gateway leads to its servers"
            )
            yield Problem("gateway.regions", message, f"add {key}, or take it out of the regions of its models")


def _chart(config: Config) -> Iterator[Problem]:
    given = [("inference_pool", config.inference_pool)]
    given += [
        (f"{path}.inference_pool", model.spec.inference_pool)
        for path, model in models(config)
        if model.spec.inference_pool is not None
    ]
    first = next(name for name, chart in VERSIONS.items() if chart.open_metrics)
    for path, pool in given if config.is_regional else ():
        known = VERSIONS.get(pool.chart_version) if pool.chart == CHART else None
        if known is not None and not known.open_metrics:
            message = f"must be {first} or later for gateway.scope: regional, got {shown(pool.chart_version)}"
            yield Problem(f"{path}.chart_version", message, f"write '{list(VERSIONS)[-1]}'")


RULES = (
    Rule(
        "GW-PUBLIC",
        "Only regional gateways are public",
        "The class that joins the regions is internal; a public one with InferencePools of several clusters is in no "
        "list of classes.",
        CLASSES + "; Google, About multi-cluster GKE Inference Gateway",
        _public,
    ),
    Rule(
        "GW-PATHS-SCREENED",
        "Behind Model Armor clients reach what it screens",
        "It screens some operations of OpenAI's API and lets others pass: a server with another door for prompts, such "
        "as `/invocations` of vLLM or `/generate` of SGLang, is then not screened there.",
        'Google, "Configure an extension to call a Google service"; vllm/entrypoints at v0.27, '
        "sglang/srt/entrypoints/http_server.py",
        _unscreened,
        severity="warning",
    ),
    Rule(
        "REGIONAL-ALONE",
        "A platform of regional gateways says nothing about requests that go to another region",
        "A regional gateway sends requests to the servers of its own region alone: such a setting would do nothing.",
        CLASSES,
        _other_regions,
    ),
    Rule(
        "REGIONAL-IDLE",
        "Each region with a regional gateway serves a model",
        "A regional gateway sends requests to the servers of its own region alone: it would have no route.",
        CLASSES,
        _idle,
    ),
    Rule(
        "REGIONAL-UNREACHED",
        "Each region that serves a model has a regional gateway",
        "No other gateway leads to its servers.",
        CLASSES,
        _unreached,
        severity="warning",
    ),
    Rule(
        "REGIONAL-CHART",
        "Behind a regional gateway the picker gives its metrics without a token",
        "For GKE the chart makes policies of the pool that would fight the platform's, so the platform has the metrics "
        "read itself; v1.0.1 always asks for a token.",
        "kubernetes-sigs/gateway-api-inference-extension, chart inferencepool at each tag, templates/gke.yaml",
        _chart,
    ),
)
