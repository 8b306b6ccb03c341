"""The last synth beside this one, to say what has changed since, and what that does to a platform that is there."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from gke_inference.synth.stale_stacks import stack_folders
from platform_config.config import Config
from platform_config.effects import Effect, differences, effect_of_change

FILE = "config.json"


@dataclass(frozen=True, kw_only=True)
class LastSynth:
    """
    What a synth finds in its folder before it writes there.

    Attributes:
        config: The config of the last synth as plain data; None where there was none of the kind.
        stacks: The text of each stack, by id.
        applied: Whether something of that platform is applied, as far as files show: a state in a bucket may be full.
    """

    config: dict[str, Any] | None
    stacks: dict[str, bytes]
    applied: bool


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting that differs: its path, both values as plain data, and what that does."""

    path: str
    was: Any
    now: Any
    effect: Effect | None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """
    What differs from the last synth.

    Attributes:
        settings: Each setting, in the order of the file.
        applied: Whether there can be something that they change.
    """

    settings: tuple[Change, ...] = ()
    applied: bool = True

    @property
    def steps_first(self) -> bool:
        """Whether one of them cannot be deployed as it is."""
        kinds = {change.effect.kind for change in self.settings if change.effect}
        return self.applied and not kinds.isdisjoint(("refused", "leaves"))


def last_synth(outdir: Path) -> LastSynth:
    """Read what the last synth left in *outdir*."""
    try:
        held = json.loads((outdir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        held = None
    config = held if isinstance(held, dict) else None
    return LastSynth(config=config, stacks=_texts(outdir), applied=_applied(outdir, (config or {}).get("name")))


def remember(config: Config, outdir: Path) -> None:
    """Leave *config* beside the output, for the next synth. It names secrets and holds none."""
    text = json.dumps(config.model_dump(mode="json"), indent=2)
    (outdir / FILE).write_text(f"{text}\n", encoding="utf-8")


def changes_since(last: LastSynth, config: Config, outdir: Path) -> Changes:
    """Compare the synth of *config* in *outdir* with the *last* one; no changes where no stack differs."""
    if not last.config or last.stacks == _texts(outdir):
        return Changes()
    now = config.model_dump(mode="json")
    old, new = _with_pools(last.config, now), _with_pools(now, last.config)
    is_read = _bucket_is_read(last.config)
    settings = tuple(
        Change(path=path, was=was, now=value, effect=effect_of_change(path, was, value, bucket_is_read=is_read))
        for path, was, value in differences(old, new)
    )
    if other := tuple(change for change in settings if change.path == "name"):
        return Changes(settings=other)
    return Changes(settings=settings, applied=last.applied or _applied(outdir, config.name))


def print_changes(changes: Changes, console: Console) -> None:
    """Print what differs from the last synth, and what it does to a platform that is there; nothing where nothing."""
    if not changes.settings:
        return
    if not changes.applied:
        count = len(changes.settings)
        some = f"{count} setting{'' if count == 1 else 's'}"
        console.print(
            f"\nChanged since the last synth: {some}; nothing of the platform is applied yet.", soft_wrap=True
        )
        return
    console.print("\n[bold]Changed since the last synth[/], and what that does to what is there:", soft_wrap=True)
    for change in changes.settings:
        effect = f": {change.effect.text}" if change.effect else ""
        line = f"  {change.path} from {_shown(change.was)} to {_shown(change.now)}{effect}"
        console.print(escape(line), soft_wrap=True, highlight=False)


def _texts(outdir: Path) -> dict[str, bytes]:
    return {file.parent.name: file.read_bytes() for file in (outdir / "stacks").glob("*/cdk.tf.json")}


def _applied(outdir: Path, name: str | None) -> bool:
    return any(stack.applied is not False for stack in stack_folders(outdir) if stack.platform == name)


def _bucket_is_read(config: dict[str, Any]) -> bool:
    """Return whether servers of *config* read the bucket; also where it is the config of another version."""
    try:
        return Config.model_validate_json(json.dumps(config), strict=True).reads_bucket
    except ValidationError:
        return True


def _with_pools(config: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return *config* with the shared pools in each region in whose place *other* has one of the region's own."""
    filled = copy.deepcopy(config)
    for key, region in filled.get("regions", {}).items():
        own = region.get("node_pools") or {}
        theirs = other.get("regions", {}).get(key, {}).get("node_pools") or {}
        shared = {pool: spec for pool, spec in filled.get("node_pools", {}).items() if pool in theirs}
        if own or theirs:
            region["node_pools"] = {**shared, **own}
    return filled


def _shown(value: Any) -> str:
    if isinstance(value, dict) and value:
        return "{...}"
    return "-" if value in (None, [], {}) else value if isinstance(value, str) else json.dumps(value)
