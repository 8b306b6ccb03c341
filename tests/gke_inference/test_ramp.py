"""The ramp: who sends when, and where a request counts; in virtual time, so that no test waits."""

from __future__ import annotations

import io
from typing import Any

import anyio
import pytest
from rich.console import Console

from gke_inference.load import ramp as ramp_module
from gke_inference.load.ramp import Ramp, RampMeasurement
from gke_inference.load.view import LoadView
from gke_inference.openai import Result
from tests.gke_inference.virtual_time import VirtualTimeLoop

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Return the kind of event loop that the program uses, with a time of its own."""
    return "asyncio", {"loop_factory": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def time_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the ramp read the loop's clock."""
    monkeypatch.setattr(ramp_module, "perf_counter", anyio.current_time)


class Sender:
    """Takes *request_sec* for a request, for ever *hangs_after* so many, and notes how many run at once."""

    def __init__(
        self, request_sec: float, *, status: int | None = 200, error: str = "", hangs_after: int = 10_000
    ) -> None:
        self.request_sec, self.status, self.error, self.hangs_after = request_sec, status, error, hangs_after
        self.running = 0
        self.seen: list[int] = []

    async def __call__(self) -> Result:
        """Send one request."""
        self.running += 1
        self.seen.append(self.running)
        began_sec = anyio.current_time()
        try:
            await anyio.sleep(self.request_sec if len(self.seen) <= self.hangs_after else 1000)
        finally:
            self.running -= 1
        return Result(began_sec=began_sec, ended_sec=anyio.current_time(), status=self.status, error=self.error)


def ramp(sender: Sender, *concurrency: int, step_sec: float = 0.2, log: io.StringIO | None = None) -> Ramp:
    """Return a ramp of *sender*'s requests that writes its lines to *log*."""
    view = LoadView(Console(file=log or io.StringIO(), width=200), concurrency=concurrency)
    return Ramp(concurrency=concurrency, step_sec=step_sec, send=sender, view=view)


def at_once(measured: RampMeasurement, step: int) -> int:
    """Return the most requests of *step* that ran at the same time."""
    results = measured.steps[step].results
    return max(sum(other.began_sec <= result.began_sec < other.ended_sec for other in results) for result in results)


async def test_each_step_has_as_many_requests_at_once_as_it_has_workers() -> None:
    """Never more, and never fewer for lack of a worker, on the way up and down and up again."""
    sender = Sender(0.02)
    measured = await ramp(sender, 1, 4, 2, 3).run()

    assert [step.concurrency for step in measured.steps] == [1, 4, 2, 3]
    assert [at_once(measured, step) for step in range(4)] == [1, 4, 2, 3]
    assert (max(sender.seen), measured.unfinished, measured.ended_by) == (4, 0, "last step")


async def test_a_request_counts_once_in_the_step_in_which_it_began() -> None:
    """Also when it ends in the next step, or after the last one."""
    sender = Sender(0.15)
    measured = await ramp(sender, 2, 2, step_sec=0.2).run()

    assert sum(len(step.results) for step in measured.steps) == len(sender.seen)
    for step in measured.steps:
        assert all(step.began_sec <= result.began_sec < step.ended_sec for result in step.results)
    last = measured.steps[-1]
    assert max(result.ended_sec for result in last.results) > last.ended_sec


async def test_steps_follow_each_other_without_a_gap() -> None:
    """The next one begins when the last one ends: no time is in none or in two."""
    measured = await ramp(Sender(0.02), 1, 2, 3, step_sec=0.05).run()

    assert [step.ended_sec for step in measured.steps[:-1]] == [step.began_sec for step in measured.steps[1:]]


async def test_a_server_that_only_fails_is_not_hammered() -> None:
    """A worker waits half a second after an error."""
    sender = Sender(0, status=503, error="http_503")
    await ramp(sender, 2, step_sec=0.2).run()

    assert len(sender.seen) == 2


async def test_a_ramp_to_nowhere_ends_after_its_first_step() -> None:
    """When nothing answers, nobody has to wait for the other steps; an error that was answered goes on."""
    nowhere = await ramp(Sender(0, status=None, error="connection"), 1, 2, 3, step_sec=0.05).run()
    failing = await ramp(Sender(0, status=503, error="http_503"), 1, 2, 3, step_sec=0.05).run()

    assert (nowhere.ended_by, len(nowhere.steps)) == ("no answer", 1)
    assert (failing.ended_by, len(failing.steps)) == ("last step", 3)


async def test_a_server_that_is_only_slow_to_be_reached_is_waited_for() -> None:
    """A step is cut short for connections that fail, not for answers that are late or bad."""
    late = await ramp(Sender(0, status=None, error="timeout"), 3, step_sec=0.1).run()
    dead = await ramp(Sender(0, status=None, error="connection"), 3, step_sec=3600).run()

    assert late.steps[0].ended_sec - late.steps[0].began_sec >= 0.1
    assert dead.ended_by == "no answer"


async def test_a_stopped_ramp_keeps_what_it_has() -> None:
    """The running requests are left out and counted; the step is as long as it was."""
    sender = Sender(0.02, hangs_after=3)
    stopped = ramp(sender, 3, 9, step_sec=30)
    async with anyio.create_task_group() as group:
        group.start_soon(stop_after, stopped, sender, 6)
        measured = await stopped.run()

    [step] = measured.steps
    assert (measured.ended_by, len(step.results), measured.unfinished) == ("signal", 3, 3)
    assert step.ended_sec - step.began_sec < 30


async def stop_after(running: Ramp, sender: Sender, requests: int) -> None:
    """Stop it once so many requests have begun."""
    while len(sender.seen) < requests:
        await anyio.sleep(0.005)
    running.stop()


async def test_a_log_gets_one_line_per_step_and_learns_what_is_waited_for() -> None:
    """Where there is no terminal there are no bars."""
    log = io.StringIO()
    await ramp(Sender(0.3), 1, 2, step_sec=0.4, log=log).run()
    first, second, waiting = log.getvalue().splitlines()

    assert first == "step 1 of 2, 1 at once: 1 requests, unknown 1 (100%)"
    assert second.startswith("step 2 of 2, 2 at once: ")
    assert waiting == "waiting for 2 running requests (Ctrl-C leaves them out)"


async def test_a_terminal_gets_a_bar_per_step() -> None:
    """The regions stand beside it, step below step, so that the spill-over can be watched."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with LoadView(console, concurrency=(1, 2)) as view:
        await Ramp(concurrency=(1, 2), step_sec=0.05, send=Sender(0.01), view=view).run()

    assert "1 at once" in screen.getvalue()
    assert "2 at once" in screen.getvalue()
    assert "unknown" in screen.getvalue()
