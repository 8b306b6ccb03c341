"""Configs that extend others: what is merged, what is refused, and the file and line that each refusal names."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from platform_config.errors import ConfigError
from platform_config.load import load, load_file
from tests.config_files import TEXT
from tests.configs import ELASTIC, EXAMPLE, changed
from tests.gke_inference.documented import PAGE, check
from tests.platform_config.test_any_value import HOSTILE
from tests.sampling import sample

BASE_LINES = TEXT.splitlines()


def extended(folder: Path, text: str, base: str = TEXT) -> Path:
    """Write base.yaml, and dev.yaml, which extends it; the path of the latter."""
    (folder / "base.yaml").write_text(base)
    path = folder / "dev.yaml"
    path.write_text(f"extends: base.yaml\n{text}")
    return path


def line_of(text: str, base: str = TEXT) -> int:
    """Return the number of the first line of *base* that begins with *text*."""
    return next(number for number, line in enumerate(base.splitlines(), 1) if line.strip().startswith(text))


def refusal(path: Path) -> str:
    """Return what loading *path* is refused with, without the folder."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


def test_maps_are_merged_and_other_values_replaced(tmp_path: Path) -> None:
    """A map gets the keys of the other, in the order of the base; a list or a text is replaced as a whole."""
    path = extended(
        tmp_path,
        "project: my-dev\nregions:\n  asia: {number: 3, region: asia-northeast1, zones: [asia-northeast1-b]}\n"
        "  us: {zones: [us-east5-a, us-east5-c]}\nlabels: {env: dev}\n",
    )
    config = load(path)

    assert (config.name, config.project, config.labels) == ("gemma", "my-dev", {"env": "dev"})
    assert list(config.regions) == ["us", "eu", "asia"]
    assert (config.regions["us"].zones, config.regions["us"].number) == (("us-east5-a", "us-east5-c"), 1)
    assert config.regions["us"].config_cluster


def test_null_removes_what_the_base_has(tmp_path: Path) -> None:
    """An optional setting has its default again, and the entry of a map is gone, however null is written."""
    base = TEXT.replace("bucket:\n", "state_bucket: states\nlabels: {env: base, team: a}\nbucket:\n")
    path = extended(tmp_path, "state_bucket: null\nlabels: {env: ~}\nregions:\n  eu: Null\n", base)
    config = load(path)

    assert (config.state_bucket, config.labels, list(config.regions)) == (None, {"team": "a"}, ["us"])


def test_a_removed_setting_that_must_be_given_is_refused_where_it_is_removed(tmp_path: Path) -> None:
    """The line with null is named, not the one in the base."""
    shown = refusal(extended(tmp_path, "project: null\n"))

    assert shown == "dev.yaml: 1 problem\n  project (dev.yaml line 2): must be given, got nothing"


def test_a_key_without_a_value_over_one_with_a_value_is_refused(tmp_path: Path) -> None:
    """It could mean "none" or be unfinished: the message has both ways out, and the line of the base."""
    shown = refusal(extended(tmp_path, "regions:\nproject: my-dev\n"))

    assert shown == (
        "dev.yaml: 1 problem\n"
        "  regions (dev.yaml line 2): must have a value, got nothing behind the colon\n"
        f"    fix: write null to remove what stands in base.yaml line {line_of('regions')}, "
        "or remove the line to keep it"
    )


