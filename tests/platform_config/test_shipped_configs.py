"""What a user puts into config/ is theirs: no test reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_a_broken_file_of_a_user_changes_no_test(tmp_path: Path) -> None:
    """Beside it, the tests that run once for each config are collected, none of them for that file."""
    for name in ("tests", "config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.name not in ("tests", "config", ".git"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "config" / "of-a-user.yaml").write_text("project: [")
    (tmp_path / "config" / "binary-of-a-user.yml").write_bytes(b"\xff")
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    files = [str(path.relative_to(ROOT)) for path in tests if re.search("CONFIGS|EACH_CONFIG", path.read_text())]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts=", "-p", "no:cacheprovider"]
    command += files
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stdout[-2000:]
    assert "test_every_policy_holds[example]" in ran.stdout
    assert "of-a-user" not in ran.stdout + ran.stderr
