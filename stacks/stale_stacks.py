"""Stack folders that an older config left in cdktf.out: the last synth has no such stack, yet its state may be full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class StaleStack:
    """
    One of them.

    Attributes:
        name: The stack's id.
        folder: Its root module, which Terraform can still run.
        resources: How many its config has.
        state: Where its state is: a file, or a place in a bucket.
        applied: Whether there is a state file; None where that is in a bucket, which nobody has asked.
    """

    name: str
    folder: Path
    resources: int
    state: str
    applied: bool | None


def stale_stacks(outdir: Path) -> list[StaleStack]:
    """Those in *outdir*, whatever platform they are of, by name."""
    stacks = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    return [stack for stack in _folders(outdir) if stack.name not in stacks]


def _folders(outdir: Path) -> Iterator[StaleStack]:
    for file in sorted((outdir / "stacks").glob("*/cdk.tf.json")):
        try:
            document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            [(kind, backend)] = document["terraform"]["backend"].items()
            resources = sum(map(len, document.get("resource", {}).values()))
            state = backend["path"] if kind == "local" else f"gs://{backend['bucket']}/{backend['prefix']}"
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        applied = (file.parent / state).exists() if kind == "local" else None
        yield StaleStack(
            name=file.parent.name, folder=file.parent, resources=resources, state=state, applied=applied
        )  # fmt: skip
