"""A look at Google that takes long gives a sign of life, in a log too."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from gke_inference.teardown.clean import Cleaner
from gke_inference.teardown.clusters import Clusters
from gke_inference.teardown.plan import way_down
from gke_inference.teardown.planned import planned
from gke_inference.teardown.subject import Subject
from gke_inference.teardown.turn import Rules
from tests.configs import config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown_cloud import TeardownCloud
from tests.gke_inference.teardown_rig import cleaner, cloud, network, stand_in
from tests.gke_inference.test_teardown_plan import write

__all__ = ["cloud", "stand_in"]

LIST = "compute.healthChecks.aggregatedList"
LOOKS: dict[str, Callable[[Cleaner], None]] = {
    "the first look": Cleaner.remember, "a wait": Cleaner.wait_for_balancer, "the sweep": Cleaner.sweep,
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
def test_each_look_of_a_teardown_does(stand_in: GoogleStandIn, look: Callable[[Cleaner], None]) -> None:
    """What is looked at, and for how long."""
    clean = cleaner(stand_in)
    written = clean.waiter.console.file

    look(clean)

    assert isinstance(written, io.StringIO)
    assert re.search(r"the (network|load balancer): no answer yet after \d s", written.getvalue())


def test_the_look_of_a_plan_does(stand_in: GoogleStandIn, tmp_path: Path) -> None:
    """It asks as much."""
    loaded, written = config(), io.StringIO()
    way = way_down(loaded, write(tmp_path / "out"))
    subject = Subject(
        config=loaded, way=way, states=dict.fromkeys(way.stacks, ()), network=network(stand_in, frozenset()),
        clusters=Clusters(stand_in.api(), loaded),
    )  # fmt: skip

    planned(subject, Rules(keep_bucket=True, retries=0, pause_sec=0), Console(file=written))

    assert "looking at the network and the clusters: no answer yet after" in written.getvalue()
