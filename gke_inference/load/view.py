"""Progress of a ramp while it runs, with the platform's gauges: bars in a terminal, lines per step in a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from gke_inference.openai import Result


class LoadView:
    """
    The live view of a ramp, used as a context manager.

    Args:
        console: Where it is drawn; not the one that gets the report.
        concurrency: Workers of each step.
        gauges: Returns what the platform's gauges show now, line by line.
    """

    def __init__(
        self, console: Console, *, concurrency: tuple[int, ...], gauges: Callable[[], Sequence[str]] = tuple
    ) -> None:
        self._console = console
        self._concurrency = concurrency
        self._regions: list[Counter[str]] = []
        self._errors: list[int] = []
        self._tasks: list[TaskID] = []
        self._gauges = gauges
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}"),
            console=console,
        )
        self._live = Live(get_renderable=self._shown, console=console)

    def __enter__(self) -> LoadView:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def begin_step(self, number: int) -> None:
        """Begin step *number*, counted from 0."""
        self._regions.append(Counter())
        self._errors.append(0)
        self._tasks.append(self._progress.add_task(f"{self._concurrency[number]:>4} at once", total=None, counts=""))

    def count(self, number: int, result: Result) -> None:
        """Count a request that began in step *number* and has ended."""
        self._regions[number][result.region] += 1
        self._errors[number] += bool(result.error)
        self._progress.update(self._tasks[number], counts=escape(self._counts(number)))

    def end_step(self, number: int) -> None:
        """End step *number*; some of its requests may still run."""
        self._progress.update(self._tasks[number], total=1, completed=1)
        if not self._console.is_terminal:
            step = f"step {number + 1} of {len(self._concurrency)}, {self._concurrency[number]} at once"
            self._console.out(f"{step}: {self._counts(number)}", highlight=False)
            for line in self._gauges():
                self._console.out(f"  {line}", highlight=False)

    def show_waiting(self, running: int) -> None:
        """Show that all steps are over, and *running* requests are not."""
        if running:
            self._console.print(f"waiting for {running} running requests (Ctrl-C leaves them out)", soft_wrap=True)

    def _shown(self) -> Group:
        return Group(self._progress, *(Text(line) for line in self._gauges()))

    def _counts(self, number: int) -> str:
        regions, errors = self._regions[number], self._errors[number]
        total = regions.total()
        shares = [f"{region} {count} ({count / total:.0%})" for region, count in regions.items()]
        return ", ".join([f"{total} requests", *shares, *([f"{errors} failed"] if errors else [])])
