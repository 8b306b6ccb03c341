"""Stacks are written in the language of Terraform 1.5.7; each that needs more says so, and a setting asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.load import load
from tests.checks.language import FEATURES, Feature, floor
from tests.configs import SOVEREIGN, config
from tests.conftest import Platforms
from tests.synthesized import synthesize

GIT = {"repository": "https://git.example.com/platform.git"}
WEBHOOK: dict[str, Any] = {"kind": "webhook", "url": "https://example.com", "username": "u", "secret": "hook"}


def required(documents: dict[str, Any]) -> dict[str, str]:
    """Return by stack the Terraform that each asks for."""
    return {stack: document["terraform"]["required_version"] for stack, document in documents.items()}


def test_each_stack_asks_for_what_its_language_needs(every_platform: Platforms, tmp_path: Path) -> None:
    """No less, or an older Terraform would fail in the middle; no more, or it would be shut out for nothing."""
    apps = {name: app for name, (_, app) in every_platform.items()} | {
        "sovereign": synthesize(load(SOVEREIGN), tmp_path)
    }
    for name, app in apps.items():
        floors = {stack: f">= {floor(document)[0]}" for stack, document in app.stacks.items()}
        assert required(app.stacks) == floors, name


def test_without_the_settings_that_need_more_1_5_7_is_enough(tmp_path: Path) -> None:
    """`kubernetes_auth: exec` is the one of the example; the rest is opted in to."""
    app = synthesize(config(kubernetes_auth="exec"), tmp_path)

    assert {floor(document) for document in app.stacks.values()} == {("1.5.7", "1.6.0")}


@pytest.mark.parametrize(
    ("changes", "feature"),
    [
        ({"kubernetes_auth": "ephemeral"}, "ephemeral resources"),
        ({"observability__channels": {"hook": WEBHOOK}}, "write-only arguments"),
        ({"workloads": "gitops", "gitops": GIT}, "`removed` blocks with a lifecycle"),
    ],
)
def test_a_setting_brings_what_is_newer(changes: dict[str, Any], feature: str, tmp_path: Path) -> None:
    """And nothing else does."""
    [wanted] = [one for one in FEATURES if one.name == feature]
    without = synthesize(config(kubernetes_auth="exec"), tmp_path / "without")
    app = synthesize(config(**{"kubernetes_auth": "exec", **changes}), tmp_path / "with")

    assert not any(wanted.used_in(document) for document in without.stacks.values())
    assert any(wanted.used_in(document) for document in app.stacks.values())


EXAMPLES: dict[str, dict[str, Any]] = {
    "`removed` blocks with a lifecycle": {"removed": [{"from": "a.b", "lifecycle": {"destroy": False}}]},
    "`import` blocks with for_each": {"import": [{"for_each": ["a"], "to": "a.b", "id": "c"}]},
    "functions of providers": {"locals": {"a": '${provider::google::name_from_id("a/b")}'}},
    "issensitive": {"locals": {"a": "${issensitive(1)}"}},
    "templatestring": {"locals": {"a": "${templatestring(local.b, {})}"}},
    "ephemeral resources": {"ephemeral": {"google_client_config": {"caller": {"provider": "google"}}}},
    "ephemeralasnull": {"locals": {"a": "${ephemeralasnull(var.b)}"}},
    "write-only arguments": {
        "terraform": {"required_providers": {"google": {"source": "hashicorp/google", "version": "7.45.0"}}},
        "resource": {
            "google_monitoring_notification_channel": {
                "hook": {"provider": "google", "type": "slack", "sensitive_labels": [{"auth_token_wo": "a"}]}
            }
        },
    },
}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_each_feature_is_seen(feature: Feature) -> None:
    """In a stack that has it, and in no other one."""
    assert [one.name for one in FEATURES if one.used_in(EXAMPLES[feature.name])] == [feature.name]
    assert floor(EXAMPLES[feature.name]) == (feature.terraform, feature.opentofu)
