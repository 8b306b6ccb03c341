"""`drill`: the checks before anything is changed, and what ends it there."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import trustme

from gke_inference.api_error import ApiError
from gke_inference.drill.capacity import check_capacity
from gke_inference.drill.preconditions import unknown
from gke_inference.findings import Status
from gke_inference.live_platform import LivePlatform
from tests.configs import config
from tests.gke_inference.cluster_stand_in import Fault
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.drill_rig import Rig, findings, rig
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.test_drill_figures import plan


def test_nothing_is_changed_without_yes(drill_rig: Rig, drill: Any, tmp_path: Path) -> None:
    """A dry run: what would be done is printed, nothing is sent and no journal is written."""
    ran = drill()

    assert (ran.code, ran.document["dry_run"]) == (0, True)
    assert ran.document["changes"][0]["restore"] == {"spec": {"replicas": 2}}
    assert [cluster.api.writes() for cluster in drill_rig.clusters] == [[], []]
    assert (drill_rig.gateway.requests, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("make", "finding", "code", "words"),
    [
        (lambda made: made.scale(made.other, 1), "DRILL-CAPACITY", 1, "eu: 1 (1 ready, 100 %"),
        (lambda made: made.drain("europe-west4"), "DRILL-CAPACITY", 1, "eu: 0 (2 ready, 0 %"),
        (lambda made: made.scale(made.home, 0), "DRILL-REGION", 3, "0 model servers are ready"),
        (lambda made: made.drain("us-east5"), "DRILL-REGION", 3, "the gateway uses as much as 0"),
    ],
)
def test_it_refuses_where_the_others_could_not_carry_the_load(
    drill_rig: Rig, drill: Any, tmp_path: Path, make: Any, finding: str, code: int, words: str
) -> None:
    """Too few servers or a drain elsewhere; a region that is down or drained already. With the numbers."""
    make(drill_rig)
    ran = drill("--yes")
    found = next(entry for entry in ran.document["findings"] if entry["id"] == finding)

    assert (ran.code, found["status"]) == (code, {1: "wrong", 3: "unknown"}[code])
    assert words in found["found"]
    assert [cluster.api.writes() for cluster in drill_rig.clusters] == [[], []]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("status", "reason"), [(None, "noCredentials"), (401, "UNAUTHENTICATED")])
def test_who_has_not_signed_in_reads_the_same_finding_as_of_verify(status: int | None, reason: str) -> None:
    """Whichever check was the first to ask."""
    found = unknown("DRILL-POLICY", "us", ApiError(status=status, reason=reason, message="who are you"))

    assert (found.id, found.where, found.status) == ("CREDENTIALS", "us", Status.UNKNOWN)
    assert "gcloud auth application-default login" in found.fix


@pytest.mark.parametrize("key", ["home", "other"])
def test_what_may_not_be_read_is_not_taken_for_good(drill_rig: Rig, drill: Any, key: str) -> None:
    """A 403 is reported, and nothing is changed."""
    getattr(drill_rig, key).api.faults = [Fault(403)]
    ran = drill("--yes")

    assert (ran.code, ran.document["outcome"]) == (3, "unknown")
    assert "403 Forbidden" in ran.out
    assert [cluster.api.writes() for cluster in drill_rig.clusters] == [[], []]


@pytest.mark.parametrize("means", ["replicas", "drain", "cordon"])
def test_what_may_not_be_changed_is_reported_before_anything_is_sent(drill_rig: Rig, drill: Any, means: str) -> None:
    """Each change is sent as a dry run first: a 403 is unknown, with the roles that help."""
    drill_rig.home.api.faults = [Fault(403, method="PATCH")]
    ran = drill("--yes", "--means", means)
    found = next(entry for entry in ran.document["findings"] if entry["id"] == "DRILL-PERMISSIONS")

    assert (ran.code, found["status"]) == (3, "unknown")
    assert "container.developer" in found["fix"]
    assert (drill_rig.gateway.requests, drill_rig.home.api.writes()) == ([], [])


def test_what_the_cluster_would_refuse_is_wrong(drill_rig: Rig, drill: Any) -> None:
    """A policy of the cluster that forbids such a change is no lack of knowledge."""
    drill_rig.home.api.faults = [Fault(422, method="PATCH")]
    ran = drill("--yes")

    assert (ran.code, findings(ran)["DRILL-PERMISSIONS"]) == (1, "wrong")
    assert (drill_rig.gateway.requests, drill_rig.home.api.writes()) == ([], [])


def test_two_regions_cannot_both_be_drained(inference_ops: InferenceOps) -> None:
    """Google wants some capacity left: refused before a cluster is asked."""
    ran = inference_ops("drill", "--region", "us", "--double", "eu", "--means", "drain")

    assert (ran.code, "must leave a region that is not drained" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("default", "words"),
    [
        (
            {"scopes": [{"selector": {"gke.io/region": "europe-west4"}, "capacityScalerPercent": 0}]},
            "no region is left",
        ),
        ({"capacityScalerPercent": 50}, "the policy has a capacityScalerPercent for all"),
    ],
)
def test_a_drain_that_google_would_refuse_later_is_refused(
    drill_rig: Rig, drill: Any, default: dict[str, Any], words: str
) -> None:
    """The API server takes it, and the load balancer never would."""
    policy = copy.deepcopy(drill_rig.home.api.objects[drill_rig.home.policy])
    policy["spec"]["default"] |= default
    drill_rig.home.api.objects[drill_rig.home.policy] = policy
    ran = drill("--yes", "--means", "drain", "--even-if-overloaded")

    assert (ran.code, words in ran.out, drill_rig.home.api.writes()) == (3, True, [])


def test_a_change_that_is_ignored_is_reported(drill_rig: Rig, drill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CRD that does not know scopes drops them without a word: the dry run's answer shows it."""
    answer = drill_rig.home.api.answer

    def pruned(method: str, url: str, body: Any) -> Any:
        status, made = answer(method, url, body)
        if method == "PATCH" and "gcpbackendpolicies" in url:
            made = copy.deepcopy(made)
            made["spec"]["default"].pop("scopes", None)
        return status, made

    monkeypatch.setattr(drill_rig.home.api, "answer", pruned)
    ran = drill("--yes", "--means", "drain")

    assert (ran.code, findings(ran)["DRILL-PERMISSIONS"]) == (1, "wrong")
    assert "accepted and then ignored" in ran.out
    assert drill_rig.home.api.writes() == []


