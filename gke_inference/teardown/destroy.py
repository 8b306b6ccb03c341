"""Terraform's destroy as a subprocess, followed while it runs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from gke_inference.teardown.stop import Stop
from gke_inference.teardown.terraform import command_of

LOOK_SEC = 0.1
"""Between two looks at what Terraform has printed."""


def destroy(folder: Path, targets: Sequence[str], stop: Stop, gone: Callable[[], None]) -> list[str]:
    """
    Destroy *targets*, or all where there are none, and call *gone* for each that is; gives Terraform's errors.

    It takes as long as it takes. Terraform runs in a session of its own, so that a Ctrl-C in a terminal reaches it
    through *stop* alone.
    """
    command = ["destroy", "-auto-approve", "-input=false", "-json", *(f"-target={address}" for address in targets)]
    try:
        return _followed(command_of(folder, *command), stop, gone)
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
