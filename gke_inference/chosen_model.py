"""Which model of a config a command sends requests to, and whether it can ask it anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from platform_config.config import Config
from platform_config.errors import shown
from platform_config.model import Model, models_of


def choose_model(config: Config, key: str | None) -> Model:
    """
    Return the model of *config* with this *key*; the only one where none is given.

    Raises:
        click.UsageError: There is none of that key, or none is given and there are several.
    """
    keys = ", ".join(config.models)
    if key is None and len(config.models) > 1:
        raise click.UsageError(f"--model: must be given, the config has several: {keys}")
    if key is not None and key not in config.models:
        raise click.UsageError(f"--model: must be one of {keys}, got {shown(key)}")
    return Model(config, key or next(iter(config.models)))


def find_models(config: Config, name: str) -> list[Model]:
    """Return the models that *name* stands for: the one of that key, or else those that answer to it as `model`."""
    if name in config.models:
        return [Model(config, name)]
    return [model for model in models_of(config) if name in client_names(model)]


def client_names(model: Model) -> list[str]:
    """Return what clients may send as `model`: the served name, and the names of its LoRA adapters."""
    return [model.name, *(model.weights.lora_adapters if model.weights else ())]


def request_problems(model: Model | None, path: str | None, body: Any) -> Iterator[str]:
    """Yield why no request can be made for *model*; None for a server that no config knows."""
    if (path is None) != (body is None):
        given, missing = ("--body", "--path") if path is None else ("--path", "--body")
        yield f"{missing}: must be given with {given}"
    elif model is not None and model.server.kind == "custom" and path is None:
        yield (
            f"--path: must be given with --body, {model.key} is a custom server, whose API is not known; such as "
            "--path /v1/audio/speech --body @request.json"
        )


def route_problem(model: Model) -> str:
    """Return why the gateway has no requests for *model* itself; empty where it has."""
    if model.is_routed:
        return ""
    why = f"models.{model.key}.drain is on" if model.spec.drain else f"models.{model.key}.address is not given"
    return f"--model: must have requests of the gateway, and {model.key} has none: {why}"
