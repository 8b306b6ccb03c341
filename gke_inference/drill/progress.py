"""What a person sees while a drill runs: a line that moves in a terminal, a line per event in a log."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from gke_inference.drill.plan import State
from gke_inference.openai import Result

MOST_WAITING = 1000
"""Things to show that a terminal may be behind; more are not shown."""
LAST_WORDS_SEC = 2


class DrillView:
    """
    The live view of a drill, used as a context manager.

    A thread of its own writes, and nobody waits for it: a terminal that was stopped (Ctrl-S), or has gone away, must
    not keep a region down.

    Args:
        console: Where it is drawn; not the one that gets the report.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._state: State | None = None
        self._seen: Counter[str] = Counter()
        self._failed = 0
        self._task: TaskID | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[seen]}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._jobs: Queue[Callable[[], object] | None] = Queue(MOST_WAITING)
        self._writer = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> DrillView:
        self._writer.start()
        self._show(self._progress.start)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end_state()
        self._show(self._progress.stop)
        self._show(None)
        self._writer.join(LAST_WORDS_SEC)

    def say(self, text: str) -> None:
        """Something happened."""
        self._show(lambda: self._console.print(text, soft_wrap=True, highlight=False, markup=False))

    def state_began(self, state: State) -> None:
        """The last state is over, *state* begins."""
        self._end_state()
        self._state, self._seen, self._failed = state, Counter(), 0
        self._show(lambda: self._add_task(state.title))

    def request_ended(self, result: Result) -> None:
        """A request has ended."""
        self._seen[result.region] += not result.error
        self._failed += bool(result.error)
        text = self._text()
        self._show(lambda: self._update_task(text))

    def _end_state(self) -> None:
        self._show(self._remove_task)
        if self._state:
            self.say(f"{self._state.title}: {self._text()}")
        self._state = None

    def _text(self) -> str:
        good = [f"{count} from {region}" for region, count in self._seen.items() if count]
        return ", ".join([*good, f"{self._failed} failed"])

    def _add_task(self, title: str) -> None:
        self._task = self._progress.add_task(title, total=None, seen="")

    def _update_task(self, text: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, seen=text)

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
