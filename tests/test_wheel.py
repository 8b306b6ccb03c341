"""The package as others install it: the wheel, each extra in an environment of its own, and an app that imports it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import install, setup

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config" / "example.yaml"
PACKAGES = ("constructs_lib", "stacks", "platform_config", "gke_inference", "fast_synth")
UV = str(setup.UV) if setup.UV.exists() else shutil.which("uv")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not UV and not os.environ.get("CI"),
        reason="uv is not installed: `make setup-tests` brings it where it can be had",
    ),
]

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
APP_MYPY = """
[mypy]
strict = True
explicit_package_bases = True
plugins = pydantic.mypy

"""


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run *command* as a user would: without this clone on Python's path."""
    left_out = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "INFERENCE_CONFIG")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing of an older build gets into it."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    done = run(sys.executable, "-c", build, cwd=source)
    assert done.returncode == 0, done.stderr
    [path] = (source / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Install the wheel with an extra, in the locked versions, and return the folder of programs; once for each."""
    made: dict[str, Path] = {}
    listed = run(*install.pip(setup.VENV), "config", "list").stdout
    settings = install.uv_variables(install.pip_settings(listed), os.environ)
    constraints = tmp_path_factory.mktemp("lock") / "constraints.txt"
    versions = [line.partition(" --hash")[0] for line in install.locked(ROOT / "Pipfile.lock", "default")]
    constraints.write_text("\n".join(versions))

    def environment(extra: str) -> Path:
        if extra not in made:
            folder = tmp_path_factory.mktemp(f"extra-{extra}")
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
            what = f"{wheel}[{extra}]" if extra else str(wheel)
            command = [str(UV), "pip", "install", "--quiet", "--constraints", str(constraints)]
            if setup.UV.exists():
                command += ["--cache-dir", str(setup.UV.parent.parent / "cache")]
            subprocess.run([*command, "--python", folder / "bin" / "python", what], env=settings, check=True)
            made[extra] = folder / "bin"
        return made[extra]

    return environment


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

    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert data | code | {"fast_synth/preload.cjs"} <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(PACKAGES)


def test_the_base_reads_a_config_and_names_the_extras(installed: Callable[[str], Path], tmp_path: Path) -> None:
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


def test_an_app_of_others_synthesizes_and_passes_a_strict_type_check(
    installed: Callable[[str], Path], app: Path
) -> None:
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


def test_the_type_check_of_an_app_sees_a_mistake(installed: Callable[[str], Path], app: Path) -> None:
    """What is imported has types, not `Any`."""
    python = installed("") / "python"
    (app / "app.py").write_text("from platform_config.names import Names\n\nNames(3)\n")
    checked = run(sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir", app / "cache", "app.py",
                  cwd=app)  # fmt: skip

    assert 'Argument 1 to "Names" has incompatible type "int"; expected "Config"' in checked.stdout


def test_a_top_level_stacks_folder_of_an_app_hides_the_package(installed: Callable[[str], Path], app: Path) -> None:
    """Python finds one package of a name; an app keeps its own inside another package, as the app above does."""
    python = installed("") / "python"
    shutil.copytree(app / "infrastructure" / "stacks", app / "stacks")
    done = run(python, "-c", "import stacks.platform", cwd=app)

    assert "No module named 'stacks.platform'" in done.stderr
    assert run(python, "-c", "import constructs_lib, platform_config.load", cwd=app).returncode == 0


def test_an_installed_package_synthesizes_without_a_clone(installed: Callable[[str], Path], tmp_path: Path) -> None:
    """`gke-inference synth` with the extra for constructs alone."""
    done = run(installed("constructs") / "gke-inference", "synth", EXAMPLE, "--outdir", "out", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "stacks" / "workload-gateway" / "cdk.tf.json").is_file()


@pytest.mark.parametrize("command", ["preflight", "verify", "load", "drill", "teardown"])
def test_the_commands_need_no_constructs(installed: Callable[[str], Path], command: str) -> None:
    """Each starts with the extra for operations alone."""
    done = run(installed("operations") / "gke-inference", command, "--help")

    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_the_program_has_its_other_name_too(installed: Callable[[str], Path]) -> None:
    """`inference-ops` is the same program."""
    listed = [run(installed("") / program, "--help").stdout for program in ("gke-inference", "inference-ops")]

    assert "teardown" in listed[0]
    assert listed[0] == listed[1]
