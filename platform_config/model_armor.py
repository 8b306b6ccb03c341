"""Which template of Model Armor screens which model: our own, or one that exists."""

from __future__ import annotations

from constructs_lib.manifests.model_armor import template_path
from constructs_lib.specs import ModelArmorFiltersSpec
from platform_config.config import Config
from platform_config.model import Model, models_in, models_of
from platform_config.names import Names


def own_templates(config: Config) -> dict[str, ModelArmorFiltersSpec]:
    """Return the filters of each template of our own that some model uses, by its ID; the same in each region."""
    armor = config.gateway.model_armor
    if armor is None or armor.template is not None:
        return {}
    screened = [model.key for model in models_of(config) if is_screened(model)]
    return {template_id(config, key): armor.models.get(key, armor.filters) for key in screened}


def is_screened(model: Model) -> bool:
    """Return whether Model Armor screens *model*: a custom server, whose API it may not know, where it is named."""
    armor = model.config.gateway.model_armor
    return armor is not None and (model.server.kind != "custom" or model.key in armor.models)


def template_id(config: Config, model: str) -> str:
    """Return the ID of the template that screens *model* in each region of *config*, which has Model Armor."""
    armor, names = config.gateway.model_armor, Names(config)
    if armor is not None and armor.template is not None:
        return armor.template
    return names.model_armor_template(model if armor is not None and model in armor.models else "")


def screened_names(config: Config, key: str) -> dict[str, str]:
    """Return the full name of the template of each name that clients may send as `model` in region *key*."""
    region = config.regions[key].region
    return {
        name: template_path(config.project, region, template_id(config, model.key))
        for model in models_in(config, key)
        if is_screened(model)
        for name in model.names
    }


def screening_templates(config: Config) -> tuple[str, ...]:
    """Return the ID of each template that screens requests, for alerts: of both kinds, none while it is turned off."""
    armor = config.gateway.model_armor
    on = armor is not None and armor.enabled
    screened = sorted(model.key for model in models_of(config) if is_screened(model))
    return tuple(dict.fromkeys(template_id(config, key) for key in screened)) if on else ()
