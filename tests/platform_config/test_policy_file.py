"""The policy of an organisation: each setting allows and refuses, no policy is left out, a wrong one is reported."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from platform_config.errors import ConfigError
from platform_config.load import load
from platform_config.policy import FORMS
from platform_config.policy_checks import CHECKS
from tests.config_files import TEXT, written
from tests.configs import AUTOPILOT, ELASTIC, EXAMPLE, PUBLIC, changed
from tests.gke_inference.documented import PAGE, check
from tests.platform_config.test_any_value import HOSTILE
from tests.sampling import sample

Data = dict[str, Any]


def refusal(path: Path) -> str:
    """Return what loading *path* is refused with, without the folder; empty where it is accepted."""
    try:
        load(path)
    except ConfigError as error:
        return str(error).replace(f"{path.parent}{os.sep}", "")
    return ""


def under(folder: Path, policy: str, data: str | Data = TEXT) -> str:
    """Return what a config is refused with under a *policy* beside it."""
    (folder / "policy.yaml").write_text(policy)
    return refusal(written(folder, data))


GPUS = changed(ELASTIC)
APIGEE: Data = {
    "environment": "inference",
    "create": {"analytics_region": "us-east4", "deletion_protection": False},
}
CASES: list[tuple[str, str, Data, str]] = [
    ("allowed_regions", "[us-east5, europe-west4]", changed(), ""),
    ("allowed_regions", "[us-*, europe-*]", changed(), ""),
    (
        "allowed_regions",
        "[us-east5, us-west1]",
        changed(),
        "regions.eu.region: must be one of us-east5, us-west1, got 'europe-west4'",
    ),
    (
        "allowed_regions",
        "[us-east5, asia-*]",
        changed(),
        "regions.eu.region: must be us-east5 or begin with asia-, got 'europe-west4'",
    ),
    ("allowed_projects", "[my-project-id]", changed(), ""),
    ("allowed_projects", "[acme-*]", changed(), "project: must begin with acme-, got 'my-project-id'"),
    ("allowed_machine_families", "[ct6e]", changed(), ""),
    ("allowed_machine_families", "[ct6e-standard-4t]", changed(), ""),
    ("allowed_machine_families", "[a3-high*]", GPUS, ""),
    (
        "allowed_machine_families",
        "[a3, ct6]",
        changed(),
        "node_pools.tpu.machine_type: must be of the machine families a3 or ct6, got 'ct6e-standard-4t'",
    ),
    (
        "allowed_machine_families",
        "[ct6e]",
        changed(regions__eu__node_pools={"tpu": {"machine_type": "ct5lp-hightpu-4t", "topology": "2x2"}}),
        "regions.eu.node_pools.tpu.machine_type: must be of the machine families ct6e, got 'ct5lp-hightpu-4t'",
    ),
    ("max_chips", "8", changed(), ""),
    (
        "max_chips",
        "7",
        changed(),
        "node_pools: must have at most 7 TPU chips and GPUs in all regions at their most, got 8: 4 in us, 4 in eu",
    ),
    ("max_chips", "40", GPUS, ""),
    ("max_chips", "39", GPUS, "at their most, got 40: 20 in eu, 20 in us"),
    ("allowed_bucket_locations", "[us]", changed(), ""),
    ("allowed_bucket_locations", "[EU, europe-*]", changed(), "must be EU or begin with europe-, got 'US'"),
    ("allowed_bucket_locations", "[EU]", GPUS, ""),
    ("allowed_state_buckets", "[acme-*]", changed(state_bucket="acme-states"), ""),
    ("allowed_state_buckets", "['*']", changed(state_bucket="any-bucket"), ""),
    ("allowed_state_buckets", "[states]", changed(state_bucket="other"), "state_bucket: must be states, got 'other'"),
    ("allowed_state_buckets", "['*']", changed(), "must be given, got none: the state would be in local files"),
    ("public_endpoints", "true", changed(PUBLIC), ""),
    ("public_endpoints", "false", changed(), ""),
    ("public_endpoints", "false", changed(PUBLIC), "gateway.public: must be false, got true"),
    (
        "public_endpoints",
        "false",
        changed(cluster__private_nodes=False),
        "cluster.private_nodes: must be true, got false",
    ),
    ("deletion_protection", "true", changed(), ""),
    ("deletion_protection", "false", changed(cluster__deletion_protection=False), ""),
    (
        "deletion_protection",
        "true",
        changed(cluster__deletion_protection=False),
        "cluster.deletion_protection: must be true, got false",
    ),
    ("deletion_protection", "true", changed(bucket__force_destroy=True), "bucket.force_destroy: must be false"),
    (
        "deletion_protection",
        "true",
        changed(PUBLIC, gateway__apigee=APIGEE),
        "gateway.apigee.create.deletion_protection: must be true, got false",
    ),
    ("required_labels", "{team: [a, b]}", changed(labels={"team": "b"}), ""),
    ("required_labels", "{cost: '[0-9]{4}'}", changed(labels={"cost": "1234"}), ""),
    ("required_labels", "{team: '.*'}", changed(labels={"team": "any"}), ""),
    ("required_labels", "{team: [a, b]}", changed(), "labels.team: must be a or b, got nothing"),
    ("required_labels", "{team: [a, b]}", changed(labels={"team": "c"}), "labels.team: must be a or b, got 'c'"),
    (
        "required_labels",
        "{cost: '[0-9]{4}'}",
        changed(labels={"cost": "12345"}),
        "labels.cost: must match '[0-9]{4}', got '12345'",
    ),
]


@pytest.mark.parametrize(("key", "value", "data", "words"), CASES)
def test_each_setting_allows_and_refuses(tmp_path: Path, key: str, value: str, data: Data, words: str) -> None:
    """With the config's path, what is allowed, what was given, and the policy's setting, file and line."""
    shown = under(tmp_path, f"# Of the platform team\n{key}: {value}\n", data)

    if not words:
        assert key not in shown
        return
    [line] = [line for line in shown.splitlines() if words in line]
    label = f".{next(iter(data.get('labels', {})), 'team')}" if key == "required_labels" else ""
    assert line.endswith(f" [{key}{label}, policy.yaml line 2]")


def test_each_setting_has_a_form_and_a_check_that_refuses_something() -> None:
    """No setting of a policy does nothing."""
    refusing = {key for key, _, _, words in CASES if words}

    assert set(FORMS) == set(CHECKS) == refusing == {key for key, _, _, words in CASES if not words}


def test_the_machines_of_autopilot_count_too(tmp_path: Path) -> None:
    """Pools of an Autopilot cluster say how many nodes a config counts on."""
    assert "max_chips, policy.yaml line 1" in under(tmp_path, "max_chips: 1\n", changed(AUTOPILOT))


def test_a_policy_is_checked_with_everything_else(tmp_path: Path) -> None:
    """Beside wrong types, and beside what rules refuse; what is broken itself is left out."""
    data = changed(regions__eu__number="two", regions__us__region="us-east9", cluster__private_nodes=False, labels=7)
    shown = under(tmp_path, "allowed_regions: [us-*]\npublic_endpoints: false\nrequired_labels: {a: [b]}\n", data)

    assert "regions.eu.number: must be a whole number" in shown
    assert "regions.eu.region: must begin with us-, got 'europe-west4' [allowed_regions, policy.yaml line 1]" in shown
    assert "cluster.private_nodes: must be true, got false [public_endpoints, policy.yaml line 2]" in shown
    assert "required_labels" not in shown


def test_what_a_base_says_is_refused_with_its_line(tmp_path: Path) -> None:
    """The config's file and line, and the policy's."""
    (tmp_path / "policy.yaml").write_text("allowed_regions: [us-*]\n")
    (tmp_path / "base.yaml").write_text(TEXT)
    path = tmp_path / "dev.yaml"
    path.write_text("extends: base.yaml\n")
    line = TEXT.splitlines().index("    region: europe-west4") + 1

    shown = refusal(path)
    assert f"regions.eu.region (base.yaml line {line}): must begin with us-" in shown
    check("policy", shown, PAGE.with_name("policy.md"))


def test_the_variable_and_the_files_beside_hold_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy beside a config cannot be switched off by naming another one; a file that is both is read once."""
    central = tmp_path / "central.yaml"
    central.write_text("allowed_projects: [acme-*]\n")
    monkeypatch.setenv("INFERENCE_POLICY", str(central))
    shown = under(tmp_path, "allowed_regions: [us-*]\n")

    assert "[allowed_projects, central.yaml line 1]" in shown
    assert "[allowed_regions, policy.yaml line 1]" in shown
    monkeypatch.setenv("INFERENCE_POLICY", str(tmp_path / "." / "policy.yaml"))
    assert refusal(written(tmp_path, TEXT)).count("allowed_regions") == 1


