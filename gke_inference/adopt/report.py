"""The report of an adoption, for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from rich.console import Console
from rich.markup import escape

from gke_inference.adopt.adoption import Adoption
from gke_inference.adopt.found import Found, Verdict, nested
from gke_inference.adopt.old_state import forget_command
from gke_inference.command import Exit, Settings
from gke_inference.import_blocks import FILE
from gke_inference.tables import EXIT_COLOR, make_table

COLOR = {
    Verdict.ADOPTED: "green", Verdict.EXISTING: "cyan", Verdict.REFUSED: "red", Verdict.NOT_OURS: "dim",
    Verdict.UNKNOWN: "yellow",
}  # fmt: skip


def print_adoption(adoption: Adoption, settings: Settings, outdir: Path) -> None:
    """Print what was found, the settings that must differ, and what is to be done next."""
    console = Console()
    if settings.output == "json":
        console.out(json.dumps(_document(adoption, outdir), indent=2), highlight=False)
        return
    console.print(_table(adoption))
    for line in _next_steps(adoption, outdir):
        console.print(line, markup=False, soft_wrap=True, highlight=False)
    console.print(_summary(adoption), highlight=False)


def _document(adoption: Adoption, outdir: Path) -> dict[str, object]:
    return {
        "outdir": str(outdir),
        "outcome": adoption.outcome.name.lower(),
        "imports": {stack: len(blocks) for stack, blocks in adoption.blocks.items()},
        "found": [one.shown() for one in adoption.found],
        "settings": nested(adoption.settings),
        "hand_edits": len(adoption.settings),
        "forget": [one.address for one in adoption.forget],
    }


def _table(adoption: Adoption) -> object:
    table = make_table(f"What exists of {adoption.config.name} in {adoption.config.project}")
    for column in ("region", "what", ""):
        table.add_column(column, no_wrap=column != "what", overflow="fold")
    table.add_column("found", overflow="fold", ratio=1)
    order = {key: number for number, key in enumerate(("", *adoption.config.regions))}
    for one in sorted(
        adoption.found, key=lambda one: (order.get(one.where, len(order)), list(Verdict).index(one.verdict))
    ):
        verdict = f"[{COLOR[one.verdict]}]{one.verdict.value}[/]"
        table.add_row(escape(one.where or "all"), escape(one.noun), verdict, _details(one))
    return table


def _details(one: Found) -> str:
    lines = [escape(one.path)]
    if one.address:
        lines.append(f"[dim]to:[/] {escape(one.stack)}, {escape(one.address)}")
    if one.why:
        lines.append(escape(one.why))
    return "\n".join(lines)


def _next_steps(adoption: Adoption, outdir: Path) -> list[str]:
    steps = []
    if adoption.settings:
        document = yaml.safe_dump(nested(adoption.settings), sort_keys=False, default_flow_style=False)
        count = len(adoption.settings)
        steps.append(
            f"Merge {count} setting{'' if count == 1 else 's'} into the config, and run it again:\n\n{document}"
        )
    for stack, blocks in adoption.blocks.items():
        steps.append(f"{outdir}/stacks/{stack}/{FILE}: {len(blocks)} to import")
    if adoption.forget:
        steps.append(
            f"Before the next plan of the old configuration, in its folder ({adoption.others} others stay with it):\n"
            f"    {forget_command(adoption.forget)}\n"
            "Take their blocks out of its files too, or it makes them again."
        )
    if adoption.blocks and not adoption.settings:
        steps.append(
            "Plan each stack and read it: it must replace and destroy nothing. Then apply the stacks in their order; "
            "`gke-inference adopt --done` deletes the import blocks."
        )
    return steps


def _summary(adoption: Adoption) -> str:
    counts = [(verdict, sum(one.verdict is verdict for one in adoption.found)) for verdict in Verdict]
    shown = ", ".join(f"{count} {verdict.value}" for verdict, count in counts if count) or "nothing exists"
    outcome: Exit = adoption.outcome
    return f"[bold {EXIT_COLOR[outcome]}]{outcome.name.capitalize()}:[/] {shown}"
