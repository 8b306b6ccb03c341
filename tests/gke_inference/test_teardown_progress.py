"""A look at Google that takes long gives a sign of life, in a log too."""

from __future__ import annotations

import io
import re
import time
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
from tests.gke_inference.teardown_cloud import TeardownCloud
from tests.gke_inference.teardown_rig import cloud, network, stand_in, sweeper_of, write_synth

__all__ = ["cloud", "stand_in"]

LIST = "compute.healthChecks.aggregatedList"
LOOKS: dict[str, Callable[[Sweeper], None]] = {
    "the first look": Sweeper.record_ownership, "a wait": Sweeper.wait_for_load_balancer, "the sweep": Sweeper.sweep,
}  # fmt: skip


@pytest.fixture(autouse=True)
def slow(cloud: TeardownCloud, stand_in: GoogleStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """One list takes longer than a person waits."""
    monkeypatch.setattr("gke_inference.teardown.progress.FIRST_SEC", 0.1)
    answer = stand_in.answers[LIST]
    assert not isinstance(answer, dict)

    def late(params: dict[str, object], body: object) -> dict[str, object]:
        time.sleep(0.5)
        return answer(params, body)

    stand_in.answers[LIST] = late


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_each_look_of_a_teardown_does(stand_in: GoogleStandIn, look: Callable[[Sweeper], None]) -> None:
    """What is looked at, and for how long."""
    sweeper = sweeper_of(stand_in)
    written = sweeper.waiter.console.file

    look(sweeper)

    assert isinstance(written, io.StringIO)
    assert re.search(r"the (network|load balancer): no answer yet after \d s", written.getvalue())


def test_the_look_of_a_plan_does(stand_in: GoogleStandIn, tmp_path: Path) -> None:
    """It asks as much."""
    loaded, written = config(), io.StringIO()
    order = read_order(loaded, write_synth(tmp_path / "out"))
    run = Teardown(
        config=loaded, order=order, states=dict.fromkeys(order.stacks, ()), network=network(stand_in, frozenset()),
        clusters=DeletedClusters(stand_in.api(), loaded, {}), console=Console(file=written),
        options=DestroyOptions(keep_bucket=True, retries=0, pause_sec=0),
    )  # fmt: skip

    run.plan()

    assert "looking at the network and the clusters: no answer yet after" in written.getvalue()
