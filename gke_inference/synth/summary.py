"""The summary of a synth, for the person who ran it."""

from __future__ import annotations

import json
import os
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from constructs_lib.universe import PUBLIC, universe_name
from gke_inference.synth.alert_summary import alert_summary
from gke_inference.synth.dns_summary import dns_summary
from gke_inference.synth.environment import toolchain_variable
from gke_inference.synth.gateway_summary import gateway_summary
from gke_inference.synth.grafana_file import grafana_file, has_outside_panels, outside_grafana_file
from gke_inference.synth.last_synth import Changes, print_changes
from gke_inference.synth.models_table import models_table
from gke_inference.synth.outside_tables import outside_tables
from gke_inference.synth.stale_stacks import StackFolder, stale_stacks
from gke_inference.synth.synthesize import Synth
from gke_inference.tables import make_table
from gke_inference.terraform import program
from platform_config.config import Config
from platform_config.config_path import EXAMPLE, VARIABLE
from platform_config.existing_parts import existing_parts
from platform_config.names import Names
from platform_config.network_plan import region_ranges
from platform_config.pages import MOVE_THE_CONFIG_CLUSTER, REMOVE_A_MODEL, REMOVE_A_REGION
from platform_config.rules import check
from platform_config.several import warnings_of_several
from platform_config.stack_graph import INFRA, stack_folder


@dataclass(frozen=True, kw_only=True)
class Commands:
    """
    How a user calls the program.

    Attributes:
        program: What the commands of `gke-inference` begin with.
        cdktf: Whether the cdktf CLI can deploy from here.
    """

    program: str
    cdktf: bool


CLONE_COMMANDS = Commands(program=".venv/bin/python -m gke_inference", cdktf=True)
PACKAGE_COMMANDS = Commands(program="gke-inference", cdktf=False)


def print_summaries(synths: Sequence[Synth], console: Console, *, commands: Commands = CLONE_COMMANDS) -> None:
    """Print the summary of each of *synths*, and what is doubtful about all of them together."""
    for synth in synths:
        platform, is_one = synth.platform, len(synths) == 1
        if not is_one:
            console.rule(escape(str(platform.path)))
        print_summary(
            platform.config,
            platform.path,
            synth.outdir,
            console,
            synth.changes,
            commands=commands,
            option="" if is_one else f" --output {shlex.quote(str(synth.outdir))}",
        )
    warnings = warnings_of_several([synth.platform for synth in synths])
    if warnings:
        console.rule()
    for warning in warnings:
        console.print(f"[yellow]warning[/] {escape(str(warning))}", soft_wrap=True)


def print_summary(
    config: Config,
    config_path: Path,
    outdir: Path,
    console: Console,
    changes: Changes | None = None,
    *,
    commands: Commands = CLONE_COMMANDS,
    option: str = "",
) -> None:
    """
    Print what was read and what it became.

    The config, stacks in order, resources by type, regions, addresses, who reaches them, models with what follows from
    their images, clusters outside and remotes, detection time, alerts and who hears of them, dashboards, warnings, what
    an older config left, the *changes* since the last synth, and the next *commands*; that of cdktf needs *option* to
    find the folder.
    """
    order = stack_order(outdir)
    console.print(
        f"Read [bold]{escape(str(config_path))}[/]: platform {config.name} in project {config.project}"
        f"{_universe(config)}.\n",
        soft_wrap=True,
        highlight=False,
    )
    console.print(_stacks(order, outdir))
    console.print(_types(order, outdir))
    console.print(_regions(config))
    console.print(_addresses(config))
    if existing_parts(config):
        console.print(_not_managed(config))
    for line in (*gateway_summary(config), *dns_summary(config)):
        console.print(escape(line), soft_wrap=True, highlight=False)
    for table in (models_table(config), *outside_tables(config)):
        console.print(table)
    probe = config.gateway.health_check
    console.print(
        f"\nA dead {'server' if config.is_regional else 'region'} is detected in [bold]{probe.detection_sec} s[/] "
        f"({probe.interval_sec} s between probes x {probe.unhealthy_threshold} failures).",
        soft_wrap=True,
    )
    console.print(escape(alert_summary(config)), soft_wrap=True, highlight=False)
    if config.observability.dashboard:
        where = escape(str(grafana_file(outdir, config.name)))
        console.print(
            f"Its dashboard is in Cloud Monitoring, and for Grafana in {where}", soft_wrap=True, highlight=False
        )
    if has_outside_panels(config):
        where = escape(str(outside_grafana_file(outdir, config.name)))
        console.print(f"That of its servers outside is for Grafana in {where}", soft_wrap=True, highlight=False)
    for warning in check(config)[1]:
        console.print(f"[yellow]warning[/] {escape(str(warning))}", soft_wrap=True)
    changes = changes or Changes()
    left = [stack for stack in stale_stacks(outdir) if stack.applied is not False]
    own = [stack for stack in left if stack.platform == config.name]
    _print_stale(own, outdir, console)
    _print_others([stack for stack in left if stack not in own], outdir, console)
    print_changes(changes, console)
    steps_first = bool(own) or changes.steps_first
    _print_next(config_path, outdir, order, console, steps_first=steps_first, commands=commands, option=option)


def stack_order(outdir: Path) -> dict[str, list[str]]:
    """Return each stack with those it needs, needed ones first: the order in which plain Terraform may apply them."""
    stacks = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    needs: dict[str, list[str]] = {name: stack["dependencies"] for name, stack in stacks.items()}
    order: dict[str, list[str]] = {}
    while len(order) < len(needs):
        order |= {name: deps for name, deps in needs.items() if name not in order and all(d in order for d in deps)}
    return order


