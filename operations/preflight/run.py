"""Checks side by side: a slow one never holds up the others, a broken one never hides them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic

from operations.findings import Finding
from operations.preflight.check import Check

WORKERS = 8


def run(checks: Sequence[Check], *, timeout_sec: float, done: Callable[[int], None]) -> list[Finding]:
    """
    The findings of all *checks*; those that have not ended in time could not be told.

    Args:
        checks: What to ask.
        timeout_sec: Time for all of them together.
        done: Is told how many have ended, whenever one has.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    ended: SimpleQueue[tuple[int, list[Finding]]] = SimpleQueue()
    for number in range(len(checks)):
        waiting.put(number)

    def work() -> None:
        while True:
            try:
                number = waiting.get_nowait()
            except Empty:
                return
            ended.put((number, checks[number].findings()))

    for _ in range(min(WORKERS, len(checks))):
        # Daemons: a connection that hangs must not keep the program from ending.
        threading.Thread(target=work, daemon=True).start()
    found = _collected(ended, len(checks), monotonic() + timeout_sec, done)
    late = f"no answer within {timeout_sec:g} seconds"
    lists = [found[n] if n in found else [check.unknown(late)] for n, check in enumerate(checks)]
    return [finding for findings in lists for finding in findings]


def _collected(
    ended: SimpleQueue[tuple[int, list[Finding]]], count: int, until: float, done: Callable[[int], None]
) -> dict[int, list[Finding]]:
    found: dict[int, list[Finding]] = {}
    while len(found) < count:
        try:
            number, findings = ended.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            return found
        found[number] = findings
        done(len(found))
    return found
