"""A drill as it runs: state after state under steady requests; everything is restored whatever happens."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter

import anyio
import anyio.to_thread

from gke_inference.api_error import ApiError
from gke_inference.drill.changes import Outage
from gke_inference.drill.measurement import EndedBy, Measurement, StateStart, answers_steadily, baseline_problem
from gke_inference.drill.plan import DrillPlan, State
from gke_inference.drill.rollback import Rollback
from gke_inference.drill.senders.sender import Sender
from gke_inference.drill.view import DrillView
from gke_inference.openai import UNKNOWN_REGION, Result

POLL_SEC = 0.1
SERVER_POLL_SEC = 0.5
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""SIGHUP comes when the connection to the terminal is lost."""


@dataclass(kw_only=True)
class DrillRunner:
    """
    Runs one drill, once.

    Args:
        plan: What is done.
        plan_outage: Returns what takes a region, given by its key, down; raises ApiError where it must not be.
        ready_servers: Returns how many servers of a region, given by its key, are ready; raises ApiError.
        rollback: Changes regions, and restores them.
        sender: Sends the requests.
        view: Shows how far the drill is.
    """

    plan: DrillPlan
    plan_outage: Callable[[str], Outage]
    ready_servers: Callable[[str], int]
    rollback: Rollback
    sender: Sender
    view: DrillView

    _starts: list[StateStart] = field(default_factory=list)
    _restored: bool = False
    _over: bool = False
    _ended_by: EndedBy = "last state"
    _problem: str = ""
    _states: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def run(self) -> Measurement:
        """Go through all states; restore what was changed and delete what was created, however that ends."""
        began_sec = perf_counter()
        # A signal that is ignored stays so, as SIGHUP under nohup. A drill that is stopped (Ctrl-Z) would restore
        # nothing, so SIGTSTP is received too.
        received = [number for number in (*END_SIGNALS, signal.SIGTSTP) if signal.getsignal(number) != signal.SIG_IGN]
        with anyio.open_signal_receiver(*received) as signals:
            async with anyio.create_task_group() as group:
                group.start_soon(self._receive_signals, signals)
                try:
                    ended_sec = await self._run_states_while_sending()
                finally:
                    await self.rollback.delete_created()
                group.cancel_scope.cancel()
        return Measurement(
            began_sec=self._starts[0].began_sec if self._starts else began_sec,
            starts=tuple(self._starts),
            ended_sec=ended_sec,
            results=tuple(sorted(self.sender.results, key=lambda result: result.began_sec)),
            unfinished=self.sender.running,
            ended_by=self._ended_by,
            problem=self._problem,
            not_restored=self.rollback.not_undone,
            exact_to_sec=max(self.sender.exact_to_sec, 1 / self.plan.rate_per_sec),
        )

    async def _run_states_while_sending(self) -> float:
        """Go through the states while requests are sent; return when the last state ended."""
        async with anyio.create_task_group() as sending:
            try:
                with self._states:
                    if await self._prepare_sender():
                        sending.start_soon(self._send)
                        await self._run_states()
            finally:
                self._over = True
                await self._restore()
            ended_sec = perf_counter()
            self.sender.stop(wait=self._ended_by != "signal")
        return ended_sec

    async def _prepare_sender(self) -> bool:
        try:
            await self.rollback.create(self.sender.objects, self.sender.create)
            await self.sender.wait_until_ready()
        except (ApiError, OSError) as error:
            self._end("sender", f"no request could be sent: {error}")
        return self._ended_by == "last state"

    async def _send(self) -> None:
        try:
            await self.sender.run()
        except ApiError as error:
            self._end("sender", f"the results of requests were lost: {error}")
            self._states.cancel()

    async def _run_states(self) -> None:
        plan = self.plan
        self._begin(State.BASELINE)
        await self._stay(plan.baseline_sec)
        if problem := baseline_problem(plan, self.sender.results):
            self._end("baseline", problem)
            return
        if not await self._take_down(plan.region, State.OUTAGE):
            return
        await self._stay(plan.outage_sec)
        if plan.second:
            first = len(self.rollback.changed)
            if not await self._take_down(plan.second, State.DOUBLE_OUTAGE):
                return
            await self._stay(plan.outage_sec)
            self._begin(State.SECOND_RECOVERY)
            await self.rollback.restore(first)
            await self._wait_for(plan.second)
        await self._restore()
        await self._wait_for(plan.region)

    async def _stay(self, duration_sec: float) -> None:
        """Stay in the state that has begun."""
        await anyio.sleep(duration_sec)

    async def _take_down(self, key: str, state: State) -> bool:
        """Read what is there now, as others may have changed it since the drill began, and take region *key* down."""
        try:
            outage = await anyio.to_thread.run_sync(self.plan_outage, key)
            self._begin(state)
            for change in outage.changes:
                await self.rollback.change(change)
            cluster = self.rollback.clusters(outage.changes[0].cluster)
            for path in outage.deletes:
                await anyio.to_thread.run_sync(cluster.delete, path)
        except (ApiError, OSError) as error:
            self._end("outage", f"{key} could not be taken down: {error}")
        return self._ended_by == "last state"

    async def _restore(self) -> None:
        """Restore once, however often it is asked for."""
        if self.rollback.changed and not self._restored:
            self._begin(State.RECOVERY)
            await self.rollback.restore()
        self._restored = True

    async def _wait_for(self, key: str) -> None:
        """Wait until region *key* answers steadily again, or its time is over."""
        with anyio.move_on_after(self.plan.recovery_sec):
            region, since_sec = self.plan.region_names[key], self._starts[-1].began_sec
            if not self.plan.region_in_answers:
                await self._wait_for_servers(key)
                region, since_sec = UNKNOWN_REGION, perf_counter()
            while not answers_steadily(self._results_of(region), region, since_sec):
                await anyio.sleep(POLL_SEC)

    def _results_of(self, region: str) -> list[Result]:
        """Return the results so far; of regional gateways, those of the one of *region* alone."""
        regional = self.plan.is_regional
        return [result for result in self.sender.results if not regional or result.region == region]

    async def _wait_for_servers(self, key: str) -> None:
        """Wait until servers of region *key* are ready: all that shows it where no answer names its region."""
        ready = 0
        while not ready:
            await anyio.sleep(SERVER_POLL_SEC)
            with suppress(ApiError):
                ready = await anyio.to_thread.run_sync(self.ready_servers, key)

    async def _receive_signals(self, signals: AsyncIterator[signal.Signals]) -> None:
        async for number in signals:
            if number == signal.SIGTSTP:
                self.view.say("not stopped: what was changed would stay so; Ctrl-C ends the drill")
                continue
            if not self._over:
                self.view.say(f"{number.name}: ending; what was changed is restored first")
                self._end("signal", f"ended by {number.name}")
            self._states.cancel()
            if self._restored:
                self.sender.stop(wait=False)

    def _begin(self, state: State) -> None:
        self._starts.append(StateStart(state=state, began_sec=perf_counter()))
        self.view.begin_state(state)

    def _end(self, by: EndedBy, problem: str) -> None:
        """Keep the first reason: the others follow from it."""
        if self._ended_by == "last state":
            self._ended_by, self._problem = by, problem
