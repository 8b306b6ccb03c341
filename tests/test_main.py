"""The program: exit codes, messages, and what is left on disk."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from platform_config.stack_graph import FLEET_STACK, GATEWAY_STACK, NETWORK_STACK, cluster_stack
from tests.configs import EXAMPLE

ROOT = Path(__file__).parent.parent


def run(config: Path | str, outdir: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run main.py as a user does; an empty *config* is none."""
    named = {"INFERENCE_CONFIG": str(config)} if config else {}
    variables = {**os.environ, **named, "CDKTF_OUTDIR": str(outdir), "COLUMNS": "120", **env}
    command = [sys.executable, "main.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)


def make(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Return what make would run."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    made = [f"--old-file=.venv/.ready-{stage}" for stage in ("synth", "cdktn", "tests")]
    command = ["make", "--dry-run", *made, *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables | env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def good_outdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a folder in a folder that is not there yet."""
    return tmp_path_factory.mktemp("good") / "new" / "out"


@pytest.fixture(scope="module")
def good(good_outdir: Path) -> subprocess.CompletedProcess[str]:
    """Run main.py once with the example."""
    return run(EXAMPLE, good_outdir)


def test_a_good_run_tells_what_it_made_in_order(good: subprocess.CompletedProcess[str]) -> None:
    """Stacks, resources by type, regions with chips, addresses, detection time, and the next command."""
    landmarks = [
        f"Read {EXAMPLE}: platform gemma in project my-project-id.",
        "Stacks, in order",
        NETWORK_STACK,
        cluster_stack("us"),
        FLEET_STACK,
        GATEWAY_STACK,
        "google_container_cluster",
        "ct6e-standard-4t 2x2",
        "4 x v6e",
        "gemma-gateway-us",
        "10 s",
        "[NAME-PLACEHOLDER]",
        "gke_inference preflight",
        "npx cdktf deploy 'infra-*'",
        "npx cdktf deploy '*'",
        "terraform -chdir=",
    ]

    assert (good.returncode, good.stderr) == (0, "")
    positions = [good.stdout.find(landmark) for landmark in landmarks]
    assert -1 not in positions, dict(zip(landmarks, positions, strict=True))
    assert positions == sorted(positions)
    assert positions[0] == 0


def test_a_synth_needs_no_terraform(tmp_path: Path) -> None:
    """Nor any other program on PATH: cdktf's own class for `terraform_data` would run it."""
    result = run(EXAMPLE, tmp_path / "out", PATH=str(tmp_path / "empty"))

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.usefixtures("good")
def test_the_folders_above_the_output_are_made(good_outdir: Path) -> None:
    """So that a pipeline can name any folder."""
    assert (good_outdir / "manifest.json").is_file()


def test_a_folder_that_cannot_be_made_is_a_message(tmp_path: Path) -> None:
    """Exit code 2, with the reason and the fix, and nothing is written."""
    (tmp_path / "file").write_text("")
    result = run(EXAMPLE, tmp_path / "file" / "out")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"{tmp_path}/file/out: 1 problem\n"
        "  must be a folder that can be made and written to, got: Not a directory\n"
        "    fix: name another one with CDKTF_OUTDIR, or --outdir of gke-inference\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_config_can_be_an_argument(tmp_path: Path) -> None:
    """As people type it; it is that file which is read, and its refusal that is printed."""
    bad = tmp_path / "mine.yaml"
    bad.write_text("name: mine\n")
    ran = run("", tmp_path / "out", str(bad))

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"{bad}: ")


def test_help_synthesizes_nothing(tmp_path: Path) -> None:
    """It shows both ways to name a config."""
    ran = run("", tmp_path / "out", "--help")

    assert ran.returncode == 0
    assert "INFERENCE_CONFIG" in ran.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("config", "arguments", "env", "words"),
    [
        ("", ["--confg", "x.yaml"], {}, "unrecognized arguments: --confg"),
        ("", ["config/example.yaml", "config/mine.yaml"], {}, "config/mine.yaml: 1 problem\n  must exist"),
        ("config/a.yaml", ["config/a.yaml", "config/b.yaml"], {}, "INFERENCE_CONFIG: must not be set beside several"),
        ("", ["config/example.yaml", "config/../config/example.yaml"], {}, "must be given once"),
        ("config/mine.yaml", ["config/other.yaml"], {}, "must name the same file, got 'config/mine.yaml'"),
        ("", [], {"INFRENCE_CONFIG": "config/mine.yaml"}, "fix: did you mean INFERENCE_CONFIG?"),
        ("", [], {"inference_config": "config/mine.yaml"}, "fix: did you mean INFERENCE_CONFIG?"),
        ("", [], {"INFERENCE_CONFIG": ""}, "INFERENCE_CONFIG: must name a file, got ''"),
        ("", [], {"INFERENCE_CONFIG": " "}, "fix: unset it for the example, or name a file"),
    ],
)
def test_what_is_not_known_never_becomes_the_example(
    config: str, arguments: list[str], env: dict[str, str], words: str, tmp_path: Path
) -> None:
    """Exit code 2, and nothing is written: else somebody deploys another platform than theirs."""
    ran = run(config, tmp_path / "out", *arguments, **env)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert words in ran.stderr
    assert not (tmp_path / "out").exists()


def test_the_next_commands_take_the_toolchain_that_was_chosen(tmp_path: Path) -> None:
    """Else cdktf would synthesize once more, with the other one."""
    ran = run(EXAMPLE, tmp_path / "out", INFERENCE_CDK="cdktn")

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("INFERENCE_CDK=cdktn npx cdktf deploy '") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["synth", "INFRENCE_CONFIG=config/mine.yaml"], "did you mean INFERENCE_CONFIG?"),
        (["synth", "CONFIG=config/mine.yaml"], "did you mean INFERENCE_CONFIG?"),
        (["test", "args=tests/platform_config"], "did you mean ARGS?"),
        (["synth", "PYHTON=python3.12"], "did you mean PYTHON?"),
        (["test", "WORKER=4"], "did you mean WORKERS?"),
        (["synth", "CONFIGS="], "CONFIGS must name config files, got nothing"),
        (["synth", "CDK=cdk"], "must be cdktf or cdktn, got 'cdk'"),
        (["synth", "CDK="], "must be cdktf or cdktn, got ''"),
        (["synth", "INFERENCE_CDK=cdktn"], "did you mean CDK?"),
        (["synth", "CDKTN=1"], "did you mean CDK?"),
        (["synth", "config/example.yaml"], "did you mean `make synth INFERENCE_CONFIG=config/example.yaml`?"),
    ],
)
def test_make_refuses_what_it_would_ignore(arguments: list[str], words: str) -> None:
    """A mistyped variable, or a file as a target."""
    ran = make(*arguments)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert words in ran.stderr


