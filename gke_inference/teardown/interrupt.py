"""Ctrl-C and other signals, which Terraform gets once, and waits that they end."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape

from gke_inference.progress import show_waiting
from gke_inference.teardown.ownership import NetworkResource

T = TypeVar("T")


class Interrupt:
    """
    A request to end: Ctrl-C, SIGTERM, or the SIGHUP of a terminal that closes. A context manager.

    It is passed on to the running Terraform once: at a second signal Terraform would give up without saving its state.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @property
    def requested(self) -> bool:
        """Whether a signal came."""
        return self._event.is_set()

    def request(self) -> None:
        """Request the end, and interrupt the running Terraform the first time."""
        if not self.requested:
            self._event.set()
            if self._process:
                self._process.send_signal(signal.SIGINT)

    def pause(self, seconds: float) -> None:
        """Sleep until *seconds* are over or a signal comes."""
        self._event.wait(seconds)

    def forward_to(self, process: subprocess.Popen[bytes] | None) -> None:
        """Pass the signal on to *process* from here on; one that came just before is passed on at once."""
        self._process = process
        if process and self.requested:
            process.send_signal(signal.SIGINT)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.request()


@dataclass(frozen=True, kw_only=True)
class Waiter:
    """
    Waits for Google, for a limited time and until a signal comes.

    Attributes:
        wait_sec: Longest wait.
        pause_sec: Between two questions.
        interrupt: Ends the wait.
        console: Where progress is printed.
    """

    wait_sec: float
    pause_sec: float
    interrupt: Interrupt
    console: Console

    def wait_until_empty(self, what: str, find: Callable[[], Sequence[NetworkResource]]) -> Sequence[NetworkResource]:
        """Wait until *find* returns nothing, and return its last answer; *what* names it in messages."""
        began = time.monotonic()
        while (found := self.ask(what, find)) and not self.interrupt.requested:
            waited, example = time.monotonic() - began, f"such as the {found[0].label}"
            if waited >= self.wait_sec:
                self.print(f"{what}: {len(found)} are still there after {waited:.0f} s, {example}; going on")
                break
            self.print(f"{what}: {len(found)} are still there, {example}")
            self.interrupt.pause(min(self.pause_sec, self.wait_sec - waited))
        return found

    def ask(self, what: str, question: Callable[[], T]) -> T:
        """Return the answer to *question*; print a line where it takes long."""
        with show_waiting(self.console, what):
            return question()

    def print(self, line: str) -> None:
        """Print *line* as it is."""
        self.console.print(escape(line), soft_wrap=True, highlight=False)
