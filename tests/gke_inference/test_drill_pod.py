"""`drill --sender pod`: requests from inside the VPC, by a pod that leaves nothing behind."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from gke_inference.drill import rollback
from gke_inference.drill.senders import pod_sender
from gke_inference.drill.senders.pod_manifest import program, sender_pod
from tests.checks.kubernetes_objects import problems
from tests.gke_inference.cluster_stand_in import Fault
from tests.gke_inference.drill_rig import Drill, Rig, findings, wait_until


@pytest.fixture(autouse=True)
def from_pod(drill_rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a pod send the requests, and ask it often."""
    drill_rig.sender = "pod"
    monkeypatch.setattr(pod_sender, "RETRY_EVERY_SEC", 0.02)
    monkeypatch.setattr(pod_sender, "FETCH_EVERY_SEC", 0.05)


LONG_BASELINE = ("--baseline-sec", "0.4")


def pods_left(made: Rig) -> list[str]:
    """List names of pods that are none of the model server's."""
    home = made.home
    return [path for path in home.api.objects if path.startswith(f"{home.pods}/") and not path.startswith(home.servers)]


def test_an_outage_is_measured_as_from_here(drill_rig: Rig, drill: Drill, tmp_path: Path) -> None:
    """States, regions and downtimes by the clock of the drill; afterwards pod, program and journal are gone."""
    ran = drill("--yes", *LONG_BASELINE)
    report = ran.document
    baseline, outage, recovery = report["states"]
    times = [request["at_sec"] for request in report["requests"]]

    assert (ran.code, report["ended_by"], report["plan"]["sender"]) == (0, "last state", "pod")
    assert set(baseline["regions"]) == {"us-east5"}
    assert "europe-west4" in outage["regions"]
    assert outage["total"]["failed"] > 0
    assert sum(state["total"]["failed"] for state in report["states"]) == sum(d["failed"] for d in report["downtimes"])
    assert (recovery["total"]["failed"], report["unfinished_requests"]) == (0, 0)
    assert times == sorted(times)
    assert all(0 < one["ttft_sec"] <= one["latency_sec"] for one in report["requests"] if not one["error"])
    assert (pods_left(drill_rig), drill_rig.home.running.ended, list(tmp_path.iterdir())) == ([], [0], [])


def test_it_sends_what_a_client_sends(drill_rig: Rig, drill: Drill) -> None:
    """The model of the config, a short stream, prompts that differ."""
    drill("--yes", *LONG_BASELINE)
    _, body, headers = drill_rig.gateway.requests[0]

    assert {path for path, _, _ in drill_rig.gateway.requests} == {"/v1/chat/completions"}
    assert (body["model"], body["stream"], body["max_tokens"]) == ("gemma-3-27b-it", True, 16)
    assert headers["content-type"] == "application/json"
    assert len({body["messages"][0]["content"] for _, body, _ in drill_rig.gateway.requests}) > 5


def test_the_pod_sends_on_every_tick_while_requests_hang(drill_rig: Rig, drill: Drill) -> None:
    """An open loop there too. Waiting for answers, it would send one."""
    drill_rig.gateway.token_sec = 0.2
    report = drill("--yes", "--baseline-sec", "0.8").document

    assert report["states"][0]["total"]["requests"] >= 5


def test_the_plan_shows_the_pod_and_makes_none(drill_rig: Rig, drill: Drill) -> None:
    """A dry run asks whether it would be taken."""
    ran = drill()

    assert (ran.code, findings(ran)["DRILL-PERMISSIONS"]) == (0, "good")
    assert (drill_rig.home.api.writes(), drill_rig.home.running.processes) == ([], {})
    assert any(path.endswith("/pods?dryRun=All") for _, path, _ in drill_rig.home.api.requests)


