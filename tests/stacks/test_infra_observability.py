"""The stack that watches: which Terraform it needs, and who hears of its alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.requirements import project_services
from platform_config.stack_graph import OBSERVABILITY_STACK
from tests.configs import MULTI_CLOUD, config
from tests.synthesized import synthesize

MAIL = {"kind": "email", "address": "a@example.com"}
PAGER = {"kind": "pagerduty", "secret": "pagerduty-key"}
THEIRS = {"kind": "existing", "id": "projects/my-project-id/notificationChannels/1"}
POLICY, CHANNEL = "google_monitoring_alert_policy", "google_monitoring_notification_channel"
UPTIME = "google_monitoring_uptime_check_config"


def stack(folder: Path, **settings: Any) -> dict[str, Any]:
    """Return the stack with *settings* of `observability`."""
    return dict(synthesize(config(observability=settings), folder).stacks[OBSERVABILITY_STACK])


@pytest.mark.parametrize(
    ("settings", "version"),
    [
        ({}, ">= 1.5.7"),
        ({"channels": {"mail": MAIL, "theirs": THEIRS}}, ">= 1.5.7"),
        ({"channels": {"mail": MAIL, "oncall": PAGER}}, ">= 1.11.0"),
        ({"channels": {"oncall": PAGER}, "alerting": False}, ">= 1.5.7"),
    ],
)
def test_only_a_secret_needs_a_newer_terraform(tmp_path: Path, settings: dict[str, Any], version: str) -> None:
    """1.11 is the first with write-only arguments; an existing channel goes with any."""
    assert stack(tmp_path, **settings)["terraform"]["required_version"] == version


def test_every_alert_reaches_every_channel_but_those_that_name_some(tmp_path: Path) -> None:
    """An existing one by its name, the others by reference."""
    channels = {"mail": MAIL, "theirs": THEIRS}
    resources = stack(tmp_path, channels=channels, alerts={"kv-cache": {"channels": ["theirs"]}})["resource"]

    [mail] = resources[CHANNEL]
    everybody = [f"${{{CHANNEL}.{mail}.name}}", THEIRS["id"]]
    for name, policy in resources[POLICY].items():
        assert policy["notification_channels"] == ([THEIRS["id"]] if "kv-cache" in name else everybody)


def test_secret_manager_is_on_where_a_channel_has_a_secret() -> None:
    """Without a Hugging Face token too."""
    plain = config(models__gemma__weights__hugging_face_token=None)

    assert "secretmanager" not in project_services(plain)
    assert "secretmanager" in project_services(
        plain.model_copy(update={"observability": config(observability={"channels": {"oncall": PAGER}}).observability})
    )


def test_each_endpoint_outside_is_asked_as_cloud_dns_asks_it(tmp_path: Path) -> None:
    """By address, with the host, port and path of its record; a platform without endpoints asks nobody."""
    app = synthesize(config(MULTI_CLOUD), tmp_path)
    checks = {block["monitored_resource"]["labels"]["host"]: block for block in app.all(UPTIME, OBSERVABILITY_STACK)}
    [health] = app.all("google_compute_health_check")
    asked = health["https_health_check"]

    assert set(checks) == {"198.51.100.10", "203.0.113.20"}
    for check in checks.values():
        http = check["http_check"]
        assert (http["headers"]["Host"], http["port"], http["path"]) == (
            asked["host"], asked["port"], asked["request_path"],
        )  # fmt: skip
        assert (http["use_ssl"], http["validate_ssl"]) == (True, False)
    assert health["log_config"] == {"enable": True}
    assert UPTIME not in stack(tmp_path / "none")["resource"]


def test_nobody_is_asked_where_nothing_shows_it(tmp_path: Path) -> None:
    """Without alerts and dashboard there is no check."""
    off = config(MULTI_CLOUD, observability={"alerting": False, "dashboard": False})

    assert UPTIME not in synthesize(off, tmp_path).stacks[OBSERVABILITY_STACK].get("resource", {})
