"""An open loop: a request on every tick, whether or not the last one has ended. A closed one would wait out outages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import anyio

from gke_inference.drill.change import Change
from gke_inference.openai import Result

STEADY_REQUESTS = 10


class Stream(Protocol):
    """
    Requests at a steady rate, from wherever.

    Attributes:
        results: Those that have ended.
        running: How many have not.
        exact_to_sec: How exact the times of the results are, beside the time between two requests.
        leaves: What has to be taken away afterwards, and is written down before it is made.
    """

    results: list[Result]
    running: int
    exact_to_sec: float

    @property
    def leaves(self) -> tuple[Change, ...]:
        """See above."""

    async def make(self) -> None:
        """
        Make what it leaves.

        Raises:
            ApiError: It was refused; or its answer was lost, and it may be there.
        """

    async def begin(self) -> None:
        """
        Be ready to send.

        Raises:
            ApiError: That did not come about.
        """

    async def run(self) -> None:
        """
        Send until stopped, then wait for what still runs.

        Raises:
            ApiError: Its results cannot be had any more.
        """

    def stop(self, *, wait: bool) -> None:
        """Send no more; requests that run are waited for or left out."""


@dataclass(kw_only=True)
class LocalStream:
    """
    Requests from here: a `Stream`.

    Args:
        rate_per_sec: Requests sent per second.
        send: Sends one request.
        seen: Is told each result.
    """

    rate_per_sec: float
    send: Callable[[], Awaitable[Result]]
    seen: Callable[[Result], None]

    leaves: tuple[Change, ...] = ()
    exact_to_sec: float = 0.0
    results: list[Result] = field(default_factory=list)
    running: int = 0
    _ticks: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _all: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def make(self) -> None:
        """Nothing is needed."""

    async def begin(self) -> None:
        """It is ready."""

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

    async def _one(self) -> None:
        self.running += 1
        result = await self.send()
        self.running -= 1
        self.results.append(result)
        self.seen(result)


def steady_from(results: Iterable[Result], region: str, since_sec: float) -> bool:
    """Whether of the requests sent after *since_sec* the last ten are good, and most of them from *region*."""
    last = [result for result in results if result.began_sec >= since_sec][-STEADY_REQUESTS:]
    home = sum(result.region == region for result in last)
    return len(last) == STEADY_REQUESTS and not any(result.error for result in last) and 2 * home > len(last)
