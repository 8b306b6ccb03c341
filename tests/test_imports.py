"""An import of this package does nothing: it writes, starts and asks for nothing, and reads no environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_layers import SLOW_BINDINGS, loaded_by
from tools.public_names import public_names

ROOT = Path(__file__).parent.parent
PACKAGES = ("constructs_lib", "platform_config", "stacks")
EFFECTS = {
    "open('left', 'w').close()": "open",
    "import os; os.environ.get('HOME')": "environment",
    "import os; 'HOME' in os.environ": "environment",
    "import subprocess; subprocess.run(['true'])": "subprocess.Popen",
    "import socket; socket.socket()": "socket.__new__",
    "from pathlib import Path; Path('left').mkdir()": "os.mkdir",
}
"""What a module might do, and how it is seen."""


def modules() -> list[str]:
    """List every module that an app may import."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths if path.parent.name != "data")
    return ["fast_synth", *(name.removesuffix(".__init__") for name in names)]


def effects(names: list[str], folder: Path, root: Path = ROOT) -> list[list[str]]:
    """Import the modules *names* in a new process, in the empty *folder*, and return what they did."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.watched_import", *names],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [[str(word) for word in event] for event in json.loads(done.stdout)]


def test_no_module_does_anything_when_it_is_imported(tmp_path: Path) -> None:
    """All of them, those with constructs too: what Node is started, cdktf starts in an import of its own."""
    assert len(modules()) > 150
    assert effects(modules(), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("line", "event"), EFFECTS.items())
def test_what_a_module_does_is_seen(line: str, event: str, tmp_path: Path) -> None:
    """Through the standard library too."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "tests" / "__init__.py").write_text("")
    shutil.copy(ROOT / "tests" / "watched_import.py", tmp_path / "tests")
    (tmp_path / "slip.py").write_text(f"{line}\n")

    assert event in {found[0] for found in effects(["slip"], tmp_path / "work", tmp_path)}


def test_specs_manifests_and_configs_load_no_cdktf() -> None:
    """Every public module without constructs: the kernel starts with the first import of a module that has one."""
    light = [
        module
        for module in public_names()
        if module.startswith(("constructs_lib.manifests", "constructs_lib.monitoring", "constructs_lib.specs"))
        or module in ("fast_synth", "platform_config")
    ]

    assert len(light) > 10
    assert loaded_by(f"import {', '.join(light)}").isdisjoint(SLOW_BINDINGS)
