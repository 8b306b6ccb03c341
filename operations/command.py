"""What every command has: exit codes, the group's settings, and options that tell all their problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click

from stacks.errors import ConfigError

PROBLEMS = "operations.problems"


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
    What is said before the name of the command; `ctx.obj` of each.

    Attributes:
        config_path: The platform's YAML file, not read yet.
        output: How the report is printed.
    """

    config_path: Path
    output: Literal["text", "json"]


class Option(click.Option):
    """An option that keeps its problem for `Command`, so that the next ones are looked at too."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """The value that the command gets; None where it is wrong."""
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


class Command(click.Command):
    """A command that refuses all bad options at once; click itself stops at the first."""

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
