"""`validate` and `synth` of the command line: what a config holds, without a clone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gke_inference.synth.synthesize import make_folder
from platform_config.errors import ConfigError
from tests.configs import EXAMPLE
from tests.gke_inference.conftest import InferenceOps


def test_a_good_config_has_no_problem(inference_ops: InferenceOps) -> None:
    """Warnings are printed and leave the exit code 0."""
    ran = inference_ops("validate", str(EXAMPLE))

    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^warning project: .*\[NAME-PLACEHOLDER\]$", ran.out, re.M)
    assert ran.out.rstrip().endswith("config/example.yaml: 0 problems, 1 warning")


def test_every_problem_is_reported_at_once(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """On stderr, with exit code 2 and nothing on stdout."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        EXAMPLE.read_text().replace("number: 2", "number: x").replace("ct6e-standard-4t", "ct6e-standard-5t")
    )
    ran = inference_ops("validate", str(bad))

    assert (ran.code, ran.out) == (2, "")
    assert "regions.eu.number: must be a whole number, got 'x'" in ran.err
    assert "ct6e-standard-5t" in ran.err
    assert ran.err.startswith(f"{bad}: 2 problems")


def test_programs_get_one_document(inference_ops: InferenceOps) -> None:
    """With each warning's path, message, fix and rule."""
    document = inference_ops("validate", str(EXAMPLE), "--output", "json").document

    assert (document["platform"], document["outcome"]) == ("gemma", "good")
    assert [(one["path"], one["rule"]) for one in document["warnings"]] == [("project", "NAME-PLACEHOLDER")]


