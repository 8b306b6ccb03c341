"""`gke-inference validate` and `gke-inference synth`: are configs right, and what becomes of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from gke_inference.command import Command, Exit, Settings, configs_argument, option
from gke_inference.synth.alert_summary import alert_figures
from gke_inference.synth.environment import refuse_environment
from gke_inference.synth.grafana_file import grafana_file, has_outside_panels, outside_grafana_file
from gke_inference.synth.stale_stacks import stale_stacks
from gke_inference.synth.summary import PACKAGE_COMMANDS, print_summaries, stack_order
from gke_inference.synth.synthesize import FOLDER, Synth, synthesize_each
from platform_config.errors import Problem
from platform_config.load import Loaded
from platform_config.several import load_several, warnings_of_several
from platform_config.stack_graph import OUTDIR


@click.command(cls=Command)
@configs_argument
@click.pass_obj
def validate(settings: Settings) -> Exit:
    """
    Report every problem and every warning of a config, or of several and of all of them together.

    Reads the files alone and asks nobody. All problems are reported at once, on stderr, with exit code 2; warnings
    leave it 0.
    """
    platforms = load_several(settings.config_paths)
    together = warnings_of_several(platforms)
    if settings.output == "json":
        _print_json([_document(each, {}) for each in platforms], together)
        return Exit.GOOD
    console = Console()
    for each in platforms:
        warnings = each.warnings()
        _print_warnings(console, warnings)
        some = f", {len(warnings)} warning{'' if len(warnings) == 1 else 's'}" if warnings else ""
        path = escape(str(each.path))
        console.print(f"[bold green]Good:[/] {path}: 0 problems{some}", soft_wrap=True, highlight=False)
    _print_warnings(console, together)
    return Exit.GOOD


@click.command(cls=Command)
@configs_argument
@option(
    "--outdir", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", default=OUTDIR,
    envvar=FOLDER, show_envvar=True, help="Folder to write to; with several configs, how the name of each one begins.",
)  # fmt: skip
@click.pass_obj
def synth(settings: Settings, *, outdir: Path) -> Exit:
    """
    Write the Terraform JSON of a config, one folder per stack, and print what it holds.

    Of several configs, that of dev.yaml is written to cdktf.out-dev, and so on. If one is wrong nothing is written.
    """
    refuse_environment(os.environ)
    synths = synthesize_each(load_several(settings.config_paths), outdir)
    if settings.output == "json":
        together = warnings_of_several([each.platform for each in synths])
        _print_json([_document(each.platform, _written(each)) for each in synths], together)
    else:
        print_summaries(synths, Console(soft_wrap=False), commands=PACKAGE_COMMANDS)
    return Exit.GOOD


def _print_warnings(console: Console, warnings: list[Problem]) -> None:
    for warning in warnings:
        console.print(f"[yellow]warning[/] {escape(str(warning))}", soft_wrap=True, highlight=False)


def _written(synth: Synth) -> dict[str, Any]:
    """Return what a synth wrote, for a program."""
    outdir, config = synth.outdir, synth.platform.config
    stale = [
        {"stack": one.name, "platform": one.platform, "state": one.place}
        for one in stale_stacks(outdir)
        if one.applied is not False
    ]
    shown: dict[str, Any] = {
        "outdir": str(outdir),
        "stacks": stack_order(outdir),
        "stale": stale,
        "alerts": alert_figures(config),
    }
    if config.observability.dashboard:
        shown["grafana"] = str(grafana_file(outdir, config.name))
    if has_outside_panels(config):
        shown["grafana_outside"] = str(outside_grafana_file(outdir, config.name))
    return shown


def _document(platform: Loaded, rest: dict[str, Any]) -> dict[str, Any]:
    """Return what is reported about one config, for a program."""
    named = {"config": str(platform.path), "platform": platform.config.name, "outcome": "good"}
    return {**named, "warnings": _shown(platform.warnings()), **rest}


def _print_json(documents: list[dict[str, Any]], together: list[Problem]) -> None:
    """Print the document of one config, or of several, with what is doubtful about them *together*."""
    several = {"outcome": "good", "configs": documents, "warnings": _shown(together)}
    document = documents[0] if len(documents) == 1 else several
    Console().out(json.dumps(document, indent=2), highlight=False)


def _shown(warnings: list[Problem]) -> list[dict[str, str]]:
    return [
        {"path": one.path, "origin": one.origin, "message": one.message, "fix": one.fix, "rule": one.rule}
        for one in warnings
    ]
