"""The program `gke-inference`: one subcommand per question."""

from __future__ import annotations

import os
import traceback
import warnings

import click

from gke_inference.command import Exit, setting_options
from gke_inference.extras import PACKAGE, load_command, missing_extra
from platform_config.errors import ConfigError

PROGRAM = "gke-inference"
TRACEBACK_VARIABLE = "GKE_INFERENCE_TRACEBACK"
"""Set to anything, it shows where in the program a mistake of its own is."""

OLD_PYTHON = r"You are using a .*Python version"
"""What google-api-core says of a Python that ends within 90 days, or has ended (its _python_version_support.py): it is
for who installs packages, and pip knows it from this package's `requires-python`."""

COMMANDS = {
    "validate": ("gke_inference.synth.command", "Report every problem and every warning of a config."),
    "synth": ("gke_inference.synth.command", "Write the Terraform JSON of a config."),
    "adopt": ("gke_inference.adopt.command", "Write import blocks for what exists already."),
    "export": ("gke_inference.export.command", "Write the stacks of a config for a pipeline without cdktf."),
    "preflight": ("gke_inference.preflight.command", "Report what would stop an apply."),
    "plan-check": ("gke_inference.plan_check.command", "Refuse plans that would take away what serves."),
    "verify": ("gke_inference.verify.command", "Report what is up, region by region."),
    "load": ("gke_inference.load.command", "Measure the gateway under a rising load."),
    "simulate": ("gke_inference.simulate.command", "Compute a failover from the settings, without any cloud."),
    "drill": ("gke_inference.drill.command", "Take a region out on purpose and measure the failover."),
    "teardown": ("gke_inference.teardown.command", "Destroy the whole platform, in order."),
}
"""Each command with its module, which is loaded when the command is named, and its line in the help."""


class Group(click.Group):
    """The group of all commands; none of them is loaded before it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order in which a platform needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command; None where there is none of this name."""
        return load_command(COMMANDS[cmd_name][0], cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


def _print_version(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    from importlib.metadata import PackageNotFoundError, version

    if not given or ctx.resilient_parsing:
        return
    try:
        click.echo(f"{PROGRAM} {version(PACKAGE)}")
    except PackageNotFoundError:
        click.echo(f"{PROGRAM}, from a clone: {PACKAGE} is not installed")
    ctx.exit()


@click.group(cls=Group, context_settings={"show_default": True, "max_content_width": 100}, params=setting_options())
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, show_default=False,
    help="Print the version and exit.",
)  # fmt: skip
def cli() -> None:
    """
    Synthesize, check, measure and tear down the cross-region inference platform of one config.

    Options may stand before or after the command. Exit codes: 0 good, 1 found wrong, 2 bad input, 3 could not check.
    """


def main() -> int:
    """Run the command line, and return the exit code, which `Exit` explains."""
    warnings.filterwarnings("ignore", OLD_PYTHON, FutureWarning)
    try:
        return int(cli.main(prog_name=PROGRAM, standalone_mode=False) or Exit.GOOD)
    except click.ClickException as error:
        error.show()
        return Exit.BAD_INPUT
    except ConfigError as error:
        click.echo(str(error), err=True)
        return Exit.BAD_INPUT
    except click.Abort:
        click.echo("Interrupted.", err=True)
        return Exit.UNKNOWN
    except OSError as error:
        click.echo(f"Error: {error.filename or 'output'}: {error.strerror or error}", err=True)
        return Exit.BAD_INPUT
    # Python would end with 1, which stands for something that was found wrong.
    except Exception as error:
        if isinstance(error, ImportError) and (message := missing_extra(error)):
            click.echo(f"Error: {message}", err=True)
            return Exit.BAD_INPUT
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        # Its text may hold what must not be shown.
        click.echo(
            f"Error: {type(error).__name__}, a mistake of the program: nothing is known now. "
            f"With {TRACEBACK_VARIABLE}=1 it shows where.",
            err=True,
        )
        return Exit.UNKNOWN
