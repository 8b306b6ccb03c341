"""What a gateway calls for each request: Apigee and Model Armor, where they are turned on."""

from __future__ import annotations

from constructs_lib.manifests.apigee import apigee_extension
from constructs_lib.manifests.extensions import Extension
from constructs_lib.manifests.model_armor import model_armor_extension
from platform_config.config import Config
from platform_config.model_armor import screened_names
from platform_config.names import Names


def called_extensions(config: Config, key: str) -> tuple[Extension, ...]:
    """Return what the gateway in region *key* calls, in this order: who may not call is not screened."""
    apigee, armor = config.gateway.apigee, config.gateway.model_armor
    called = []
    if apigee is not None and apigee.enabled:
        called.append(apigee_extension(gateway=Names(config).gateway, spec=apigee))
    if armor is not None and armor.enabled:
        region, templates = config.regions[key].region, screened_names(config, key)
        called.append(model_armor_extension(region=region, templates=templates, spec=armor))
    return tuple(called)
