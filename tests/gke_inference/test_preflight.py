"""`preflight` as a user types it: its report, its exit codes, and that it only reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.configs import EXAMPLE
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn

READS = {"get", "list", "aggregatedList", "batchGet", "testIamPermissions", "getBillingInfo", "getServerConfig"}


def run(inference_ops: InferenceOps, *arguments: str) -> Any:
    """Return what JSON and exit code `preflight` leaves for the example."""
    ran = inference_ops("--config", str(EXAMPLE), "--output", "json", "preflight", *arguments)
    return ran.code, {(entry["where"], entry["id"]): entry for entry in ran.document["findings"]}, ran.document


def test_where_nothing_stands_in_the_way_all_is_good(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """Exit code 0, each finding with all its fields, what is common first and then region by region."""
    code, findings, document = run(inference_ops)

    wrong = [entry for entry in document["findings"] if entry["status"] != "good"]
    assert (code, document["outcome"], wrong) == (0, "good", [])
    assert all(set(entry) == {"id", "status", "found", "needed", "where", "fix"} for entry in document["findings"])
    order = [where for where, _ in findings]
    assert order == sorted(order, key=("", "us", "eu").index)
    assert len(findings) == len(document["findings"]) == 52


def test_a_config_over_a_base_is_asked_about_as_a_whole(
    good_google: GoogleStandIn, inference_ops: InferenceOps, tmp_path: Path
) -> None:
    """The same questions and answers as of one file."""
    (tmp_path / "base.yaml").write_text(EXAMPLE.read_text())
    (tmp_path / "dev.yaml").write_text("extends: base.yaml\nlabels: {env: dev}\n")
    ran = inference_ops("--config", str(tmp_path / "dev.yaml"), "--output", "json", "preflight")

    assert (ran.code, ran.document["findings"]) == (0, run(inference_ops)[2]["findings"])


def test_nothing_is_written(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """Every call is a read: a GET, or the question which permissions there are."""
    run(inference_ops)

    assert {request.method.rpartition(".")[2] for request in good_google.requests} <= READS
    posts = {request.method for request in good_google.requests if request.http_method != "GET"}
    assert posts == {"cloudresourcemanager.projects.testIamPermissions"}
    assert not [request for request in good_google.requests if "access" in request.method]


def test_what_may_not_be_asked_is_unknown_and_hides_nothing(
    good_google: GoogleStandIn, inference_ops: InferenceOps
) -> None:
    """Exit code 3; the finding names the permission, and all others are reported as before."""
    good_google.faults["secretmanager.projects.secrets.versions.list"] = Fault(403, "Permission denied on resource")
    code, findings, document = run(inference_ops)

    secret = findings["", "SECRET"]
    assert (code, document["outcome"], secret["status"], len(findings)) == (3, "unknown", "unknown", 52)
    assert "secretmanager.versions.list" in secret["fix"]
    assert [key for key, entry in findings.items() if entry["status"] != "good"] == [("", "SECRET")]


def test_who_is_not_signed_in_is_told_to(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """No permission helps where the credentials are not taken."""
    good_google.faults["secretmanager.projects.secrets.versions.list"] = Fault(401, "Request had invalid credentials.")
    code, findings, _ = run(inference_ops)

    assert (code, findings["", "SECRET"]["status"]) == (3, "unknown")
    assert findings["", "SECRET"]["fix"].startswith("sign in with `gcloud auth application-default login`")


def test_one_thing_wrong_is_exit_code_1(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """Even where something else could not be checked."""
    good_google.answers["cloudbilling.projects.getBillingInfo"] = {"billingEnabled": False}
    good_google.faults["gkehub.projects.locations.features.get"] = Fault(403)
    code, findings, document = run(inference_ops)

    assert (code, document["outcome"]) == (1, "wrong")
    assert findings["", "BILLING"]["fix"].startswith("gcloud billing projects link")


def test_without_credentials_nothing_is_known(
    good_google: GoogleStandIn, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One finding, exit code 3, and no call."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    code, findings, _ = run(inference_ops)

    assert (code, list(findings), good_google.requests) == (3, [("", "CREDENTIALS")], [])
    assert findings["", "CREDENTIALS"]["fix"] == "gcloud auth application-default login"


def test_one_region_is_checked_alone(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """With what all have in common."""
    _, findings, _ = run(inference_ops, "--region", "eu")

    assert {where for where, _ in findings} == {"", "eu"}


def test_an_unknown_region_is_bad_input(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """Told with the keys that there are; nothing is asked."""
    ran = inference_ops("--config", str(EXAMPLE), "preflight", "--region", "asia", "--timeout-sec", "0")

    assert (ran.code, good_google.requests) == (2, [])
    assert "must be one of us, eu, got 'asia'" in ran.err
    assert "'--timeout-sec'" in ran.err


def test_a_wrong_config_is_bad_input(good_google: GoogleStandIn, inference_ops: InferenceOps, tmp_path: Path) -> None:
    """With the message of a synth."""
    ran = inference_ops("--config", str(tmp_path / "nowhere.yaml"), "preflight")

    assert (ran.code, "nowhere.yaml: 1 problem" in ran.err) == (2, True)


def test_a_check_that_hangs_is_unknown_after_the_time_given(
    good_google: GoogleStandIn, inference_ops: InferenceOps
) -> None:
    """The others are reported all the same."""
    good_google.faults["cloudbilling.projects.getBillingInfo"] = Fault("hang")
    code, findings, _ = run(inference_ops, "--timeout-sec", "3")

    assert code == 3
    assert "no answer within 3 seconds" in findings["", "BILLING"]["found"]
    assert [key for key, entry in findings.items() if entry["status"] != "good"] == [("", "BILLING")]


def test_a_check_that_is_skipped_is_not_made(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """It is in the report, and neither good nor wrong; the exit code is that of the others."""
    good_google.answers["cloudbilling.projects.getBillingInfo"] = {"billingEnabled": False}
    code, findings, document = run(inference_ops, "--skip", "BILLING", "--skip", "NETWORK")

    skipped = [key for key, entry in findings.items() if entry["status"] == "skipped"]
    assert (code, document["outcome"]) == (0, "good")
    assert skipped == [("", "BILLING"), ("", "NETWORK"), ("us", "NETWORK"), ("eu", "NETWORK")]
    assert good_google.asked("cloudbilling.projects.getBillingInfo") == []
    ran = inference_ops("--config", str(EXAMPLE), "preflight", "--skip", "BILLING")
    assert ran.out.rstrip().endswith("Good: 51 good, 0 wrong, 0 unknown, 1 skipped")


def test_a_check_that_does_not_exist_cannot_be_skipped(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """Exit code 2 with all ids; nothing is asked."""
    ran = inference_ops("--config", str(EXAMPLE), "preflight", "--skip", "BILING", "--skip", "QUOTA")

    assert (ran.code, ran.out, good_google.requests) == (2, "", [])
    assert "--skip: must be one of PROJECT, BILLING, PERMISSIONS, APIS, QUOTA" in " ".join(ran.err.split())
    assert "got 'BILING'" in ran.err


def test_v_prints_what_is_asked_and_no_secret(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """A line per call on stderr, of Google and of Hugging Face; stdout stays one document."""
    ran = inference_ops("--config", str(EXAMPLE), "--output", "json", "preflight", "-v")

    assert ran.document["outcome"] == "good"
    assert "cloudbilling.v1.projects.getBillingInfo name=projects/my-project-id" in ran.err
    assert "/api/models/" in ran.err
    assert "stand-in-token" not in ran.err
    assert "Bearer" not in ran.err


def test_people_get_a_table_and_a_sum(good_google: GoogleStandIn, inference_ops: InferenceOps) -> None:
    """What is not good comes with what is needed and the fix; the log of the run is on stderr."""
    good_google.answers["cloudbilling.projects.getBillingInfo"] = {"billingEnabled": False}
    ran = inference_ops("--config", str(EXAMPLE), "preflight")

    assert ran.code == 1
    for words in ("Before an apply of gemma to my-project-id", "billing is off", "needed:", "fix: gcloud billing"):
        assert words in ran.out, words
    assert ran.out.rstrip().endswith("Wrong: 51 good, 1 wrong, 0 unknown")
    assert "checks: 26 of 26" in ran.err