def test_the_second_region_is_looked_at_too(drill_rig: Rig, drill: Any) -> None:
    """Whether it serves, and whether it may be changed: before the first one is."""
    drill_rig.other.api.faults = [Fault(403, method="PATCH")]
    denied = drill("--yes", "--double", "eu")
    drill_rig.other.api.faults = []
    drill_rig.scale(drill_rig.other, 0)
    down = drill("--yes", "--double", "eu", "--even-if-overloaded")

    assert (denied.code, "deployments/gemma-server/scale" in denied.out) == (3, True)
    assert (down.code, "0 model servers are ready" in down.out) == (3, True)
    assert [cluster.api.writes() for cluster in drill_rig.clusters] == [[], []]


def test_what_is_left_of_three_must_carry_both() -> None:
    """A third region with as many servers as one of them is too little for a double failure."""
    three = config(regions__asia={"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]})
    servers = {"us": 2, "eu": 2, "asia": 3}

    class Ready(LivePlatform):
        def ready_servers(self, key: str, model: str) -> int:
            """So many."""
            return servers[key]

        def policy(self, model: str) -> dict[str, Any]:
            """All of it is used."""
            return {}

    platform = Ready(config=three, clusters=lambda key: None)  # type: ignore[arg-type, return-value]
    double = plan("eu", model="gemma", models_down=("gemma",))
    one, two = (
        next(found for found in check_capacity(platform, double, key, even_if_overloaded=False)
             if found.id == "DRILL-CAPACITY")
        for key in ("us", "eu")
    )  # fmt: skip

    assert (one.status.value, two.status.value) == ("good", "wrong")
    assert (two.where, "asia: 3" in two.found, "at least 4" in two.needed) == ("eu", True, True)


def test_capacity_that_is_lost_meanwhile_stops_the_outage(drill_rig: Rig, drill: Any) -> None:
    """It is looked at again when the region is about to go: the baseline takes its time."""
    look = drill_rig.gateway._look

    def lost(up: dict[str, bool]) -> None:
        if drill_rig.other.wanted:
            drill_rig.scale(drill_rig.other, 0)
        look(up)

    drill_rig.gateway._look = lost  # type: ignore[method-assign]
    ran = drill("--yes")

    assert (ran.code, findings(ran)["DRILL-OUTAGE"], drill_rig.home.api.writes()) == (3, "unknown", [])
    assert "DRILL-CAPACITY: servers in use of the regions that are left: eu: 0" in ran.out


def test_without_credentials_the_way_to_sign_in_is_shown(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing else can be asked then."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    ran = inference_ops("--output", "json", "drill", "--region", "us")
    [finding] = ran.document["findings"]

    assert (ran.code, "gcloud auth application-default login" in finding["fix"]) == (3, True)


def test_requests_go_to_the_gateways_address_in_the_region(drill_rig: Rig, inference_ops: InferenceOps) -> None:
    """Of its addresses, in whatever order, the one in the region's range; where there is none, it must be given."""
    drill_rig.home.add_gateway("10.4.0.9", "10.2.0.9")
    for key, url in (("us", "http://10.2.0.9"), ("eu", "http://10.4.0.9")):
        ran = inference_ops("--output", "json", "drill", "--region", key)
        assert (ran.code, ran.document["plan"]["url"]) == (0, url)
    drill_rig.home.add_gateway("10.4.0.9")
    ran = inference_ops("--output", "json", "drill", "--region", "us")

    finding = ran.document["findings"][-1]

    assert (ran.code, finding["fix"]) == (3, "give the address to send to as --url")
    assert "gemma-gateway has no address in us (10.4.0.9)" in finding["found"]


def test_an_outage_that_is_refused_changes_nothing(drill_rig: Rig, drill: Any, tmp_path: Path) -> None:
    """A 403 at the first change, which the dry run did not meet: nothing to restore, and no journal left."""
    drill_rig.home.api.faults = [Fault(403, method="PATCH", after=1)]
    ran = drill("--yes")

    assert (ran.code, findings(ran)["DRILL-OUTAGE"], findings(ran)["DRILL-RESTORED"]) == (3, "unknown", "good")
    assert "403 Forbidden" in ran.out
    assert (drill_rig.home.wanted, list(tmp_path.iterdir())) == (2, [])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda made: setattr(made.gateway, "believed", {"us-east5": False, "europe-west4": False}), "http_503"),
        (lambda made: setattr(made.gateway, "regions", ("europe-west4", "us-east5")), "answered by us-east5"),
        (lambda made: setattr(made.gateway, "region_header", ""), "the others by unknown"),
    ],
)
def test_a_baseline_that_is_not_good_ends_it(drill_rig: Rig, drill: Any, make: Any, words: str) -> None:
    """Failures, another region that serves, or no region named: nothing is changed, and exit code 3."""
    drill_rig.gateway.detection_sec = 60
    make(drill_rig)
    ran = drill("--yes", "--max-error-rate", "0.05")

    assert (ran.code, findings(ran)["DRILL-BASELINE"]) == (3, "unknown")
    assert words in ran.out
    assert drill_rig.home.api.writes() == []


