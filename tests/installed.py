"""The package as others install it: the wheel, and environments with it, made once for all workers of a test run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared import SharedFolders
from tools import install, setup

ROOT = Path(__file__).parent.parent
PACKAGES = ("constructs_lib", "stacks", "platform_config", "gke_inference", "fast_synth")
"""The folders that are installed."""
UV = str(setup.UV) if setup.UV.exists() else shutil.which("uv")
NEEDS_UV = pytest.mark.skipif(
    not UV and not os.environ.get("CI"), reason="uv is not installed: `make setup-tests` brings it where it can be had"
)

Installed = Callable[[str], Path]
"""Returns the folder of programs of an environment that has the package with an extra, such as `constructs`."""


def run(
    *command: str | Path, cwd: Path | None = None, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run *command* as a user would: without this clone on Python's path."""
    left_out = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "INFERENCE_CONFIG", "INFERENCE_CDK", "CDKTF_OUTDIR")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    return subprocess.run(
        command, cwd=cwd, env=environment | (variables or {}), capture_output=True, text=True, check=False
    )


def uv_settings() -> dict[str, str]:
    """Return the environment for uv, with the indexes and certificates that pip uses."""
    listed = run(*install.pip(setup.VENV), "config", "list").stdout
    return install.uv_variables(install.pip_settings(listed), os.environ)


def uv_pip_install() -> list[str]:
    """Return how uv's install begins, with the cache that `make setup-tests` filled."""
    cache = ["--cache-dir", str(setup.UV.parent.parent / "cache")] if setup.UV.exists() else []
    return [str(UV), "pip", "install", "--quiet", *cache]


def write_constraints(path: Path) -> Path:
    """Write the locked versions of what the package needs, as constraints for pip."""
    versions = [line.partition(" --hash")[0] for line in install.locked(ROOT / "Pipfile.lock", "default", "cdktn")]
    path.write_text("\n".join(versions))
    return path


def make_environment(folder: Path, what: str) -> None:
    """Make an environment in *folder* with the package as *what* names it, in the locked versions."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    constraints = write_constraints(folder / "constraints.txt")
    options: list[str | Path] = ["--constraints", constraints, "--python", folder / "bin" / "python"]
    command = [*uv_pip_install(), *options, what]
    done = subprocess.run(command, env=uv_settings(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def commit(folder: Path) -> None:
    """
    Make a git repository in *folder* of what this clone's git would track, as it is now, with the tag v0.1.0.

    Without git it is skipped: what is needed is what a git repository holds.
    """
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    if listed.returncode:
        pytest.skip("this folder is no work tree of git")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    author = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    for command in (["init"], ["add", "--all"], ["commit", "--quiet", "--message", "All"], ["tag", "v0.1.0"]):
        subprocess.run(["git", *author, *command], cwd=folder, check=True, capture_output=True)


def build(folder: Path) -> None:
    """Build the wheel in *folder* from a copy, so that nothing of an older build gets into it."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    done = run(sys.executable, "-c", "from setuptools import build_meta; build_meta.build_wheel('dist')", cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def repository(shared_folders: SharedFolders) -> Path:
    """Make a git repository with this package."""
    return shared_folders.get("repository", commit)


@pytest.fixture(scope="session")
def wheel(shared_folders: SharedFolders) -> Path:
    """Build the wheel."""
    [path] = (shared_folders.get("wheel", build) / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, shared_folders: SharedFolders) -> Installed:
    """Install the wheel with an extra; once for each."""

    def environment(extra: str) -> Path:
        what = f"{wheel}[{extra}]" if extra else str(wheel)
        return shared_folders.get(f"extra-{extra or 'none'}", lambda folder: make_environment(folder, what)) / "bin"

    return environment
