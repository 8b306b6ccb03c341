"""What is generated is fresh, and says what the code says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from constructs_lib.accelerators import machines
from platform_config.policy import FORMS
from platform_config.rules import RULES
from platform_config.shape import setting_paths
from tests.configs import changed
from tools import docs


def test_generated_files_are_fresh() -> None:
    """After a change of a spec, a rule, a machine or a decision, `make docs` has been run."""
    assert docs.stale() == [], "run `make docs`"


def test_check_names_each_stale_file_and_writing_fixes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` exits 1 without writing; without it the files are written and the check finds nothing."""
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "GENERATED", [("new.md", lambda: "new\n"), ("old.md", lambda: "newer\n")])
    (tmp_path / "old.md").write_text("old\n")

    assert docs.main(["--check"]) == 1
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["new.md", "old.md"]
    assert not (tmp_path / "new.md").exists()
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    assert (tmp_path / "old.md").read_text() == "newer\n"


def test_every_decision_is_listed() -> None:
    """docs/decisions/README.md has the title of each, with a link to it."""
    page = docs.decisions_page()
    files = sorted((docs.ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert len(files) > 30
    assert [
        file.name for file in files if f"({file.name}) | {file.read_text().splitlines()[0][2:]} |" not in page
    ] == []


def test_command_runs_from_anywhere(tmp_path: Path) -> None:
    """`python tools/docs.py --check` needs no install and no particular directory."""
    command = [sys.executable, str(Path(docs.__file__)), "--check"]

    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def test_every_setting_has_a_meaning() -> None:
    """Each setting is in the table, with its line of the docstring; a section that comes again stands there once."""
    made = docs.schema()
    listed = {path: meaning for path, _, _, meaning in docs.settings(made, made)}
    again = ("regions.<key>.node_pools.<key>.", "models.<key>.inference_pool.")

    assert [path for path, meaning in listed.items() if not meaning] == []
    assert sorted(listed) == sorted(path for path in setting_paths() if not path.startswith(again))


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("name", ("text", "required")),
        ("regions", ("map", "required")),
        ("regions.<key>.zones", ("list of text", "required")),
        ("regions.<key>.cidrs", ("section", "")),
        ("network.mtu", ("whole number", "`8896`")),
        ("network.nat", ("true or false", "`true`")),
        ("network.supernet", ("text", "`10.0.0.0/8`")),
        ("cluster.control_plane", ("`regional` or `zonal`", "`regional`")),
        ("gateway.log_sample_percent", ("number", "`1.0`")),
        ("labels", ("map of text", "")),
    ],
)
def test_types_and_defaults_are_in_plain_english(path: str, row: tuple[str, str]) -> None:
    """They are those of the code, in terms of people who write YAML."""
    made = docs.schema()

    assert {name: (kind, default) for name, kind, default, _ in docs.settings(made, made)}[path] == row


def test_editors_accept_the_example_and_mark_a_misspelt_key() -> None:
    """config/schema.json is what the example's first line points editors to."""
    schema: dict[str, Any] = json.loads((docs.ROOT / "config/schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)

    assert list(validator.iter_errors(changed())) == []
    [error] = validator.iter_errors(changed(models__gemma__server__imagee="x:1"))
    assert "'imagee' was unexpected" in error.message


def test_editors_accept_parts_of_a_config() -> None:
    """What extends another file, and what is extended, lacks what must be given; null removes a value."""
    schema: dict[str, Any] = json.loads((docs.ROOT / "config/part-schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    part = {"extends": "base.yaml", "regions": {"eu": None, "us": {"zones": ["us-east5-a"]}}, "state_bucket": None}

    assert list(validator.iter_errors(part)) == []
    assert list(validator.iter_errors({**changed(), "labels": {"env": None}, "universe": "s3ns"})) == []
    assert [error.message for error in validator.iter_errors({"extends": ["a.yaml"]})] == [
        "['a.yaml'] is not of type 'string'"
    ]
    assert len(list(validator.iter_errors({"regions": {"us": {"zonse": []}}, "nme": "a"}))) == 2


def test_editors_accept_a_policy() -> None:
    """The one that docs/policy.md shows; a misspelt or mistaken setting is marked."""
    schema: dict[str, Any] = json.loads((docs.ROOT / "config/policy-schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    page = (docs.ROOT / "docs/policy.md").read_text()
    shown = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])

    assert set(shown) == set(FORMS)
    assert list(validator.iter_errors(shown)) == []
    assert len(list(validator.iter_errors({"max_chip": 8, "allowed_regions": "us-east5", "max_chips": None}))) == 3


def test_every_rule_and_machine_is_listed() -> None:
    """docs/rules.md and docs/machines.md have them all."""
    rules, known = docs.rules_page(), docs.machines_page()

    assert [rule.id for rule in RULES if f"| `{rule.id}` | {rule.title} |" not in rules] == []
    assert [name for name in machines() if f"| `{name}` |" not in known] == []
