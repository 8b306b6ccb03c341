"""An event loop whose time costs nothing: where it would wait for a timer, its clock jumps there."""

from __future__ import annotations

import asyncio
import selectors


class _JumpingSelector(selectors.SelectSelector):
    """Waits for files only; the time that it should wait for them as well is added to its clock."""

    now_sec = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the files that are ready, without waiting for any time but an endless one."""
        ready = super().select(0 if timeout else timeout)
        if timeout and not ready:
            self.now_sec += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """
    The loop of tests whose promise is about time, and not about the machine that runs them.

    What is tested must take its time from the loop (`anyio.current_time`), and use no thread that sleeps.
    """

    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        """Return the virtual time, in seconds from the start of the loop."""
        return self._clock.now_sec
