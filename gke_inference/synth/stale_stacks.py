"""Stack folders that an older config left in cdktf.out: not in the last synth, but their state may hold resources."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

REFUSAL_FILE = "stale.tf.json"
REFUSAL = {
    "resource": {
        "terraform_data": {
            "stale": {
                "lifecycle": {
                    "precondition": {
                        # Terraform wants a condition that refers to something.
                        "condition": '${path.module == ""}',
                        "error_message": "An older config had this stack, and the last one does not. Destroy it: "
                        "after the stacks that need it, and before those that it needs.",
                    }
                }
            }
        }
    }
}
"""Terraform plans no root module with this, and destroys it: a destroy checks no condition."""


@dataclass(frozen=True, kw_only=True)
class StackFolder:
    """
    The folder of one stack.

    Attributes:
        name: The stack's id.
        folder: Its root module, which Terraform can still run.
        resources: How many were synthesized; its state may hold others.
        state: Where its state is, as its backend has it: a file as seen from the folder, or a place in a bucket.
        local: Whether that is a file.
    """

    name: str
    folder: Path
    resources: int
    state: str
    local: bool

    @property
    def applied(self) -> bool | None:
        """Whether the state file holds resources; None where it is in a bucket, which nobody has asked."""
        return _holds_resources(self.folder / self.state) if self.local else None

    @property
    def platform(self) -> str:
        """The `name` of the platform that it belongs to."""
        return PurePosixPath(self.state).parent.name

    @property
    def place(self) -> str:
        """Where its state is, as seen from where the synth ran."""
        return os.path.normpath(self.folder / self.state) if self.local else self.state


def stale_stacks(outdir: Path) -> list[StackFolder]:
    """Return those in *outdir*, of any platform, by name."""
    stacks = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    return [stack for stack in stack_folders(outdir) if stack.name not in stacks]


def refuse_stale_stacks(outdir: Path, platform: str) -> None:
    """Make Terraform refuse to apply the stale stacks of *platform* in *outdir*, and let those of the synth go on."""
    stale = {stack.name for stack in stale_stacks(outdir)}
    for stack in stack_folders(outdir):
        # What another platform has there is left alone.
        if stack.name not in stale or stack.platform == platform:
            refuse_to_apply(stack.folder, refused=stack.name in stale)


def refuse_to_apply(folder: Path, *, refused: bool) -> None:
    """Make Terraform refuse to apply the root module in *folder*, or not; it can be destroyed all the same."""
    file = folder / REFUSAL_FILE
    if refused:
        file.write_text(json.dumps(REFUSAL, indent=2) + "\n", encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def stack_folders(outdir: Path) -> Iterator[StackFolder]:
    """Yield every stack in *outdir*, of the last synth or left by an older one, by name."""
    for file in sorted((outdir / "stacks").glob("*/cdk.tf.json")):
        try:
            document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            [(kind, backend)] = document["terraform"]["backend"].items()
            resources = sum(map(len, document.get("resource", {}).values()))
            state = backend["path"] if kind == "local" else f"gs://{backend['bucket']}/{backend['prefix']}"
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        yield StackFolder(
            name=file.parent.name, folder=file.parent, resources=resources, state=state, local=kind == "local"
        )


def _holds_resources(state: Path) -> bool:
    """Return whether the file *state* lists a resource; one that cannot be read counts as one that does."""
    try:
        held = json.loads(state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return not (isinstance(held, dict) and held.get("resources") == [])
