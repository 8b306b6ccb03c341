"""`drill`: what users would notice of an outage is measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.configs import ELASTIC, changed, config
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.drill_rig import Rig, findings, rig, use

SLACK_SEC = 20
"""A machine that does other things too is not waited for longer; the figures themselves are not a promise of speed."""


@dataclass(frozen=True)
class Whole:
    """A drill from begin to end: its report, and what the journal held at each change of a region."""

    made: Rig
    report: dict[str, Any]
    code: int
    picture: str
    files: list[str]
    journals: list[tuple[str, list[Any]]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Run one drill with a double failure, for all tests that only look."""
    folder = tmp_path_factory.mktemp("drill")
    picture, journal = folder / "drill.svg", folder / "journal.json"
    journals: list[tuple[str, list[Any]]] = []

    def watched(key: str, follow: Callable[[str, str], None]) -> Callable[[str, str], None]:
        def changed(method: str, path: str) -> None:
            changes = json.loads(journal.read_text())["changes"]
            journals.append((key, [(change["cluster"], change["restore"]) for change in changes]))
            follow(method, path)

        return changed

    with rig(config(), "us", "eu") as made:
        for cluster in made.clusters:
            cluster.api.changed = watched(cluster.key, cluster.api.changed)
        process = made.start(*made.arguments("--yes", "--double", "eu", "--picture", str(picture), journal=journal))
        out, _ = process.communicate(timeout=60)
        files = [path.name for path in folder.iterdir()]
        yield Whole(made, json.loads(out), process.returncode, picture.read_text(), files, journals)


def test_an_outage_is_measured_from_the_first_failure_to_the_region_answering_again(whole: Whole) -> None:
    """Downtime, fail-over and come-back are about what the gateway of the test takes for them."""
    report = whole.report
    detection_sec, start_sec = whole.made.gateway.detection_sec, whole.made.home.start_sec
    baseline, outage, _, _, recovery = report["states"]

    assert (whole.code, report["outcome"], report["ended_by"]) == (0, "good", "last state")
    assert 0 < report["longest_downtime_sec"] < detection_sec + SLACK_SEC
    assert 0 < report["time_to_detect_sec"] < report["time_to_fail_over_sec"] < detection_sec + SLACK_SEC
    assert start_sec < report["time_to_come_back_sec"] < start_sec + detection_sec + SLACK_SEC
    assert set(baseline["regions"]) == {"us-east5"}
    assert "europe-west4" in outage["regions"]
    assert recovery["total"]["failed"] == 0
    assert outage["total"]["failed"] > 0
    assert sum(state["total"]["failed"] for state in report["states"]) == sum(d["failed"] for d in report["downtimes"])


def test_a_double_failure_goes_through_five_states(whole: Whole) -> None:
    """The second region comes back first; while all are down by order, failures do not count."""
    downtimes = whole.report["downtimes"]
    uncounted = [downtime for downtime in downtimes if downtime["state"] == 3]

    assert [state["state"] for state in whole.report["states"]] == [1, 2, 3, 4, 5]
    assert whole.report["states"][2]["total"]["error_rate"] > 0.5
    # On a busy machine one of a region that is still coming back can begin in state 4.
    assert {2, 3} <= {downtime["state"] for downtime in downtimes} <= {2, 3, 4}
    assert whole.report["longest_downtime_sec"] == max(downtime["counted_sec"] for downtime in downtimes)
    assert all(downtime["counted_sec"] < downtime["downtime_sec"] for downtime in uncounted)


def test_the_journal_is_on_disk_before_anything_is_changed(whole: Whole) -> None:
    """Whole, with what brings each region back; before the second outage it has both. At the end it is gone."""
    first, second = ("us", {"spec": {"replicas": 2}}), ("eu", {"spec": {"replicas": 2}})
    both = [first, second]

    assert whole.journals == [("us", [first]), ("eu", both), ("eu", both), ("us", [first])]
    assert whole.files == ["drill.svg"]


def test_every_request_is_in_the_report(whole: Whole) -> None:
    """When it was sent, who served, what came and how long it took; the sums are those of the states."""
    requests = whole.report["requests"]
    times = [request["at_sec"] for request in requests]
    failed = [request for request in requests if request["error"]]

    assert len(requests) == sum(state["total"]["requests"] for state in whole.report["states"])
    assert times == sorted(times)
    assert {(request["error"], request["status"]) for request in failed} == {("http_503", 503)}
    assert all(0 < request["ttft_sec"] <= request["latency_sec"] for request in requests if not request["error"])


def test_the_count_of_before_is_restored(whole: Whole) -> None:
    """By the scale subresource, to 0 and back, and nothing else is written."""
    for cluster in whole.made.clusters:
        written = [(method, path.rpartition("/")[2], body) for method, path, body in cluster.api.writes()]

        assert (cluster.wanted, cluster.ready) == (2, 2)
        assert written == [
            ("PATCH", "scale", {"spec": {"replicas": 0}}), ("PATCH", "scale", {"spec": {"replicas": 2}}),
        ]  # fmt: skip


def test_the_picture_is_an_svg_with_regions_failures_and_states(whole: Whole) -> None:
    """It can be read, and runs nothing."""
    ElementTree.fromstring(whole.picture)
    for words in ("us-east5", "europe-west4", "failed", "1 baseline", "3 double outage", "5 recovery"):
        assert words in whole.picture
    assert "<script" not in whole.picture


