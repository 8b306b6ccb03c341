"""The config of the last synth beside its output, to say what has changed since, and what that does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stacks.config import Config
from stacks.effects import differences, effect_of, setting_of

FILE = "config.json"


def last_config(outdir: Path) -> dict[str, Any] | None:
    """The config of the last synth into *outdir* as plain data; None where there was none of the kind."""
    try:
        held = json.loads((outdir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def remember(config: Config, outdir: Path) -> None:
    """Leave *config* beside the output, for the next synth. It names secrets and holds none."""
    text = json.dumps(config.model_dump(mode="json"), indent=2)
    (outdir / FILE).write_text(f"{text}\n", encoding="utf-8")


def print_changes(old: dict[str, Any] | None, config: Config, console: Console) -> None:
    """Print what differs from the last synth, and what it does to a platform that is there; nothing where nothing."""
    changes = list(differences(old, config.model_dump(mode="json"))) if old else []
    if not changes:
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title="Changed since the last synth", title_justify="left")
    for column in ("setting", "was", "is", "what it does to what is there"):
        table.add_column(column, overflow="fold")
    for path, was, now in changes:
        effect = effect_of(setting_of(path))
        table.add_row(path, _shown(was), _shown(now), escape(effect.text) if effect else "")
    console.print(table)


def _shown(value: Any) -> str:
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value)
    return escape(text if len(text) <= 40 else f"{text[:37]}...")
