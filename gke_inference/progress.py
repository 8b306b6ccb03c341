"""How far a command is: a bar in a terminal, a line now and then in a log; on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LINE_EVERY_SEC = 2.0
SAME_LINE_EVERY_SEC = 10.0

Note = Callable[[str, int, int], None]
"""Is told what is asked, how many of it have ended, and how many there are."""


@contextmanager
def progress() -> Iterator[Note]:
    """Shows what it is told: a bar for each kind of thing, or a line every few seconds and at the end of each."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    last, shown = monotonic(), ""
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:

        def note(what: str, done: int, of: int) -> None:
            nonlocal last, shown
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done, total=of)
            line = f"{what}: {done} of {of}"
            pause = SAME_LINE_EVERY_SEC if line == shown else LINE_EVERY_SEC
            if not console.is_terminal and (done == of or monotonic() - last >= pause):
                last, shown = monotonic(), line
                console.out(line, highlight=False)

        yield note
