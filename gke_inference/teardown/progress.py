"""A sign of life while Google is asked."""

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
def looking(console: Console, what: str) -> Iterator[None]:
    """Tell that *what* is looked at: at once in a terminal, and by a line, which a log has too, where it takes long."""
    ended, began = threading.Event(), time.monotonic()

    def tell() -> None:
        pause = FIRST_SEC
        while not ended.wait(pause):
            line = f"{what}: no answer yet after {time.monotonic() - began:.0f} s"
            console.print(escape(line), soft_wrap=True, highlight=False)
            pause = NEXT_SEC

    teller = threading.Thread(target=tell, daemon=True)
    with console.status(escape(what)):
        teller.start()
        try:
            yield
        finally:
            ended.set()
            teller.join()
