"""Notification channels: one of each kind, what goes into it, and that its secret is only named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.notification_channels import NotificationChannels
from constructs_lib.specs import ChannelSpec
from tests.conftest import Synth

CHANNEL, VERSION = "google_monitoring_notification_channel", "google_secret_manager_secret_version"
URL = "https://hooks.example.com/alerts"
KINDS: dict[str, tuple[ChannelSpec, str, dict[str, str] | None, str]] = {
    "email": (ChannelSpec(kind="email", address="a@example.com"), "email", {"email_address": "a@example.com"}, ""),
    "pagerduty": (ChannelSpec(kind="pagerduty", secret="the-secret"), "pagerduty", None, "service_key"),
    "slack": (
        ChannelSpec(kind="slack", channel="#a", secret="the-secret"), "slack", {"channel_name": "#a"}, "auth_token",
    ),
    "a webhook": (ChannelSpec(kind="webhook", url=URL), "webhook_tokenauth", {"url": URL}, ""),
    "a webhook that signs in": (
        ChannelSpec(kind="webhook", url=URL, username="gke", secret="the-secret"), "webhook_basicauth",
        {"url": URL, "username": "gke"}, "password",
    ),
}  # fmt: skip
"""Each with its type, its labels and the argument of its secret, as the API and the provider call them."""


def made(synth: Synth, spec: ChannelSpec) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the stack with one channel, and its full name by its key."""
    names: dict[str, str] = {}

    def build(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="p")
        channels = {"oncall": spec}
        names.update(
            NotificationChannels(stack, "to", google=google, project="p", platform="voice", channels=channels).names
        )

    return synth(build).stacks["test"], names


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_has_the_type_and_the_labels_of_its_kind(synth: Synth, kind: str) -> None:
    """Named after platform and key, so that people can tell them apart."""
    spec, type_, labels, _ = KINDS[kind]

    [channel] = made(synth, spec)[0]["resource"][CHANNEL].values()

    assert (channel["type"], channel.get("labels"), channel["project"]) == (type_, labels, "p")
    assert channel["display_name"] == "voice: oncall"
    assert channel["user_labels"] == {"platform": "voice"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_that_policies_name_is_never_deleted_under_them(synth: Synth, kind: str) -> None:
    """Not by force, and after they have changed."""
    [channel] = made(synth, KINDS[kind][0])[0]["resource"][CHANNEL].values()

    assert channel["force_delete"] is False
    assert channel["lifecycle"]["create_before_destroy"] is True


@pytest.mark.parametrize("kind", [kind for kind, (*_, argument) in KINDS.items() if argument])
def test_a_secret_is_write_only_and_read_when_it_is_needed(synth: Synth, kind: str) -> None:
    """The number of its latest version is all that a state has of it. What ends a line is left out."""
    spec, _, _, argument = KINDS[kind]

    document, _ = made(synth, spec)

    [(name, latest)] = document["data"][VERSION].items()
    [(block, read)] = document["ephemeral"][VERSION].items()
    [channel] = document["resource"][CHANNEL].values()
    assert (latest["secret"], latest["project"], latest["fetch_secret_data"]) == ("the-secret", "p", False)
    number = f"${{data.{VERSION}.{name}.version}}"
    assert (read["secret"], read["project"], read["version"]) == ("the-secret", "p", number)
    assert channel["sensitive_labels"] == {
        f"{argument}_wo": f"${{trimspace(ephemeral.{VERSION}.{block}.secret_data)}}",
        f"{argument}_wo_version": number,
    }


@pytest.mark.parametrize("kind", [kind for kind, (*_, argument) in KINDS.items() if not argument])
def test_a_channel_without_a_secret_reads_none(synth: Synth, kind: str) -> None:
    """So that any Terraform takes it."""
    document, _ = made(synth, KINDS[kind][0])

    assert "ephemeral" not in document
    assert VERSION not in json.dumps(document)


def test_an_existing_channel_is_named_and_left_alone(synth: Synth) -> None:
    """Nothing is made, read or deleted."""
    document, names = made(synth, ChannelSpec(kind="existing", id="projects/p/notificationChannels/1"))

    assert names == {"oncall": "projects/p/notificationChannels/1"}
    assert not document.get("resource")
    assert not document.get("data")
