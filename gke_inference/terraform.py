"""Terraform, or OpenTofu, as a subprocess: reads what is in the state of a stack, and removes resources from it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VARIABLE = "TERRAFORM_BINARY_NAME"
"""Names another program, such as `tofu`; cdktf reads it too (hashicorp/terraform-cdk, packages/cdktf/lib/util.ts)."""
TIMEOUT_SEC = 900.0
"""For all but a destroy. A first `init` downloads some hundred MB of providers; reading a state takes seconds."""
INTERRUPT_TIMEOUT_SEC = 20.0
"""For Terraform to release a lock after it was interrupted."""


class TerraformError(Exception):
    """
    Terraform could not read or change a state.

    Attributes:
        message: Terraform's own message.
    """

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """
    A resource in a state.

    Attributes:
        address: Its Terraform address, such as `google_storage_bucket.weights`.
        type: Its Terraform type, such as `google_storage_bucket`.
        values: Its arguments and attributes as the provider returned them; some are secret.
        needs: Addresses of the resources that it depends on.
    """

    address: str
    type: str
    values: dict[str, Any] = field(repr=False)
    needs: frozenset[str]

    @property
    def protected(self) -> bool:
        """Whether the provider would refuse to destroy it."""
        return self.values.get("deletion_protection") is True


def read_state(folder: Path) -> tuple[Resource, ...]:
    """
    Return the resources in the state of the root module in *folder*; none where nothing was applied.

    Writes nothing but what `terraform init` writes into *folder*.

    Raises:
        TerraformError: The state cannot be read.
    """
    _run(folder, "init", "-input=false")
    try:
        module = json.loads(_run(folder, "show", "-json")).get("values", {}).get("root_module", {})
    except ValueError:
        raise TerraformError(f"`{program()} show -json` printed no JSON") from None
    return tuple(
        Resource(
            address=entry["address"],
            type=entry["type"],
            values=entry.get("values", {}),
            needs=frozenset(entry.get("depends_on", ())),
        )
        for entry in module.get("resources", ())
        if entry["mode"] == "managed"
    )


def remove_from_state(folder: Path, resources: Sequence[Resource]) -> None:
    """
    Remove *resources* from the state of the root module in *folder*; the resources themselves are not touched.

    Raises:
        TerraformError: It failed; all or some of them are still in the state.
    """
    _run(folder, "state", "rm", *(resource.address for resource in resources))


def removal_command(folder: Path, resources: Sequence[Resource]) -> str:
    """Return the command that does the same by hand."""
    addresses = (resource.address for resource in resources)
    return shlex.join([program(), f"-chdir={folder}", "state", "rm", *addresses])


def program() -> str:
    """Return the program to run: what `TERRAFORM_BINARY_NAME` says, or Terraform."""
    return os.environ.get(VARIABLE) or "terraform"


def terraform_command(folder: Path, *arguments: str) -> list[str]:
    """Return the command that runs Terraform in *folder*."""
    return [program(), f"-chdir={folder}", *arguments, "-no-color"]


def _run(folder: Path, *arguments: str) -> str:
    try:
        process = subprocess.Popen(
            terraform_command(folder, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise TerraformError(f"{program()} must be on PATH: {error.strerror}{_other_program()}") from None
    with process:
        try:
            out, err = process.communicate(timeout=TIMEOUT_SEC)
        except subprocess.TimeoutExpired:
            _end(process)
            raise TerraformError(f"`{program()} {arguments[0]}` did not end within {TIMEOUT_SEC:g} s") from None
    if process.returncode:
        raise TerraformError(_without_frame(err or out))
    return out


def _other_program() -> str:
    return "" if os.environ.get(VARIABLE) else f"; for OpenTofu: {VARIABLE}=tofu"


def _end(process: subprocess.Popen[str]) -> None:
    """Interrupt *process*, and kill it if it does not end."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(INTERRUPT_TIMEOUT_SEC)
    except subprocess.TimeoutExpired:
        process.kill()


def _without_frame(text: str) -> str:
    """Return Terraform's error without the frame that it draws around it."""
    return " ".join(text.translate(str.maketrans("╷│╵", "   ")).split())
