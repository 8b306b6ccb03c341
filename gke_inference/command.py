"""What every command shares: exit codes, settings, regions, and options that report all problems at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from gke_inference.verbose import log_calls
from platform_config.config import Config
from platform_config.config_path import EXAMPLE, VARIABLE, find_config, find_configs
from platform_config.errors import ConfigError, shown
from platform_config.load import load

PROBLEMS = "gke_inference.problems"


class Exit(IntEnum):
    """What a command found."""

    GOOD = 0
    WRONG = 1
    BAD_INPUT = 2
    UNKNOWN = 3
    """Nothing could be asked, so nothing is known."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    What stands before or after the name of the command; `ctx.obj` of each.

    Attributes:
        given: The config file that the command line names; None where it names none.
        several: The config files, where the command line names more than one.
        output: How the report is printed.
    """

    given: Path | None = None
    several: tuple[Path, ...] = ()
    output: Literal["text", "json"] = "text"

    @property
    def named(self) -> bool:
        """Whether the command line or the environment names a config file."""
        return self.given is not None or VARIABLE in os.environ

    @property
    def config_path(self) -> Path:
        """The config file, not read yet; a ConfigError where it is not clear which is meant."""
        return find_config(self.given, os.environ)

    @property
    def config_paths(self) -> list[Path]:
        """The config files of a command that takes several."""
        return find_configs(self.several or ((self.given,) if self.given else ()), os.environ)


class Option(click.Option):
    """An option that leaves its problem to `Command`, so that the next options are checked too."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the value for the command; None where it is wrong."""
        try:
            return super().process_value(ctx, value)
        except click.BadParameter as error:
            error.ctx, error.param = ctx, self
            problem = error.format_message()
        except ConfigError as error:
            problem = str(error).replace("\n", "\n  ")
        ctx.meta.setdefault(PROBLEMS, []).append(problem)
        return None


option = partial(click.option, cls=Option)


def _source(ctx: click.Context, param: click.Parameter) -> ParameterSource | None:
    return ctx.get_parameter_source(str(param.name))


def _keep_config(ctx: click.Context, param: click.Parameter, given: Path) -> None:
    settings: Settings = ctx.ensure_object(Settings)
    if _source(ctx, param) is not ParameterSource.COMMANDLINE:
        return  # `find_config` reads the environment, for main.py too.
    if settings.given not in (None, given):
        both = f"{shown(str(settings.given))} and {shown(str(given))}"
        raise click.BadParameter(f"must be given once, got {both}", ctx, param)
    ctx.obj = replace(settings, given=given)


def _keep_configs(ctx: click.Context, param: click.Parameter, given: tuple[Path, ...]) -> None:
    if len(given) < 2:
        for path in given:
            _keep_config(ctx, param, path)
        return
    settings: Settings = ctx.ensure_object(Settings)
    if settings.given is not None:
        names = " and ".join(shown(str(path)) for path in (settings.given, *given))
        raise click.BadParameter(f"must be given once, got {names}", ctx, param)
    ctx.obj = replace(settings, several=given)


def _keep_output(ctx: click.Context, param: click.Parameter, given: Literal["text", "json"]) -> None:
    if _source(ctx, param) is ParameterSource.COMMANDLINE:
        ctx.obj = replace(ctx.ensure_object(Settings), output=given)


def _be_verbose(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    if given:
        log_calls()


def setting_options() -> list[click.Parameter]:
    """Return `--config`, `--output` and `-v` for the group and for each command; they become `Settings`."""
    return [
        Option(
            ["--config"], metavar="FILE", type=click.Path(path_type=Path), envvar=VARIABLE, show_envvar=True,
            default=EXAMPLE, callback=_keep_config, is_eager=True, expose_value=False, help="The platform's YAML file.",
        ),
        Option(
            ["--output"], type=click.Choice(["text", "json"]), default="text", callback=_keep_output, is_eager=True,
            expose_value=False, help="Tables for people, or one JSON document on stdout.",
        ),
        Option(
            ["-v", "--verbose"], is_flag=True, callback=_be_verbose, is_eager=True, expose_value=False,
            help="Print on stderr what is asked of which API.",
        ),
    ]  # fmt: skip


def platform_config(ctx: click.Context) -> Config:
    """
    Return the config of the command.

    Raises:
        ConfigError: It cannot be used.
    """
    settings: Settings = ctx.obj
    return load(settings.config_path)


@dataclass(frozen=True)
class ChosenRegions:
    """The config, and the keys of the regions that a command looks at."""

    config: Config
    keys: tuple[str, ...]


def _choose_regions(ctx: click.Context, _: click.Parameter, keys: tuple[str, ...]) -> ChosenRegions:
    config = platform_config(ctx)
    for key in keys:
        if key not in config.regions:
            raise click.BadParameter(f"must be one of {', '.join(config.regions)}, got {shown(key)}")
    return ChosenRegions(config, tuple(key for key in config.regions if key in keys or not keys))


region_option = option(
    "--region", "regions", metavar="KEY", multiple=True, callback=_choose_regions,
    help="Key of a region to look at; may be given again.  [default: all]",
)  # fmt: skip
"""Gives the command its `ChosenRegions`."""
config_argument = click.argument(
    "config_file", metavar="[CONFIG]", type=click.Path(path_type=Path), required=False, callback=_keep_config,
    expose_value=False,
)  # fmt: skip
"""Another place for `--config`, in commands that read nothing but a config."""
configs_argument = click.argument(
    "config_files", metavar="[CONFIG]...", type=click.Path(path_type=Path), nargs=-1, callback=_keep_configs,
    expose_value=False,
)  # fmt: skip
"""Another place for `--config`, which takes several, in commands that read nothing but configs."""


class Command(click.Command):
    """A command with the settings, which refuses all bad options at once; click itself stops at the first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += setting_options()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """
        Read the command line.

        Raises:
            click.UsageError: With every problem of every option.
        """
        rest = super().parse_args(ctx, args)
        if problems := ctx.meta.get(PROBLEMS):
            count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
            raise click.UsageError("\n  ".join([count, *problems]), ctx)
        return rest
