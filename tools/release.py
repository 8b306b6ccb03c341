"""What a release needs beside green tests: `make release-check` runs this last, and prints what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import tomli

ROOT = Path(__file__).parent.parent
KEPT = "tests/data/releases"
DATED = re.compile(r"^## \[(?P<version>[^]]+)\] - (?P<date>.+)$", re.MULTILINE)
DATE = r"\d{4}-\d{2}-\d{2}"


def problems(version: str, changelog: str, kept: set[str], tags: set[str], changed: str) -> Iterator[str]:
    """
    Yield what stands in the way of a release, with what to do.

    Args:
        version: That of pyproject.toml, the one place where it is written.
        changelog: CHANGELOG.md.
        kept: Names of the folders with what each version synthesizes.
        tags: Tags of the repository.
        changed: What `git status --short` prints.
    """
    newest = DATED.search(changelog)
    if newest is None or newest["version"] != version:
        found = newest["version"] if newest else "none"
        yield f"CHANGELOG.md: its first version must be {version}, as in pyproject.toml, got {found}"
    elif not re.fullmatch(DATE, newest["date"]):
        yield f"CHANGELOG.md: {version} must have a date, got {newest['date']}: write today's"
    if f"v{version}" not in kept:
        yield f"{KEPT}: must have v{version}, for the tests of later upgrades: run `make release-data`"
    if f"v{version}" in tags:
        yield f"the tag v{version} is there already: raise the version in pyproject.toml"
    if changed:
        yield "the working tree has changes that the wheel would not have: commit them"


def main() -> int:
    """Print what is missing; return 1 where anything is."""
    version = str(tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    found = list(
        problems(
            version,
            (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
            {path.name for path in (ROOT / KEPT).iterdir()},
            set(_git("tag", "--list").split()),
            _git("status", "--short"),
        )
    )
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"{version} can be released: git tag v{version}")
    return 1 if found else 0


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
