"""What a drill has changed and made: written down before it is done, and undone in the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

import anyio
import anyio.to_thread

from gke_inference.api_error import ApiError
from gke_inference.drill.change import Change
from gke_inference.drill.journal import Journal
from gke_inference.drill.outage import restore
from gke_inference.live_platform import Clusters

LATEST_SEC = 30
"""After which an API server has given up all that it was asked (the query `timeout` of cluster_api)."""


@dataclass(kw_only=True)
class Undo:
    """
    The changes that are in force, in the order in which they were made.

    Args:
        clusters: Where they are made.
        journal: Holds them, before they are made.
        timeout_sec: How long undoing is tried again.
        say: Is told what happens.

    Attributes:
        made: What was made for the drill.
        open: What was changed for an outage.
    """

    clusters: Clusters
    journal: Journal
    timeout_sec: float
    say: Callable[[str], None]

    made: tuple[Change, ...] = ()
    open: tuple[Change, ...] = ()
    _written_down: bool = False
    _lost_sec: float | None = None

    @property
    def left(self) -> tuple[Change, ...]:
        """All that is not undone."""
        return (*self.made, *self.open)

    async def make(self, made: tuple[Change, ...], make: Callable[[], Awaitable[None]]) -> None:
        """
        Have *made* be made by *make*.

        Raises:
            ApiError: It was refused; or its answer was lost, and it may be there.
        """
        self._write_down((*made, *self.open))
        self.made = made
        try:
            await make()
        except ApiError as error:
            self._note(error)
            raise

    async def change(self, change: Change) -> None:
        """
        Make one change.

        Raises:
            ApiError: It was refused; or its answer was lost, and it may be in force.
        """
        before = self.open
        self._write_down((*self.made, *before, change))
        self.open = (*before, change)
        try:
            await anyio.to_thread.run_sync(self.clusters(change.cluster).patch, change.path, change.outage)
        except ApiError as error:
            self._note(error)
            if error.refused:
                self.open = before
                self._write_down(self.left)
            raise

    async def restore(self, first: int = 0) -> None:
        """Change back what was changed, from the change number *first* on; never broken off."""
        with anyio.CancelScope(shield=True):
            self.open = (*self.open[:first], *await self._undone(self.open[first:]))
            self._write_down(self.left)

    async def delete_made(self) -> None:
        """Take away what was made for the drill; never broken off."""
        with anyio.CancelScope(shield=True):
            self.made = await self._undone(self.made)
            self._write_down(self.left)

    def _note(self, error: ApiError) -> None:
        """What was asked for may be done all the same, and later."""
        if not error.refused:
            self._lost_sec = perf_counter()

    async def _undone(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Undo *changes*; gives what is left. Where an answer was lost they are looked at again."""
        left = await self._put_back(changes)
        if changes and not left and self._lost_sec is not None:
            wait_sec = max(0.0, self._lost_sec + LATEST_SEC - perf_counter())
            self.say(f"an answer was lost: all is looked at again in {wait_sec:.0f} s")
            await anyio.sleep(wait_sec)
            left = await self._put_back(changes)
        return left

    async def _put_back(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        return await restore(changes, self.clusters, timeout_sec=self.timeout_sec, say=self.say)

    def _write_down(self, todo: tuple[Change, ...]) -> None:
        """There is no journal while there is nothing to undo."""
        if todo and self._written_down:
            self.journal.replace(todo)
        elif todo:
            self.journal.begin(todo)
        elif self._written_down:
            self.journal.remove()
        self._written_down = bool(todo)
