"""
Imports the modules that its arguments name, and prints as JSON what code of this package did meanwhile.

An event counts when nothing stands between it and a file of ours but the standard library: what cdktf does in an import
of its own, such as starting Node, is not ours. Run by tests/test_imports.py in a process of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

LIBRARY = str(Path(os.__file__).parent)
OURS = str(Path(__file__).parent.parent) + os.sep
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
EFFECTS = ("os.mkdir", "os.rename", "os.remove", "os.putenv", "os.exec", "os.posix_spawn", "subprocess.", "socket.")
"""How the audit events begin that an import may not cause."""

found: list[list[str]] = []


def caller() -> str:
    """Return the nearest file on the stack that is neither this one nor of the standard library."""
    frame: FrameType | None = sys._getframe(1)
    while frame and _is_passed_over(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename if frame else ""


def _is_passed_over(file: str) -> bool:
    in_library = file.startswith(LIBRARY) and "site-packages" not in file
    return file == __file__ or file.startswith("<") or in_library


def note(event: str, detail: object) -> None:
    """Keep an event that a file of ours caused."""
    file = caller()
    if file.startswith(OURS) and ".venv" not in file:
        found.append([event, str(detail), file.removeprefix(OURS)])


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Look at an audit event of Python."""
    opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if opened or event.startswith(EFFECTS):
        note(event, arguments[0] if arguments else "")


class WatchedEnvironment(type(os.environ)):  # type: ignore[misc]
    """An environment that notes who reads it."""

    def __getitem__(self, name: str) -> str:
        note("environment", name)
        return str(super().__getitem__(name))


if __name__ == "__main__":
    if find_spec("fast_synth"):
        # Or cdktf's own part would take half a minute; nothing of it is watched.
        importlib.import_module("fast_synth").enable()
    os.environ.__class__ = WatchedEnvironment
    sys.addaudithook(watch)
    for module in sys.argv[1:]:
        importlib.import_module(module)
    print(json.dumps(found))
