"""A question to Google that takes long shows progress, in a log too."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from gke_inference.teardown.clusters import DeletedClusters
from gke_inference.teardown.decisions import DestroyOptions
from gke_inference.teardown.order import read_order
from gke_inference.teardown.run import Teardown
from gke_inference.teardown.sweep import Sweeper
from tests.configs import config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import network, sweeper_of, write_synth

LIST = "compute.healthChecks.aggregatedList"
QUESTIONS: dict[str, Callable[[Sweeper], None]] = {
    "the first look": Sweeper.record_ownership, "a wait": Sweeper.wait_for_load_balancer, "the sweep": Sweeper.sweep,
}  # fmt: skip


class Log(io.StringIO):
    """A log that notes when it got the line of progress."""

    def __init__(self) -> None:
        super().__init__()
        self.got_line = threading.Event()

    def write(self, text: str) -> int:
        """Write *text*."""
        count = super().write(text)
        if "no answer yet after" in self.getvalue():
            self.got_line.set()
        return count


@pytest.fixture
def log(cloud: TeardownCloud, stand_in: GoogleStandIn, monkeypatch: pytest.MonkeyPatch) -> Log:
    """Answer one list only once the log has the line of progress, and return the log."""
    monkeypatch.setattr("gke_inference.progress.FIRST_SIGN_SEC", 0.05)
    answer, log = stand_in.answers[LIST], Log()
    assert not isinstance(answer, dict)

    def late(params: dict[str, object], body: object) -> dict[str, object]:
        log.got_line.wait(10)
        return answer(params, body)

    stand_in.answers[LIST] = late
    return log


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_each_question_of_a_run_shows_progress(
    stand_in: GoogleStandIn, log: Log, ask: Callable[[Sweeper], None]
) -> None:
    """The line says what is asked, and for how long."""
    ask(sweeper_of(stand_in, console=Console(file=log)))

    assert re.search(r"the (network|load balancer): no answer yet after \d s", log.getvalue())


def test_the_question_of_a_plan_shows_progress(stand_in: GoogleStandIn, log: Log, tmp_path: Path) -> None:
    """It asks as much as a run."""
    loaded = config()
    order = read_order(loaded, write_synth(tmp_path / "out"))
    run = Teardown(
        config=loaded, order=order, states=dict.fromkeys(order.stacks, ()), network=network(stand_in, frozenset()),
        clusters=DeletedClusters(stand_in.api(), loaded, {}), console=Console(file=log),
        options=DestroyOptions(keep_bucket=True, retries=0, pause_sec=0),
    )  # fmt: skip

    run.plan()

    assert "looking at the network and the clusters: no answer yet after" in log.getvalue()
