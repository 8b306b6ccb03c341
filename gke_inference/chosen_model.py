"""Which model of a config a command sends requests to, and whether it can ask it anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from gke_inference.command import Settings, platform_config
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


@dataclass(frozen=True, kw_only=True)
class AskedModel:
    """
    The model that requests ask for.

    Attributes:
        name: What is sent as `model`; empty where the server has to say it.
        model: The model of the config, whose address requests have; None where no config knows it.
    """

    name: str
    model: Model | None = None


def find_asked_model(ctx: click.Context, _: click.Parameter, given: str | None) -> AskedModel:
    """
    Return the model that is meant: of the config where there is one, by its key first, else by what clients send.

    A name that the config does not know is sent as it is, unless the config was named.
    """
    settings: Settings = ctx.obj
    if not (settings.named or settings.config_path.exists()):
        return AskedModel(name=given or "")
    config = platform_config(ctx)
    found = [choose_model(config, None)] if given is None else find_models(config, given)
    if len(found) > 1:
        keys = ", ".join(model.key for model in found)
        raise click.BadParameter(f"must be the key of one of {keys}, which all answer to {shown(str(given))}")
    if not found and settings.named:
        names = ", ".join(f"{model.key} ({', '.join(model.names)})" for model in models_of(config))
        raise click.BadParameter(f"must be a model of the config: {names}; got {shown(str(given))}")
    if not found:
        return AskedModel(name=str(given))
    [model] = found
    return AskedModel(name=model.name if given in (None, model.key) else str(given), model=model)


def find_models(config: Config, name: str) -> list[Model]:
    """Return the models that *name* stands for: the one of that key, or else those that answer to it as `model`."""
    if name in config.models:
        return [Model(config, name)]
    return [model for model in models_of(config) if name in model.names]


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