def test_a_base_may_extend_another_and_lie_in_another_folder(tmp_path: Path) -> None:
    """Each path is relative to the file in which it stands; the nearest file wins."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "teams").mkdir()
    (tmp_path / "shared" / "all.yaml").write_text(TEXT + "labels: {team: none, env: none, cost: '1'}\n")
    (tmp_path / "shared" / "team.yaml").write_text("extends: all.yaml\nlabels: {team: search, env: some}\n")
    (tmp_path / "teams" / "dev.yaml").write_text("extends: ../shared/team.yaml\nlabels: {env: dev}\n")
    loaded = load_file(tmp_path / "teams" / "dev.yaml")

    assert loaded.config.labels == {"team": "search", "env": "dev", "cost": "1"}
    assert loaded.place("labels.team") == f"{tmp_path}/shared/team.yaml line 2"
    assert loaded.place("labels.cost") == f"{tmp_path}/shared/all.yaml line {len(BASE_LINES) + 1}"


def test_a_base_need_not_be_complete(tmp_path: Path) -> None:
    """It is checked with what extends it, and not alone."""
    path = extended(tmp_path, "name: gemma\n", TEXT.replace("name: gemma\n", ""))

    assert load(path).name == "gemma"


def test_each_wrong_value_names_the_file_and_line_where_it_stands(tmp_path: Path) -> None:
    """Wrong types, unknown settings, missing ones and rules alike, of base and extending file together."""
    base = TEXT.replace("number: 2", "number: two").replace("topology: 2x2", "topolgy: 2x2")
    shown = refusal(
        extended(tmp_path, "regions:\n  us:\n    zones: [us-east5-b, 7]\n  asia:\n    number: 3\ncluser: {}\n", base)
    )

    assert f"regions.eu.number (base.yaml line {line_of('number: two', base)}): must be a whole number" in shown
    assert f"node_pools.tpu.topolgy (base.yaml line {line_of('topolgy', base)}): unknown setting" in shown
    assert "regions.us.zones[1] (dev.yaml line 4): must be text, got 7" in shown
    assert "regions.asia.region (dev.yaml line 5): must be given, got nothing" in shown
    assert "cluser (dev.yaml line 7): unknown setting 'cluser'" in shown


def test_the_docs_show_what_is_printed(tmp_path: Path) -> None:
    """The page on environments has an example of each kind of problem, as it is."""
    base = TEXT.replace("region: europe-west4", "region: us-east1") + "labels: {env: none}\nlabels: {env: all}\n"
    shown = refusal(extended(tmp_path, "regions:\n  us:\n    zones: [us-east5-a, 7]\n", base))

    check("extends", shown, PAGE.with_name("environments.md"))


def test_a_rule_names_the_file_and_line(tmp_path: Path) -> None:
    """A value that is right alone and wrong with another one."""
    base = TEXT.replace("region: europe-west4", "region: us-east1")
    shown = refusal(extended(tmp_path, "project: my-dev\n", base))

    assert f"regions.eu.zones[0] (base.yaml line {line_of('zones: [europe', base)}): " in shown
    assert "[REG-ZONE]" in shown


def test_one_file_alone_names_no_file_in_its_lines(tmp_path: Path) -> None:
    """The header has it."""
    path = tmp_path / "dev.yaml"
    path.write_text(TEXT.replace("number: 2", "number: two"))

    assert "  regions.eu.number: must be" in refusal(path)


def test_what_is_wrong_with_lines_names_their_file(tmp_path: Path) -> None:
    """A key given twice in the base, and one in the extending file: both are reported, with the rest."""
    base = TEXT + "labels: {a: b}\nlabels: {a: c}\n"
    shown = refusal(extended(tmp_path, "namespace: one\nnamespace: two\nnumber: 1\n", base))
    last = len(base.splitlines())

    assert "  dev.yaml line 3: key 'namespace' must be given once, got it on line 2 too" in shown
    assert f"  base.yaml line {last}: key 'labels' must be given once, got it on line {last - 1} too" in shown
    assert "  number (dev.yaml line 4): unknown setting" in shown


def test_text_that_is_no_yaml_in_a_base_names_its_line(tmp_path: Path) -> None:
    """The file that was named stands in the header, the base before the line."""
    shown = refusal(extended(tmp_path, "project: my-dev\n", "name: [gemma\n"))

    assert shown.startswith("dev.yaml: 1 problem\n  base.yaml line 1: must close '[' with ']'")


def test_a_replaced_value_is_not_checked(tmp_path: Path) -> None:
    """What is wrong in the base and replaced is no problem; nor are the lines below a map that is removed."""
    base = TEXT.replace("number: 2", "number: two") + "gateway: {port: none, tls: {hosts: 7}}\n"
    path = extended(tmp_path, "regions: {eu: {number: 2}}\ngateway: null\n", base)

    assert load(path).regions["eu"].number == 2


TOKEN = "hf_" + "abcDEF0123" * 4


def test_a_token_in_a_base_is_refused_and_not_shown(tmp_path: Path) -> None:
    """As in a config: with its line, what to do, and without the token."""
    base = TEXT.replace("{secret_manager: hugging-face-token}", TOKEN)
    shown = refusal(extended(tmp_path, "project: my-dev\n", base))

    assert f"hugging_face_token (base.yaml line {line_of('hugging_face_token', base)})" in shown
    assert "revoke it" in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "own",
    ["labels: {token: null}", "labels: {token: other}", "labels: null", "labels: other", "regions: {eu: null}"],
)
def test_a_token_that_is_replaced_is_refused_all_the_same(tmp_path: Path, own: str) -> None:
    """It is in the repository, whatever the file above it makes of the setting."""
    base = TEXT.replace("number: 2", f"number: 2\n    hint: [{TOKEN}]") + f"labels: {{token: {TOKEN}}}\n"
    shown = refusal(extended(tmp_path, f"{own}\n", base))

    path = "regions.eu.hint[0]" if "eu" in own else "labels.token"
    assert re.search(rf"{re.escape(path)} \(base.yaml line \d+\): must hold no Hugging Face token", shown), shown
    assert TOKEN not in shown


def test_a_token_in_the_middle_of_a_chain_is_refused(tmp_path: Path) -> None:
    """With the line of the file that has it, once."""
    (tmp_path / "root.yaml").write_text(TEXT)
    shown = refusal(extended(tmp_path, "labels: {a: null}\n", f"extends: root.yaml\nlabels: {{a: {TOKEN}}}\n"))

    assert shown.startswith("dev.yaml: 1 problem\n  labels.a (base.yaml line 2): must hold no Hugging Face token")


def test_a_private_key_in_a_base_is_the_only_problem(tmp_path: Path) -> None:
    """What else would be quoted can be a part of it."""
    key = "-----BEGIN " + "PRIVATE KEY-----\nMIIE\n"
    shown = refusal(extended(tmp_path, "project: 7\nproject: 8\n", TEXT + f"x-key: |\n  {key}"))

    assert shown.startswith(f"dev.yaml: 1 problem\n  base.yaml line {len(BASE_LINES) + 2}: must hold no private key")


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("extends: bse.yaml", "extends (dev.yaml line 1): bse.yaml must exist, got no such file"),
        ("extends: bse.yaml", "fix: did you mean base.yaml?"),
        ("extends: .", "must be a file, got a directory"),
        ("extends: empty.yaml", "extends (dev.yaml line 1): empty.yaml must hold settings, got an empty file"),
        ("extends: ~/base.yaml", "must be a whole path, got '~', which the shell has not replaced"),
        ("extends: gs://configs/base.yaml", "must be the path of a file, got an address"),
        ("extends:", "extends (dev.yaml line 1): must be the path of a file, got nothing"),
        ("extends: [base.yaml, more.yaml]", "must be the path of a file, got a list"),
        ("extends: 7", "must be the path of a file, got 7"),
        ("extends: ''", "must be the path of a file, got ''"),
        ('extends: "a\\0b"', "must exist, got no such file"),
        ("extends: base.yaml\nextends: empty.yaml", "line 2: key 'extends' must be given once"),
        ("extends: dev.yaml", "must not lead back to a file before it, got dev.yaml -> dev.yaml"),
        ("extends: ./circle.yaml", "must not lead back to a file before it, got dev.yaml -> circle.yaml -> dev.yaml"),
        ("extend: base.yaml", "extend (dev.yaml line 1): unknown setting 'extend'\n    fix: did you mean 'extends'?"),
        ("base: base.yaml", "unknown setting 'base'\n    fix: did you mean 'extends'?"),
        ("include: [base.yaml]", "unknown setting 'include'\n    fix: did you mean 'extends'? It names one file"),
    ],
)
def test_what_cannot_be_extended_is_one_problem(tmp_path: Path, first: str, words: str) -> None:
    """The line that names the file, what is wrong, and nothing about all that is missing without it."""
    path = extended(tmp_path, "")
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "circle.yaml").write_text("extends: dev.yaml\n")
    path.write_text(f"{first}\nproject: my-dev\n")
    shown = refusal(path)

    assert words in shown
    assert "must be given, got nothing" not in shown


def test_a_plain_setting_stays_unknown(tmp_path: Path) -> None:
    """What only looks like `extends`, and names no file, is refused as any other."""
    path = tmp_path / "dev.yaml"
    path.write_text(TEXT + "parent: {a: b}\n")

    assert "parent: unknown setting 'parent'" in refusal(path)


def merged(over: Any, under: Any) -> Any:
    """Merge as the docs say, in the plainest way."""
    if not isinstance(over, dict) or not isinstance(under, dict):
        return over
    both = {**under, **{key: merged(value, under.get(key)) for key, value in over.items()}}
    return {key: value for key, value in both.items() if value is not None or under.get(key) is None}


def some_change(rng: random.Random, data: Any) -> dict[str, Any]:
    """Return a map that changes some of *data* at any depth, to values that fit or do not."""
    change: dict[str, Any] = {}
    for key in rng.sample(sorted(data), k=min(len(data), rng.randint(1, 3))):
        deeper = isinstance(data[key], dict) and data[key] and rng.random() < 0.8
        change[key] = some_change(rng, data[key]) if deeper else copy.deepcopy(rng.choice([data[key], *HOSTILE]))
    return change


@pytest.mark.parametrize("seed", sample(list(range(600)), 300, case="extends"))
def test_any_merge_is_what_one_file_would_be(tmp_path: Path, seed: int) -> None:
    """Whatever stands in two files: a config, or problems, the same as of the merged map, and never a traceback."""
    rng = random.Random(seed)
    under = changed(rng.choice([EXAMPLE, ELASTIC]))
    over = some_change(rng, under)
    for name, data in {"base": under, "dev": {"extends": "base.yaml", **over}, "one": merged(over, under)}.items():
        (tmp_path / f"{name}.yaml").write_text(json.dumps(data))

    def outcome(name: str) -> Any:
        try:
            return load(tmp_path / f"{name}.yaml")
        except ConfigError as error:
            return {(problem.path, problem.message) for problem in error.problems if not problem.path.startswith("/")}

    assert outcome("dev") == outcome("one")


def test_damaged_text_in_either_file_is_accepted_or_refused(tmp_path: Path) -> None:
    """A base or a file over it that ends anywhere: a config, or problems that name the file."""
    over = "extends: base.yaml\n" + yaml.safe_dump({"project": "my-dev", "regions": {"us": {"zones": ["us-east5-a"]}}})
    for text, name, other in ((TEXT, "base.yaml", over), (over, "dev.yaml", TEXT)):
        (tmp_path / ("dev.yaml" if name == "base.yaml" else "base.yaml")).write_text(other)
        for end in sample(list(range(0, len(text), 5)), 40, case=name):
            (tmp_path / name).write_text(text[:end])
            with contextlib.suppress(ConfigError):
                load(tmp_path / "dev.yaml")