def test_make_takes_what_it_knows() -> None:
    """Its variables; a config may be an argument too."""
    named = make("synth", "INFERENCE_CONFIG=config/mine.yaml", "PYTHON=python3")

    assert named.stdout.strip() == ".venv/bin/python main.py"
    assert make("synth", "ARGS=config/mine.yaml").stdout.strip() == ".venv/bin/python main.py config/mine.yaml"
    several = make("synth", "CONFIGS=config/dev.yaml config/prod.yaml", CONFIGS="other")
    assert several.stdout.strip() == ".venv/bin/python main.py config/dev.yaml config/prod.yaml"
    assert make("synth", CONFIGS="of another program").stdout.strip() == ".venv/bin/python main.py"
    assert make("test", "ARGS=tests/stacks -x").stdout.splitlines()[-1] == ".venv/bin/python -m pytest tests/stacks -x"
    assert " -n 4 " in make("test", "WORKERS=4").stdout


def handed_on(name: str, folder: Path, *arguments: str, cwd: Path = ROOT, **env: str) -> list[str]:
    """Return how make hands the variable *name* on to what it runs."""
    shows = folder / "shows.mk"
    shows.write_text("shows: ; @env\n")
    command: list[str | Path] = ["make", "-f", ROOT / "Makefile", "-f", shows, "shows", *arguments]
    variables = {key: value for key, value in os.environ.items() if key != name} | env
    shown = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if line.startswith(f"{name}=")]


def test_make_names_no_config_of_its_own(tmp_path: Path) -> None:
    """Without the variable its commands get none, and the example is read; an empty one is handed on, to be refused."""
    assert handed_on("INFERENCE_CONFIG", tmp_path) == []
    assert handed_on("INFERENCE_CONFIG", tmp_path, "INFERENCE_CONFIG=") == ["INFERENCE_CONFIG="]


def test_make_hands_on_the_toolchain(tmp_path: Path) -> None:
    """That of the command line, then of the environment, then the one that was set up, then cdktf."""

    def toolchain(*arguments: str, **env: str) -> str:
        [line] = handed_on("INFERENCE_CDK", tmp_path, *arguments, cwd=tmp_path, **env)
        return line.partition("=")[2]

    assert toolchain() == "cdktf"
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".ready-cdktn").touch()
    assert toolchain() == "cdktn"
    assert toolchain(INFERENCE_CDK="cdktf") == "cdktf"
    (tmp_path / ".venv" / ".ready-synth").touch()
    assert toolchain() == "cdktf"
    assert toolchain(INFERENCE_CDK="cdktn") == "cdktn"
    assert toolchain("CDK=cdktn", INFERENCE_CDK="cdktf") == "cdktn"
    assert toolchain(CDK="of another program") == "cdktf"