def test_a_policy_beside_a_base_holds(tmp_path: Path) -> None:
    """Also where the config is in another folder, or is a link to a file elsewhere."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "teams").mkdir()
    (tmp_path / "shared" / "policy.yaml").write_text("max_chips: 1\n")
    (tmp_path / "shared" / "base.yaml").write_text(TEXT)
    path = tmp_path / "teams" / "dev.yaml"
    path.write_text("extends: ../shared/base.yaml\n")
    link = tmp_path / "teams" / "link.yaml"
    link.symlink_to(tmp_path / "shared" / "base.yaml")

    assert "max_chips" in refusal(path)
    assert "max_chips" in refusal(link)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"INFERENCE_POLICY": "nowhere.yaml"}, "nowhere.yaml: 1 problem\n  must exist, got no such file"),
        ({"INFERENCE_POLICY": ""}, "INFERENCE_POLICY: must name a file, got ''"),
        ({"INFERENCE_POLICY": " "}, "INFERENCE_POLICY: must name a file, got ''"),
        ({"INFERENCE_POLCY": "policy.yaml"}, "INFERENCE_POLCY: must be INFERENCE_POLICY"),
        ({"inference_policy": "policy.yaml"}, "fix: did you mean INFERENCE_POLICY?"),
        ({"INFERENCE_POLICY_FILE": "policy.yaml"}, "fix: did you mean INFERENCE_POLICY?"),
        ({"GKE_INFERENCE_POLICY": "policy.yaml"}, "fix: did you mean INFERENCE_POLICY?"),
        ({"INFERENCE_POLICIES": "policy.yaml"}, "fix: did you mean INFERENCE_POLICY?"),
    ],
)
def test_a_policy_that_is_meant_and_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str
) -> None:
    """It is never "no policy"."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert words in refusal(written(tmp_path, TEXT))


