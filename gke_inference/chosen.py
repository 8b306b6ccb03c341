"""The config of a command, and the regions of it that were asked for."""

from __future__ import annotations

from dataclasses import dataclass

import click

from gke_inference.command import platform_config
from platform_config.config import Config
from platform_config.errors import shown


@dataclass(frozen=True)
class Chosen:
    """The config, and the keys of the regions that were asked for."""

    config: Config
    keys: tuple[str, ...]


def chosen(ctx: click.Context, _: click.Parameter, keys: tuple[str, ...]) -> Chosen:
    """The config, with *keys* of its regions or all; a callback for an option that may be given again."""
    config = platform_config(ctx)
    for key in keys:
        if key not in config.regions:
            raise click.BadParameter(f"must be one of {', '.join(config.regions)}, got {shown(key)}")
    return Chosen(config, tuple(key for key in config.regions if key in keys or not keys))
