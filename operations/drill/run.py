"""The drill itself: state after state under a steady stream of requests, and everything restored whatever happens."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import perf_counter

import anyio
import anyio.to_thread

from operations.api_error import ApiError
from operations.drill.figures import baseline_problem
from operations.drill.journal import Journal
from operations.drill.measured import Drilled, EndedBy, Mark
from operations.drill.outage import Change, Outage, make, restore
from operations.drill.plan import DrillPlan, State
from operations.drill.platform import Clusters
from operations.drill.progress import DrillView
from operations.drill.stream import Stream, steady_from

LOOK_SEC = 0.1


@dataclass(kw_only=True)
class Drill:
    """
    One drill, to be run once.

    Args:
        plan: What is done.
        outage_of: Reads how a region, given by its key, is taken down.
        clusters: Where that is done.
        journal: Holds what has to be restored, before it is changed.
        stream: The requests.
        view: Is told what happens.
    """

    plan: DrillPlan
    outage_of: Callable[[str], Outage]
    clusters: Clusters
    journal: Journal
    stream: Stream
    view: DrillView

    _marks: list[Mark] = field(default_factory=list)
    _open: tuple[Change, ...] = ()
    _made: tuple[Change, ...] = ()
    _written_down: bool = False
    _tried_restoring: bool = False
    _ended_by: EndedBy = "last state"
    _problem: str = ""
    _states: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def run(self) -> Drilled:
        """Go through all states; what was changed is restored, and what was made deleted, on every way out."""
        began_sec = perf_counter()
        # SIGHUP comes when the connection to the terminal is lost.
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async with anyio.create_task_group() as group:
                group.start_soon(self._watch, signals)
                try:
                    ended_sec = await self._send_and_go_through()
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._delete_made()
                group.cancel_scope.cancel()
        return Drilled(
            began_sec=self._marks[0].began_sec if self._marks else began_sec,
            marks=tuple(self._marks),
            ended_sec=ended_sec,
            results=tuple(sorted(self.stream.results, key=lambda result: result.began_sec)),
            unfinished=self.stream.running,
            ended_by=self._ended_by,
            problem=self._problem,
            left=(*self._made, *self._open),
        )

    async def _send_and_go_through(self) -> float:
        """The states while requests are sent; when the last one ended."""
        async with anyio.create_task_group() as sending:
            try:
                with self._states:
                    if await self._begin_sending():
                        sending.start_soon(self._send)
                        await self._go_through()
            finally:
                with anyio.CancelScope(shield=True):
                    await self._restore_all()
            ended_sec = perf_counter()
            self.stream.stop(wait=self._ended_by != "signal")
        return ended_sec

    async def _begin_sending(self) -> bool:
        try:
            self._write_down(self.stream.leaves)
            self._made = self.stream.leaves
            await self.stream.begin()
        except (ApiError, OSError) as error:
            self._ended_by, self._problem = "sender", f"no request could be sent: {error}"
            return False
        return True

    async def _send(self) -> None:
        try:
            await self.stream.run()
        except ApiError as error:
            self._ended_by, self._problem = "sender", f"the results of requests were lost: {error}"
            self._states.cancel()

    async def _go_through(self) -> None:
        plan = self.plan
        self._begin(State.BASELINE)
        await anyio.sleep(plan.baseline_sec)
        if problem := baseline_problem(plan, self.stream.results):
            self._ended_by, self._problem = "baseline", problem
            return
        if not await self._take_down(plan.region, State.OUTAGE):
            return
        await anyio.sleep(plan.outage_sec)
        if plan.second:
            first = self._open
            if not await self._take_down(plan.second, State.DOUBLE_OUTAGE):
                return
            await anyio.sleep(plan.outage_sec)
            self._begin(State.SECOND_RECOVERY)
            self._open = (*first, *await self._restored(self._open[len(first) :]))
            await self._wait_for(plan.second)
        await self._restore_all()
        await self._wait_for(plan.region)

    async def _take_down(self, key: str, state: State) -> bool:
        """Read, write down, change: in this order. Read as late as this, for an autoscaler may have been at work."""
        try:
            outage = await anyio.to_thread.run_sync(self.outage_of, key)
            changes = (*self._open, *outage.changes)
            self._write_down((*self._made, *changes))
            self._open = changes
            self._begin(state)
            await anyio.to_thread.run_sync(make, outage, self.clusters)
        except (ApiError, OSError) as error:
            self._ended_by, self._problem = "outage", f"{key} could not be taken down: {error}"
            return False
        return True

    async def _restore_all(self) -> None:
        """Once, however often it is asked for."""
        if self._open and not self._tried_restoring:
            self._begin(State.RECOVERY)
            self._open = await self._restored(self._open)
            self._tried_restoring = True
            self._write_down((*self._made, *self._open))

    async def _delete_made(self) -> None:
        if self._made:
            self._made = await self._restored(self._made)
            self._write_down((*self._made, *self._open))

    def _write_down(self, todo: tuple[Change, ...]) -> None:
        """What has to be undone is in the journal; there is none while that is nothing."""
        if todo and self._written_down:
            self.journal.replace(todo)
        elif todo:
            self.journal.begin(todo)
        elif self._written_down:
            self.journal.remove()
        self._written_down = bool(todo)

    async def _restored(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        left = changes
        with anyio.CancelScope(shield=True):
            timeout_sec = self.plan.restore_timeout_sec
            left = await restore(changes, self.clusters, timeout_sec=timeout_sec, say=self.view.say)
        return left

    async def _wait_for(self, key: str) -> None:
        """Until region *key* answers steadily again, or its time is over."""
        with anyio.move_on_after(self.plan.recovery_sec):
            home, since_sec = self.plan.region_names[key], self._marks[-1].began_sec
            while not steady_from(self.stream.results, home, since_sec):
                await anyio.sleep(LOOK_SEC)

    def _begin(self, state: State) -> None:
        self._marks.append(Mark(state=state, began_sec=perf_counter()))
        self.view.state_began(state)

    async def _watch(self, signals: AsyncIterator[signal.Signals]) -> None:
        async for number in signals:
            self._ended_by = "signal"
            self._states.cancel()
            self.view.say(f"{number.name}: ending; what was changed is restored first")
