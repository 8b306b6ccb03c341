"""What each release synthesized, kept as data, and what the changelog says that an upgrade takes away."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import tomli

from platform_config.config import Config
from platform_config.errors import ConfigError
from platform_config.load import load
from tests.configs import CONFIGS, SOVEREIGN
from tests.synthesized import Synthesized

ROOT = Path(__file__).parent.parent.parent
CHANGELOG = ROOT / "CHANGELOG.md"
FOLDER = ROOT / "tests" / "data" / "releases"
SHIPPED = {path.stem: path for path in (*CONFIGS, SOVEREIGN)}
"""The configs whose stacks are kept, by name."""
SUFFIX = ".json.gz"
PLACE = re.compile(r"`([a-z][a-z0-9*-]*) ([a-z0-9_*.]+\.[\w*-]+|\*)`")
"""A resource in a `State:` line: stack and address, each with `*` for any text, or `*` alone for the whole stack."""


def current_version() -> str:
    """Return the version of the next release, which pyproject.toml has."""
    return str(tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def is_released(version: str, changelog: str) -> bool:
    """Return whether *version* has a date in the changelog: what it synthesized does not change any more."""
    return re.search(rf"^## \[{re.escape(version)}\] - \d", changelog, re.MULTILINE) is not None


@dataclass(frozen=True)
class Release:
    """What one release synthesized from one of its configs; the file holds both."""

    file: Path

    @property
    def version(self) -> str:
        """Its version, without a `v`."""
        return self.file.parent.name.removeprefix("v")

    @property
    def name(self) -> str:
        """The config's name."""
        return self.file.name.removesuffix(SUFFIX)

    def unpack(self, outdir: Path) -> None:
        """Write into *outdir* what the synth wrote."""
        kept = self._read()
        (outdir / "manifest.json").write_text(json.dumps(kept["manifest"]))
        for stack, document in kept["stacks"].items():
            folder = outdir / "stacks" / stack
            folder.mkdir(parents=True)
            (folder / "cdk.tf.json").write_text(json.dumps(document))

    def config(self, folder: Path) -> Config:
        """Return the release's config; where it is refused by now, the one that is shipped in its place."""
        file = folder / f"{self.name}.yaml"
        file.write_text(self._read()["config"], encoding="utf-8")
        try:
            return load(file)
        except ConfigError:
            return load(SHIPPED[self.name])

    def write(self, path: Path, app: Synthesized) -> bool:
        """Keep the config at *path* and its stacks *app*; return whether that is something else than before."""
        kept = {"config": path.read_text(encoding="utf-8"), "manifest": app.manifest, "stacks": app.stacks}
        if self.file.exists() and self._read() == kept:
            return False
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(kept, separators=(",", ":"), sort_keys=True)
        self.file.write_bytes(gzip.compress(text.encode(), mtime=0))
        return True

    def _read(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(gzip.decompress(self.file.read_bytes()))
        return kept


def releases() -> list[Release]:
    """Return what is kept, by version and name."""
    return [Release(file) for file in sorted(FOLDER.glob(f"v*/*{SUFFIX}"))]


def announced(changelog: str, since: str) -> list[tuple[str, str]]:
    """Return stack and address of each resource that a `State:` line above the section of *since* names."""
    newer = re.split(rf"^## \[{re.escape(since)}\]", changelog, maxsplit=1, flags=re.MULTILINE)[0]
    entries = re.findall(r"^- State:.*(?:\n  .*)*", newer, re.MULTILINE)
    return [place for entry in entries for place in PLACE.findall(" ".join(entry.split()))]


def not_announced(lost: Iterable[str], places: Iterable[tuple[str, str]]) -> list[str]:
    """Return those of *lost*, each `<stack> <address>`, that none of *places* names."""
    patterns = [f"{stack} {address}" for stack, address in places]
    return sorted(one for one in lost if not any(fnmatchcase(one, pattern) for pattern in patterns))
