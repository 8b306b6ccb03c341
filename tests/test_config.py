"""Which files are accepted; each refusal in its exact words. No cdktf here."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stacks.errors import ConfigError
from stacks.load import load, setting_paths
from tests.configs import ELASTIC, EXAMPLE, changed

ROOT = Path(__file__).parent.parent
TEXT = EXAMPLE.read_text(encoding="utf-8")


def written(folder: Path, content: str | bytes | dict[str, Any]) -> Path:
    """A config file with *content*; plain data is written as JSON, which is YAML."""
    path = folder / "mine.yaml"
    text = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path: Path) -> ConfigError:
    """What is said about the file."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return caught.value


def refusal(path: Path) -> str:
    """Everything that is printed, without the file's folder."""
    return str(refused(path)).replace(f"{path.parent}{os.sep}", "")


def problems(path: Path) -> list[str]:
    """The problems of the file, each with its fix."""
    return [str(problem) for problem in refused(path).problems]


# ---- accepted


def test_the_example_is_accepted() -> None:
    """config/example.yaml is a platform."""
    config = load(EXAMPLE)

    assert list(config.regions) == ["us", "eu"]
    assert config.config_region == config.download_region == "us"
    assert config.serving_nodes("eu").first.chips == 4


def test_the_elastic_example_is_accepted() -> None:
    """config/h100-elastic.yaml has neither a bucket nor a fixed number of anything."""
    config = load(ELASTIC)

    assert config.bucket is None
    assert config.secret_regions == ("eu", "us")
    assert [config.serving_nodes(key).most_replicas for key in config.regions] == [10, 10]
    assert config.config_region == "eu"


def test_each_region_takes_its_own_choices_in_order(tmp_path: Path) -> None:
    """A region uses those of the choices that it has; where that is one, it needs no class."""
    h100 = {"machine_type": "a3-highgpu-2g", "capacity": {"spot": True}, "autoscaling": {"max_nodes": 10}}
    data = changed(
        ELASTIC,
        node_pools={"first": h100},
        regions__us__node_pools={"second": h100},
        model_server__node_pool="first",
        model_server__fallback_node_pools=["second"],
    )
    nodes = {key: load(written(tmp_path, data)).serving_nodes(key) for key in ("eu", "us")}

    assert {key: list(made.pools) for key, made in nodes.items()} == {"eu": ["first"], "us": ["first", "second"]}
    assert {key: made.compute_class for key, made in nodes.items()} == {"eu": None, "us": "serving-llama"}


def test_a_third_region_takes_four_lines(tmp_path: Path) -> None:
    """Key, number, region and zones are enough for one more region."""
    asia = "  asia:\n    number: 3\n    region: asia-northeast1\n    zones: [asia-northeast1-b]\n"

    config = load(written(tmp_path, TEXT.replace("\nnode_pools:", f"{asia}\nnode_pools:")))

    assert list(config.regions) == ["us", "eu", "asia"]


def test_every_default_may_be_written_down(tmp_path: Path) -> None:
    """A config in which each setting stands with its default means the same."""
    config = load(EXAMPLE)

    assert load(written(tmp_path, config.model_dump(mode="json"))) == config


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
    """The labels as read, before rules look at them."""
    from stacks.yaml_file import read

    data, _ = read(path)
    labels: dict[str, str] = data["labels"]
    return labels


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    """Editors on Windows write both."""
    assert load(written(tmp_path, b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())) == load(EXAMPLE)


# ---- refused: the form


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
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


def test_rules_are_told_at_once_with_their_ids(tmp_path: Path) -> None:
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


def test_lines_and_shapes_are_told_together(tmp_path: Path) -> None:
    """A key given twice does not hide what else is wrong."""
    path = written(tmp_path, f"{TEXT}name: other\nnetwork:\n  mtu: big\n")

    assert problems(path) == [
        f"line {TEXT.count(chr(10)) + 1}: key 'name' must be given once, got it on line 3 too",
        "network.mtu: must be a whole number, got 'big'",
    ]


