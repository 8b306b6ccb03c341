"""The program `inference-ops`: one subcommand per question."""

from __future__ import annotations

import os
import traceback

import click

from gke_inference.command import Exit, setting_options
from gke_inference.drill.command import drill
from gke_inference.load.command import load
from gke_inference.preflight.command import preflight
from gke_inference.teardown.command import teardown
from gke_inference.verify.command import verify

TRACEBACK_VARIABLE = "INFERENCE_OPS_TRACEBACK"
"""Set to anything, it shows where in the program a mistake of its own is."""


@click.group(context_settings={"show_default": True, "max_content_width": 100}, params=setting_options())
def cli() -> None:
    """
    Day-2 commands of the cross-region inference platform.

    Options may stand before or after the command. Exit codes: 0 good, 1 found wrong, 2 bad input, 3 could not tell.
    """


for command in (preflight, verify, load, drill, teardown):
    cli.add_command(command)


def main() -> int:
    """Run the command line; the exit code, which `Exit` explains."""
    try:
        return int(cli.main(prog_name="inference-ops", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        return Exit.BAD_INPUT
    except click.Abort:
        click.echo("Interrupted.", err=True)
        return Exit.UNKNOWN
    except OSError as error:
        click.echo(f"Error: {error.filename or 'output'}: {error.strerror or error}", err=True)
        return Exit.BAD_INPUT
    # Python would end with 1, which stands for something that was found wrong.
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        # Its text may hold what must not be shown.
        click.echo(
            f"Error: {type(error).__name__}, a mistake of the program: nothing is known now. "
            f"With {TRACEBACK_VARIABLE}=1 it tells where.",
            err=True,
        )
        return Exit.UNKNOWN