def test_bad_input_is_reported_at_once(drill_rig: Rig, inference_ops: InferenceOps, tmp_path: Path) -> None:
    """All of it, before a cluster is asked."""
    journal = tmp_path / "journal.svg"
    journal.write_text("{}")
    arguments = ("--region", "asia", "--double", "mars", "--rate-per-sec", "100", "--baseline-sec", "0.01",
                 "--picture", str(journal), "--journal", str(journal), "--yes")  # fmt: skip
    ran = inference_ops("drill", *arguments)

    assert ran.code == 2
    for words in ("6 problems", "times --timeout-sec must be at most 500", "got 100 times 30",
                  "--journal: must not exist",
                  "--region: must be one of us, eu, got 'asia'", "--double: must be one of us, eu, got 'mars'",
                  "--baseline-sec: must hold 10 requests or more, got 0.01 s at 100 per second",
                  "--picture: must be another file than the journal and the config"):  # fmt: skip
        assert words in ran.err
    assert drill_rig.home.api.requests == []


def test_a_page_takes_no_other_file_s_place(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """The journal's, or one that is no page."""
    journal = tmp_path / "journal.html"
    ran = inference_ops("drill", "--region", "us", "--report", str(journal), "--journal", str(journal))

    assert ran.code == 2
    assert "--report: must be another file than the journal and the config" in ran.err
    assert "must end in .html" in inference_ops("drill", "--region", "us", "--report", str(tmp_path / "a.pdf")).err


def test_the_clusters_are_found_through_google(
    monkeypatch: pytest.MonkeyPatch, inference_ops: InferenceOps, tmp_path: Path
) -> None:
    """By their DNS endpoints, over TLS, with the caller's own credentials."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with rig(config(), "us", "eu", authority=authority) as made, GoogleStandIn().serving() as google:

        def cluster(params: dict[str, Any], body: Any) -> dict[str, Any]:
            key = params["name"].rpartition("-")[2]
            endpoint = made.hosts[key].removeprefix("https://")
            return {"controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": endpoint}}}

        google.answers["container.projects.locations.clusters.get"] = cluster
        for name, value in {**google.environment(tmp_path), "SSL_CERT_FILE": str(tmp_path / "ca.pem")}.items():
            monkeypatch.setenv(name, value)
        ran = inference_ops(*made.arguments(journal=tmp_path / "journal.json"))

        assert (ran.code, json.loads(ran.out)["outcome"]) == (0, "good")
        asked = {request.params["name"] for request in google.requests}
        assert asked == {
            f"projects/my-project-id/locations/{place}/clusters/gemma-{key}"
            for key, place in (("us", "us-east5"), ("eu", "europe-west4"))
        }
