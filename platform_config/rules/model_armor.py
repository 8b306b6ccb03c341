"""Rules about Model Armor: where it is, what it can be given, and what it does not see."""

from __future__ import annotations

import json
from collections.abc import Iterator

from constructs_lib.google_names import COMPUTE_LENGTH
from constructs_lib.manifests.extensions import LONGEST_METADATA, refused_characters
from constructs_lib.manifests.model_armor import model_armor_settings
from constructs_lib.places import places
from constructs_lib.specs import ModelArmorSpec
from constructs_lib.universe import PUBLIC
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.model import Model
from platform_config.model_armor import is_screened, own_templates, screened_names
from platform_config.rules.rule import Rule, models

PATH = "gateway.model_armor"
EXTENSION_PAGE = "Google, Configure an extension to call a Google service"
CRD = "CRD gcptrafficextensions.networking.gke.io, spec.extensionChains[].extensions[].metadata"
OPERATION = "/v1/chat/completions"
ANSWERED_NAMES = {
    "vllm": "vLLM answers an empty name",
    "sglang": "SGLang answers any name",
    "custom": "a custom server may answer any name",
}
"""What a server does with a name that is not its own. Source: vLLM, `_is_model_supported`; the servers of SGLang."""


def _class(config: Config) -> Iterator[Problem]:
    kind = config.gateway.gateway_class
    if config.gateway.model_armor is not None and not kind.extensions:
        message = f"must be left out for {kind.name}, which takes no such extension, got {shown({})}"
        yield Problem(PATH, message, "write gateway.scope: regional, or remove the section")


def _region(config: Config) -> Iterator[Problem]:
    known, gateway = places(), config.gateway
    # Of another universe places know nothing; its own regions are a rule of universes.
    called = gateway.model_armor is not None and gateway.gateway_class.extensions and config.universe == PUBLIC
    for key in config.gateway_regions if called else ():
        region = config.regions[key].region
        if known.lacks_model_armor(region):
            message = f"must be a region that had Model Armor on {known.date}, got {shown(region)}"
            having = ", ".join(sorted(known.model_armor))
            yield Problem(f"regions.{key}.region", message, f"it was in {having}: move there, or remove {PATH}")


def _template(config: Config) -> Iterator[Problem]:
    armor = config.gateway.model_armor
    if armor is None or armor.template is None or "/" not in armor.template:
        return
    _, project, _, region, _, template = armor.template.split("/")
    wanted = sorted({config.regions[key].region for key in config.gateway_regions})
    if project != config.project:
        message = f"must be a template of the project {shown(config.project)}, got one of {shown(project)}"
        yield Problem(f"{PATH}.template", message, f"create it there, and write {shown(template)}")
    elif wanted != [region]:
        message = f"must be a template in the region of each gateway ({', '.join(wanted)}), got one in {region}"
        yield Problem(f"{PATH}.template", message, f"create it in each of them, and write {shown(template)}")
    else:
        message = f"must be the ID of a template, without project and region, got {shown(armor.template)}"
        yield Problem(f"{PATH}.template", message, f"write {shown(template)}")


def _models(config: Config) -> Iterator[Problem]:
    for key in config.gateway.model_armor.models if config.gateway.model_armor is not None else ():
        if key not in config.models:
            message = f"must be a key of models, got {shown(key)}"
            yield Problem(f"{PATH}.models.{key}", message, nearest(key, config.models))


def _template_names(config: Config) -> Iterator[Problem]:
    for name in own_templates(config):
        if len(name) > COMPUTE_LENGTH:
            message = (
                f"must give templates names of at most {COMPUTE_LENGTH} characters, got {len(name)}: {shown(name)}"
            )
            yield Problem(PATH, message, f"shorten name, or the model's key, by {len(name) - COMPUTE_LENGTH}")


def _fits(config: Config) -> Iterator[Problem]:
    armor = config.gateway.model_armor
    if armor is None:
        return
    lengths = {key: _length(config, key, armor) for key in config.gateway_regions}
    longest = max(lengths, key=lambda key: lengths[key], default="")
    if longest and lengths[longest] > LONGEST_METADATA:
        count = len(screened_names(config, longest))
        message = (
            f"must describe the names that clients send in at most {LONGEST_METADATA} characters, got "
            f"{lengths[longest]} for the {count} names of region {longest}"
        )
        shorter = ", or screen_responses: false" if armor.screen_responses else ""
        yield Problem(PATH, message, f"serve fewer models and LoRA adapters there, or give them shorter names{shorter}")


def _length(config: Config, key: str, armor: ModelArmorSpec) -> int:
    return len(model_armor_settings(screened_names(config, key), screen_responses=armor.screen_responses))


def _characters(config: Config) -> Iterator[Problem]:
    for path, model in models(config) if config.gateway.model_armor is not None else ():
        for name in model.names if is_screened(model) else ():
            if refused := refused_characters(json.dumps(name, ensure_ascii=False)):
                message = f"must be served under names without {' '.join(refused)}, which no extension takes, "
                message += f"got {shown(name)}"
                yield Problem(path, message, "give the model another served_name, or the adapter another key")


