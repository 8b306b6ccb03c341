"""Model Armor as an extension of a gateway: which template screens the prompts and the answers of which model."""

from __future__ import annotations

import json
from collections.abc import Mapping

from constructs_lib.manifests.extensions import EVENTS, REQUEST_EVENTS, Extension
from constructs_lib.specs import ModelArmorSpec

SETTINGS_KEY = "model_armor_settings"
"""Key of the extension's metadata that Model Armor reads."""
SCREENED_PATHS = ("/v1/chat/completions", "/v1/completions")
"""Paths of a model server that Model Armor screens; others of OpenAI's API that it knows no such server has. Source:
Google, "Configure an extension to call a Google service"."""


def template_path(project: str, region: str, template: str) -> str:
    """Return the full name of the *template* in *region*."""
    return f"projects/{project}/locations/{region}/templates/{template}"


def model_armor_settings(templates: Mapping[str, str], *, screen_responses: bool) -> str:
    """
    Return what Model Armor reads in each call, as short as JSON can be: the CRD takes 1023 characters.

    Args:
        templates: Full name of the template of each model, by every name that clients send as `model`: adapters too.
        screen_responses: Whether answers are screened by the template too.
    """
    keys = ("user_prompt_template_id", *(("model_response_template_id",) if screen_responses else ()))
    rows = [{"model": model, **dict.fromkeys(keys, template)} for model, template in templates.items()]
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def model_armor_extension(*, region: str, templates: Mapping[str, str], spec: ModelArmorSpec) -> Extension:
    """
    Return the extension of a gateway in *region* that screens what the names of *templates* get and answer.

    It calls the endpoint of the region, by a name below googleapis.com in every universe: the CRD takes no other.
    Without answers to screen, it is not called for them.

    Args:
        region: Region of the gateway and of the templates.
        templates: Full name of the template of each model, by every name that clients send as `model`.
        spec: Whether answers are screened, how long a call may take, and what happens then.

    Raises:
        ValueError: The settings do not fit into the metadata of the extension.
    """
    return Extension(
        name="model-armor",
        events=EVENTS if spec.screen_responses else REQUEST_EVENTS,
        timeout_ms=spec.timeout_ms,
        fail_open=spec.fail_open,
        google_api=f"modelarmor.{region}.rep.googleapis.com",
        metadata={SETTINGS_KEY: model_armor_settings(templates, screen_responses=spec.screen_responses)},
    )
