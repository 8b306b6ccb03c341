"""A closed loop: so many workers, each of which sends its next request when its last has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from time import perf_counter
from typing import Literal

import anyio
from anyio.abc import TaskGroup

from gke_inference.load.progress import View
from gke_inference.openai import Result

# A server that refuses in a millisecond would otherwise be asked a thousand times a second.
PAUSE_AFTER_ERROR_SEC = 0.5
FAILED_CONNECTIONS = 3
"""So many in a row, before the first answer, are enough to know that nobody is there."""

EndedBy = Literal["last step", "signal", "no answer"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    A time with the same number of workers.

    Attributes:
        concurrency: Workers.
        began_sec: When they were let go, as `time.perf_counter` reads.
        ended_sec: When the next step began, or the ramp ended.
        results: The requests that began in this step, whenever they ended.
    """

    concurrency: int
    began_sec: float
    ended_sec: float
    results: tuple[Result, ...]


@dataclass(frozen=True, kw_only=True)
class Measured:
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

    A worker that is too many ends its request first. After the last step, running requests are waited for: to leave
    them out would leave out the slowest ones. A worker waits half a second after an error. When the first requests
    find nobody to connect to, or the first step ends without any answer, the rest is spared.

    Args:
        concurrency: Workers of each step.
        step_sec: Length of each step.
        send: Sends one request.
        view: Is told what happens.
    """

    concurrency: tuple[int, ...]
    step_sec: float
    send: Callable[[], Awaitable[Result]]
    view: View

    _workers: int = 0
    _busy: set[int] = field(default_factory=set)
    _running: int = 0
    _marks: list[float] = field(default_factory=list)
    _results: list[list[Result]] = field(default_factory=list)
    _scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _ended_by: EndedBy = "last step"
    _nobody: anyio.Event = field(default_factory=anyio.Event)

    def stop(self) -> None:
        """End at once; what was measured until now is kept."""
        self._ended_by = "signal"
        self._scope.cancel()

    async def run(self) -> Measured:
        """Go through all steps."""
        with self._scope:
            async with anyio.create_task_group() as group:
                await self._climb(group)
                self.view.waiting(self._running)
        return self._measured()

    async def _climb(self, group: TaskGroup) -> None:
        try:
            for number, workers in enumerate(self.concurrency):
                self._begin(number, workers, group)
                with anyio.move_on_after(self.step_sec):
                    await self._nobody.wait()
                self.view.step_ended(number)
                results = self._results[0]
                if number == 0 and results and all(result.status is None for result in results):
                    self._ended_by = "no answer"
                    break
        finally:
            self._workers = 0
            self._marks.append(perf_counter())

    def _begin(self, number: int, workers: int, group: TaskGroup) -> None:
        self.view.step_began(number)
        self._workers = workers
        self._marks.append(perf_counter())
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
            self.view.request_ended(number, result)
            self._look_for_somebody()
            if result.error:
                await anyio.sleep(PAUSE_AFTER_ERROR_SEC)
        self._busy.remove(worker)

    def _look_for_somebody(self) -> None:
        first = self._results[0]
        if len(first) >= FAILED_CONNECTIONS and all(result.error == "connection" for result in first):
            self._nobody.set()

    def _measured(self) -> Measured:
        steps = zip(self.concurrency, pairwise(self._marks), self._results, strict=False)
        return Measured(
            steps=tuple(
                Step(concurrency=workers, began_sec=began, ended_sec=ended, results=tuple(results))
                for workers, (began, ended), results in steps
            ),
            unfinished=self._running,
            ended_by=self._ended_by,
        )
