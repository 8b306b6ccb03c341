"""`gke-inference simulate failover`: what the loss of a region costs, computed from the settings."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from gke_inference.command import Command, Exit, Settings, option
from gke_inference.option_types import NewFile
from gke_inference.simulate.figures import WayFigures, way_figures
from gke_inference.simulate.settings import SEED, ways_to_fail_over
from gke_inference.tables import make_table
from platform_config.config import Config
from platform_config.load import load

MOST_RUNS = 100_000
NOT_MEASURED = "Computed by a model of the parts, and not measured: `gke-inference drill` measures."


@click.group()
def simulate() -> None:
    """Compute what a platform does, without any cloud."""


@simulate.command(cls=Command)
@option("--runs", type=click.IntRange(1, MOST_RUNS), default=1000, metavar="N", help="Runs, each with its own times.")
@option(
    "--settings", "source", type=click.Choice(("all", "seed", "config")), default="all",
    help="Whose settings: the config's, those of seed 004's test, or both.",
)  # fmt: skip
@option("--picture", type=NewFile(suffix=".svg"), help="SVG to draw: the downtime of each way to fail over.")
@click.pass_obj
def failover(settings: Settings, *, runs: int, source: str, picture: Path | None) -> Exit:
    """
    Compute the five states of seed 004: both up, the first down, both down, the second back, the first back.

    180 checks, one a second, on an event model: probes and their thresholds, the time to live of DNS answers,
    caches, what starts again. The same settings give the same figures.
    """
    config = None if source == "seed" else load(settings.config_path)
    given = () if config is None else ways_to_fail_over(config)
    ways = [way_figures(way, runs) for way in ((SEED, *given) if source != "config" else given)]
    if picture:
        from gke_inference.simulate.chart import draw

        picture.write_text(draw(ways), encoding="utf-8")
    if settings.output == "json":
        document = {"outcome": "good", "runs": runs, "measured": False, "ways": [_document(way) for way in ways]}
        Console().out(json.dumps(document, indent=2), highlight=False)
    else:
        _print(ways, config, runs)
    return Exit.GOOD


def _document(way: WayFigures) -> dict[str, Any]:
    found = asdict(way)
    found["settings"] = {key: value for key, value in found["settings"].items() if key != "assumed"}
    return found | {"assumed": list(way.settings.assumed)}


def _print(ways: list[WayFigures], config: Config | None, runs: int) -> None:
    console = Console()
    title = f"Seconds, the median of {runs} runs (5 % below, 5 % above)"
    table = make_table(title, "way to fail over", "downtime", "all down", "found after", "good checks", text=1)
    for way in ways:
        table.add_row(
            escape(way.settings.title),
            str(way.first_downtime_sec),
            str(way.second_downtime_sec or "-"),
            str(way.detection_sec or "-"),
            f"{way.good_percent.median:.0f} %",
        )
    console.print(table)
    if not ways:
        console.print("The config has one gateway in each region and no dns: no region takes over for another.")
    console.print(NOT_MEASURED, soft_wrap=True, highlight=False)
    for way in ways:
        console.print(f"\nAssumed of {escape(way.settings.title)}:", highlight=False)
        for assumed in way.settings.assumed:
            console.print(f"  {escape(assumed)}", soft_wrap=True, highlight=False)
    if config is not None and config.failover_budget is not None:
        _print_budget(ways, config.failover_budget.downtime_sec, console)


def _print_budget(ways: list[WayFigures], budget_sec: int, console: Console) -> None:
    for way in ways:
        if way.settings is not SEED:
            slow = way.first_downtime_sec.high > budget_sec
            verdict = "is over" if slow else "keeps"
            console.print(
                f"\n{escape(way.settings.title)} {verdict} the budget of {budget_sec} s in 95 % of the runs: "
                f"{way.first_downtime_sec.high:.0f} s.",
                soft_wrap=True,
                highlight=False,
            )
