"""Sends to the gateways of all regions at once, where each region has one of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import anyio

from gke_inference.api_error import ApiError
from gke_inference.drill.changes import Change
from gke_inference.drill.senders.sender import Sender
from gke_inference.openai import Result

OnResult = Callable[[Result], None]


@dataclass(kw_only=True)
class RegionalSender:
    """
    One sender for each region's gateway: a `Sender`.

    Its results have the region whose gateway was asked, whatever an answer says: a failure names no region.

    Args:
        on_result: Is called with each result.
    """

    on_result: OnResult

    results: list[Result] = field(default_factory=list)
    _senders: list[Sender] = field(default_factory=list)

    def add(self, region: str, make: Callable[[OnResult], Sender]) -> None:
        """Add the sender that *make* returns; its results are of *region*."""

        def take(result: Result) -> None:
            self.results.append(replace(result, region=region))
            self.on_result(self.results[-1])

        self._senders.append(make(take))

    @property
    def running(self) -> int:
        """How many requests have not ended."""
        return sum(sender.running for sender in self._senders)

    @property
    def exact_to_sec(self) -> float:
        """How exact the times of the least exact one are."""
        return max(sender.exact_to_sec for sender in self._senders)

    @property
    def objects(self) -> tuple[Change, ...]:
        """What they create."""
        return tuple(change for sender in self._senders for change in sender.objects)

    async def create(self) -> None:
        """
        Create the objects of one after the other.

        Raises:
            ApiError: One was refused, or its answer was lost; those after it are not created.
        """
        for sender in self._senders:
            await sender.create()

    async def wait_until_ready(self) -> None:
        """
        Wait until all can send.

        Raises:
            ApiError: One cannot.
        """
        await self._for_all(lambda sender: sender.wait_until_ready())

    async def run(self) -> None:
        """
        Send until stopped, then wait for what still runs.

        Raises:
            ApiError: The results of one are lost.
        """
        await self._for_all(lambda sender: sender.run())

    def stop(self, *, wait: bool) -> None:
        """Send no more; wait for requests that run, or leave them out."""
        for sender in self._senders:
            sender.stop(wait=wait)

    async def _for_all(self, do: Callable[[Sender], Awaitable[None]]) -> None:
        """Do it for all at once; the first problem ends it for the others too, and is raised by itself."""
        problems: list[ApiError] = []

        async def do_for(sender: Sender) -> None:
            try:
                await do(sender)
            except ApiError as error:
                problems.append(error)
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for sender in self._senders:
                group.start_soon(do_for, sender)
        if problems:
            raise problems[0]
