"""Questions side by side: one that breaks or does not end hides no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic

from gke_inference.findings import Finding

WORKERS = 8
TICK_SEC = 1.0
"""How often it is told how far it is, also while nothing ends."""


@dataclass(frozen=True, eq=False)
class Task:
    """
    One question.

    Attributes:
        ask: Gives what was found, and what is to be asked next.
        untold: What is told where it does not end in time, or breaks; it gets why.
    """

    ask: Callable[[], tuple[Sequence[Finding], Sequence[Task]]]
    untold: Callable[[str], Finding]


@dataclass(frozen=True)
class _Ended:
    task: Task
    findings: Sequence[Finding]
    following: Sequence[Task]


def side_by_side(tasks: Iterable[Task], *, timeout_sec: float, note: Callable[[int, int], None]) -> list[Finding]:
    """
    The findings of all *tasks* and of those that follow from them, in no order.

    Those that have not ended in time could not be told; what would have followed from them is not asked.

    Args:
        tasks: What to ask.
        timeout_sec: Time for all of them together.
        note: Is told how many have ended, and how many there are so far.
    """
    under_way, found = list(tasks), list[Finding]()
    workers, until, count = _Workers(), monotonic() + timeout_sec, 0
    workers.take(under_way)
    try:
        while under_way:
            left = max(0.0, until - monotonic())
            ended = workers.ended(min(left, TICK_SEC))
            if ended:
                under_way.remove(ended.task)
                under_way += ended.following
                workers.take(ended.following)
                found += ended.findings
                count += 1
            elif not left:
                break
            note(count, count + len(under_way))
    finally:
        workers.stop()
    return [*found, *(task.untold(f"no answer within {round(timeout_sec, 1):g} seconds") for task in under_way)]


class _Workers:
    """Threads that ask."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Task | None] = SimpleQueue()
        self._ended: SimpleQueue[_Ended] = SimpleQueue()
        self._stopped = threading.Event()
        for _ in range(WORKERS):
            # Daemons: a connection that hangs must not keep the program from ending.
            threading.Thread(target=self._work, daemon=True).start()

    def take(self, tasks: Iterable[Task]) -> None:
        """Ask *tasks* when there is time."""
        for task in tasks:
            self._waiting.put(task)

    def ended(self, timeout_sec: float) -> _Ended | None:
        """The next one that has ended; None where there is none within this time."""
        try:
            return self._ended.get(timeout=timeout_sec)
        except Empty:
            return None

    def stop(self) -> None:
        """Ask nothing more."""
        self._stopped.set()
        for _ in range(WORKERS):
            self._waiting.put(None)

    def _work(self) -> None:
        while (task := self._waiting.get()) and not self._stopped.is_set():
            try:
                findings, following = task.ask()
            # Whatever an unexpected answer breaks, it must not hide the others.
            except Exception as error:
                why = f"an answer that could not be read ({type(error).__name__}: {error})"
                findings, following = [task.untold(why)], []
            self._ended.put(_Ended(task, findings, following))
