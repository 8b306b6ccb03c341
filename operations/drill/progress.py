"""What a person sees while a drill runs: a line that moves in a terminal, a line per event in a log."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from operations.drill.plan import State
from operations.openai import Result


class DrillView:
    """
    The live view of a drill, used as a context manager.

    A terminal that has gone away is no reason to stop: restoring would not be done.

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

    def __enter__(self) -> DrillView:
        with suppress(OSError):
            self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end_state()
        with suppress(OSError):
            self._progress.stop()

    def say(self, text: str) -> None:
        """Something happened."""
        with suppress(OSError):
            self._console.print(text, soft_wrap=True, highlight=False, markup=False)

    def state_began(self, state: State) -> None:
        """The last state is over, *state* begins."""
        self._end_state()
        self._state, self._seen, self._failed = state, Counter(), 0
        with suppress(OSError):
            self._task = self._progress.add_task(state.title, total=None, seen="")

    def request_ended(self, result: Result) -> None:
        """A request has ended."""
        self._seen[result.region] += not result.error
        self._failed += bool(result.error)
        if self._task is not None:
            with suppress(OSError):
                self._progress.update(self._task, seen=self._text())

    def _end_state(self) -> None:
        if self._task is not None:
            with suppress(OSError):
                self._progress.remove_task(self._task)
        if self._state:
            self.say(f"{self._state.title}: {self._text()}")
        self._state = self._task = None

    def _text(self) -> str:
        good = [f"{count} from {region}" for region, count in self._seen.items() if count]
        return ", ".join([*good, f"{self._failed} failed"])
