"""`drill` always restores: however it ends, after every fault, and from its journal after a kill -9."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gke_inference.drill import rollback
from gke_inference.drill.journal import Journal
from gke_inference.drill.runner import DrillRunner
from gke_inference.drill.senders.sender import LocalSender
from tests.configs import config
from tests.gke_inference.cluster_stand_in import Fault
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.drill_rig import Rig, rig, use, wait_until

LONG = ("--yes", "--outage-sec", "60")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Run the example, which the command finds."""
    with rig(config(), "us", "eu") as found:
        use(found, monkeypatch)
        yield found


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between the tries to restore."""
    monkeypatch.setattr(rollback, "FIRST_PAUSE_SEC", 0.02)
    monkeypatch.setattr(rollback, "LONGEST_PAUSE_SEC", 0.02)
    monkeypatch.setattr(rollback, "LATE_ANSWER_SEC", 0.1)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where the journal is kept."""
    return tmp_path / "journal.json"


def in_outage(made: Rig, journal: Path, *more: str) -> subprocess.Popen[str]:
    """Start a drill in a process of its own, and wait for its outage."""
    process = made.start(*made.arguments(*LONG, *more, journal=journal))
    wait_until(lambda: made.home.wanted == 0 or made.home.scopes() is not None, process)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_restored(made: Rig, journal: Path, number: signal.Signals) -> None:
    """Ctrl-C, an end from outside, a lost terminal: restored, and what was measured is reported."""
    process = in_outage(made, journal)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    report = json.loads(out)

    assert (process.returncode, report["ended_by"], made.home.wanted) == (3, "signal", 2)
    assert f"{number.name}: ending" in err
    assert [state["state"] for state in report["states"]] == [1, 2, 5]
    assert not journal.exists()


def test_a_signal_while_it_restores_does_not_stop_that(made: Rig, journal: Path) -> None:
    """However often it comes."""
    process = in_outage(made, journal)
    made.home.api.faults = [Fault(500, times=1, method="PATCH")]
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    process.communicate(timeout=20)

    assert (process.returncode, made.home.wanted, journal.exists()) == (3, 2, False)


@pytest.mark.parametrize("means", ["replicas", "drain"])
def test_after_a_kill_the_journal_restores_it(
    made: Rig, journal: Path, inference_ops: InferenceOps, means: str
) -> None:
    """Until then no other drill begins; afterwards the journal is gone, and nothing is left to restore."""
    process = in_outage(made, journal, "--means", means)
    process.kill()
    process.communicate()

    assert journal.exists()
    refused = inference_ops(*made.arguments("--yes", journal=journal))
    assert (refused.code, "drill --restore" in refused.err) == (2, True)
    restored = inference_ops("drill", "--restore", "--journal", str(journal))
    assert (restored.code, "restored: gemma-" in restored.err) == (0, True)
    assert (made.home.wanted, made.home.scopes(), journal.exists()) == (2, None, False)
    again = inference_ops("drill", "--restore", "--journal", str(journal))
    assert (again.code, "must exist to restore from" in again.err) == (2, True)


