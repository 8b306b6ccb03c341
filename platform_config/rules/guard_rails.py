"""Rules about guard rails that are there and do less than a reader of the config may believe."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.specs import ApigeeSpec, ModelArmorSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.model import models_of
from platform_config.model_armor import is_screened
from platform_config.rules.rule import Rule

SHORT_TIMEOUT_MS = 250
EXTENSION_PAGE = "Google, Configure an extension to call a Google service"
CALLOUTS_PAGE = "Google, Cloud Load Balancing callouts overview"
PASSES = {"model_armor": "unscreened", "apigee": "without a key"}
SERVICES = {"model_armor": "Model Armor", "apigee": "Apigee"}


def _sections(config: Config) -> Iterator[tuple[str, ModelArmorSpec | ApigeeSpec]]:
    """Yield setting and spec of each service that the gateway may call, where its class calls any."""
    gateway = config.gateway
    for name, spec in (("model_armor", gateway.model_armor), ("apigee", gateway.apigee)):
        if spec is not None and gateway.gateway_class.extensions:
            yield name, spec


def _called(config: Config) -> Iterator[tuple[str, ModelArmorSpec | ApigeeSpec]]:
    return ((name, spec) for name, spec in _sections(config) if spec.enabled)


def _off(config: Config) -> Iterator[Problem]:
    for name, spec in _sections(config):
        if not spec.enabled:
            message = f"should be true but for the deploy before the section is removed: requests pass {PASSES[name]}"
            fix = f"remove the line, or deploy and then remove gateway.{name}"
            yield Problem(f"gateway.{name}.enabled", f"{message}, got false", fix)


def _open(config: Config) -> Iterator[Problem]:
    for name, spec in _called(config):
        if spec.fail_open:
            message = f"should be false: while {SERVICES[name]} does not answer, requests pass {PASSES[name]}, and no "
            message += "alert shows it, got true"
            yield Problem(f"gateway.{name}.fail_open", message, "remove the line: such requests are then refused")


def _timeout(config: Config) -> Iterator[Problem]:
    for name, spec in _called(config):
        if spec.timeout_ms < SHORT_TIMEOUT_MS:
            then = f"pass {PASSES[name]}" if spec.fail_open else "are refused"
            message = f"should be at least {SHORT_TIMEOUT_MS}: requests for which {SERVICES[name]} needs longer {then}"
            default = type(spec).timeout_ms
            yield Problem(f"gateway.{name}.timeout_ms", f"{message}, got {spec.timeout_ms}", f"write {default}")


def _inspect(config: Config) -> Iterator[Problem]:
    armor = _armor(config)
    if armor is not None and armor.enforcement == "INSPECT_ONLY":
        message = "should be 'INSPECT_AND_BLOCK' once its findings are what you would refuse: nothing is blocked, got "
        fix = "remove the line when you have looked at the findings"
        yield Problem("gateway.model_armor.enforcement", f"{message}{shown(armor.enforcement)}", fix)


def _logs(config: Config) -> Iterator[Problem]:
    armor = _armor(config)
    if armor is not None and armor.log_prompts:
        message = "should be false: Cloud Logging keeps every prompt and answer, for all who may read its logs, got "
        yield Problem("gateway.model_armor.log_prompts", f"{message}true", "remove the line when you have seen enough")


def _custom(config: Config) -> Iterator[Problem]:
    armor = _armor(config)
    missed = [model.key for model in models_of(config) if armor is not None and not is_screened(model)]
    if armor is not None and missed:
        message = "should name custom servers that have chat completions: no other one is screened, got none of "
        given = ", ".join(f"{key}: {{}}" for key in missed)
        fix = f"write {'it without template, and ' if armor.template else ''}models: {{{given}}}, if they have them"
        yield Problem("gateway.model_armor.models", message + ", ".join(missed), fix)


def _armor(config: Config) -> ModelArmorSpec | None:
    """Return the settings of Model Armor where the gateway calls it."""
    return config.gateway.model_armor if "model_armor" in dict(_called(config)) else None


def _network(config: Config) -> Iterator[Problem]:
    guards = [SERVICES[name] for name, _ in _called(config)]
    guards += ["Identity-Aware Proxy"] if config.gateway.iap is not None else []
    guards += ["the limits of clients"] if config.gateway.limits is not None else []
    if guards and not config.cluster.network_policies:
        message = f"should be true beside {' and '.join(guards)}: any pod of a cluster may call the servers past "
        message += "the gateway, got false"
        possible = config.universe.has("network_policies")
        fix = "remove the line" if possible else "run nothing else in these clusters: the universe has no policies"
        yield Problem("cluster.network_policies", message, fix)


RULES = (
    Rule(
        "GUARD-OFF",
        "A guard rail is on",
        "`enabled: false` is the step before a section is removed. Left behind, it reads as a guard rail and is none.",
        "this library",
        _off,
        severity="warning",
    ),
    Rule(
        "GUARD-OPEN",
        "Requests are refused while a guard rail does not answer",
        "Whoever brings the service down, or sends what takes it too long, gets past it. Only request logs show it.",
        CALLOUTS_PAGE,
        _open,
        severity="warning",
    ),
    Rule(
        "GUARD-TIMEOUT",
        "A guard rail has time to answer",
        "Screening takes tens to hundreds of milliseconds, and longer for long prompts; past the time each request is "
        "handled as if there were no answer.",
        EXTENSION_PAGE,
        _timeout,
        severity="warning",
    ),
    Rule(
        "GUARD-INSPECT",
        "What Model Armor finds is blocked",
        "`INSPECT_ONLY` counts and lets everything pass.",
        "Model Armor API, templates, templateMetadata.enforcementType",
        _inspect,
        severity="warning",
    ),
    Rule(
        "GUARD-LOGS",
        "Prompts and answers are not logged",
        "They hold what users trust a model with, and logs have other readers, and another time to live.",
        "Model Armor API, templates, templateMetadata.logSanitizeOperations",
        _logs,
        severity="warning",
    ),
    Rule(
        "GUARD-CUSTOM",
        "Whether Model Armor screens a custom server is said",
        "It screens operations of OpenAI's API, which a custom server may not have; each name in its list takes room "
        "from others.",
        EXTENSION_PAGE,
        _custom,
        severity="warning",
    ),
    Rule(
        "GUARD-NETWORK",
        "Behind guard rails network policies close the servers to all but the gateway",
        "Guard rails are at the gateway. Without policies a pod of any namespace calls a server by its own address.",
        "Google, Control communication between Pods and Services using network policies",
        _network,
        severity="warning",
    ),
)
