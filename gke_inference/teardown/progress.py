"""A line of progress while Google is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

FIRST_SEC = 2.0
"""As long as a person waits without a doubt."""
NEXT_SEC = 15.0


@contextmanager
def report_if_slow(console: Console, what: str) -> Iterator[None]:
    """Show *what* is being asked: at once in a terminal, and by a line, which a log has too, where it takes long."""
    ended, began = threading.Event(), time.monotonic()

    def report() -> None:
        pause = FIRST_SEC
        while not ended.wait(pause):
            line = f"{what}: no answer yet after {time.monotonic() - began:.0f} s"
            console.print(escape(line), soft_wrap=True, highlight=False)
            pause = NEXT_SEC

    reporter = threading.Thread(target=report, daemon=True)
    with console.status(escape(what)):
        reporter.start()
        try:
            yield
        finally:
            ended.set()
            reporter.join()
