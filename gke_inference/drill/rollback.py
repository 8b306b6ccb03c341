"""Undoing what a drill has changed and created: written down before it is done, tried again until it works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

import anyio
import anyio.to_thread

from gke_inference.api_error import ApiError
from gke_inference.drill.changes import Change
from gke_inference.drill.journal import Journal
from gke_inference.live_platform import Clusters

FIRST_PAUSE_SEC = 1
LONGEST_PAUSE_SEC = 10
LATE_ANSWER_SEC = 30
"""Time in which an API server may still do what it was asked (the query `timeout` of cluster_api)."""


async def undo_all(
    changes: tuple[Change, ...], clusters: Clusters, *, timeout_sec: float, say: Callable[[str], None]
) -> tuple[Change, ...]:
    """
    Undo all of *changes*, the last one first; what does not work is tried again until *timeout_sec*.

    Returns: Those that could not be undone.
    """
    left, pause_sec = list(reversed(changes)), FIRST_PAUSE_SEC
    deadline = anyio.current_time() + timeout_sec
    while True:
        problem: Exception | None = None
        for change in tuple(left):
            try:
                done = await anyio.to_thread.run_sync(_undo, change, clusters)
            except Exception as error:  # Nothing that one object does may leave the others as they are.
                problem = error
            else:
                left.remove(change)
                say(f"restored: {change.what}" if done else f"nothing to restore any more: {change.what}")
        if not left or anyio.current_time() >= deadline:
            return tuple(left)
        say(f"not restored yet ({problem}); trying again in {pause_sec} s, {len(left)} to go")
        await anyio.sleep(pause_sec)
        pause_sec = min(2 * pause_sec, LONGEST_PAUSE_SEC)


def _undo(change: Change, clusters: Clusters) -> bool:
    """Undo one change; return False where the outage is not in force, or its object is gone."""
    try:
        return change.undo(clusters(change.cluster).quick())
    except ApiError as error:
        if not error.missing:
            raise
        return False


@dataclass(kw_only=True)
class Rollback:
    """
    Makes changes, each written to the journal before it is made, and undoes them.

    Args:
        clusters: Where the changes are made.
        journal: Holds them, before they are made.
        timeout_sec: How long undoing is tried again.
        say: Shows a line of progress.

    Attributes:
        created: What was created for the drill.
        changed: What was changed for an outage, in that order.
    """

    clusters: Clusters
    journal: Journal
    timeout_sec: float
    say: Callable[[str], None]

    created: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    _in_journal: bool = False
    _lost_answer_sec: float | None = None

    @property
    def not_undone(self) -> tuple[Change, ...]:
        """All that is still in force."""
        return (*self.created, *self.changed)

    async def create(self, objects: tuple[Change, ...], create: Callable[[], Awaitable[None]]) -> None:
        """
        Write down *objects*, and have *create* create them.

        Raises:
            ApiError: It was refused; or its answer was lost, and they may be there.
        """
        self._write_journal((*objects, *self.changed))
        self.created = objects
        try:
            await create()
        except ApiError as error:
            self._note_lost_answer(error)
            raise

    async def change(self, change: Change) -> None:
        """
        Write down and make one change.

        Raises:
            ApiError: It was refused; or its answer was lost, and it may be in force.
        """
        before = self.changed
        self._write_journal((*self.created, *before, change))
        self.changed = (*before, change)
        try:
            await anyio.to_thread.run_sync(self.clusters(change.cluster).patch, change.path, change.outage)
        except ApiError as error:
            self._note_lost_answer(error)
            if error.refused:
                self.changed = before
                self._write_journal(self.not_undone)
            raise

    async def restore(self, first: int = 0) -> None:
        """Undo the changes from number *first* on; a cancellation does not break it off."""
        with anyio.CancelScope(shield=True):
            self.changed = (*self.changed[:first], *await self._undo(self.changed[first:]))
            self._write_journal(self.not_undone)

    async def delete_created(self) -> None:
        """Delete what was created for the drill; a cancellation does not break it off."""
        with anyio.CancelScope(shield=True):
            self.created = await self._undo(self.created)
            self._write_journal(self.not_undone)

    def _note_lost_answer(self, error: ApiError) -> None:
        """Without a refusal the API server may still do what it was asked, and later."""
        if not error.refused:
            self._lost_answer_sec = perf_counter()

    async def _undo(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Undo *changes* and return what is left; after a lost answer, once more when nothing can come late."""
        left = await undo_all(changes, self.clusters, timeout_sec=self.timeout_sec, say=self.say)
        if changes and not left and self._lost_answer_sec is not None:
            wait_sec = max(0.0, self._lost_answer_sec + LATE_ANSWER_SEC - perf_counter())
            self.say(f"an answer was lost: all is looked at again in {wait_sec:.0f} s")
            await anyio.sleep(wait_sec)
            left = await undo_all(changes, self.clusters, timeout_sec=self.timeout_sec, say=self.say)
        return left

    def _write_journal(self, changes: tuple[Change, ...]) -> None:
        """Keep the journal exactly as long as there is something to undo."""
        if changes and self._in_journal:
            self.journal.replace(changes)
        elif changes:
            self.journal.begin(changes)
        elif self._in_journal:
            self.journal.remove()
        self._in_journal = bool(changes)
