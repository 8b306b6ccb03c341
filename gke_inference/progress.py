"""The progress of a command: a bar in a terminal, a line now and then in a log; on stderr."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LINE_EVERY_SEC = 2.0
SAME_LINE_EVERY_SEC = 10.0
FIRST_SIGN_SEC = 2.0
"""As long as a person waits without a doubt."""
NEXT_SIGN_SEC = 15.0

Note = Callable[[str, int, int], None]
"""Called with what is asked, how many of it have ended, and how many there are."""


@contextmanager
def show_progress() -> Iterator[Note]:
    """Show each note: a bar for each kind of thing, or a line every few seconds and at the end of each kind."""
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


@contextmanager
def show_waiting(console: Console, what: str) -> Iterator[None]:
    """Show *what* is waited for: at once in a terminal, and by a line, which a log has too, where it takes long."""
    ended, began = threading.Event(), monotonic()

    def print_signs() -> None:
        pause = FIRST_SIGN_SEC
        while not ended.wait(pause):
            line = f"{what}: no answer yet after {monotonic() - began:.0f} s"
            console.print(escape(line), soft_wrap=True, highlight=False)
            pause = NEXT_SIGN_SEC

    printer = threading.Thread(target=print_signs, daemon=True)
    with console.status(escape(what)):
        printer.start()
        try:
            yield
        finally:
            ended.set()
            printer.join()
