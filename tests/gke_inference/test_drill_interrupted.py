"""`drill`: interrupted by a terminal, a slow API server or somebody else, it restores all the same."""

from __future__ import annotations

import copy
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gke_inference.cluster_api import ClusterApi
from gke_inference.drill import command as drill_module
from gke_inference.drill import rollback
from tests.gke_inference.cluster_stand_in import TOKEN, Fault
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.drill_rig import PROGRAM, ROOT, Drill, Rig, findings, wait_until


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between the tries to restore, and those for what may come late."""
    monkeypatch.setattr(rollback, "FIRST_PAUSE_SEC", 0.02)
    monkeypatch.setattr(rollback, "LONGEST_PAUSE_SEC", 0.02)
    monkeypatch.setattr(rollback, "LATE_ANSWER_SEC", 1.5)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where the journal is kept."""
    return tmp_path / "journal.json"


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Open a terminal: its far end, which is read all the time, and its near end."""
    far, near = pty.openpty()
    threading.Thread(target=_read_all, args=(far,), daemon=True).start()
    yield far, near
    os.close(near)


def _read_all(far: int) -> None:
    try:
        while os.read(far, 1 << 16):
            pass
    except OSError:
        return


def test_a_terminal_that_stands_still_does_not_hold_up_restoring(
    drill_rig: Rig, journal: Path, terminal: tuple[int, int]
) -> None:
    """Ctrl-S in the outage: nothing can be shown any more, and the region comes back all the same."""
    _, near = terminal
    known = {"DRILL_CLUSTERS": json.dumps(drill_rig.hosts), "DRILL_TOKEN": TOKEN, "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *drill_rig.arguments("--yes", "--outage-sec", "1", journal=journal)],
        cwd=ROOT, env=os.environ | known, stdout=subprocess.DEVNULL, stderr=near, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: drill_rig.home.wanted == 0, process)
    termios.tcflow(near, termios.TCOOFF)
    try:
        wait_until(lambda: drill_rig.home.wanted == 2)
    finally:
        termios.tcflow(near, termios.TCOON)
        process.communicate(timeout=20)

    assert not journal.exists()


def test_a_drill_that_is_ended_by_ctrl_backslash_restores(drill_rig: Rig, journal: Path) -> None:
    """SIGQUIT ends it restored too."""
    process = drill_rig.start(*drill_rig.arguments("--yes", "--outage-sec", "60", journal=journal))
    wait_until(lambda: drill_rig.home.wanted == 0, process)
    process.send_signal(signal.SIGQUIT)
    out, _ = process.communicate(timeout=20)

    assert (process.returncode, json.loads(out)["ended_by"], drill_rig.home.wanted) == (3, "signal", 2)


def test_a_drill_is_not_stopped_by_ctrl_z(drill_rig: Rig, journal: Path) -> None:
    """A process that stands still restores nothing: it says so and goes on."""
    process = drill_rig.start(*drill_rig.arguments("--yes", journal=journal))
    wait_until(lambda: drill_rig.home.wanted == 0, process)
    process.send_signal(signal.SIGTSTP)
    out, err = process.communicate(timeout=20)

    assert (json.loads(out)["ended_by"], drill_rig.home.wanted, "not stopped" in err) == ("last state", 2, True)


def test_under_nohup_a_lost_terminal_is_no_end(drill_rig: Rig, journal: Path) -> None:
    """Who ignores SIGHUP wants it to go on."""
    known = {"DRILL_CLUSTERS": json.dumps(drill_rig.hosts), "DRILL_TOKEN": TOKEN}
    process = subprocess.Popen(
        ["nohup", sys.executable, "-c", PROGRAM, *drill_rig.arguments("--yes", journal=journal)],
        cwd=ROOT, env=os.environ | known, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: drill_rig.home.wanted == 0)
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=20)

    assert json.loads(out)["ended_by"] == "last state"


def test_a_signal_after_the_last_state_takes_no_verdict_away(
    drill_rig: Rig, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is measured and restored; only the pod is left to be deleted."""
    drill_rig.sender = "pod"
    deleting, follow = threading.Event(), drill_rig.home.api.changed

    def slow(method: str, path: str) -> None:
        if method == "DELETE":
            deleting.set()
            time.sleep(0.5)
        follow(method, path)

    monkeypatch.setattr(drill_rig.home.api, "changed", slow)
    process = drill_rig.start(*drill_rig.arguments("--yes", "--baseline-sec", "0.4", journal=journal))
    assert deleting.wait(20)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)

    assert (process.returncode, json.loads(out)["ended_by"]) == (0, "last state")