def _streamed(config: Config) -> Iterator[Problem]:
    armor = config.gateway.model_armor
    if armor is None or not (armor.enabled and armor.screen_responses):
        return
    streamed = [model.key for _, model in models(config) if _promises_first_token(model)]
    if streamed:
        who = ", ".join(streamed)
        message = (
            f"should be false where a time to the first token is promised, as for {who}: what is streamed is never "
        )
        message += "screened, got true"
        yield Problem(f"{PATH}.screen_responses", message, "write false, or have clients send stream: false")


def _promises_first_token(model: Model) -> bool:
    return model.spec.objectives.first_token_sec is not None


def _names(config: Config) -> Iterator[Problem]:
    if not _screens(config):
        return
    routing = config.gateway.body_routing
    addressed = [(path, model) for path, model in models(config) if model.is_routed and model.spec.address is not None]
    if routing is None:
        kinds = {model.server.kind for _, model in models(config)}
        answered = ", ".join(ANSWERED_NAMES[kind] for kind in ANSWERED_NAMES if kind in kinds)
        message = (
            f"should be on beside {PATH}: a body with a name that is no model's passes unscreened, and servers answer "
            f"it ({answered}), got nothing"
        )
        fix = "write gateway.body_routing: {}"
        without = ", ".join(f"{path}.address" for path, _ in addressed)
        yield Problem("gateway.body_routing", message, f"{fix}, and remove {without}" if without else fix)
        return
    for path, model in addressed:
        message = (
            f"should be left out beside {PATH}: it takes a body with any name, and one that is no model's passes "
            f"unscreened ({ANSWERED_NAMES[model.server.kind]}), got one"
        )
        yield Problem(f"{path}.address", message, "remove it: gateway.body_routing finds the model by its name")


def _prefix(config: Config) -> Iterator[Problem]:
    for path, model in models(config) if _screens(config) else ():
        address = model.spec.address
        if model.is_routed and address is not None and address.path:
            message = (
                f"should be left out beside {PATH}, which knows an operation by its path, and may not know "
                f"{address.path}{OPERATION}: then it passes unscreened, got {shown(address.path)}"
            )
            fix = "remove the address and write gateway.body_routing: {}, or write a host in place of the path"
            yield Problem(f"{path}.address.path", message, fix)


def _screens(config: Config) -> bool:
    """Return whether requests are screened at all."""
    armor = config.gateway.model_armor
    return armor is not None and armor.enabled and config.gateway.gateway_class.extensions


RULES = (
    Rule(
        "ARMOR-CLASS",
        "Only regional gateways have Model Armor",
        "Model Armor is a limitation of the multi-cluster gateway: the object would be accepted, and screen nothing.",
        "Google, About multi-cluster GKE Inference Gateway, limitations; Google, Customize GKE Gateway traffic using "
        "Service Extensions",
        _class,
    ),
    Rule(
        "ARMOR-REGION",
        "Each gateway with Model Armor is in a region that has it",
        "The extension calls the endpoint of its own region, and a template cannot be made elsewhere.",
        "constructs_lib/data/places.json; Google, Model Armor locations",
        _region,
    ),
    Rule(
        "ARMOR-TEMPLATE",
        "An existing template is named by its ID, which each region has in the platform's project",
        "A gateway uses templates of its own region, and the agent that reads them has its roles in one project.",
        EXTENSION_PAGE,
        _template,
    ),
    Rule(
        "ARMOR-MODELS",
        "Each key under `gateway.model_armor.models` is that of a model",
        "The filters of another key would screen nothing.",
        "this library",
        _models,
    ),
    Rule(
        "ARMOR-TEMPLATE-NAME",
        "The name of each template has at most 63 characters",
        "Google refuses a longer one.",
        "Model Armor API, templates.create, templateId",
        _template_names,
    ),
    Rule(
        "ARMOR-SETTINGS",
        "What Model Armor reads about all models of a region fits into one extension",
        "The extension's CRD refuses a longer text, and a gateway has one extension of a kind.",
        CRD,
        _fits,
    ),
    Rule(
        "ARMOR-CHARACTERS",
        "The names that clients send hold no character that an extension refuses",
        "The extension's CRD refuses the whole object.",
        CRD,
        _characters,
    ),
    Rule(
        "ARMOR-STREAMED",
        "Answers are screened where they are not streamed",
        "Streamed answers pass unscreened, and whoever reads `screen_responses: true` believes that they do not.",
        EXTENSION_PAGE,
        _streamed,
        severity="warning",
    ),
    Rule(
        "ARMOR-NAMES",
        "Beside Model Armor the gateway finds models by the names in bodies alone",
        "Model Armor screens the names that it is given. Where a route takes any body, a client chooses by the name "
        "whether it is screened: an empty one is not, and vLLM answers it. Body-based routing refuses it with 404.",
        f"{EXTENSION_PAGE}; vLLM, OpenAI-compatible server, _is_model_supported",
        _names,
        severity="warning",
    ),
    Rule(
        "ARMOR-PREFIX",
        "Beside Model Armor no model has a prefix of the path",
        "Model Armor screens the operations of OpenAI's API that it knows, and no page says that it knows one behind a "
        "prefix, which the gateway takes off only after that.",
        EXTENSION_PAGE,
        _prefix,
        severity="warning",
    ),
)