def test_a_bearer_token_is_in_no_object(drill_rig: Rig, drill: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pod gets it when it runs: the token is not in its manifest, the journal or the report."""
    monkeypatch.setenv("GATEWAY_TOKEN", "a-very-secret-token")
    ran = drill("--yes", *LONG_BASELINE, "--token-env", "GATEWAY_TOKEN")

    assert ran.code == 0
    assert {headers["authorization"] for _, _, headers in drill_rig.gateway.requests} == {"Bearer a-very-secret-token"}
    assert "a-very-secret-token" not in json.dumps(drill_rig.home.api.writes()) + ran.out + ran.err


def test_the_pod_has_no_rights_and_ends_by_itself() -> None:
    """No token of Kubernetes, no root, nothing writable, an end; and its command is what Kubernetes runs unchanged."""
    pod = sender_pod(name="gemma-drill-1", namespace="inference", key="k", deadline_sec=900)
    [container] = pod["spec"]["containers"]

    assert problems(pod) == []
    assert (pod["spec"]["automountServiceAccountToken"], pod["spec"]["restartPolicy"]) == (False, "Never")
    assert pod["spec"]["activeDeadlineSeconds"] == 900
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert "limits" in container["resources"]
    assert "$(" not in program()
    assert "from gke_inference" not in program()


def test_a_pod_that_does_not_come_up_is_reported_and_deleted(
    drill_rig: Rig, drill: Drill, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With Kubernetes' own words; the region is left alone, and exit code 3."""
    monkeypatch.setattr(pod_sender, "START_TIMEOUT_SEC", 0.2)
    drill_rig.home.running.waiting = "ImagePullBackOff"
    ran = drill("--yes")

    assert (ran.code, findings(ran)["DRILL-SENDER"]) == (3, "unknown")
    assert "Pending: ImagePullBackOff: Back-off pulling docker.io/library/python" in ran.out
    assert (pods_left(drill_rig), drill_rig.home.wanted, list(tmp_path.iterdir())) == ([], 2, [])
    assert [method for method, _, _ in drill_rig.home.api.writes()] == ["POST", "DELETE"]


def test_an_answer_that_was_lost_leaves_no_pod(drill_rig: Rig, drill: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was made, and the drill never heard of it: it looks again later, for it might have come late."""
    monkeypatch.setattr(rollback, "LATE_ANSWER_SEC", 0.1)
    drill_rig.home.api.faults = [Fault("half", times=1, method="POST", path="/pods", after=1)]
    ran = drill("--yes")

    assert (ran.code, findings(ran)["DRILL-SENDER"], findings(ran)["DRILL-RESTORED"]) == (3, "unknown", "good")
    assert (pods_left(drill_rig), drill_rig.home.running.ended) == ([], [0])


@pytest.mark.parametrize("kind", [403, 503])
def test_a_pod_that_may_not_be_made_is_reported_first(drill_rig: Rig, drill: Drill, kind: int) -> None:
    """The dry run hears it."""
    drill_rig.home.api.faults = [Fault(kind, method="POST")]
    ran = drill("--yes")

    assert (ran.code, findings(ran)["DRILL-SENDER"]) == (3, "unknown")
    assert drill_rig.home.api.writes() == []


@pytest.mark.parametrize("verb", ["create", "get"])
def test_a_pod_that_may_not_be_reached_is_reported_first(drill_rig: Rig, drill: Drill, verb: str) -> None:
    """The API server is asked for the right: no dry run shows it."""
    asked = {"namespace": "inference", "verb": verb, "resource": "pods", "subresource": "proxy"}
    drill_rig.home.api.forbidden = [asked]
    ran = drill("--yes")

    assert (ran.code, f"{verb} pods/proxy in inference is not allowed" in ran.out) == (3, True)
    assert drill_rig.home.api.writes() == []


def test_a_pod_that_has_failed_is_not_waited_for(drill_rig: Rig, drill: Drill) -> None:
    """It is never started again."""
    drill_rig.home.running.phase = "Failed"
    ran = drill("--yes")

    assert (ran.code, findings(ran)["DRILL-SENDER"], pods_left(drill_rig)) == (3, "unknown", [])
    assert "Failed: OOMKilled" in ran.out


def test_one_fault_at_the_end_costs_no_verdict(drill_rig: Rig, drill: Drill) -> None:
    """Everything was measured; telling the pod to stop is tried again."""
    drill_rig.home.api.faults = [Fault(503, times=1, method="POST", path="/stop")]
    ran = drill("--yes", *LONG_BASELINE)

    assert (ran.code, ran.document["ended_by"]) == (0, "last state")


def test_results_outlive_a_way_that_is_lost_for_a_while(drill_rig: Rig, drill: Drill) -> None:
    """The pod goes on sending and keeps them: none is missing."""
    drill_rig.home.api.faults = [
        Fault(kind, times=1, path="/results", after=after)  # type: ignore[arg-type]
        for kind, after in ((500, 1), (401, 8), ("half", 8), (503, 8))
    ]
    ran = drill("--yes", *LONG_BASELINE)

    assert (ran.code, [fault.times for fault in drill_rig.home.api.faults]) == (0, [0, 0, 0, 0])
    assert len(ran.document["requests"]) == len(drill_rig.gateway.requests)


def test_a_pod_that_is_lost_ends_the_drill_restored(drill_rig: Rig, drill: Drill, tmp_path: Path) -> None:
    """Its node is gone: nothing can be measured any more, so the outage ends."""
    follow = drill_rig.home.api.changed

    def evicted(method: str, path: str) -> None:
        follow(method, path)
        if path == drill_rig.home.deployment and drill_rig.home.wanted == 0:
            for pod in pods_left(drill_rig):
                dict.__delitem__(drill_rig.home.api.objects, pod)

    drill_rig.home.api.changed = evicted
    ran = drill("--yes", "--outage-sec", "60", *LONG_BASELINE)

    assert (ran.code, ran.document["ended_by"], findings(ran)["DRILL-SENDER"]) == (3, "sender", "unknown")
    assert "results of requests were lost" in ran.out
    assert (drill_rig.home.wanted, pods_left(drill_rig), list(tmp_path.iterdir())) == (2, [], [])


@pytest.mark.parametrize("outage", [False, True])
def test_a_signal_leaves_nothing(drill_rig: Rig, tmp_path: Path, outage: bool) -> None:
    """While the pod comes up, and in the outage."""
    drill_rig.home.running.waiting = "" if outage else "ContainerCreating"
    journal = tmp_path / "journal.json"
    process = drill_rig.start(*drill_rig.arguments("--yes", "--outage-sec", "60", *LONG_BASELINE, journal=journal))
    wait_until(lambda: drill_rig.home.wanted == 0 if outage else bool(pods_left(drill_rig)), process)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)

    assert (process.returncode, json.loads(out)["ended_by"]) == (3, "signal")
    assert (drill_rig.home.wanted, pods_left(drill_rig), journal.exists()) == (2, [], False)


def test_after_a_kill_the_pod_falls_silent_and_the_journal_takes_it_away(
    drill_rig: Rig, tmp_path: Path, inference_ops: Any
) -> None:
    """Nobody asks it any more, so it ends; `--restore` brings the region back and deletes the pod."""
    drill_rig.home.running.idle_sec = 1
    journal = tmp_path / "journal.json"
    process = drill_rig.start(*drill_rig.arguments("--yes", "--outage-sec", "60", *LONG_BASELINE, journal=journal))
    wait_until(lambda: drill_rig.home.wanted == 0, process)
    process.kill()
    process.communicate()
    [sender] = drill_rig.home.running.processes.values()
    wait_until(lambda: sender.poll() is not None)
    [pod] = pods_left(drill_rig)
    ran = inference_ops("drill", "--restore", "--journal", str(journal))

    assert sender.returncode == 0
    assert (ran.code, f"pod {pod.rpartition('/')[2]} in us" in ran.err) == (0, True)
    assert (drill_rig.home.wanted, pods_left(drill_rig), journal.exists()) == (2, [], False)