def test_a_file_with_nearly_the_name_is_refused(tmp_path: Path) -> None:
    """It would be left out in silence."""
    (tmp_path / "policy.yml").write_text("max_chips: 1\n")

    assert refusal(written(tmp_path, TEXT)) == (
        "policy.yml: 1 problem\n  must be named policy.yaml to be read, got policy.yml\n    fix: rename it"
    )


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    """The policy is meant, and cannot be read."""
    (tmp_path / "policy.yaml").symlink_to("gone.yaml")

    assert "must exist, got no such file" in refusal(written(tmp_path, TEXT))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("", "must hold settings, got an empty file\n    fix: docs/policy.md shows one"),
        ("- a\n", "must be a map of settings, got a list\n    fix: docs/policy.md shows one"),
        ("max_chips: [8\n", "line 1: must close '['"),
        ("max_chips: 8\nmax_chips: 9\n", "line 2: key 'max_chips' must be given once"),
        ("max_chip: 8\n", "max_chip (line 1): unknown setting 'max_chip'\n    fix: did you mean 'max_chips'?"),
        ("bindings: []\n", "unknown setting 'bindings'\n    fix: write one of allowed_regions, "),
        ("max_chips: '8'\n", "max_chips (line 1): must be a whole number of 1 or more, got '8'"),
        ("max_chips: 0\n", "max_chips (line 1): must be a whole number of 1 or more, got 0"),
        ("max_chips:\n", "max_chips (line 1): must be a whole number of 1 or more, got nothing"),
        ("allowed_regions: us-east5\n", "must be a list, got 'us-east5'\n    fix: write [us-east5]"),
        ("allowed_regions: []\n", "must name one at least, got a list without items"),
        ("allowed_regions:\n- us-east5\n- 7\n", "allowed_regions[1] (line 3): must be a name, or the beginning"),
        ("allowed_regions: [us-*-1]\n", "fix: write * at its end alone: it stands for all that begin so"),
        ("public_endpoints: no\n", "must be true or false, got 'no'"),
        ("required_labels: [team]\n", "must be a map of labels, got a list\n    fix: write label: [value]"),
        ("required_labels: {}\n", "must be a map of labels, got an empty one"),
        ("required_labels: {Team: [a]}\n", "required_labels.Team (line 1): must be a label"),
        ("required_labels: {team: '['}\n", "must be a regular expression, got '['"),
        ("required_labels:\n  team:\n", "required_labels.team (line 2): must be a list of texts, or a regular"),
        ("required_labels: {cost: [1234]}\n", "got a list with other values\n    fix: put each value in quotes"),
    ],
)
def test_a_wrong_policy_is_reported_before_any_config(tmp_path: Path, policy: str, words: str) -> None:
    """Its file in the header, its line, what is allowed, and the fix."""
    shown = under(tmp_path, policy)

    assert shown.startswith("policy.yaml: 1 problem\n")
    assert words in shown


def test_several_problems_of_a_policy_are_reported_at_once(tmp_path: Path) -> None:
    """As those of a config."""
    assert under(tmp_path, "max_chips: a\nregions: [b]\n").startswith("policy.yaml: 2 problems\n")


@pytest.mark.parametrize("seed", sample(list(range(400)), 200, case="policy"))
def test_any_policy_over_any_config_is_an_answer(tmp_path: Path, seed: int) -> None:
    """Whatever stands in the two: a config or problems, and never a traceback."""
    rng = random.Random(seed)
    policy: Data = {key: rng.choice(HOSTILE) for key in rng.sample(sorted(FORMS), 1)} if rng.random() < 0.3 else {}
    kinds: Data = {"allowed": [["us-*"], ["a"]], "required": [{"a": ["b"]}], "max": [1, 99], "public": [False]}
    for key in rng.sample(sorted(FORMS), 5):
        policy.setdefault(key, rng.choice(kinds.get(key.partition("_")[0], [True])))
    data = changed(rng.choice([EXAMPLE, ELASTIC, PUBLIC]))
    for _ in range(rng.randint(1, 4)):
        target: Any = data
        while True:
            key = rng.choice(sorted(target))
            if not isinstance(target[key], dict) or not target[key] or rng.random() < 0.3:
                target[key] = copy.deepcopy(rng.choice(HOSTILE))
                break
            target = target[key]
    (tmp_path / "policy.yaml").write_text(json.dumps(policy))
    with contextlib.suppress(ConfigError):
        load(written(tmp_path, data))
