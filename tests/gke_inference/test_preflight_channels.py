"""`preflight` and channels: what an apply would read of Secret Manager, and what somebody else made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.configs import config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import found

VERSION, PERMISSIONS = (f"secretmanager.projects.secrets.{name}" for name in ("versions.get", "testIamPermissions"))
CHANNEL = "monitoring.projects.notificationChannels.get"
CHANNELS = {
    "oncall": {"kind": "pagerduty", "secret": "pagerduty-key"},
    "theirs": {"kind": "existing", "id": "projects/my-project-id/notificationChannels/1"},
    "mail": {"kind": "email", "address": "oncall@example.com"},
}
ACCESS_ALONE = {"permissions": ["secretmanager.versions.access"]}

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("oncall", {}, "good", "version 3 can be read"),
    ("oncall", {VERSION: Fault(404)}, "wrong", "there is no version of pagerduty-key"),
    ("oncall", {VERSION: Fault(403)}, "unknown", "could not be checked"),
    ("oncall", {VERSION: {"name": "a/3", "state": "DISABLED"}}, "wrong", "its latest version is DISABLED"),
    ("oncall", {PERMISSIONS: {}}, "wrong", "lacks secretmanager.versions.access, secretmanager.versions.get"),
    ("oncall", {PERMISSIONS: ACCESS_ALONE}, "wrong", "the caller lacks secretmanager.versions.get"),
    ("theirs", {}, "good", "there: On call"),
    ("theirs", {CHANNEL: Fault(404)}, "wrong", "there is no projects/my-project-id/notificationChannels/1"),
    ("theirs", {CHANNEL: {"enabled": False}}, "wrong", "it is disabled"),
    ("theirs", {CHANNEL: {"enabled": True, "verificationStatus": "UNVERIFIED"}}, "wrong", "it is not verified"),
]


@pytest.mark.parametrize(("key", "changed", "status", "words"), CASES)
def test_each_channel_is_looked_at(
    google: GoogleStandIn, key: str, changed: dict[str, Any], status: str, words: str
) -> None:
    """Its secret, or whether it works; what is not good comes with a fix."""
    finding = found(google, config(observability={"channels": CHANNELS}), **changed)["", f"CHANNEL-{key}"]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert bool(finding.fix) == (status != "good")


def test_what_nobody_hears_of_is_not_looked_at(google: GoogleStandIn) -> None:
    """Channels without a secret, and all of them without alerting; no secret is ever read."""
    for alerting, expected in ((True, {"CHANNEL-oncall", "CHANNEL-theirs"}), (False, set())):
        findings = found(google, config(observability={"channels": CHANNELS, "alerting": alerting}))

        assert {id_ for _, id_ in findings if id_.startswith("CHANNEL")} == expected
    assert not google.asked("secretmanager.projects.secrets.versions.access")
