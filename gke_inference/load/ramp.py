"""A ramp: a closed loop of workers, each of which sends its next request when its last has ended, step by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from time import perf_counter
from typing import Literal

import anyio
from anyio.abc import TaskGroup

from gke_inference.load.view import LoadView
from gke_inference.openai import Result

# A server that refuses in a millisecond would otherwise be asked a thousand times a second.
PAUSE_AFTER_ERROR_SEC = 0.5
FAILED_CONNECTIONS = 3
"""Failures in a row, before any answer, that show that nothing listens there."""

EndedBy = Literal["last step", "signal", "no answer"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    A time with the same number of workers.

    Attributes:
        concurrency: Workers.
        began_sec: When they began, as `time.perf_counter` reads.
        ended_sec: When the next step began, or the ramp ended.
        results: The requests that began in this step, whenever they ended.
    """

    concurrency: int
    began_sec: float
    ended_sec: float
    results: tuple[Result, ...]

    @property
    def title(self) -> str:
        """The step as reports name it."""
        return f"{self.concurrency} at once"


@dataclass(frozen=True, kw_only=True)
class RampMeasurement:
    """
    What a ramp measured.

    Attributes:
        steps: Those that were begun.
        unfinished: Requests that were running when a signal ended the ramp; they are in no step.
        ended_by: Why it ended.
    """

    steps: tuple[Step, ...]
    unfinished: int
    ended_by: EndedBy


@dataclass(kw_only=True)
class Ramp:
    """
    Steps of more (or fewer) workers, without a pause in between.

    Where a step has fewer workers, those that leave end their request first. After the last step, running requests
    are waited for: to leave them out would leave out the slowest ones. A worker waits half a second after an error.
    When the first requests find nothing to connect to, or the first step ends without any answer, the ramp ends.

    Args:
        concurrency: Workers of each step.
        step_sec: Length of each step.
        send: Sends one request.
        view: Shows how far the ramp is.
    """

    concurrency: tuple[int, ...]
    step_sec: float
    send: Callable[[], Awaitable[Result]]
    view: LoadView

    _workers: int = 0
    _busy: set[int] = field(default_factory=set)
    _running: int = 0
    _starts: list[float] = field(default_factory=list)
    _results: list[list[Result]] = field(default_factory=list)
    _scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _ended_by: EndedBy = "last step"
    _no_server: anyio.Event = field(default_factory=anyio.Event)

    def stop(self) -> None:
        """End at once; what was measured so far is kept."""
        self._ended_by = "signal"
        self._scope.cancel()

    async def run(self) -> RampMeasurement:
        """Go through all steps, and return what was measured."""
        with self._scope:
            async with anyio.create_task_group() as group:
                await self._run_steps(group)
                self.view.show_waiting(self._running)
        return self._measured()

    async def _run_steps(self, group: TaskGroup) -> None:
        try:
            for number, workers in enumerate(self.concurrency):
                self._begin(number, workers, group)
                with anyio.move_on_after(self.step_sec):
                    await self._no_server.wait()
                self.view.end_step(number)
                results = self._results[0]
                if number == 0 and results and all(result.status is None for result in results):
                    self._ended_by = "no answer"
                    break
        finally:
            self._workers = 0
            self._starts.append(perf_counter())

    def _begin(self, number: int, workers: int, group: TaskGroup) -> None:
        self.view.begin_step(number)
        self._workers = workers
        self._starts.append(perf_counter())
        self._results.append([])
        for worker in set(range(workers)) - self._busy:
            self._busy.add(worker)
            group.start_soon(self._work, worker)

    async def _work(self, worker: int) -> None:
        while worker < self._workers:
            number = len(self._results) - 1
            self._running += 1
            result = await self.send()
            self._running -= 1
            self._results[number].append(result)
            self.view.count(number, result)
            self._check_connections()
            if result.error:
                await anyio.sleep(PAUSE_AFTER_ERROR_SEC)
        self._busy.remove(worker)

    def _check_connections(self) -> None:
        first = self._results[0]
        if len(first) >= FAILED_CONNECTIONS and all(result.error == "connection" for result in first):
            self._no_server.set()

    def _measured(self) -> RampMeasurement:
        steps = zip(self.concurrency, pairwise(self._starts), self._results, strict=False)
        return RampMeasurement(
            steps=tuple(
                Step(concurrency=workers, began_sec=began, ended_sec=ended, results=tuple(results))
                for workers, (began, ended), results in steps
            ),
            unfinished=self._running,
            ended_by=self._ended_by,
        )
