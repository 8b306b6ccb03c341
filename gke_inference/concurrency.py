"""Questions side by side: one that breaks or does not end hides no other, and what several need is asked once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

from gke_inference.api_error import ApiError, unreadable
from gke_inference.findings import Finding

T = TypeVar("T")

WORKERS = 8
TICK_SEC = 1.0
"""How often progress is reported, also while nothing ends."""


class Once(Generic[T]):
    """A question that several checks have: asked once, by whoever comes first, and answered or refused to all."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: list[T] = []
        self._error: ApiError | None = None

    def __call__(self) -> T:
        """
        Return the answer.

        Raises:
            ApiError: The question was refused.
        """
        with self._lock:
            if self._error:
                raise self._error
            if not self._answer:
                try:
                    self._answer.append(self._ask())
                except ApiError as error:
                    self._error = error
                    raise
        return self._answer[0]


@dataclass(frozen=True, eq=False)
class Task:
    """
    One question.

    Attributes:
        ask: Returns what was found, and what is to be asked next.
        unknown: Returns the finding where it does not end in time or breaks, given the reason.
    """

    ask: Callable[[], tuple[Sequence[Finding], Sequence[Task]]]
    unknown: Callable[[str], Finding]


@dataclass(frozen=True)
class _Ended:
    task: Task
    findings: Sequence[Finding]
    following: Sequence[Task]


def run_tasks(tasks: Iterable[Task], *, timeout_sec: float, note: Callable[[int, int], None]) -> list[Finding]:
    """
    Ask all *tasks* and those that follow from them; return their findings, in no order.

    What has not ended in time is unknown; what would have followed from it is not asked.

    Args:
        tasks: What to ask.
        timeout_sec: Time for all of them together.
        note: Called with how many have ended, and how many there are so far.
    """
    running, found = list(tasks), list[Finding]()
    workers, until, count = _Workers(), monotonic() + timeout_sec, 0
    workers.take(running)
    try:
        while running:
            left = max(0.0, until - monotonic())
            ended = workers.ended(min(left, TICK_SEC))
            if ended:
                running.remove(ended.task)
                running += ended.following
                workers.take(ended.following)
                found += ended.findings
                count += 1
            elif not left:
                break
            note(count, count + len(running))
    finally:
        workers.stop()
    return [*found, *(task.unknown(f"no answer within {round(timeout_sec, 1):g} seconds") for task in running)]


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
        """Queue *tasks*."""
        for task in tasks:
            self._waiting.put(task)

    def ended(self, timeout_sec: float) -> _Ended | None:
        """Return the next task that has ended; None where there is none within this time."""
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
                findings, following = [task.unknown(unreadable(error))], []
            self._ended.put(_Ended(task, findings, following))
