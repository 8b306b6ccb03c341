"""No warning of a Node or a Python that has reached its end reaches the screen, whatever else the machine has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*/main.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OLD_NODE = '#!/bin/sh\necho "Node 20 is end-of-life" >&2\necho ran > "$(dirname "$0")/ran"\nexit 1\n'
"""What jsii would start if nothing named another; it ends what is made with it."""
LATER = """
import datetime, sys

class Later(datetime.date):
    @classmethod
    def today(cls):
        return cls(2040, 1, 1)

datetime.date = Later
"""
"""By then each Python that is out today has reached its end."""


def run(code: list[str], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in *folder*, with an old Node first on PATH and no `JSII_NODE`."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "node").write_text(OLD_NODE)
    (programs / "node").chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in ("JSII_NODE", "PYTHONWARNINGS")}
    path = f"{programs}{os.pathsep}{kept['PATH']}"
    given = {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "CDKTF_OUTDIR": str(folder / "out"), **settings}
    return subprocess.run([sys.executable, *code], cwd=folder, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        [str(ROOT / "main.py"), str(ROOT / "config" / "example.yaml")],
        ["-m", "gke_inference", "synth", "--config", str(ROOT / "config" / "example.yaml")],
        [str(ROOT / "examples" / "model_bucket" / "main.py")],
    ],
    ids=["main.py", "gke-inference synth", "an example"],
)
def test_a_synth_takes_the_node_of_the_package(command: list[str], tmp_path: Path) -> None:
    """An old Node on PATH is not started, and nothing is written to standard error."""
    done = run(command, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "programs" / "ran").exists()


def test_the_node_on_path_would_be_seen(tmp_path: Path) -> None:
    """An app that imports cdktf first has jsii's own choice, and its words."""
    done = run(["-c", "import constructs"], tmp_path)

    assert done.returncode != 0
    assert (tmp_path / "programs" / "ran").exists()


def test_each_app_that_is_shown_begins_with_the_fast_path() -> None:
    """It is what names the Node: in every example, and in every app on a page."""
    apps = {str(path.relative_to(ROOT)): path.read_text() for path in EXAMPLES}
    for page in PAGES:
        for number, block in enumerate(
            re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        ):
            if "App()" in block:
                apps[f"{page.relative_to(ROOT)} {number}"] = block

    assert len(apps) > len(EXAMPLES) > 3
    for name, app in apps.items():
        lines = [
            line for line in app.splitlines() if line.startswith(("from cdktf", "import cdktf", "fast_synth.enable"))
        ]
        assert lines[0].startswith("fast_synth.enable()"), name


@pytest.mark.parametrize(("begin", "warned"), [("from gke_inference.cli import main; main()", False), ("", True)])
def test_a_command_is_silent_about_an_old_python(begin: str, warned: bool, tmp_path: Path) -> None:
    """Google's library would say so at each call; who imports it without the command line hears it."""
    code = f"{LATER}sys.argv = ['gke-inference', '--version']\n{begin}\nimport gke_inference.google_api\n"
    done = run(["-c", code], tmp_path)

    assert done.returncode == 0
    assert ("Python version" in done.stderr) == warned


def test_each_python_that_may_be_used_is_named() -> None:
    """From the oldest that may be installed on; pip shows them."""
    text = (ROOT / "pyproject.toml").read_text()
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text)

    assert named == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    assert f'requires-python = ">={named[0]}"' in text