def test_one_problem_is_one_problem(tmp_path: Path) -> None:
    """The header counts in English."""
    assert refusal(written(tmp_path, "")).startswith("mine.yaml: 1 problem\n")


# ---- refused: the file and its text

FILES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "must hold settings, got an empty file\n    fix: start from config/example.yaml"),
    "only comments": (
        "# nothing yet\n",
        "must hold settings, got an empty file\n    fix: start from config/example.yaml",
    ),
    "a list": ("- name: gemma\n", "must be a map of settings, got a list\n    fix: start from config/example.yaml"),
    "a word": ("hello\n", "must be a map of settings, got 'hello'\n    fix: start from config/example.yaml"),
    "a tab": (
        "name: gemma\nregions:\n\tus: 1\n\teu: 2\n",
        "line 3: must be indented with spaces, got tabs on lines 3, 4\n    fix: write two spaces for each tab",
    ),
    "a tab after a colon": (
        "name:\tgemma\n",
        "line 1: must be indented with spaces, got a tab\n    fix: write two spaces for each tab",
    ),
    "wrong indentation": (
        "name: gemma\n  project: p\n",
        "line 2, column 10: must be YAML, got: mapping values are not allowed here\n"
        "    fix: check the indentation, and put text that holds ': ' in quotes",
    ),
    "an open bracket": (
        "name: [gemma\n",
        "line 2, column 1: must be YAML, got: expected ',' or ']', but got '<stream end>'",
    ),
    "an open quote": (
        'name: "gemma\n',
        "line 2, column 1: must be YAML, got: found unexpected end of stream",
    ),
    "an unknown alias": ("name: *gemma\n", "line 1, column 7: must be YAML, got: found undefined alias 'gemma'"),
    "a second document": (
        "name: a\n---\nname: b\n",
        "line 2: must not begin a second document, got '---'\n    fix: one file holds one platform",
    ),
    "a control character": ("name: a\nproject: b\x07\n", "line 2: must be text, got the character 0x07"),
    "not UTF-8": (
        b"name: gemma\nproject: caf\xe9-prod\n",
        "line 2: must be UTF-8 text, got the byte 0xe9\n    fix: save the file as UTF-8",
    ),
    "UTF-16": (
        "name: gemma\n".encode("utf-16"),
        "line 1: must be UTF-8 text, got the byte 0xff\n    fix: save the file as UTF-8",
    ),
    "half a character": (
        TEXT + 'namespace: "\\ud800"\n',
        r"must hold whole characters, got half of one: '\ud800'" + "\n    fix: write the character itself",
    ),
    "a megabyte": ("#" * 1024 * 1024, "must be at most 256 KiB, got 1024 KiB\n    fix: is it the right file?"),
    "deep nesting": (
        "a: " + "[" * 10_000,
        "must be nested at most 20 levels deep, got more\n    fix: an anchor must not hold itself",
    ),
    "nesting that is too deep": (
        "a: " + "[" * 30 + "]" * 30,
        "must be nested at most 20 levels deep, got more\n    fix: an anchor must not hold itself",
    ),
    "an anchor that holds itself": (
        "a: &a\n  b: *a\n",
        "must be nested at most 20 levels deep, got more\n    fix: an anchor must not hold itself",
    ),
    "a billion laughs": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
        "must hold at most 50000 values, got more\n    fix: anchors of anchors multiply: write it out",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_text_that_is_no_config_is_refused(tmp_path: Path, name: str) -> None:
    """Each kind of broken file is named, with the line where there is one."""
    content, words = FILES[name]

    assert refusal(written(tmp_path, content)) == f"mine.yaml: 1 problem\n  {words}"


