"""Terraform as a subprocess: what is in the state of a stack, and its destroy."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TextIO

from operations.teardown.stop import Stop

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


def destroy(folder: Path, targets: Sequence[str], stop: Stop, gone: Callable[[], None]) -> list[str]:
    """
    Destroy *targets*, or all where there are none, and call *gone* for each that is; gives Terraform's errors.

    It takes as long as it takes. Terraform runs in a session of its own, so that a Ctrl-C in a terminal reaches it
    through *stop* alone.
    """
    command = ["destroy", "-auto-approve", "-input=false", "-json", *(f"-target={address}" for address in targets)]
    try:
        return _followed(_command(folder, *command), stop, gone)
    except OSError as error:
        return [f"terraform could not be run: {error.filename or 'terraform'}: {error.strerror or error}"]


def _followed(command: Sequence[str], stop: Stop, gone: Callable[[], None]) -> list[str]:
    # Into a file: a pipe would break if this process were killed, and Terraform would die of that in the middle.
    with (
        NamedTemporaryFile() as written,
        open(written.name, encoding="utf-8", errors="replace") as told,
        subprocess.Popen(
            command, stdout=written, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
        ) as process,
    ):
        stop.watch(process)
        try:
            errors = _errors(_lines(told, process), gone)
        finally:
            stop.watch(None)
    return errors or ([] if process.returncode == 0 else [f"terraform destroy ended with code {process.returncode}"])


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


def _lines(told: TextIO, process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What is written to *told*, line by line, until *process* has ended."""
    rest, ended = "", False
    while not ended:
        ended = process.poll() is not None
        *lines, rest = (rest + told.read()).split("\n")
        yield from lines
        if not ended:
            time.sleep(LOOK_SEC)


def _errors(lines: Iterable[str], gone: Callable[[], None]) -> list[str]:
    found: list[str] = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            found += [line.strip()] if line.startswith(("Error", "│ Error")) else []
            continue
        if event.get("type") == "apply_complete" and event["hook"].get("action") == "delete":
            gone()
        if event.get("@level") == "error" and "diagnostic" in event:
            told = event["diagnostic"]
            parts = [told.get("address", ""), told["summary"], told.get("detail", "")]
            found.append(": ".join(part.strip() for part in parts if part.strip()))
    return list(dict.fromkeys(found))


def _run(folder: Path, *arguments: str) -> str:
    try:
        process = subprocess.Popen(
            _command(folder, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
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


def _command(folder: Path, *arguments: str) -> list[str]:
    return ["terraform", f"-chdir={folder}", *arguments, "-no-color"]


def _plain(text: str) -> str:
    """Terraform's error without the frame around it."""
    return " ".join(text.translate(str.maketrans("╷│╵", "   ")).split())
