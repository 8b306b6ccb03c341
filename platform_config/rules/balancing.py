"""Rules about how the load balancer spreads the requests of a model: its measure, its endpoint groups, its Service."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.model import Model, models_of
from platform_config.rules.rule import Rule, models, per_model

MAX_GROUPS = 50
"""Network endpoint groups of one backend service: one for each zone of each cluster."""
BALANCING = "Google, Set up the multi-cluster GKE Inference Gateway"
SERVICES = "Google, Configuring multi-cluster Services"


def _groups(config: Config) -> Iterator[Problem]:
    found: dict[tuple[str, ...], list[str]] = {}
    for model in () if config.is_regional else models_of(config):
        found.setdefault(model.regions, []).append(model.key)
    for regions, keys in found.items():
        zones = {key: len(config.regions[key].zones) for key in regions}
        if (total := sum(zones.values())) > MAX_GROUPS:
            given = f"{total} in {len(zones)} regions"
            message = f"must have at most {MAX_GROUPS} zones in all for each of {', '.join(keys)}, got {given}"
            most = max(zones, key=zones.__getitem__)
            yield Problem("regions", message, f"name fewer zones in regions.{most}, or fewer regions")


def _all_groups(config: Config) -> Iterator[Problem]:
    if config.is_regional:
        return
    zones = [sum(len(config.regions[key].zones) for key in model.regions) for model in models_of(config)]
    if sum(zones) > MAX_GROUPS >= max(zones, default=0) and len(zones) > 1:
        message = f"should have at most {MAX_GROUPS} zones over all models, in case Google counts them together"
        yield Problem(
            "models", f"{message}, got {sum(zones)}", "serve each model in fewer regions, or name fewer zones"
        )


def _one_balance(config: Config) -> Iterator[Problem]:
    gateway = config.gateway
    if gateway.max_in_flight_requests is not None and gateway.max_utilization_percent is not None:
        given = f"{gateway.max_in_flight_requests} beside max_utilization_percent {gateway.max_utilization_percent}"
        yield Problem("gateway.max_in_flight_requests", f"must be the only limit, got {given}", "remove one of the two")
    for path, model in models(config):
        limits = model.spec.traffic.limits
        if len(limits) > 1:
            yield Problem(f"{path}.traffic", f"must have one limit, got {' and '.join(limits)}", "keep one of them")


def _measure(at: str, model: Model) -> Iterator[Problem]:
    if model.has_pool or model.balancing.max_utilization_percent is None:
        return
    message = "must be balanced by requests, since its server has no metric, got "
    fix = "write max_in_flight_requests: 8, or max_requests_per_second"
    if model.spec.traffic.limits:
        yield Problem(f"{at}.traffic.max_utilization_percent", f"{message}a metric's fill", f"{fix}, in its place")
    else:
        yield Problem(f"{at}.traffic", f"{message}no limit of its own", fix)


def _discovery(config: Config) -> Iterator[Problem]:
    services = [model.key for model in models_of(config) if not model.has_pool]
    if services and not config.service_discovery and not config.is_regional:
        message = f"must be on for {', '.join(services)}, whose servers are behind a multi-cluster Service, got false"
        yield Problem("service_discovery", message, "write true")


def _no_pool(at: str, model: Model) -> Iterator[Problem]:
    given = {"priorities": bool(model.spec.priorities), "inference_pool": model.spec.inference_pool is not None}
    for name in (name for name, has in given.items() if has and not model.has_pool):
        message = "must be left out of a model without a metric, which is behind no InferencePool, got a map"
        yield Problem(f"{at}.{name}", message, "remove it, or name the metric under server.metric")


RULES = (
    Rule(
        "GW-NEG-50",
        "A model's zones in all clusters are at most 50",
        "Each is a network endpoint group, and the one backend service of a model holds 50.",
        "Google, Load balancing quotas, backend services; " + BALANCING + ", limitations",
        _groups,
    ),
    Rule(
        "GW-NEG-ALL",
        "The zones of all models are at most 50 together",
        "Google's limit is one of each backend service, of which each model has its own; nothing says what the "
        "controller does with more behind one gateway.",
        BALANCING + ", limitations",
        _all_groups,
        severity="warning",
    ),
    Rule(
        "GW-BALANCE-ONE",
        "The load balancer counts requests or reads a metric, not both",
        "A backend policy has one balancing mode: CUSTOM_METRICS, IN_FLIGHT or RATE.",
        BALANCING,
        _one_balance,
    ),
    Rule(
        "SVC-MEASURE",
        "A model without a metric is balanced by requests at once, or by requests a second",
        "Without a measure no region is ever full: none spills over before its servers fail.",
        "CRD gcpbackendpolicies.networking.gke.io, spec.default.balancingMode",
        per_model(_measure),
    ),
    Rule(
        "SVC-DISCOVERY",
        "With a model behind a multi-cluster Service, `service_discovery` is on",
        "The fleet's feature installs the CRDs of the export, and joins the Services of all clusters.",
        SERVICES,
        _discovery,
    ),
    Rule(
        "SVC-POOL",
        "Only a model with a metric has priorities and settings of an InferencePool",
        "Both are read by the endpoint picker, which chooses servers by their metric.",
        "kubernetes-sigs/gateway-api-inference-extension, InferenceObjective",
        per_model(_no_pool),
    ),
)
