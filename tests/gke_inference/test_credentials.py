"""Credentials that cannot be read are no finding about the platform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.configs import EXAMPLE, SOVEREIGN
from tests.gke_inference.conftest import InferenceOps

FILES = ["", "[]", '"x"', "null", "{}", '{"type": "service_account", "private_key": 5, "client_email": 5}']


@pytest.mark.parametrize("content", FILES)
@pytest.mark.parametrize("command", ["preflight", "verify"])
def test_credentials_that_cannot_be_read_leave_everything_unknown(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, content: str
) -> None:
    """Whatever is in their file: one finding that says how to sign in, exit code 3 and no traceback."""
    file = tmp_path / "adc.json"
    file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    ran = inference_ops("--config", str(EXAMPLE), "--output", "json", command)

    [found] = ran.document["findings"]
    assert (ran.code, ran.err) == (3, "")
    assert (found["id"], found["status"]) == ("CREDENTIALS", "unknown")
    assert found["fix"] == "gcloud auth application-default login"


def test_a_folder_is_no_file_of_credentials(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It can be there and still not be opened."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path))
    ran = inference_ops("--config", str(EXAMPLE), "--output", "json", "verify")

    assert (ran.code, ran.document["findings"][0]["id"]) == (3, "CREDENTIALS")


@pytest.mark.parametrize(
    ("path", "given", "universe"),
    [(SOVEREIGN, "googleapis.com", "s3nsapis.fr"), (EXAMPLE, "s3nsapis.fr", "googleapis.com")],
)
@pytest.mark.parametrize("command", ["preflight", "verify"])
def test_credentials_of_another_universe_leave_everything_unknown(
    inference_ops: InferenceOps,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: str,
    path: Path,
    given: str,
    universe: str,
) -> None:
    """A token of one is worth nothing in another: that is said before anything is asked, with both names."""
    file = tmp_path / "adc.json"
    user = {"type": "authorized_user", "client_id": "id", "client_secret": "s", "refresh_token": "t"}
    file.write_text(json.dumps(user | {"universe_domain": given}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    ran = inference_ops("--config", str(path), "--output", "json", command)

    [found] = ran.document["findings"]
    assert (ran.code, ran.err) == (3, "")
    assert (found["id"], found["status"]) == ("CREDENTIALS", "unknown")
    assert f"for the universe {given}, and the config is for {universe}" in found["found"]
    assert "universe_domain" in found["fix"]
