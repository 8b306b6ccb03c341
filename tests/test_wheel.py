"""The package as others install it: the wheel, each extra in an environment of its own, and an app that imports it."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path

import pytest

from tests.installed import NEEDS_UV, PACKAGES, ROOT, Installed, run

EXAMPLE = ROOT / "config" / "example.yaml"
SECOND_NAME = "inference_stacks"
FOREIGN = "raise ImportError('this folder is the app's own')\n"

pytestmark = [pytest.mark.slow, NEEDS_UV]

APP = """
import sys
from pathlib import Path

import fast_synth

fast_synth.enable()
from cdktf import App

from constructs_lib.specs import NetworkSpec
from infrastructure import stacks
from operations import deploy
from platform_config.load import load
from stacks.platform import add_platform


def main(config: str, outdir: str) -> None:
    app = App(outdir=outdir)
    add_platform(app, load(Path(config)))
    app.synth()
    print(NetworkSpec.__name__, stacks.NAME, deploy())


if __name__ == "__main__":
    main(*sys.argv[1:])
"""
WITH_CDKTN = """
import fast_synth

fast_synth.enable()

from cdktn import App, LocalBackend, TerraformStack
from cdktn_provider_google.provider import GoogleProvider
from constructs_lib.node_service_account import NodeServiceAccount

app = App(outdir="theirs")
stack = TerraformStack(app, "theirs")
LocalBackend(stack, path="theirs.tfstate")
google = GoogleProvider(stack, "google", project="p")
NodeServiceAccount(stack, "nodes", google=google, project="p", account_id="theirs-nodes")
app.synth()
"""
ALONE = """
import json, sys

import fast_synth

fast_synth.enable()
for name in ("stacks", "inference_stacks", "platform_config", "gke_inference", "pydantic", "yaml"):
    sys.modules[name] = None
count = 0
for text in json.load(open("examples.json")):
    scope = {}
    exec(text, scope)
    scope["stack"].node.root.synth()
    count += 1
print(count)
"""
APP_MYPY = """
[mypy]
strict = True
explicit_package_bases = True
plugins = pydantic.mypy

"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """
    Make an app of somebody else, with folders `operations`, `config` and `infrastructure/stacks` of its own.

    Its mypy skips the bindings as docs/import.md says; otherwise it loads all their classes: a minute and 5 GB.
    """
    for folder, text in {
        "operations": 'def deploy() -> str:\n    return "deployed by the app"\n',
        "config": "",
        "infrastructure": "",
        "infrastructure/stacks": 'NAME = "stacks of the app"\n',
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text(text)
    (tmp_path / "app.py").write_text(APP)
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    [bindings] = re.findall(r"^```ini\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "mypy.ini").write_text(APP_MYPY + bindings)
    return tmp_path


def test_the_wheel_is_typed_and_holds_what_it_reads(wheel: Path) -> None:
    """`py.typed` in each package, and every data file; nothing of the tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {str(path.relative_to(ROOT)) for path in (ROOT / "constructs_lib" / "data").iterdir() if path.is_file()}
    code = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    twice = {path.replace("stacks/", f"{SECOND_NAME}/", 1) for path in code if path.startswith("stacks/")}
    packages = {*PACKAGES, SECOND_NAME}

    assert {f"{package}/py.typed" for package in packages} <= names
    assert data | code | twice | {"fast_synth/preload.cjs", "gke_inference/export/platform.sh"} <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == packages


def test_the_base_reads_a_config_and_names_the_extras(installed: Installed, tmp_path: Path) -> None:
    """Help, versions and `validate` work; a command of an extra ends with 2 and how to get it."""
    programs = installed("")
    program = programs / "gke-inference"
    modules = "import platform_config.load, platform_config.names, constructs_lib.specs, constructs_lib.manifests"

    assert run(programs / "python", "-c", modules).returncode == 0
    assert run(program, "--help").returncode == 0
    assert run(program, "validate", EXAMPLE).returncode == 0
    for command, extra, arguments in (("synth", "constructs", [EXAMPLE]), ("verify", "operations", [])):
        done = run(program, command, *arguments, cwd=tmp_path)
        assert done.returncode == 2, done.stdout + done.stderr
        assert f"pip install 'gke-inference-cdktf[{extra}]'" in done.stderr


def test_an_app_of_others_synthesizes_and_passes_a_strict_type_check(installed: Installed, app: Path) -> None:
    """Its own `operations`, `config` and inner `stacks` do not clash with what it imports."""
    python = installed("constructs") / "python"
    synthesized = run(python, "app.py", EXAMPLE, "out", cwd=app)
    checked = run(
        sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir", app / "cache",
        "app.py", "infrastructure", "operations", cwd=app,
    )  # fmt: skip

    assert synthesized.stdout.split("\n")[0] == "NetworkSpec stacks of the app deployed by the app", synthesized.stderr
    assert (app / "out" / "stacks" / "infra-network" / "cdk.tf.json").is_file()
    assert checked.returncode == 0, checked.stdout


