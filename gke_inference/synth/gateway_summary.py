"""Who reaches the gateways, and how, as lines of the summary."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.specs import ApigeeSpec, ModelArmorSpec
from platform_config.config import Config
from platform_config.model import models_of
from platform_config.model_armor import is_screened

PLAIN = "whoever is on the network between clients and gateway can read prompts, answers and keys"


def gateway_summary(config: Config) -> Iterator[str]:
    """Yield what the gateways are, who reaches them, whether by HTTPS, and what stands before the models."""
    kind = config.gateway.gateway_class
    yield f"{kind.title[0].upper()}{kind.title[1:]} ({kind.name})."
    where = "The internet reaches the gateways" if kind.public else "Clients inside the VPC reach the gateways"
    where = where if config.is_regional else where.replace("gateways", "gateway")
    yield f"{where} by {_protocol(config)}."
    if guards := list(_guards(config)):
        yield f"Before the models: {'; '.join(guards)}."


def _protocol(config: Config) -> str:
    tls = config.gateway.tls
    if tls is None:
        return f"HTTP alone: {PLAIN}"
    hosts = f", for {', '.join(tls.known_hosts)}" if tls.known_hosts else ""
    version = f" with TLS {tls.min_version} or newer" if config.gateway.gateway_class.regional_certificates else ""
    return f"HTTPS{version}{hosts}; HTTP is {'redirected' if tls.redirect else 'closed'}"


def _guards(config: Config) -> Iterator[str]:
    """Yield what a request goes through on its way to a model, in order, with what of it is weaker than by default."""
    gateway = config.gateway
    limits = gateway.limits
    if limits is not None:
        ranges = f" of {', '.join(limits.allowed_ranges)}" if limits.allowed_ranges else ""
        preview = ", which is logged and not enforced" if limits.preview else ""
        yield (
            f"{limits.requests_per_minute} requests a minute for each client address{ranges}, of at most "
            f"{limits.max_body_mib} MiB{preview}"
        )
    if gateway.iap is not None:
        yield "Identity-Aware Proxy"
    if gateway.body_routing is not None:
        yield "routing by body (one that names no model gets 404)"
    if gateway.apigee is not None:
        yield f"Apigee ({', '.join(_apigee(gateway.apigee))})"
    if gateway.model_armor is not None:
        yield f"Model Armor ({', '.join(_model_armor(config, gateway.model_armor))})"


def _apigee(apigee: ApigeeSpec) -> Iterator[str]:
    if not apigee.enabled:
        yield "off: requests pass without a key"
        return
    yield f"environment {apigee.environment}"
    yield _without_answer("without a key", fail_open=apigee.fail_open)


def _model_armor(config: Config, armor: ModelArmorSpec) -> Iterator[str]:
    if not armor.enabled:
        yield "off: nothing is screened"
        return
    if armor.template is not None:
        yield f"does what the template {armor.template} says"
    else:
        yield "inspects only, and blocks nothing" if armor.enforcement == "INSPECT_ONLY" else "blocks what it finds"
    yield _without_answer("unscreened", fail_open=armor.fail_open)
    yield "screens answers that are not streamed" if armor.screen_responses else "screens no answers"
    if missed := [model.key for model in models_of(config) if not is_screened(model)]:
        yield f"screens nothing of {' and '.join(missed)}"
    if armor.log_prompts:
        yield "all prompts and answers are logged"


def _without_answer(how: str, *, fail_open: bool) -> str:
    return f"fails open: without its answer requests pass {how}" if fail_open else "without its answer none passes"
