"""Terraform's destroy as a subprocess, followed while it runs, and which of its errors are worth another try."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from gke_inference.teardown.interrupt import Interrupt
from gke_inference.terraform import program, terraform_command

POLL_SEC = 0.1
"""Between two reads of what Terraform has printed."""
TRANSIENT = re.compile(
    # Google: in use, another operation is running, too many requests.
    r"already being used by|resourceInUse|resourceNotReady|incompatible operation|operation in progress"
    r"|associated resources that should be cleaned up|error 409|error 429|error 5\d\d|rate ?limit ?exceeded"
    r"|resource_exhausted|quota exceeded for quota metric|quotaExceeded|acquiring the state lock"
    # Kubernetes: a control plane that is overloaded or being replaced.
    r"|server is currently unable to handle the request|server has received too many requests"
    r"|etcdserver: (request timed out|leader changed)|timeout while waiting|deadline exceeded"
    # The network.
    r"|i/o timeout|connection re(set|fused)|handshake timeout|unexpected EOF|: EOF\b|client connection lost"
    r"|no such host",
    re.IGNORECASE,
)
"""Errors that may be over after a pause."""
EXPIRED_TOKEN = re.compile(r"\bUnauthorized\b|error 401\b|invalid authentication credentials", re.IGNORECASE)
"""The next run gets a new access token; a second refusal in a row has another cause."""
PERMANENT = re.compile(r"deletion.protection|force_destroy|bucket you tried to delete is not empty", re.IGNORECASE)
"""The same error would come again."""


def destroy(
    folder: Path,
    targets: Sequence[str],
    interrupt: Interrupt,
    on_destroyed: Callable[[], None],
    *,
    refresh: bool = True,
) -> list[str]:
    """
    Destroy *targets*, or all where there are none, and return Terraform's errors.

    There is no time limit. Terraform runs in a session of its own, so that a Ctrl-C in a terminal reaches it through
    *interrupt* alone.

    Args:
        folder: The stack's root module.
        targets: Addresses.
        interrupt: Passes a signal on to Terraform.
        on_destroyed: Called for each resource that was destroyed.
        refresh: Whether Terraform first reads what there is, data sources included.
    """
    arguments = ["destroy", "-auto-approve", "-input=false", "-json", *(f"-target={address}" for address in targets)]
    arguments += [] if refresh else ["-refresh=false"]
    try:
        return _follow(terraform_command(folder, *arguments), interrupt, on_destroyed)
    except OSError as error:
        return [f"{program()} could not be run: {error.filename or program()}: {error.strerror or error}"]


def is_transient(errors: Iterable[str], tries: int = 1) -> bool:
    """Return whether all *errors* may be over after a pause; *tries* have failed so far."""
    return all(
        (TRANSIENT.search(error) or (tries == 1 and EXPIRED_TOKEN.search(error))) and not PERMANENT.search(error)
        for error in errors
    )


def _follow(command: Sequence[str], interrupt: Interrupt, on_destroyed: Callable[[], None]) -> list[str]:
    # Into a file: a pipe would break if this process were killed, and Terraform would end without saving its state.
    with (
        NamedTemporaryFile() as written,
        open(written.name, encoding="utf-8", errors="replace") as output,
        subprocess.Popen(
            command, stdout=written, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
        ) as process,
    ):
        interrupt.forward_to(process)
        try:
            errors = _errors(_lines(output, process), on_destroyed)
        finally:
            interrupt.forward_to(None)
    return errors or ([] if process.returncode == 0 else [f"{program()} destroy ended with code {process.returncode}"])


def _lines(output: TextIO, process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Return what is written to *output*, line by line, until *process* has ended."""
    rest, ended = "", False
    while not ended:
        ended = process.poll() is not None
        *lines, rest = (rest + output.read()).split("\n")
        yield from lines
        if not ended:
            time.sleep(POLL_SEC)


def _errors(lines: Iterable[str], on_destroyed: Callable[[], None]) -> list[str]:
    found: list[str] = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            found += [line.strip()] if line.startswith(("Error", "│ Error")) else []
            continue
        if event.get("type") == "apply_complete" and event["hook"].get("action") == "delete":
            on_destroyed()
        if event.get("@level") == "error" and "diagnostic" in event:
            diagnostic = event["diagnostic"]
            parts = [diagnostic.get("address", ""), diagnostic["summary"], diagnostic.get("detail", "")]
            found.append(": ".join(part.strip() for part in parts if part.strip()))
    return list(dict.fromkeys(found))