@pytest.mark.parametrize("command", ["validate", "synth"])
def test_the_config_may_be_an_argument_or_an_option(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Or the variable; two that differ are refused, wherever they stand."""
    for arguments in (("a.yaml",), ("--config", "a.yaml"), ("a.yaml", "--config", "a.yaml")):
        ran = inference_ops(command, *arguments)
        assert (ran.code, ran.err.startswith("a.yaml: 1 problem")) == (2, True)
    both = inference_ops(command, "a.yaml", "--config", "b.yaml")
    monkeypatch.setenv("INFERENCE_CONFIG", "b.yaml")
    other = inference_ops(command, "a.yaml")
    monkeypatch.setenv("INFERENCE_CONFIG", "")
    empty = inference_ops(command)

    assert (both.code, "must be given once, got 'b.yaml' and 'a.yaml'" in both.err) == (2, True)
    assert (other.code, "must name the same file, got 'b.yaml'" in other.err) == (2, True)
    assert (empty.code, "INFERENCE_CONFIG: must name a file, got ''" in empty.err) == (2, True)


def test_hcl_is_refused(inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As by main.py; nothing is written."""
    monkeypatch.setenv("SYNTH_HCL_OUTPUT", "true")
    ran = inference_ops("synth", str(EXAMPLE), "--outdir", str(tmp_path / "out"))

    assert (ran.code, ran.out, (tmp_path / "out").exists()) == (2, "", False)
    assert "SYNTH_HCL_OUTPUT: only JSON is written" in ran.err


def test_a_wrong_config_writes_nothing(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """What an earlier synth wrote stays."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: mine\n")
    ran = inference_ops("synth", str(bad), "--outdir", str(tmp_path / "out"))

    assert (ran.code, ran.out, (tmp_path / "out").exists()) == (2, "", False)


def test_a_folder_that_cannot_be_made_is_a_message(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """A file is in its place, or above it; nothing is written."""
    file = tmp_path / "file"
    file.write_text("")
    below = inference_ops("synth", str(EXAMPLE), "--outdir", str(file / "out"))
    in_its_place = inference_ops("synth", str(EXAMPLE), "--outdir", str(file))

    assert (below.code, in_its_place.code, file.read_text()) == (2, 2, "")
    assert "must be a folder that can be made and written to, got: Not a directory\n" in below.err
    assert f"Directory '{file}' is a file" in in_its_place.err


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written; root, who may run this test, could write to any."""
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)

    with pytest.raises(ConfigError, match="must be a folder that can be made and written to, got: Permission denied"):
        make_folder(tmp_path)


def test_a_synth_writes_its_stacks_and_says_what_is_next(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """To the folder that was named, made with those above it; then it prints the commands of the installed program."""
    outdir = tmp_path / "new" / "out"
    ran = inference_ops("synth", str(EXAMPLE), "--outdir", str(outdir))

    assert (ran.code, ran.err) == (0, "")
    manifest = json.loads((outdir / "manifest.json").read_text())
    assert set(manifest["stacks"]) == {folder.name for folder in (outdir / "stacks").iterdir()}
    assert "gke-inference preflight" in ran.out
    assert "npx cdktf" not in ran.out
    assert f"terraform -chdir={outdir}/stacks/" in ran.out

    document = inference_ops("synth", str(EXAMPLE), "--outdir", str(outdir), "--output", "json").document
    assert (set(document["stacks"]), document["outdir"]) == (set(manifest["stacks"]), str(outdir))


def test_several_configs_are_checked_together(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """A line for each, what is doubtful about all of them, and one document for programs."""
    (tmp_path / "base.yaml").write_text(EXAMPLE.read_text())
    for name in ("dev", "prod"):
        (tmp_path / f"{name}.yaml").write_text(f"extends: base.yaml\nname: gemma-{name}\nproject: acme-{name}\n")
    files = [str(tmp_path / "dev.yaml"), str(tmp_path / "prod.yaml")]
    ran = inference_ops("validate", *files)
    document = inference_ops("validate", *files, "--output", "json").document

    assert (ran.code, ran.err) == (0, "")
    assert [line.split("/")[-1] for line in ran.out.splitlines() if line.startswith("Good")] == [
        "dev.yaml: 0 problems",
        "prod.yaml: 0 problems",
    ]
    assert "ranges overlap in different VPCs" in ran.out
    assert [one["platform"] for one in document["configs"]] == ["gemma-dev", "gemma-prod"]
    assert (document["outcome"], len(document["warnings"])) == ("good", 1)


def test_several_configs_and_an_option_are_refused(inference_ops: InferenceOps) -> None:
    """It is not clear which are meant."""
    ran = inference_ops("validate", "a.yaml", "b.yaml", "--config", "c.yaml")

    assert (ran.code, ran.out) == (2, "")
    assert "must be given once, got 'c.yaml' and 'a.yaml' and 'b.yaml'" in ran.err


def test_a_warning_names_the_file_where_its_value_stands(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Where a config is more than one file."""
    (tmp_path / "base.yaml").write_text(EXAMPLE.read_text())
    (tmp_path / "dev.yaml").write_text("extends: base.yaml\nname: gemma-dev\n")
    ran = inference_ops("validate", str(tmp_path / "dev.yaml"))

    assert re.search(r"^warning project \(.*base\.yaml line 4\): .*\[NAME-PLACEHOLDER\]$", ran.out, re.M)


@pytest.mark.parametrize(
    "command",
    [
        ("validate",),
        ("synth",),
        ("preflight",),
        ("verify",),
        ("load",),
        ("drill", "--region", "us"),
        ("teardown",),
        ("export", "--to", "pipeline"),
        ("adopt",),
    ],
    ids=lambda command: command[0],
)
def test_every_command_keeps_the_policy_and_names_the_base(
    inference_ops: InferenceOps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Exit code 2 with both lines, and nothing is written, asked or destroyed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text("allowed_regions: [us-*]\n")
    (tmp_path / "base.yaml").write_text(EXAMPLE.read_text())
    (tmp_path / "dev.yaml").write_text("extends: base.yaml\nname: gemma-dev\n")
    ran = inference_ops("--config", "dev.yaml", *command)

    assert (ran.code, ran.out) == (2, "")
    assert "regions.eu.region (base.yaml line 14): must begin with us-, got 'europe-west4'" in ran.err
    assert "[allowed_regions, policy.yaml line 1]" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base.yaml", "dev.yaml", "policy.yaml"]
