"""`gke-inference plan-check`: would these plans take something away that serves?"""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from textwrap import fill

import click
from rich.console import Console
from rich.markup import escape

from gke_inference.command import Command, Exit, Settings, option, platform_config
from gke_inference.findings import Status
from gke_inference.plan_check.check import (
    Allowed,
    PlanFinding,
    check_plans,
    outcome,
    read_exception,
    report_json,
    unused,
)
from gke_inference.plan_check.files import read_plans
from gke_inference.plan_check.plans import Plans
from platform_config.stack_graph import needed_stacks

LABEL = {Status.WRONG: "[red]refused[/]", Status.UNKNOWN: "[yellow]unknown[/]", Status.SKIPPED: "[dim]allowed[/]"}
VERDICT = {
    Exit.GOOD: "[bold green]Good:[/]",
    Exit.WRONG: "[bold red]Refused:[/]",
    Exit.UNKNOWN: "[bold yellow]Unknown:[/]",
}
INDENT, COLUMNS = " " * 9, 100
WEEK_MIN = 7 * 24 * 60


def _read_exceptions(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[Allowed, ...]:
    try:
        return tuple(dict.fromkeys(map(read_exception, given)))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command("plan-check", cls=Command)
@click.argument("place", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@option("--allow-destroy", is_flag=True, help="Plans that destroy their stack may pass, in the right order.")
@option(
    "--allow", "allowed", metavar="RULE=PLACE", multiple=True, callback=_read_exceptions,
    help="Let one refusal pass, by its rule and STACK/ADDRESS; may be given again. One that lets none pass is wrong.",
)  # fmt: skip
@option(
    "--max-age-min", type=click.IntRange(1, WEEK_MIN), metavar="MIN", default=None,
    help="Refuse plans that are older, in minutes.  [default: any age]",
)  # fmt: skip
@click.pass_context
def plan_check(
    ctx: click.Context,
    *,
    place: Path,
    allow_destroy: bool,
    allowed: tuple[Allowed, ...],
    max_age_min: int | None,
) -> Exit:
    """
    Refuse plans that would take away what serves.

    DIR holds the output of `terraform show -json PLANFILE` for each stack: DIR/<stack>.json, or <stack>/tfplan.json
    there or in DIR/stacks. It may also be one such file. DIR/<stack>.state.json, the output of `terraform show -json`
    alone, shows what is there of a stack that is not planned. Asks nobody, runs no Terraform, prints no value of a
    resource but names. With --config or INFERENCE_CONFIG it knows which stacks there should be.
    """
    settings: Settings = ctx.obj
    plans = Plans(
        plans=read_plans(place),
        graph=needed_stacks(platform_config(ctx)) if settings.named else {},
        allow_destroy=allow_destroy,
        max_age_min=max_age_min,
        now=datetime.now(timezone.utc),
    )
    found = check_plans(plans, allowed)
    if idle := list(unused(allowed, found)):
        places = ", ".join(f"{one.rule}={one.place}" for one in idle)
        raise click.UsageError(f"--allow: must let something pass, got {places}, which no plan here needs: remove it")
    if settings.output == "json":
        Console().out(report_json(plans, found), highlight=False)
    else:
        _print_report(plans, found, place)
    return outcome(found)


def _print_report(plans: Plans, found: list[PlanFinding], place: Path) -> None:
    console = Console()
    for finding, places in _grouped(found):
        console.print(
            f"{LABEL[finding.status]}  {finding.id}: {escape(finding.needed)}", soft_wrap=True, highlight=False
        )
        for where, text in places:
            _print_line(console, f"{INDENT}{where}")
            _print_line(console, _wrapped(text, INDENT + "  "))
        if finding.status is not Status.SKIPPED:
            _print_line(console, _wrapped(f"fix: {finding.fix}", INDENT))
    planned = sorted(stack for stack, plan in plans.plans.items() if not plan.is_state)
    states = sorted(plans.plans.keys() - planned)
    for label, stacks in (("Plans of", planned), ("States of", states), ("No plan of", plans.not_given)):
        if stacks:
            _print_line(console, fill(f"{label} {', '.join(stacks)}", COLUMNS, break_on_hyphens=False))
    counts = [sum(one.status is status for one in found) for status in LABEL]
    named = ", ".join(f"{count} {text}" for count, text in zip(counts, ("refused", "unknown", "allowed"), strict=True))
    console.print(f"{VERDICT[outcome(found)]} {escape(str(place))}: {named}", soft_wrap=True, highlight=False)


def _grouped(found: list[PlanFinding]) -> list[tuple[PlanFinding, list[tuple[str, str]]]]:
    """Return the findings that have rule and fix in common together, each with its places."""
    groups = []
    for _, same in groupby(found, lambda one: (one.id, one.status, one.fix)):
        members = list(same)
        groups.append((members[0], [(one.place, one.found) for one in members]))
    return groups


def _wrapped(text: str, indent: str) -> str:
    return fill(
        text,
        COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _print_line(console: Console, text: str) -> None:
    console.print(escape(text), soft_wrap=True, highlight=False)