def test_requests_are_sent_on_their_tick_while_others_hang(drill_rig: Rig, drill: Any) -> None:
    """An open loop: a server that hangs does not slow the stream down. Waiting for answers, it would send one."""
    drill_rig.gateway.token_sec = 0.4
    report = drill("--yes", "--slow-sec", "0.5").document
    baseline = report["states"][0]

    assert baseline["total"]["requests"] >= 5
    assert baseline["total"]["slow"] == baseline["total"]["requests"]


def test_a_drain_loses_no_request_and_its_scopes_are_restored(drill_rig: Rig, drill: Any) -> None:
    """The drained scope goes first and keeps what else the region had; afterwards all is as it was."""
    path = drill_rig.home.policy
    before: list[dict[str, Any]] = [
        {"selector": {"gke.io/region": "europe-west4"}, "capacityScalerPercent": 100},
        {"selector": {"gke.io/region": "us-east5"}, "backendPreference": "PREFERRED"},
    ]
    policy = drill_rig.home.api.objects[path]
    policy["spec"]["default"]["scopes"] = before
    ran = drill("--yes", "--means", "drain")

    assert (ran.code, ran.document["downtimes"]) == (0, [])
    drained = drill_rig.home.api.writes()[0][2]["spec"]["default"]["scopes"]
    assert drained == [{**before[1], "capacityScalerPercent": 0}, before[0]]
    assert drill_rig.home.scopes() == before


def test_a_policy_without_scopes_has_none_afterwards(drill_rig: Rig, drill: Any) -> None:
    """Not an empty list, which would be a change to Terraform."""
    ran = drill("--yes", "--means", "drain")

    assert (ran.code, drill_rig.home.scopes()) == (0, None)
    assert "scopes" not in drill_rig.home.api.objects[drill_rig.home.policy]["spec"]["default"]


def test_a_cordon_leaves_alone_what_others_have_cordoned(drill_rig: Rig, drill: Any) -> None:
    """The schedulable nodes are cordoned, the pods deleted; the node that was cordoned before stays so."""
    ran = drill("--yes", "--means", "cordon")
    written = [(method, path.rpartition("/")[2]) for method, path, _ in drill_rig.home.api.writes()]

    assert ran.code == 0
    assert written == [
        ("PATCH", "node-0"), ("PATCH", "node-1"), ("DELETE", "gemma-server-0"), ("DELETE", "gemma-server-1"),
        ("PATCH", "node-1"), ("PATCH", "node-0"),
    ]  # fmt: skip
    assert (drill_rig.home.cordoned, drill_rig.home.ready) == (["node-2"], 2)


def test_the_autoscaler_gets_back_what_it_had(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The elastic config, which says no `replicas`: the count of before, but never fewer than the autoscaler allows."""
    changes: dict[str, Any] = {
        "models__llama__served_name": "gemma-3-27b-it",
        "models__llama__autoscaling__min_replicas": 3,
    }
    file = tmp_path / "elastic.yaml"
    file.write_text(yaml.safe_dump(changed(ELASTIC, **changes)))
    with rig(config(ELASTIC, **changes), "us", "eu", file) as made:
        use(made, monkeypatch)
        ran = inference_ops(*made.arguments("--yes", journal=tmp_path / "journal.json"))

        assert ran.code == 0
        assert made.home.wanted == 3
        assert {path.rpartition("/")[2] for _, path, _ in made.home.api.writes()} == {"scale"}


def test_limits_make_it_wrong_and_overload_can_be_allowed(drill_rig: Rig, drill: Any) -> None:
    """A downtime longer than allowed, or more failures: reported with a fix. One server less is no refusal."""
    drill_rig.scale(drill_rig.other, 1)
    # Long enough for a gap between answers, however busy the machine is.
    drill_rig.gateway.detection_sec = 0.15
    ran = drill("--yes", "--even-if-overloaded", "--max-downtime-sec", "0", "--max-error-rate", "0.001")
    wrong = {finding["id"]: finding["fix"] for finding in ran.document["findings"] if finding["status"] == "wrong"}

    assert (ran.code, drill_rig.home.wanted) == (1, 2)
    assert set(wrong) == {"DRILL-DOWNTIME", "DRILL-ERRORS"}
    assert all(wrong.values())


def test_an_outage_that_nobody_noticed_proves_nothing(drill_rig: Rig, drill: Any) -> None:
    """All answers went on coming from the region: exit code 3."""
    drill_rig.gateway.ignores_drains = True
    ran = drill("--yes", "--means", "drain")

    assert (ran.code, findings(ran)["DRILL-FAILOVER"]) == (3, "unknown")


def test_a_region_that_does_not_come_back_is_wrong(drill_rig: Rig, drill: Any) -> None:
    """Within its time; the count is restored all the same."""
    drill_rig.home.start_sec = 30
    ran = drill("--yes", "--recovery-sec", "0.5")

    assert (ran.code, findings(ran)["DRILL-COME-BACK"]) == (1, "wrong")
    assert drill_rig.home.wanted == 2


def test_the_text_report_fits_and_shows_all(drill_rig: Rig, inference_ops: InferenceOps, tmp_path: Path) -> None:
    """States, downtimes, times, findings and the verdict; how it went is on stderr."""
    arguments = drill_rig.arguments("--yes", journal=tmp_path / "journal.json")
    arguments[arguments.index("json")] = "text"
    ran = inference_ops(*arguments)

    for words in ("1 baseline", "2 outage", "5 recovery", "http_503", "detected", "failed over", "came back",
                  "DRILL-RESTORED", "everything is as it was", "Good: 8 good"):  # fmt: skip
        assert words in ran.out
    assert "2 outage: " in ran.err
    assert "restored: gemma-server in us: 2 replicas" in ran.err
    assert list(tmp_path.iterdir()) == []
