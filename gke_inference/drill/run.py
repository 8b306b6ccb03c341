"""The drill itself: state after state under a steady stream of requests, and everything restored whatever happens."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import perf_counter

import anyio
import anyio.to_thread

from gke_inference.api_error import ApiError
from gke_inference.drill.measured import Drilled, EndedBy, Mark
from gke_inference.drill.outage import Outage
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.drill.progress import DrillView
from gke_inference.drill.reaction import baseline_problem
from gke_inference.drill.stream import Stream, steady_from
from gke_inference.drill.undo import Undo

LOOK_SEC = 0.1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""SIGHUP comes when the connection to the terminal is lost."""


@dataclass(kw_only=True)
class Drill:
    """
    One drill, to be run once.

    Args:
        plan: What is done.
        outage_of: Reads how a region, given by its key, is taken down; its ApiError says why it must not be.
        undo: Changes regions, and brings them back.
        stream: The requests.
        view: Is told what happens.
    """

    plan: DrillPlan
    outage_of: Callable[[str], Outage]
    undo: Undo
    stream: Stream
    view: DrillView

    _marks: list[Mark] = field(default_factory=list)
    _restored: bool = False
    _over: bool = False
    _ended_by: EndedBy = "last state"
    _problem: str = ""
    _states: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def run(self) -> Drilled:
        """Go through all states; what was changed is restored, and what was made deleted, on every way out."""
        began_sec = perf_counter()
        # What is ignored stays so, as SIGHUP under nohup. A drill that is stopped (Ctrl-Z) would restore nothing.
        heard = [number for number in (*ENDING, signal.SIGTSTP) if signal.getsignal(number) != signal.SIG_IGN]
        with anyio.open_signal_receiver(*heard) as signals:
            async with anyio.create_task_group() as group:
                group.start_soon(self._watch, signals)
                try:
                    ended_sec = await self._send_and_go_through()
                finally:
                    await self.undo.delete_made()
                group.cancel_scope.cancel()
        return Drilled(
            began_sec=self._marks[0].began_sec if self._marks else began_sec,
            marks=tuple(self._marks),
            ended_sec=ended_sec,
            results=tuple(sorted(self.stream.results, key=lambda result: result.began_sec)),
            unfinished=self.stream.running,
            ended_by=self._ended_by,
            problem=self._problem,
            left=self.undo.left,
            exact_to_sec=max(self.stream.exact_to_sec, 1 / self.plan.rate_per_sec),
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
                self._over = True
                await self._restore()
            ended_sec = perf_counter()
            self.stream.stop(wait=self._ended_by != "signal")
        return ended_sec

    async def _begin_sending(self) -> bool:
        try:
            await self.undo.make(self.stream.leaves, self.stream.make)
            await self.stream.begin()
        except (ApiError, OSError) as error:
            self._end("sender", f"no request could be sent: {error}")
        return self._ended_by == "last state"

    async def _send(self) -> None:
        try:
            await self.stream.run()
        except ApiError as error:
            self._end("sender", f"the results of requests were lost: {error}")
            self._states.cancel()

    async def _go_through(self) -> None:
        plan = self.plan
        self._begin(State.BASELINE)
        await anyio.sleep(plan.baseline_sec)
        if problem := baseline_problem(plan, self.stream.results):
            self._end("baseline", problem)
            return
        if not await self._take_down(plan.region, State.OUTAGE):
            return
        await anyio.sleep(plan.outage_sec)
        if plan.second:
            first = len(self.undo.open)
            if not await self._take_down(plan.second, State.DOUBLE_OUTAGE):
                return
            await anyio.sleep(plan.outage_sec)
            self._begin(State.SECOND_RECOVERY)
            await self.undo.restore(first)
            await self._wait_for(plan.second)
        await self._restore()
        await self._wait_for(plan.region)

    async def _take_down(self, key: str, state: State) -> bool:
        """Read and change; read as late as this, for others may have been at work."""
        try:
            outage = await anyio.to_thread.run_sync(self.outage_of, key)
            self._begin(state)
            for change in outage.changes:
                await self.undo.change(change)
            cluster = self.undo.clusters(outage.changes[0].cluster)
            for path in outage.deletes:
                await anyio.to_thread.run_sync(cluster.delete, path)
        except (ApiError, OSError) as error:
            self._end("outage", f"{key} could not be taken down: {error}")
        return self._ended_by == "last state"

    async def _restore(self) -> None:
        """Once, however often it is asked for."""
        if self.undo.open and not self._restored:
            self._begin(State.RECOVERY)
            await self.undo.restore()
        self._restored = True

    async def _wait_for(self, key: str) -> None:
        """Until region *key* answers steadily again, or its time is over."""
        with anyio.move_on_after(self.plan.recovery_sec):
            home, since_sec = self.plan.region_names[key], self._marks[-1].began_sec
            while not steady_from(self.stream.results, home, since_sec):
                await anyio.sleep(LOOK_SEC)

    async def _watch(self, signals: AsyncIterator[signal.Signals]) -> None:
        async for number in signals:
            if number == signal.SIGTSTP:
                self.view.say("not stopped: what was changed would stay so; Ctrl-C ends the drill")
                continue
            if not self._over:
                self.view.say(f"{number.name}: ending; what was changed is restored first")
                self._end("signal", f"ended by {number.name}")
            self._states.cancel()
            if self._restored:
                self.stream.stop(wait=False)

    def _begin(self, state: State) -> None:
        self._marks.append(Mark(state=state, began_sec=perf_counter()))
        self.view.state_began(state)

    def _end(self, by: EndedBy, problem: str) -> None:
        """The first reason counts: the others follow from it."""
        if self._ended_by == "last state":
            self._ended_by, self._problem = by, problem