def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt path is the likely reason."""
    written(tmp_path, TEXT)

    assert refusal(tmp_path / "mien.yaml") == (
        "mien.yaml: 1 problem\n  must exist, got no such file\n    fix: did you mean mine.yaml?"
    )


def test_an_unreadable_file_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions are the user's to mend."""
    path = written(tmp_path, TEXT)

    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert "must be readable, got 'Permission denied'" in refusal(path)


def test_a_directory_is_no_config(tmp_path: Path) -> None:
    """A directory is told from a file that is missing."""
    assert "must be a file, got a directory" in refusal(tmp_path)


LINES = {
    "1: x": "a key must be text, got '1'\n    fix: put quotes around it",
    "true: x": "a key must be text, got 'true'\n    fix: put quotes around it",
    "? [a, b]\n: x": "a key must be text, got a list or map\n    fix: put quotes around it",
    "~: x": "a key must be text, got '~'\n    fix: put quotes around it",
    "<<: 3": "'<<' must name a map, got 3",
    "bad: !!python/object:os.system x": (
        "must be plain YAML, got the tag '!!python/object:os.system'\n    fix: remove the tag"
    ),
    "bad: !secret x": "must be plain YAML, got the tag '!secret'\n    fix: remove the tag",
    "bad: !!set {a, b}": "must be plain YAML, got the tag '!!set'\n    fix: remove the tag",
}


@pytest.mark.parametrize("line", LINES)
def test_odd_keys_and_tags_are_refused_with_their_line(tmp_path: Path, line: str) -> None:
    """Keys are text, and tags run no code."""
    number = TEXT.count("\n") + 1

    assert f"line {number}: {LINES[line]}" in problems(written(tmp_path, f"{TEXT}{line}\n"))


# ---- refused: the shape

SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "a number for text": (
        {"cluster__gke_version": 1.35},
        "cluster.gke_version: must be text, got 1.35\n    fix: put it in quotes",
    ),
    "a boolean for text": ({"project": True}, "project: must be text, got true\n    fix: put it in quotes"),
    "text for a number": ({"network__mtu": "8896"}, "network.mtu: must be a whole number, got '8896'"),
    "a boolean for a number": ({"gateway__port": True}, "gateway.port: must be a whole number, got true"),
    "a fraction for a whole number": (
        {"model__weights_gib": 55.5},
        "model.weights_gib: must be a whole number, got 55.5",
    ),
    "a float that is whole": ({"model__weights_gib": 1e3}, "model.weights_gib: must be a whole number, got 1000.0"),
    "text for a fraction": (
        {"gateway__log_sample_percent": "1%"},
        "gateway.log_sample_percent: must be a number, got '1%'",
    ),
    "yes for a boolean": ({"network__nat": "yes"}, "network.nat: must be true or false, got 'yes'"),
    "1 for a boolean": ({"network__nat": 1}, "network.nat: must be true or false, got 1"),
    "a word for a list": (
        {"regions__eu__zones": "europe-west4-a"},
        "regions.eu.zones: must be a list, got 'europe-west4-a'\n    fix: write ['europe-west4-a']",
    ),
    "a number in a list": (
        {"model_server__extra_args": ["--seed", 7]},
        "model_server.extra_args[1]: must be text, got 7\n    fix: put it in quotes",
    ),
    "a list for a map": ({"node_pools": [{"machine_type": "x"}]}, "node_pools: must be a map of keys, got a list"),
    "a word for a section": ({"bucket": "US"}, "bucket: must be a map of settings, got 'US'"),
    "a number for a label": ({"labels": {"cost": 42}}, "labels.cost: must be text, got 42\n    fix: put it in quotes"),
    "a choice that is not one": (
        {"cluster__control_plane": "Regional"},
        "cluster.control_plane: must be one of regional, zonal, got 'Regional'\n    fix: did you mean 'regional'?",
    ),
    "a choice in a list": (
        {"cluster__maintenance_window": {"days": ["SUN"]}},
        "cluster.maintenance_window.days[0]: must be one of MO, TU, WE, TH, FR, SA, SU, got 'SUN'\n"
        "    fix: did you mean 'SU'?",
    ),
    "an unknown setting at the top": (
        {"regoins": {}},
        "regoins: unknown setting 'regoins'\n    fix: did you mean 'regions'?",
    ),
    "an unknown setting deep down": (
        {"regions__us__zone": "us-east5-b"},
        "regions.us.zone: unknown setting 'zone'\n    fix: did you mean 'zones'?",
    ),
    "a setting in the wrong place": (
        {"topology": "2x2"},
        "topology: unknown setting 'topology'\n"
        "    fix: it belongs at regions.<key>.node_pools.<key>.topology or node_pools.<key>.topology: "
        "check the indentation",
    ),
    "a setting that is nowhere": (
        {"bucket__encryption": "x"},
        "bucket.encryption: unknown setting 'encryption'\n"
        "    fix: write one of location, name, soft_delete_days, versioning, force_destroy",
    ),
    "something missing": ({"bucket__location": None}, "bucket.location: must be given, got nothing"),
    "an invariant of a section": (
        {"model__revision": "main"},
        "model.revision: must be a commit of 40 hexadecimal digits, got 'main': "
        "take it from the history on the model's page",
    ),
    "an invariant of two settings": (
        {"model__hugging_face_token": {}},
        "model.hugging_face_token: give exactly one of secret_manager and kubernetes_secret, got none",
    ),
    "a setting of a section that is not there": (
        {"autoscaling": {"min_replicas": 2}},
        "autoscaling.max_replicas: must be given, got nothing",
    ),
    "a section that holds nothing": ({"autoscaling": {}}, "autoscaling.max_replicas: must be given, got nothing"),
    "bounds of pods in disorder": (
        {"autoscaling": {"min_replicas": 3, "max_replicas": 2}},
        "autoscaling.max_replicas: must be at least min_replicas (3), got 2",
    ),
    "bounds of nodes in disorder": (
        {"node_pools__tpu__autoscaling": {"min_nodes": 3, "max_nodes": 2}},
        "node_pools.tpu.autoscaling.min_nodes: must be between 0 and max_nodes (2), got 3",
    ),
    "a metric source that is not one": (
        {"autoscaling": {"max_replicas": 1, "metric_source": "custom"}},
        "autoscaling.metric_source: must be one of native, pods, external, got 'custom'",
    ),
    "one fallback pool": (
        {"model_server__fallback_node_pools": "tpu"},
        "model_server.fallback_node_pools: must be a list, got 'tpu'\n    fix: write ['tpu']",
    ),
    "adapters in a list": (
        {"model__lora_adapters": [{"repository": "owner/adapter"}]},
        "model.lora_adapters: must be a map of keys, got a list",
    ),
    "an adapter's branch": (
        {"model__lora_adapters": {"food": {"repository": "owner/adapter", "revision": "dev"}}},
        "model.lora_adapters.food.revision: must be a commit of 40 hexadecimal digits, got 'dev': "
        "take it from the history on the model's page",
    ),
    "a version of vLLM with its letter": (
        {"model_server__vllm_version": "v0.11.0"},
        "model_server.vllm_version: must read like 0.11.0, got 'v0.11.0'",
    ),
    "a range": ({"gateway__port": 70000}, "gateway.port: must be between 1 and 65535, got 70000"),
    "a long text": (
        {"network__nat": "x" * 500},
        f"network.nat: must be true or false, got '{'x' * 60}...' (500 characters)",
    ),
    "a terminal escape": ({"network__nat": "\x1b[31m"}, r"network.nat: must be true or false, got '\x1b[31m'"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_wrong_shape_is_refused_in_words_of_yaml(tmp_path: Path, name: str) -> None:
    """Types are strict, and the words are the user's."""
    changes, words = SHAPES[name]

    assert problems(written(tmp_path, changed(**changes))) == [words]


def test_a_section_without_settings_is_told(tmp_path: Path) -> None:
    """A key whose settings are not indented below it holds nothing."""
    assert problems(written(tmp_path, TEXT + "\nnetwork:\nmtu: 1500\n")) == [
        "network: must be a map of settings, got nothing\n    fix: remove the key, or indent its settings below it",
        "mtu: unknown setting 'mtu'\n    fix: it belongs at network.mtu: check the indentation",
    ]


def test_a_token_is_never_printed(tmp_path: Path) -> None:
    """A token in the wrong place is refused without being shown, in plain sight as little as in a section's place."""
    token = "hf_" + "a1B2c3D4e5" * 3
    as_name = written(tmp_path, changed(model__hugging_face_token={"secret_manager": token}))
    assert token not in refusal(as_name)
    assert "TEXT-TOKEN" in refusal(as_name)

    for changes in ({"model__hugging_face_token": token}, {"regions__us__zones": token}, {"model__revision": token}):
        assert token not in refusal(written(tmp_path, changed(**changes)))


# ---- never a traceback, never slow

TEXTS = ["", " ", "x" * 500, "a.b", "É", "\u2028", "../..", "%s", "-1", "${x}", "us-east5", "pool", "4x4"]
RANGES = ["10.0.0.0/8", "10.0.0.1/8", "0.0.0.0/0", "::/0"]
NUMBERS = [-1, 0, 1, 2**31, 10**17, -0.5, 1e99]
OTHERS: list[Any] = [
    None,
    True,
    False,
    [],
    [""],
    ["a", "a"],
    [[]],
    {},
    {"": ""},
    {"a": 1},
    {"a": {"machine_type": "g2-standard-4"}},
]
HOSTILE: list[Any] = [*TEXTS, *RANGES, *NUMBERS, *OTHERS]


# The elastic example has the sections that the other lacks; settings that both have are tried in one.
ELASTIC_ONLY = ("autoscaling", "model.", "model_server.", "node_pools.<key>.autoscaling", "node_pools.<key>.capacity")
TRIED = [
    (base, path)
    for base in (EXAMPLE, ELASTIC)
    for path in setting_paths()
    if not path.startswith("regions.<key>.node_pools.") and (base is EXAMPLE or path.startswith(ELASTIC_ONLY))
]


@pytest.mark.parametrize(("base", "path"), TRIED, ids=[f"{base.stem}-{path}" for base, path in TRIED])
def test_any_value_anywhere_is_accepted_or_refused(tmp_path: Path, base: Path, path: str) -> None:
    """Whatever stands at a setting, the answer is a config or a list of problems."""
    pool, *_ = changed(base)["node_pools"]
    *parents, last = path.replace("node_pools.<key>", f"node_pools.{pool}").replace("<key>", "us").split(".")
    for value in HOSTILE:
        data = changed(base)
        target = data
        for parent in parents:
            target[parent] = target = target[parent] if isinstance(target.get(parent), dict) else {}
        target[last] = value

        with contextlib.suppress(ConfigError):
            load(written(tmp_path, data))


def test_the_program_refuses_with_2_and_without_a_traceback(tmp_path: Path) -> None:
    """`main.py` prints the problems, exits 2 in well under two seconds, loads no cdktf and leaves cdktf.out alone."""
    path = written(tmp_path, changed(regions__us__config_cluster=False))
    began = time.monotonic()
    run = subprocess.run(
        [sys.executable, str(ROOT / "main.py")],
        cwd=tmp_path,
        env={**os.environ, "INFERENCE_CONFIG": str(path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[0] == f"{path}: 1 problem"
    assert "Traceback" not in run.stderr
    assert time.monotonic() - began < 5
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.yaml"]


def test_a_refusal_loads_no_cdktf(tmp_path: Path) -> None:
    """Reading, checking and refusing need none of the slow modules."""
    code = (
        "import sys; from pathlib import Path; from stacks.load import load\n"
        "try: load(Path('/nowhere.yaml'))\n"
        "except ValueError: pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('cdktf', 'constructs', 'jsii')])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"