def test_the_type_check_of_an_app_sees_a_mistake(installed: Installed, app: Path) -> None:
    """What is imported has types, not `Any`."""
    python = installed("") / "python"
    (app / "app.py").write_text("from platform_config.names import Names\n\nNames(3)\n")
    checked = run(sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir", app / "cache", "app.py",
                  cwd=app)  # fmt: skip

    assert 'Argument 1 to "Names" has incompatible type "int"; expected "Config"' in checked.stdout


def test_the_second_name_of_the_stacks_is_there_beside_a_folder_stacks(installed: Installed, tmp_path: Path) -> None:
    """Python finds one package of a name; under their other name nothing of ours loads a module of the app's."""
    for folder in ("stacks", "operations"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("")
    python = installed("constructs") / "python"
    hidden = run(python, "-c", "import stacks.platform", cwd=tmp_path)
    loaded = "import sys, inference_stacks.platform; print([name for name in sys.modules if name.startswith('stacks')])"
    done = run(python, "-c", f"import fast_synth; fast_synth.enable(); {loaded}", cwd=tmp_path)

    assert "No module named 'stacks.platform'" in hidden.stderr
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.parametrize("program", ["gke-inference", "python -m gke_inference"])
def test_a_synth_in_the_repository_of_an_app_takes_the_stacks_of_the_package(
    installed: Installed, tmp_path: Path, program: str
) -> None:
    """Also with `python -m`, for which the app's own `stacks` and `operations` come first."""
    for folder in ("stacks", "operations"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text(FOREIGN)
    name, *arguments = program.split()
    done = run(installed("constructs") / name, *arguments, "synth", EXAMPLE, "--outdir", "out", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "stacks" / "workload-gateway" / "cdk.tf.json").is_file()


def test_an_installed_package_synthesizes_without_a_clone(installed: Installed, tmp_path: Path) -> None:
    """`gke-inference synth` with the extra for constructs alone."""
    done = run(installed("constructs") / "gke-inference", "synth", EXAMPLE, "--outdir", "out", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "stacks" / "workload-gateway" / "cdk.tf.json").is_file()


def test_the_extra_for_cdktn_takes_the_place_of_the_one_for_constructs(installed: Installed, tmp_path: Path) -> None:
    """Nothing archived is installed, and nothing has to be said: an app of others and the command find cdktn."""
    folder = installed("cdktn")
    (tmp_path / "app.py").write_text(WITH_CDKTN)
    app = run(folder / "python", "app.py", cwd=tmp_path)
    done = run(folder / "gke-inference", "synth", EXAMPLE, "--outdir", "out", cwd=tmp_path)
    asked = run(folder / "gke-inference", "synth", EXAMPLE, cwd=tmp_path, variables={"INFERENCE_CDK": "cdktf"})

    assert app.returncode == 0, app.stderr
    document = json.loads((tmp_path / "theirs" / "stacks" / "theirs" / "cdk.tf.json").read_text())
    assert "google_service_account" in document["resource"]
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["version"] == "0.24.0"
    assert asked.returncode == 2
    assert "INFERENCE_CDK: must be a toolchain that is installed, got 'cdktf': here is cdktn" in asked.stderr


def test_each_construct_works_without_anything_else_of_the_package(installed: Installed, tmp_path: Path) -> None:
    """Every example of docs/constructs.md runs, as it stands there, where only `constructs_lib` can be imported."""
    page = (ROOT / "docs" / "constructs.md").read_text(encoding="utf-8")
    [setup] = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    examples = re.findall(r"^```py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "examples.json").write_text(json.dumps([setup + example for example in examples]))
    (tmp_path / "alone.py").write_text(ALONE)
    done = run(installed("constructs") / "python", "alone.py", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(examples) > 30


@pytest.mark.parametrize("command", ["preflight", "verify", "load", "drill", "teardown"])
def test_the_commands_need_no_constructs(installed: Installed, command: str) -> None:
    """Each starts with the extra for operations alone."""
    done = run(installed("operations") / "gke-inference", command, "--help")

    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_the_program_has_its_other_name_too(installed: Installed) -> None:
    """`inference-ops` is the same program."""
    listed = [run(installed("") / program, "--help").stdout for program in ("gke-inference", "inference-ops")]

    assert "teardown" in listed[0]
    assert listed[0] == listed[1]
