"""`gke-inference validate` and `gke-inference synth`: is a config right, and what becomes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from gke_inference.command import Command, Exit, Settings, config_argument, option
from gke_inference.synth.alert_summary import alert_figures
from gke_inference.synth.grafana_file import grafana_file
from gke_inference.synth.summary import PACKAGE_COMMANDS, print_summary, stack_order
from gke_inference.synth.synthesize import FOLDER, refuse_hcl, synthesize
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.load import load
from platform_config.rules import check
from platform_config.stack_graph import OUTDIR


@click.command(cls=Command)
@config_argument
@click.pass_obj
def validate(settings: Settings) -> Exit:
    """
    Report every problem and every warning of a config.

    Reads the file alone and asks nobody. All problems are reported at once, on stderr, with exit code 2; warnings leave
    it 0.
    """
    path = settings.config_path
    config = load(path)
    warnings = check(config)[1]
    if settings.output == "json":
        _print_json(path, config, warnings, {})
        return Exit.GOOD
    console = Console()
    for warning in warnings:
        console.print(f"[yellow]warning[/] {escape(str(warning))}", soft_wrap=True, highlight=False)
    some = f", {len(warnings)} warning{'' if len(warnings) == 1 else 's'}" if warnings else ""
    console.print(f"[bold green]Good:[/] {escape(str(path))}: 0 problems{some}", soft_wrap=True, highlight=False)
    return Exit.GOOD


@click.command(cls=Command)
@config_argument
@option(
    "--outdir", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", default=OUTDIR,
    envvar=FOLDER, show_envvar=True, help="Folder to write to.",
)  # fmt: skip
@click.pass_obj
def synth(settings: Settings, *, outdir: Path) -> Exit:
    """
    Write the Terraform JSON of a config, one folder per stack, and print what it holds.

    With a wrong config nothing is written.
    """
    refuse_hcl(os.environ)
    path = settings.config_path
    config = load(path)
    written, changes = synthesize(config, outdir)
    if settings.output == "json":
        shown = {"outdir": str(written), "stacks": stack_order(written), "alerts": alert_figures(config)}
        if config.observability.dashboard:
            shown["grafana"] = str(grafana_file(written, config.name))
        _print_json(path, config, check(config)[1], shown)
    else:
        print_summary(config, path, written, Console(soft_wrap=False), changes, commands=PACKAGE_COMMANDS)
    return Exit.GOOD


def _print_json(path: Path, config: Config, warnings: list[Problem], rest: dict[str, Any]) -> None:
    shown = [{"path": one.path, "message": one.message, "fix": one.fix, "rule": one.rule} for one in warnings]
    document = {"config": str(path), "platform": config.name, "outcome": "good", "warnings": shown, **rest}
    Console().out(json.dumps(document, indent=2), highlight=False)
