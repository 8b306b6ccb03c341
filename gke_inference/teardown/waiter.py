"""Looks that give a sign of life, and waits that end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from rich.markup import escape

from gke_inference.teardown.found import Found
from gke_inference.teardown.progress import looking
from gke_inference.teardown.stop import Stop

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Waiter:
    """
    Every wait is bounded, and a signal ends it.

    Attributes:
        wait_sec: Longest wait.
        pause_sec: Between two looks.
    """

    wait_sec: float
    pause_sec: float
    stop: Stop
    console: Console

    def wait(self, what: str, look: Callable[[], Sequence[Found]]) -> Sequence[Found]:
        """Wait until *look* finds nothing; gives what it found last."""
        began = time.monotonic()
        while (found := self.look(what, look)) and not self.stop.asked:
            waited, first = time.monotonic() - began, f"such as the {found[0].shown}"
            if waited >= self.wait_sec:
                self.say(f"{what}: {len(found)} are still there after {waited:.0f} s, {first}; going on")
                break
            self.say(f"{what}: {len(found)} are still there, {first}")
            self.stop.pause(min(self.pause_sec, self.wait_sec - waited))
        return found

    def look(self, what: str, look: Callable[[], T]) -> T:
        """What *look* gives."""
        with looking(self.console, what):
            return look()

    def say(self, line: str) -> None:
        """Print *line* as it is."""
        self.console.print(escape(line), soft_wrap=True, highlight=False)