def test_an_outage_that_comes_late_is_undone(
    drill_rig: Rig, drill: Drill, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our patience was at its end, the API server's was not: the journal stays until that is over."""
    apis = {key: ClusterApi(host=host, token=lambda: TOKEN, timeout_sec=0.5) for key, host in drill_rig.hosts.items()}
    monkeypatch.setattr(drill_module, "find_clusters", lambda config, google: apis.__getitem__)
    answer, api = drill_rig.home.api.answer, drill_rig.home.api

    def late(method: str, url: str, body: Any) -> Any:
        if method == "PATCH" and "dryRun" not in url and body == {"spec": {"replicas": 0}}:
            api.lock.release()
            time.sleep(1.2)
            api.lock.acquire()
        return answer(method, url, body)

    monkeypatch.setattr(api, "answer", late)
    ran = drill("--yes")

    assert [body["spec"]["replicas"] for _, _, body in api.writes()] == [0, 2]
    assert (ran.code, drill_rig.home.wanted, journal.exists()) == (3, 2, False)
    assert "an answer was lost" in ran.err


def test_scopes_that_somebody_adds_meanwhile_stay(drill_rig: Rig, journal: Path) -> None:
    """Only the drained one is taken back, on top of what is there then."""
    theirs = {"selector": {"gke.io/region": "europe-west4"}, "capacityScalerPercent": 50}
    process = drill_rig.start(*drill_rig.arguments("--yes", "--means", "drain", "--outage-sec", "1", journal=journal))
    wait_until(lambda: drill_rig.home.scopes() is not None, process)
    with drill_rig.home.api.lock:
        policy = copy.deepcopy(drill_rig.home.api.objects[drill_rig.home.policy])
        policy["spec"]["default"]["scopes"].append(theirs)
        drill_rig.home.api.objects[drill_rig.home.policy] = policy
    process.communicate(timeout=20)

    assert drill_rig.home.scopes() == [theirs]


def test_a_policy_that_changes_while_it_is_restored_is_read_again(drill_rig: Rig, drill: Drill) -> None:
    """The patch names the version that was read: a 409 is tried again."""
    drill_rig.home.api.faults = [Fault(409, times=1, method="PATCH", after=2)]
    ran = drill("--yes", "--means", "drain")

    assert (ran.code, drill_rig.home.scopes()) == (0, None)
    assert "resourceVersion" in drill_rig.home.api.writes()[-1][2]["metadata"]


def test_a_node_that_was_never_cordoned_is_not_uncordoned(drill_rig: Rig, drill: Drill) -> None:
    """The change was refused, and somebody else cordons it meanwhile: that one is theirs."""
    drill_rig.home.api.faults = [Fault(403, method="PATCH", path="node-1", after=1)]
    follow = drill_rig.home.api.changed

    def meanwhile(method: str, path: str) -> None:
        follow(method, path)
        if path.endswith("node-0"):
            node = copy.deepcopy(drill_rig.home.api.objects["/api/v1/nodes/node-1"])
            node["spec"]["unschedulable"] = True
            drill_rig.home.api.objects["/api/v1/nodes/node-1"] = node

    drill_rig.home.api.changed = meanwhile
    ran = drill("--yes", "--means", "cordon")

    assert (ran.code, findings(ran)["DRILL-OUTAGE"], findings(ran)["DRILL-RESTORED"]) == (3, "unknown", "good")
    assert drill_rig.home.cordoned == ["node-1", "node-2"]


@pytest.mark.parametrize(
    "change",
    [
        {"means": "pod", "path": "/api/v1/nodes/node-2", "restore": None},
        {"means": "pod", "path": "/api/v1/namespaces/inference/pods/gemma-server-0", "restore": None},
        {"means": "cordon", "path": "/api/v1/nodes/node-2", "restore": None},
        {"means": "replicas", "path": "/apis/apps/v1/namespaces/inference/deployments/other/scale", "restore": {}},
        {"means": "fire", "path": "/api/v1/nodes/node-2", "restore": {}},
        {"means": "cordon", "path": "/api/v1/nodes/node-2", "restore": {}, "cluster": "mars"},
    ],
)
def test_a_journal_that_names_what_no_drill_changes_is_refused(
    drill_rig: Rig, journal: Path, inference_ops: InferenceOps, change: dict[str, Any]
) -> None:
    """It is a file like any other: nothing is deleted or changed because it says so."""
    whole = {"cluster": "us", "outage": {}, "what": "", **change}
    journal.write_text(json.dumps({"project": "my-project-id", "name": "gemma", "changes": [whole]}))
    ran = inference_ops("drill", "--restore", "--journal", str(journal))

    assert (ran.code, "must hold what a drill changes" in ran.err) == (2, True)
    assert drill_rig.home.api.requests == []


def test_restoring_can_be_read_by_a_program_and_takes_no_other_options(
    drill_rig: Rig, journal: Path, inference_ops: InferenceOps
) -> None:
    """One document on stdout; what would be ignored is refused."""
    process = drill_rig.start(*drill_rig.arguments("--yes", "--outage-sec", "60", journal=journal))
    wait_until(lambda: drill_rig.home.wanted == 0, process)
    process.kill()
    process.communicate()
    refused = inference_ops("drill", "--restore", "--region", "us", "--journal", str(journal))
    ran = inference_ops("--output", "json", "drill", "--restore", "--journal", str(journal))

    assert (refused.code, "--region: must not be given with --restore" in refused.err) == (2, True)
    assert ran.code == 0
    assert ([change["means"] for change in ran.document["restored"]], ran.document["left"]) == (["replicas"], [])


def test_a_folder_without_hard_links_has_a_journal_too(
    drill_rig: Rig, drill: Drill, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some mounts know none."""

    def no_links(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    ran = drill("--yes")

    assert (ran.code, drill_rig.home.wanted, journal.exists()) == (0, 2, False)