def test_a_journal_that_cannot_be_written_leaves_everything_alone(
    made: Rig, journal: Path, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No outage without it: a full disk, another drill that was quicker."""
    begin = Journal.begin

    def late(self: Any, changes: Any) -> None:
        journal.write_text("of another drill")
        begin(self, changes)

    monkeypatch.setattr(Journal, "begin", late)
    ran = inference_ops(*made.arguments("--yes", journal=journal))

    assert ran.code == 3
    assert "could not be taken down" in ran.out
    assert (made.home.api.writes(), journal.read_text()) == ([], "of another drill")


def test_an_exception_in_the_middle_restores_first(
    made: Rig, journal: Path, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of the program, where requests are sent or where states change, is no reason to leave a region down."""
    seen: list[bool] = []

    async def broken(self: Any, key: str) -> None:
        seen.append(journal.exists())
        raise RuntimeError("a mistake")

    monkeypatch.setattr(DrillRunner, "_wait_for", broken)
    ran = inference_ops(*made.arguments("--yes", "--double", "eu", journal=journal))

    assert (ran.code, seen) == (3, [True])
    assert (made.home.wanted, made.other.wanted, journal.exists()) == (2, 2, False)


def test_an_exception_in_the_stream_restores_first(
    made: Rig, journal: Path, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream ends, the outage too."""
    one = LocalSender._send_one

    async def broken(self: LocalSender) -> None:
        if made.home.wanted == 0:
            raise RuntimeError("a mistake")
        await one(self)

    monkeypatch.setattr(LocalSender, "_send_one", broken)
    ran = inference_ops(*made.arguments(*LONG, journal=journal))

    assert ran.code == 3
    assert (made.home.wanted, journal.exists()) == (2, False)


def test_restoring_is_tried_again(made: Rig, journal: Path, inference_ops: InferenceOps) -> None:
    """Until it works, whatever goes wrong, and each time with a word about it."""
    follow = made.home.api.changed
    faults: list[Any] = [500, 401, 403, 409, "half"]

    def look(method: str, path: str) -> None:
        follow(method, path)
        if not made.home.api.faults:
            made.home.api.faults = [Fault(kind, times=1, method="PATCH") for kind in faults]

    made.home.api.changed = look
    ran = inference_ops(*made.arguments("--yes", journal=journal))

    assert (ran.code, made.home.wanted, journal.exists()) == (0, 2, False)
    assert ran.err.count("not restored yet") == len(faults)
    assert [fault.times for fault in made.home.api.faults] == [0] * len(faults)


def test_what_cannot_be_restored_is_reported_and_kept(made: Rig, journal: Path, inference_ops: InferenceOps) -> None:
    """Exit code 1, the journal stays, and the fix names the command that goes on from it."""
    follow = made.home.api.changed

    def look(method: str, path: str) -> None:
        follow(method, path)
        made.home.api.faults = [Fault(403, method="PATCH")]

    made.home.api.changed = look
    ran = inference_ops(*made.arguments("--yes", "--restore-timeout-sec", "0", "--recovery-sec", "0.2",
                                        journal=journal))  # fmt: skip
    finding = next(found for found in ran.document["findings"] if found["id"] == "DRILL-RESTORED")

    assert (ran.code, finding["status"], made.home.wanted) == (1, "wrong", 0)
    assert finding["fix"] == f"gke-inference drill --restore --journal {journal}"
    failed = inference_ops("drill", "--restore", "--journal", str(journal), "--restore-timeout-sec", "0")
    assert (failed.code, "NOT RESTORED" in failed.err, journal.exists()) == (1, True, True)
    made.home.api.faults = []
    assert inference_ops("drill", "--restore", "--journal", str(journal)).code == 0
    assert (made.home.wanted, journal.exists()) == (2, False)


def test_an_answer_that_was_lost_is_an_outage_all_the_same(
    made: Rig, journal: Path, inference_ops: InferenceOps
) -> None:
    """The change was made, its answer broke off: it is restored."""
    made.home.api.faults = [Fault("half", times=1, method="PATCH", after=1)]
    ran = inference_ops(*made.arguments("--yes", journal=journal))

    assert (ran.code, made.home.wanted, journal.exists()) == (3, 2, False)
    assert [body["spec"]["replicas"] for _, _, body in made.home.api.writes()] == [0, 2]


def test_what_somebody_else_has_changed_since_is_theirs(made: Rig, journal: Path, inference_ops: InferenceOps) -> None:
    """A region that was brought up by hand, and grew, is not made smaller; a node that is gone is no fault."""
    process = in_outage(made, journal)
    process.kill()
    process.communicate()
    made.scale(made.home, 5)
    ran = inference_ops("drill", "--restore", "--journal", str(journal))

    assert (ran.code, made.home.wanted, journal.exists()) == (0, 5, False)
    assert "nothing to restore any more" in ran.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cut o", "must be the journal of a drill"),
        ('{"project": "other", "name": "gemma", "changes": []}', "must be the journal of gemma in my-project-id"),
    ],
)
def test_only_its_own_journal_is_restored(
    made: Rig, journal: Path, inference_ops: InferenceOps, text: str, words: str
) -> None:
    """Nothing is changed in another platform, or by a file that is none; exit code 2, and the file stays."""
    journal.write_text(text)
    ran = inference_ops("drill", "--restore", "--journal", str(journal))

    assert (ran.code, words in ran.err, journal.read_text()) == (2, True, text)
    assert made.home.api.requests == []
