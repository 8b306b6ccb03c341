"""
Builds the package, the same bytes from the same commit: `make wheel`, and `python -m tools.wheel --twice`.

Times in a wheel are those of its files, and so of whoever checked them out. Here they are all that of the commit, by
SOURCE_DATE_EPOCH, which setuptools reads (reproducible-builds.org).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
BUILD = "from setuptools import build_meta; build_meta.build_wheel('dist')"
UMASK = 0o022
"""Modes of files are in a wheel too."""


def build(folder: Path) -> Path:
    """
    Build the wheel of the last commit in the empty *folder*, and return its path.

    Raises:
        subprocess.CalledProcessError: git or the build failed.
    """
    archive = subprocess.run(["git", "archive", "--format=tar", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    packed = folder / "commit.tar"
    packed.write_bytes(archive.stdout)
    source = folder / "source"
    with tarfile.open(packed) as tar:
        tar.extractall(source)
    time = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": time, "PYTHONHASHSEED": "0"}
    subprocess.run(
        [sys.executable, "-c", BUILD], cwd=source, env=environment, check=True, capture_output=True, umask=UMASK
    )
    [wheel] = (source / "dist").glob("*.whl")
    return wheel


def digest(path: Path) -> str:
    """Return the SHA-256 of the file at *path*."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: list[str]) -> int:
    """Build the wheel into `dist`; with --twice build it again, and fail where the bytes differ."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        wheel = build(Path(first))
        if "--twice" in arguments and digest(again := build(Path(second))) != digest(wheel):
            print(f"two builds of one commit differ: {digest(wheel)} and {digest(again)}", file=sys.stderr)
            return 1
        DIST.mkdir(exist_ok=True)
        made = DIST / wheel.name
        made.write_bytes(wheel.read_bytes())
    print(f"{made.relative_to(ROOT)}  sha256 {digest(made)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
