"""`gke-inference export` under a policy: no option of it leads around what the policy limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from platform_config.policy_checks import CHECKS, TEXTS
from tests.configs import changed
from tests.gke_inference.conftest import InferenceOps, Ran

STATE = {"state_bucket": "acme-terraform-dev"}
HTTP = ("--backend", "http", "--backend-config", "address=https://states.example.com/{stack}")
Export = Callable[..., Ran]


@pytest.fixture
def export(inference_ops: InferenceOps, tmp_path: Path) -> Export:
    """Export the example, with some settings changed, under a policy that stands beside it."""

    def run(policy: str, *arguments: str, **changes: Any) -> Ran:
        (tmp_path / "policy.yaml").write_text(policy)
        file = tmp_path / "mine.yaml"
        file.write_text(json.dumps(changed(**{**STATE, **changes})))
        return inference_ops("export", str(file), "--to", str(tmp_path / "out"), *arguments)

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--backend", "local"), "--backend: must be gcs, got local"),
        (HTTP, "--backend: must be gcs, got http"),
        (("--backend", "cloud"), "--backend: must be gcs, got cloud"),
        (("--backend-config", "bucket=other"), "--backend-config bucket: must begin with acme-terraform-, got 'other'"),
        (("--backend-config", "bucket={platform}-states"), "bucket: must begin with acme-terraform-, got 'gemma-state"),
        (
            ("--backend-config", "storage_custom_endpoint=https://example.com"),
            "--backend-config storage_custom_endpoint: must not be given",
        ),
    ],
)
def test_states_are_in_allowed_buckets_alone(
    export: Export, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Another place for them is refused with the line of the policy, and nothing is written."""
    ran = export("allowed_state_buckets: [acme-terraform-*]\n", *arguments)

    assert (ran.code, message in ran.err) == (2, True), ran.err
    assert "[allowed_state_buckets, " in ran.err
    assert not (tmp_path / "out").exists()


def test_an_allowed_bucket_is_no_problem(export: Export) -> None:
    """Whether the config names it or an option; without that setting of a policy any backend may be used."""
    limited = "allowed_state_buckets: [acme-terraform-*]\n"

    assert export(limited, "--samples", "none").code == 0
    assert export(limited, "--samples", "none", "--backend-config", "bucket=acme-terraform-prod", "--move-states").code == 0
    assert export("max_chips: 64\n", "--samples", "none", *HTTP, "--move-states").code == 0


@pytest.mark.parametrize(
    ("policy", "setting"),
    [
        ("allowed_projects: [my-*]", "project"),
        ("allowed_regions: ['*']", "regions.us.region"),
        ("allowed_regions: ['*']", "regions.us.zones.0"),
        ("allowed_machine_families: [ct6e]", "node_pools.tpu.machine_type"),
        ("max_chips: 64", "node_pools.tpu.machine_type"),
        ("allowed_bucket_locations: ['*']", "bucket.location"),
        ("required_labels: {team: '.*'}", "labels.team"),
    ],
)
def test_a_variable_stands_for_nothing_that_is_limited(
    export: Export, tmp_path: Path, policy: str, setting: str
) -> None:
    """Its value at plan time may be another one, which the policy never sees."""
    given = {"labels": {"team": "research"}, "bucket__location": "EUROPE-WEST4"}
    ran = export(policy, "--variable", f"value={setting}", **given)

    assert (ran.code, "--variable value: must not stand for what a policy limits" in ran.err) == (2, True), ran.err
    assert f"got {setting}" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_variable_with_the_same_value_is_refused_too(export: Export) -> None:
    """A variable is put wherever its value is: also in place of the project, whose name a label has as well."""
    ran = export("allowed_projects: [my-*]", "--variable", "a=labels.owner", labels={"owner": "my-project-id"})

    assert "--variable a: must not stand for what a policy limits, got labels.owner" in ran.err


def test_another_variable_is_no_problem(export: Export) -> None:
    """A policy of regions says nothing about a project."""
    assert export("allowed_regions: ['*']", "--variable", "project=project", "--samples", "none").code == 0


def test_every_setting_of_a_policy_that_limits_texts_is_known() -> None:
    """The others limit numbers and true or false, which no variable stands for."""
    assert set(CHECKS) - set(TEXTS) == {"public_endpoints", "deletion_protection"}
