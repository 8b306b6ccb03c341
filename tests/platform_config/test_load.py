"""Which files are accepted, and that all problems of a file are reported at once."""

from __future__ import annotations

import cProfile
from pathlib import Path
from typing import Any

import pytest

from platform_config.load import load
from platform_config.model import Model
from tests.config_files import TEXT, problems, refusal, written
from tests.configs import ELASTIC, EXAMPLE, changed


def test_the_example_is_accepted() -> None:
    """config/example.yaml is a platform."""
    config = load(EXAMPLE)

    assert list(config.regions) == ["us", "eu"]
    assert config.config_region == config.download_region == "us"
    assert Model(config, "gemma").serving_nodes("eu").first.chips == 4


def test_the_elastic_example_is_accepted() -> None:
    """config/h100-elastic.yaml has neither a bucket nor a fixed number of anything."""
    config = load(ELASTIC)

    assert config.bucket is None
    assert (config.mounts_token, config.reads_bucket) == (True, False)
    assert [Model(config, "llama").serving_nodes(key).most_replicas for key in config.regions] == [10, 10]
    assert config.config_region == "eu"


def test_each_region_takes_its_own_choices_in_order(tmp_path: Path) -> None:
    """A region uses those of the choices that it has; where that is one, it needs no class."""
    h100 = {"machine_type": "a3-highgpu-2g", "capacity": {"spot": True}, "autoscaling": {"max_nodes": 10}}
    data = changed(
        ELASTIC,
        node_pools={"first": h100},
        regions__us__node_pools={"second": h100},
        models__llama__node_pools=["first", "second"],
    )
    model = Model(load(written(tmp_path, data)), "llama")
    nodes = {key: model.serving_nodes(key) for key in ("eu", "us")}

    assert {key: list(made.pools) for key, made in nodes.items()} == {"eu": ["first"], "us": ["first", "second"]}
    assert {key: made.compute_class for key, made in nodes.items()} == {"eu": None, "us": "serving-first"}


def test_a_third_region_takes_four_lines(tmp_path: Path) -> None:
    """Key, number, region and zones are enough for one more region."""
    asia = "  asia:\n    number: 3\n    region: asia-northeast1\n    zones: [asia-northeast1-b]\n"

    config = load(written(tmp_path, TEXT.replace("\nnode_pools:", f"{asia}\nnode_pools:")))

    assert list(config.regions) == ["us", "eu", "asia"]


def test_each_model_costs_the_same(tmp_path: Path) -> None:
    """Calls of functions, to read and check a file: eight models more take twice as many more as four do."""
    calls = {count: _calls(written(tmp_path, _several_models(count))) for count in (4, 8, 16)}

    assert calls[16] - calls[8] < 2.1 * (calls[8] - calls[4])


def _several_models(count: int) -> dict[str, Any]:
    """Return the example with *count* models that share its pool."""
    data = changed(node_pools__tpu__nodes_per_zone=16, cluster__system_pool={"max_nodes_per_zone": 16})
    model = {**data["models"]["gemma"], "replicas": 1}
    keys = [f"model-{number}" for number in range(count)]
    return {**data, "models": {key: {**model, "served_name": key, "address": {"path": f"/{key}"}} for key in keys}}


def _calls(path: Path) -> int:
    """Count the calls of functions while the config at *path* is loaded."""
    load(path)  # What is cached does not count.
    profile = cProfile.Profile()
    profile.runcall(load, path)
    return sum(entry.callcount for entry in profile.getstats())


def test_every_default_may_be_written_down(tmp_path: Path) -> None:
    """A config in which each setting stands with its default means the same; only an empty list is left out."""
    config = load(EXAMPLE)

    assert load(written(tmp_path, _without_empty_lists(config.model_dump(mode="json")))) == config


def _without_empty_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_empty_lists(inner) for name, inner in value.items() if inner != []}


