"""A wish to end that came as a signal, and that Terraform hears once."""

from __future__ import annotations

import signal
import subprocess
import threading
from types import FrameType, TracebackType
from typing import Any


class Stop:
    """
    A signal to this process as a wish to end: Ctrl-C, SIGTERM, or SIGHUP of a terminal that closes. A context manager.

    It is passed on to the running Terraform once, and never again: at a second one Terraform would drop its state.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def asked(self) -> bool:
        """Whether a signal came."""
        return self._asked.is_set()

    def pause(self, seconds: float) -> None:
        """Sleep, until a signal comes at most."""
        self._asked.wait(seconds)

    def watch(self, process: subprocess.Popen[bytes] | None) -> None:
        """Pass the signal on to *process*, also one that came a moment ago."""
        self._process = process
        if process and self.asked:
            process.send_signal(signal.SIGINT)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            self._asked.set()
            if self._process:
                self._process.send_signal(signal.SIGINT)
