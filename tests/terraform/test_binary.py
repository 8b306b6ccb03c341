"""Without a Terraform that will do, the tests that run it are skipped by name; in CI that is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terraform.binary import missing

FOLDER = Path(__file__).parent
A_TEST = f"{FOLDER / 'test_rig_mistakes.py'}::test_what_is_valid_is_made_and_settled"


def with_terraform(folder: Path, version: str) -> str:
    """A PATH on which the first terraform says that it is *version*."""
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

    told = missing.__wrapped__()

    assert (told is None) == (problem is None)
    assert (problem or "") in (told or "")


def test_there_may_be_no_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said, not tried."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert missing.__wrapped__() == "there is no terraform"


@pytest.mark.parametrize(("ci", "code", "says"), [("", 0, "1 tests skipped"), ("true", 4, "CI must not skip 1 tests")])
def test_skipping_is_loud_and_in_ci_it_is_refused(ci: str, code: int, says: str, tmp_path: Path) -> None:
    """Both name how to get Terraform."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", A_TEST],
        cwd=FOLDER.parents[1],
        env={**os.environ, "CI": ci, "PATH": with_terraform(tmp_path, "1.9.8")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert "1.10.0 or newer must be on PATH" in done.stdout + done.stderr