def test_anchors_aliases_and_merge_keys_are_yaml(tmp_path: Path) -> None:
    """An anchor is used where it is named; what stands beside `<<` wins over what is merged."""
    pool = "node_pools:\n  tpu:\n    machine_type: ct6e-standard-4t\n    topology: 2x2\n"
    zones = "    zones: [europe-west4-a]\n"
    own = "    node_pools:\n      tpu: {<<: *tpu, disk_gib: 400}\n"
    text = pool.replace("tpu:", "tpu: &tpu") + TEXT.replace(pool, "").replace(zones, zones + own)

    config = load(written(tmp_path, text))

    assert [config.pools(key)["tpu"].spec.disk_gib for key in ("us", "eu")] == [200, 400]
    assert config.pools("us")["tpu"].machine == config.pools("eu")["tpu"].machine


def test_merge_lists_go_from_first_to_last(tmp_path: Path) -> None:
    """With `<<: [a, b]` the values of a win over those of b."""
    text = TEXT + "\nlabels:\n  <<: [{team: a}, {team: b, cost: c}]\n  env: dev\n"

    assert load(written(tmp_path, text)).labels == {"team": "a", "cost": "c", "env": "dev"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("on: yes", {"on": "yes"}),
        ("country: NO", {"country": "NO"}),
        ("start: 12:30", {"start": "12:30"}),
        ("day: 2026-11-22", {"day": "2026-11-22"}),
        ("build: 0123", {"build": "0123"}),
        ("build: 1_000", {"build": "1_000"}),
    ],
)
def test_only_what_yaml_1_2_calls_so_is_a_boolean_a_number_or_a_date(
    tmp_path: Path, line: str, value: dict[str, str]
) -> None:
    """Country codes, clock times and dates stay the text that they look like."""
    config = read_labels(written(tmp_path, f"{TEXT}\nlabels:\n  {line}\n"))

    assert config == value


def read_labels(path: Path) -> dict[str, str]:
    """Return the labels as read, before rules check them."""
    from platform_config.reading.yaml_file import read

    labels: dict[str, str] = read(path).settings["labels"]
    return labels


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    """Editors on Windows write both."""
    assert load(written(tmp_path, b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())) == load(EXAMPLE)


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """Wrong shapes in different places come in one answer, with path, what must hold, what was given, and the fix."""
    text = (
        TEXT.replace("number: 2", "number: two")
        .replace("topology: 2x2", "topolgy: 2x2")
        .replace("project: my-project-id\n", "")
    )

    assert refusal(written(tmp_path, text)) == (
        "mine.yaml: 3 problems\n"
        "  project: must be given, got nothing\n"
        "  regions.eu.number: must be a whole number, got 'two'\n"
        "  node_pools.tpu.topolgy: unknown setting 'topolgy'\n"
        "    fix: did you mean 'topology'?"
    )


def test_rules_are_reported_at_once_with_their_ids(tmp_path: Path) -> None:
    """Once the shape is right, every rule is checked."""
    data = changed(regions__eu__config_cluster=True, node_pools__tpu__topology="3x3", bucket__location="us-east5-b")

    assert refusal(written(tmp_path, data)) == (
        "mine.yaml: 3 problems\n"
        "  regions: must have config_cluster: true in exactly one region, got us and eu [REG-CONFIG-1]\n"
        "    fix: keep it in us only\n"
        "  node_pools.tpu.topology: must be one of 2x2, 2x4, 4x4, 4x8, 8x8, 8x16, 16x16 for ct6e-standard-4t, "
        "got '3x3' [POOL-TOPOLOGY]\n"
        "    fix: docs/machines.md lists them all\n"
        "  bucket.location: must be US, EU, ASIA, ASIA1, NAM4, EUR4, EUR5, EUR7, EUR8 or a region such as us-east5, "
        "got 'us-east5-b' [BUCKET-LOCATION]\n"
        "    fix: write 'us-east5'"
    )


def test_lines_and_shapes_are_reported_together(tmp_path: Path) -> None:
    """A key given twice does not hide what else is wrong."""
    path = written(tmp_path, f"{TEXT}name: other\nnetwork:\n  mtu: big\n")

    assert problems(path) == [
        f"line {TEXT.count(chr(10)) + 1}: key 'name' must be given once, got it on line 3 too\n"
        "    fix: remove one of the two",
        "network.mtu: must be a whole number, got 'big'",
    ]


def test_one_problem_is_one_problem(tmp_path: Path) -> None:
    """The header counts in English."""
    assert refusal(written(tmp_path, "")).startswith("mine.yaml: 1 problem\n")
