"""Rules about canaries: another model that answers a part of a model's requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from constructs_lib.specs import CanarySpec
from platform_config.errors import Problem, nearest, shown
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model


def _canary(model: Model) -> Model | None:
    """Return the model that answers a part of the requests of *model*; None where there is none, or no other one."""
    canary = model.spec.canary
    known = canary is not None and canary.model in model.config.models and canary.model != model.key
    return Model(model.config, canary.model) if canary and known else None


def _model(at: str, model: Model) -> Iterator[Problem]:
    canary, others = model.spec.canary, [key for key in model.config.models if key != model.key]
    if canary is None or canary.model in others:
        return
    if not others:
        message, fix = f"must be another model, got {shown(canary.model)} and no other model", "add a model first"
    else:
        message = f"must be another model ({', '.join(others)}), got {shown(canary.model)}"
        fix = nearest("" if canary.model == model.key else canary.model, others)
    yield Problem(f"{at}.canary.model", message, fix)


def _chain(at: str, model: Model) -> Iterator[Problem]:
    canary = _canary(model)
    if canary and canary.spec.canary:
        message = f"must be a model without a canary of its own, got {shown(canary.key)}"
        yield Problem(f"{at}.canary.model", message, f"remove models.{canary.key}.canary")


def _leaving(at: str, model: Model) -> Iterator[Problem]:
    canary = _canary(model)
    if model.spec.canary and model.spec.drain:
        yield Problem(f"{at}.canary", "must be left out of a model that has drain: true, got one", "remove it")
    elif canary and canary.spec.drain:
        message = f"must be a model that stays, got {shown(canary.key)} with drain: true"
        yield Problem(f"{at}.canary.model", message, f"remove {at}.canary: its requests go to {model.key} again")


def _alike(at: str, model: Model) -> Iterator[Problem]:
    canary = _canary(model)
    if canary is None:
        return
    path, kinds = f"{at}.canary.model", {True: "an InferencePool", False: "a multi-cluster Service"}
    if canary.has_pool != model.has_pool:
        message = f"must be behind {kinds[model.has_pool]} as {model.key} is, got {shown(canary.key)} behind "
        yield Problem(path, message + kinds[canary.has_pool], f"choose a model behind {kinds[model.has_pool]}")
    if canary.server.http_port != model.server.http_port:
        message = f"must listen on port {model.server.http_port} as {model.key} does, got {canary.server.http_port}"
        yield Problem(path, message, f"write models.{canary.key}.server.port: {model.server.http_port}")
    if missing := [key for key in model.regions if key not in canary.regions]:
        message = f"must be served in every region of {model.key}, got {shown(canary.key)} without {', '.join(missing)}"
        yield Problem(path, message, f"add them to models.{canary.key}.regions")


def _names(at: str, model: Model) -> Iterator[Problem]:
    canary = _canary(model)
    missing = [name for name in model.names if name not in canary.names] if canary else []
    if canary and missing:
        message = f"must answer to {', '.join(missing)} as {model.key} does, got {shown(canary.key)} with the name "
        fix = f"write models.{canary.key}.served_name: {model.name}"
        if model.name not in missing:
            fix = f"add the adapters to models.{canary.key}.weights.lora_adapters"
        yield Problem(f"{at}.canary.model", message + shown(canary.name), fix)


def _servers(at: str, model: Model) -> Iterator[Problem]:
    canary = _canary(model)
    if canary and model.spec.canary and model.spec.canary.percent and canary.spec.replicas == 0:
        message = f"must be 0 for a model without servers, got {model.spec.canary.percent}"
        fix = f"write models.{canary.key}.replicas: 1, or percent: 0 until it has servers"
        yield Problem(f"{at}.canary.percent", message, fix)


def may_be_canary(canary: Model, model: Model) -> bool:
    """Return whether *model* could have *canary* as its canary, by the rules of canaries."""
    models = model.config.models
    spec = replace(model.spec, canary=CanarySpec(model=canary.key, percent=0))
    config = model.config.model_copy(update={"models": {**models, model.key: spec}})
    return model.spec.canary is None and not any(problem for rule in RULES for problem in rule.check(config))


RULES = (
    Rule(
        "CANARY-MODEL",
        "A canary is another model of the file",
        "A route that names what is not there is refused by the gateway's controller.",
        "GoogleCloudPlatform, GKE Gateway error GWCER102",
        per_model(_model),
    ),
    Rule(
        "CANARY-CHAIN",
        "A canary has no canary of its own",
        "A route has one share for each model behind it: that of a second canary would never count.",
        "this library",
        per_model(_chain),
    ),
    Rule(
        "CANARY-DRAIN",
        "Neither a model with a canary nor the canary itself leaves the gateway",
        "A model that leaves has no requests to share, and takes none.",
        "this library",
        per_model(_leaving),
    ),
    Rule(
        "CANARY-ALIKE",
        "A canary is behind an InferencePool or a Service as the model is, on its port, in all of its regions",
        "One rule of a route spreads the requests of both, and in a region's failure its share must find it elsewhere.",
        "Gateway API, HTTPRoute, backendRefs; this library",
        per_model(_alike),
    ),
    Rule(
        "CANARY-NAME",
        "A canary answers to the names of the model: its served name and its adapters",
        "vLLM answers a request for another name with 404, so a part of the model's requests would fail.",
        "vLLM, OpenAI-compatible server, --served-model-name",
        per_model(_names),
    ),
    Rule(
        "CANARY-SERVERS",
        "A canary that gets requests has servers",
        "Its share of the requests would fail: the load balancer knows no server that could take them.",
        "Gateway API, HTTPRoute, backendRefs, weight; this library",
        per_model(_servers),
    ),
)
