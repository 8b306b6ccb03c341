"""An open loop of requests: one on every tick, whether or not the last has ended; a closed loop waits in outages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import anyio

from gke_inference.drill.changes import Change
from gke_inference.openai import Result


class Sender(Protocol):
    """
    Sends requests at a steady rate, from wherever.

    Attributes:
        results: Those that have ended.
        running: How many have not.
        exact_to_sec: How exact the times of the results are, beside the time between two requests.
        objects: What it creates in a cluster; written down before, and deleted afterwards.
    """

    @property
    def results(self) -> list[Result]:
        """See above."""

    @property
    def running(self) -> int:
        """See above."""

    @property
    def exact_to_sec(self) -> float:
        """See above."""

    @property
    def objects(self) -> tuple[Change, ...]:
        """See above."""

    async def create(self) -> None:
        """
        Create its objects.

        Raises:
            ApiError: That was refused; or its answer was lost, and they may be there.
        """

    async def wait_until_ready(self) -> None:
        """
        Wait until it can send.

        Raises:
            ApiError: It cannot.
        """

    async def run(self) -> None:
        """
        Send until stopped, then wait for what still runs.

        Raises:
            ApiError: The results are lost.
        """

    def stop(self, *, wait: bool) -> None:
        """Send no more; wait for requests that run, or leave them out."""


@dataclass(kw_only=True)
class LocalSender:
    """
    Sends from this machine: a `Sender`.

    Args:
        rate_per_sec: Requests sent per second.
        send: Sends one request.
        on_result: Is called with each result.
    """

    rate_per_sec: float
    send: Callable[[], Awaitable[Result]]
    on_result: Callable[[Result], None]

    objects: tuple[Change, ...] = ()
    exact_to_sec: float = 0.0
    results: list[Result] = field(default_factory=list)
    running: int = 0
    _ticks: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _all: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def create(self) -> None:
        """Create nothing: it needs no object."""

    async def wait_until_ready(self) -> None:
        """Return at once: it is always ready."""

    async def run(self) -> None:
        """Send until stopped, then wait for what still runs."""
        with self._all:
            async with anyio.create_task_group() as group:
                with self._ticks:
                    began_sec = perf_counter()
                    for number in range(1, 2**62):
                        group.start_soon(self._send_one)
                        await anyio.sleep(max(0, began_sec + number / self.rate_per_sec - perf_counter()))

    def stop(self, *, wait: bool) -> None:
        """Send no more; wait for requests that run, or leave them out."""
        (self._ticks if wait else self._all).cancel()

    async def _send_one(self) -> None:
        self.running += 1
        result = await self.send()
        self.running -= 1
        self.results.append(result)
        self.on_result(result)
