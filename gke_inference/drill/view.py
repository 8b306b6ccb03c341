"""Progress of a drill while it runs, with the platform's gauges: lines that move in a terminal, lines in a log."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Full, Queue
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from gke_inference.drill.plan import State
from gke_inference.openai import Result

QUEUE_LENGTH = 1000
"""Lines that a terminal may be behind; more are not shown."""
CLOSE_TIMEOUT_SEC = 2


class DrillView:
    """
    The live view of a drill, used as a context manager.

    A thread of its own writes, and the drill never waits for it: a terminal that was stopped (Ctrl-S), or has gone
    away, must not keep a region down.

    Args:
        console: Where it is drawn; not the one that gets the report.
        gauges: Returns what the platform's gauges show now, line by line.
    """

    def __init__(self, console: Console, *, gauges: Callable[[], Sequence[str]] = tuple) -> None:
        self._console = console
        self._gauges = gauges
        self._state: State | None = None
        self._good: Counter[str] = Counter()
        self._failed = 0
        self._task: TaskID | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            console=console,
        )
        self._live = Live(get_renderable=self._shown, console=console)
        self._jobs: Queue[Callable[[], object] | None] = Queue(QUEUE_LENGTH)
        self._writer = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> DrillView:
        self._writer.start()
        if self._console.is_terminal:
            self._show(self._live.start)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end_state()
        self._show(self._live.stop)
        self._show(None)
        self._writer.join(CLOSE_TIMEOUT_SEC)

    def say(self, text: str) -> None:
        """Print a line about something that happened."""
        self._show(lambda: self._console.print(text, soft_wrap=True, highlight=False, markup=False))

    def begin_state(self, state: State) -> None:
        """End the last state, and begin *state*."""
        self._end_state()
        self._state, self._good, self._failed = state, Counter(), 0
        self._show(lambda: self._add_task(state.title))

    def count(self, result: Result) -> None:
        """Count a request that has ended."""
        self._good[result.region] += not result.error
        self._failed += bool(result.error)
        text = self._counts()
        self._show(lambda: self._update_task(text))

    def _end_state(self) -> None:
        self._show(self._remove_task)
        if self._state:
            self.say(f"{self._state.title}: {self._counts()}")
            for line in self._gauges():
                self.say(f"  {line}")
        self._state = None

    def _counts(self) -> str:
        good = [f"{count} from {region}" for region, count in self._good.items() if count]
        return ", ".join([*good, f"{self._failed} failed"])

    def _shown(self) -> Group:
        return Group(self._progress, *(Text(line) for line in self._gauges()))

    def _add_task(self, title: str) -> None:
        self._task = self._progress.add_task(title, total=None, counts="")

    def _update_task(self, text: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, counts=text)

    def _remove_task(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = None

    def _show(self, job: Callable[[], object] | None) -> None:
        with suppress(Full):
            self._jobs.put_nowait(job)

    def _write(self) -> None:
        while job := self._jobs.get():
            with suppress(OSError, ValueError):
                job()
