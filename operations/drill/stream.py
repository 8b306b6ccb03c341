"""An open loop: a request on every tick, whether or not the last one has ended. A closed one would wait out outages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter

import anyio

from operations.openai import Result

STEADY_REQUESTS = 10


@dataclass(kw_only=True)
class Stream:
    """
    Requests at a steady rate.

    Args:
        rate_per_sec: Requests sent per second.
        send: Sends one request.
        seen: Is told each result.
    """

    rate_per_sec: float
    send: Callable[[], Awaitable[Result]]
    seen: Callable[[Result], None]

    results: list[Result] = field(default_factory=list)
    running: int = 0
    _ticks: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _all: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def run(self) -> None:
        """Send until stopped, then wait for what still runs."""
        with self._all:
            async with anyio.create_task_group() as group:
                with self._ticks:
                    began_sec = perf_counter()
                    for number in range(1, 2**62):
                        group.start_soon(self._one)
                        await anyio.sleep(max(0, began_sec + number / self.rate_per_sec - perf_counter()))

    def stop(self, *, wait: bool) -> None:
        """Send no more; requests that run are waited for or left out."""
        (self._ticks if wait else self._all).cancel()

    def steady_from(self, region: str, since_sec: float) -> bool:
        """Whether of the requests sent after *since_sec* the last ten are good, and most of them from *region*."""
        last = [result for result in self.results if result.began_sec >= since_sec][-STEADY_REQUESTS:]
        home = sum(result.region == region for result in last)
        return len(last) == STEADY_REQUESTS and not any(result.error for result in last) and 2 * home > len(last)

    async def _one(self) -> None:
        self.running += 1
        result = await self.send()
        self.running -= 1
        self.results.append(result)
        self.seen(result)
