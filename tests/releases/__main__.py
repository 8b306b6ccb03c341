"""Keeps what this version synthesizes from each shipped config: `make release-data`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import fast_synth

fast_synth.enable()

from platform_config.load import load  # noqa: E402
from tests.releases import CHANGELOG, FOLDER, SHIPPED, SUFFIX, Release, current_version, is_released  # noqa: E402
from tests.synthesized import synthesize  # noqa: E402

version = current_version()
if is_released(version, CHANGELOG.read_text(encoding="utf-8")):
    sys.exit(f"{version} has a date in CHANGELOG.md: its data stays; set the next version in pyproject.toml first")
for name, path in SHIPPED.items():
    release = Release(FOLDER / f"v{version}" / f"{name}{SUFFIX}")
    with TemporaryDirectory() as outdir:
        changed = release.write(path, synthesize(load(path), Path(outdir)))
    print(f"{'wrote' if changed else 'is up to date:'} {release.file.relative_to(FOLDER.parent.parent.parent)}")