@pytest.mark.parametrize("target", ["test", "test-all", "test-providers", "check", "bench", "inventories", "cli"])
def test_make_tells_what_takes_long(target: str) -> None:
    """Each long step begins with a line for people; tools.setup prints its own."""
    assert re.match(r"""(echo "[^"]+"|printf '%s\\n' '[^']+'|\S+ -m tools\.setup)""", make(target).stdout)


def test_a_bad_config_leaves_the_last_output_alone(tmp_path: Path) -> None:
    """Exit code 2, every problem on stderr, no traceback, and no file of cdktf.out touched or made."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        EXAMPLE.read_text().replace("ct6e-standard-4t", "ct6e-standard-5t").replace("number: 2", "number: x")
    )
    outdir = tmp_path / "out"
    outdir.mkdir()
    (outdir / "manifest.json").write_text("{}")

    result = run(bad, outdir)

    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert "regions.eu.number" in result.stderr
    assert [path.name for path in outdir.iterdir()] == ["manifest.json"]


def test_hcl_output_is_refused(tmp_path: Path) -> None:
    """Cdktf's HCL drops overrides without a word, managed DRANET first."""
    result = run(EXAMPLE, tmp_path / "out", SYNTH_HCL_OUTPUT="true")

    assert result.returncode == 2
    assert "only JSON" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_a_message(tmp_path: Path) -> None:
    """Not a traceback."""
    result = run(tmp_path / "nowhere.yaml", tmp_path / "out")

    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "nowhere.yaml" in result.stderr


def environments(folder: Path, **own: str) -> list[str]:
    """Write a base and a config over it for each name of *own*; the paths of those."""
    (folder / "base.yaml").write_text(EXAMPLE.read_text())
    for name, text in own.items():
        named = "" if text.startswith("name: ") else f"name: gemma-{name}\n"
        (folder / f"{name}.yaml").write_text(f"extends: base.yaml\n{named}project: acme-{name}\n{text}")
    return [str(folder / f"{name}.yaml") for name in own]


def test_several_configs_are_written_side_by_side(tmp_path: Path) -> None:
    """Each to a folder beside the usual one, with its summary, and with local states where one alone has them."""
    ran = run("", tmp_path / "out", *environments(tmp_path, dev="", prod="regions: {eu: null}\n"))

    assert (ran.returncode, ran.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["out-dev", "out-prod"]
    for name, count in (("dev", 11), ("prod", 8)):
        assert f"{name}.yaml: platform gemma-{name} in project acme-{name}." in ran.stdout
        assert f"npx cdktf deploy --output {tmp_path}/out-{name} 'infra-*'" in ran.stdout
        stacks = sorted((tmp_path / f"out-{name}" / "stacks").glob("*/cdk.tf.json"))
        assert len(stacks) == count
        state = json.loads(stacks[0].read_text())["terraform"]["backend"]["local"]["path"]
        where = f"{tmp_path}/terraform-state/gemma-{name}"
        assert os.path.normpath(stacks[0].parent / state).startswith(where)
    assert "ranges overlap in different VPCs" in ran.stdout


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"dev": "", "prod": "number: 7\n"}, "prod.yaml: 1 problem\n  number ("),
        ({"dev": "", "prod": "name: gemma-dev\n"}, "dev.yaml and "),
    ],
)
def test_one_wrong_config_of_several_leaves_nothing(tmp_path: Path, own: dict[str, str], words: str) -> None:
    """Exit code 2, and no folder is made for the good ones."""
    ran = run("", tmp_path / "out", *environments(tmp_path, **own))

    assert (ran.returncode, ran.stdout) == (2, "")
    assert words in ran.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """They would be written to one folder."""
    for name in ("dev", "prod"):
        (tmp_path / name).mkdir()
        text = (
            EXAMPLE.read_text().replace("name: gemma", f"name: gemma-{name}").replace("my-project-id", f"acme-{name}")
        )
        (tmp_path / name / "platform.yaml").write_text(text)
    ran = run("", tmp_path / "out", f"{tmp_path}/dev/platform.yaml", f"{tmp_path}/prod/platform.yaml")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "must have different file names, got two that are written to" in ran.stderr
    assert not (tmp_path / "out-platform").exists()


def test_a_policy_stops_a_synth(tmp_path: Path) -> None:
    """Exit code 2, and nothing is written."""
    policy = tmp_path / "central.yaml"
    policy.write_text("max_chips: 4\n")
    ran = run(EXAMPLE, tmp_path / "out", INFERENCE_POLICY=str(policy))

    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"[max_chips, {policy} line 1]" in ran.stderr
    assert not (tmp_path / "out").exists()