def _document(outdir: Path, stack: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((stack_folder(outdir, stack) / "cdk.tf.json").read_text(encoding="utf-8"))
    return document


def _universe(config: Config) -> str:
    """Return where a project is that is not in the public cloud, as the end of a sentence."""
    universe = config.universe
    return "" if universe == PUBLIC else f" of the universe {universe_name(universe)} ({universe.api_domain})"


def _stacks(order: dict[str, list[str]], outdir: Path) -> Table:
    table = make_table("Stacks, in order", "#", "stack", "resources", "after")
    for number, (stack, needs) in enumerate(order.items(), start=1):
        resources = sum(len(named) for named in _document(outdir, stack).get("resource", {}).values())
        table.add_row(str(number), stack, str(resources), ", ".join(needs) or "-")
    return table


def _types(order: dict[str, list[str]], outdir: Path) -> Table:
    counts: Counter[str] = Counter()
    for stack in order:
        counts.update({kind: len(named) for kind, named in _document(outdir, stack).get("resource", {}).items()})
    table = make_table(f"{counts.total()} resources", "type", "count")
    for kind, count in sorted(counts.items()):
        table.add_row(kind, str(count))
    return table


def _regions(config: Config) -> Table:
    title = "Regions, with the most nodes that servers fill" if config.cluster.autopilot else "Regions"
    table = make_table(title, "region", "pool", "machine", "nodes", "chips", "capacity")
    for key, region in config.regions.items():
        if not region.serves:
            holds = "none: it holds the gateway's objects" if region.config_cluster else "none: it serves nothing"
            table.add_row(f"{key} ({region.region})", holds, "-", "-", "-", "-")
        for pool_key, pool in config.pools(key).items():
            machine = f"{pool.machine.machine_type} {pool.topology or ''}".strip()
            chips = f"{pool.chips} x {pool.machine.generation}"
            where = f"{key} ({region.region})"
            nodes = f"{pool.min_nodes} to {pool.nodes}" if pool.grows else str(pool.nodes)
            table.add_row(where, pool_key, machine, nodes, chips, pool.spec.capacity.mode)
    return table


def _not_managed(config: Config) -> Table:
    """Return what exists: nothing of it is changed or deleted."""
    table = make_table("Not managed: it exists, and is used as it is", "what", "setting", "checked by")
    for part in existing_parts(config):
        table.add_row(escape(str(part)), part.setting, f"plan of {part.stack}" if part.stack else "preflight")
    return table


def _addresses(config: Config) -> Table:
    kind, names = config.gateway.gateway_class, Names(config)
    table = make_table("Gateway" if kind.multi_cluster else "Gateways", "region", "address", "in subnet")
    for key in config.gateway_regions:
        named = config.gateway.addresses == "named"
        address = names.gateway_address(key) if named else "ephemeral, chosen by Google"
        subnet = "none, it is public" if kind.public else str(region_ranges(config, key).nodes)
        table.add_row(f"{key} ({config.regions[key].region})", address, subnet)
    return table


def _print_stale(left: list[StackFolder], outdir: Path, console: Console) -> None:
    if not left:
        return
    console.print(
        f"\n[yellow]Left by an older config[/] in {escape(str(outdir))}/stacks, in no order above, and applied or "
        f"destroyed by nothing that is printed here; Terraform destroys them, and refuses to apply them:",
        soft_wrap=True,
    )
    for stack in left:
        console.print(
            f"  {stack.name}: {stack.resources} resources as synthesized, state in {escape(stack.place)}",
            soft_wrap=True,
            highlight=False,
        )
    console.print(
        f"What its state holds is still there. {REMOVE_A_REGION}, has the steps to destroy it; delete the folder when "
        "that is done, or if it was never applied.",
        soft_wrap=True,
    )


def _print_others(left: list[StackFolder], outdir: Path, console: Console) -> None:
    if left:
        console.print(f"\n[yellow]Of another platform[/] in {escape(str(outdir))}/stacks:", soft_wrap=True)
    for stack in left:
        console.print(
            f"  {stack.name}: of platform {escape(stack.platform)}, which this file does not describe, "
            f"state in {escape(stack.place)}",
            soft_wrap=True,
            highlight=False,
        )


def _print_next(
    config_path: Path,
    outdir: Path,
    order: dict[str, list[str]],
    console: Console,
    *,
    steps_first: bool,
    commands: Commands,
    option: str,
) -> None:
    path = escape(shlex.quote(str(config_path)))
    variable = "" if config_path == EXAMPLE else f"{VARIABLE}={path} "
    first = escape(shlex.quote(str(stack_folder(outdir, next(iter(order))))))
    console.print(
        f"\nNext: [bold]{variable}{commands.program} preflight[/] asks Google what no file says: "
        f"whether regions, zones, machines, quotas and permissions are there.",
        soft_wrap=True,
    )
    if steps_first:
        console.print(
            f"Then, before any deploy, follow the steps for what is left or refused above: {REMOVE_A_REGION}; "
            f"{REMOVE_A_MODEL}; or {MOVE_THE_CONFIG_CLUSTER}; a plan that is refused prints its own.",
            soft_wrap=True,
        )
        return
    if commands.cdktf:
        variable += toolchain_variable(os.environ)
        console.print(
            f"Then: [bold]{variable}npx cdktf deploy{escape(option)} '{INFRA}*'[/], "
            f"then [bold]{variable}npx cdktf deploy{escape(option)} '*'[/] "
            f"(`make cli` installs cdktf; `. .venv/bin/activate` finds npx).",
            soft_wrap=True,
        )
    without = "Without the cdktf CLI" if commands.cdktf else "Then"
    console.print(
        f"{without}, stack by stack in the order above: {program()} -chdir={first} init, then plan and apply.",
        soft_wrap=True,
    )
