"""Terraform as a subprocess: what is in the state of a stack, and what is taken out of it."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOOK_SEC = 0.1
"""Between two looks at what Terraform has printed."""
LIMIT_SEC = 900.0
"""For all but a destroy. A first `init` downloads some hundred MB of providers; to read a state takes seconds."""
GRACE_SEC = 20.0
"""To let go of a lock, once Terraform was asked to end."""


class TerraformError(Exception):
    """
    Terraform could not read or change a state.

    Attributes:
        words: Its own.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(words)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """
    Something in a state.

    Attributes:
        values: Its arguments as the provider knows them; some are secret.
        needs: Addresses that it needs.
    """

    address: str
    kind: str
    values: dict[str, Any] = field(repr=False)
    needs: frozenset[str]

    @property
    def protected(self) -> bool:
        """Whether the provider would refuse to destroy it."""
        return self.values.get("deletion_protection") is True


def state_of(folder: Path) -> tuple[Resource, ...]:
    """
    The resources in the state of the root module in *folder*; none where nothing was applied.

    Writes nothing but what `terraform init` writes into *folder*.

    Raises:
        TerraformError: It cannot be read.
    """
    _run(folder, "init", "-input=false")
    try:
        module = json.loads(_run(folder, "show", "-json")).get("values", {}).get("root_module", {})
    except ValueError:
        raise TerraformError("`terraform show -json` printed no JSON") from None
    return tuple(
        Resource(
            address=held["address"],
            kind=held["type"],
            values=held.get("values", {}),
            needs=frozenset(held.get("depends_on", ())),
        )
        for held in module.get("resources", ())
        if held["mode"] == "managed"
    )


def forget(folder: Path, resources: Sequence[Resource]) -> None:
    """
    Take *resources* out of the state of the root module in *folder*, and touch nothing else.

    Raises:
        TerraformError: It did not work; none of them, or some, are still in the state.
    """
    _run(folder, "state", "rm", *(one.address for one in resources))


def forget_command(folder: Path, resources: Sequence[Resource]) -> str:
    """What a person would type for the same."""
    return shlex.join(["terraform", f"-chdir={folder}", "state", "rm", *(one.address for one in resources)])


def _run(folder: Path, *arguments: str) -> str:
    try:
        process = subprocess.Popen(
            command_of(folder, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise TerraformError(f"terraform must be on PATH: {error.strerror}") from None
    with process:
        try:
            out, err = process.communicate(timeout=LIMIT_SEC)
        except subprocess.TimeoutExpired:
            _end(process)
            raise TerraformError(f"`terraform {arguments[0]}` did not end within {LIMIT_SEC:g} s") from None
    if process.returncode:
        raise TerraformError(_plain(err or out))
    return out


def _end(process: subprocess.Popen[str]) -> None:
    """Ask *process* to end, and end it if it does not."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE_SEC)
    except subprocess.TimeoutExpired:
        process.kill()


def command_of(folder: Path, *arguments: str) -> list[str]:
    """Terraform in *folder*."""
    return ["terraform", f"-chdir={folder}", *arguments, "-no-color"]


def _plain(text: str) -> str:
    """Terraform's error without the frame around it."""
    return " ".join(text.translate(str.maketrans("╷│╵", "   ")).split())
