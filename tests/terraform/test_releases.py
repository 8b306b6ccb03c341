"""An upgrade from each release: nothing is replaced or destroyed without a `State:` line of the changelog."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from platform_config.stack_graph import NETWORK_STACK, OBSERVABILITY_STACK
from tests.configs import config
from tests.releases import (
    CHANGELOG,
    ROOT,
    SHIPPED,
    Release,
    announced,
    current_version,
    is_released,
    not_announced,
    releases,
)
from tests.synthesized import synthesize
from tests.terraform.world import World

EVERY = pytest.mark.parametrize("release", releases(), ids=lambda release: f"{release.version}-{release.name}")


def lost(world: World) -> Iterator[str]:
    """Yield what the last deploy replaced or destroyed, each as `<stack> <address>`."""
    for stack, changes in world.changes.items():
        yield from (f"{stack} {address}" for address, actions in changes.items() if "delete" in actions)


@EVERY
def test_an_upgrade_takes_nothing_away_that_is_not_announced(release: Release, tmp_path: Path) -> None:
    """What the release synthesized is applied, and then what today's code makes of its config."""
    (base := tmp_path / "world").mkdir()
    (today := tmp_path / "today").mkdir()
    world = World(base)
    world.take(release.unpack)
    released = world.app
    new = synthesize(release.config(tmp_path), today)
    places = announced(CHANGELOG.read_text(encoding="utf-8"), release.version)
    removed = [f"{stack} *" for stack in released.stacks if stack not in new.stacks]
    assert not_announced(removed, places) == []
    if new.stacks == released.stacks:
        return  # The same stacks: that a second plan of them is empty is what test_lifecycle.py shows.

    world.deploy()
    changed = world.take(lambda outdir: shutil.copytree(today, outdir, dirs_exist_ok=True))
    world.changes.clear()
    world.deploy(changed)
    world.stop()

    assert not_announced(lost(world), places) == []


def test_every_config_of_this_version_is_kept() -> None:
    """`make release-data` writes them; each holds its config and a whole synth."""
    kept = {release.name for release in releases() if release.version == current_version()}

    assert kept == set(SHIPPED)


@EVERY
def test_what_is_kept_can_be_unpacked(release: Release, tmp_path: Path) -> None:
    """Each stack of the manifest, as Terraform JSON, without a path of the machine."""
    release.unpack(tmp_path)

    stacks = json.loads((tmp_path / "manifest.json").read_text())["stacks"]
    texts = [(tmp_path / "stacks" / stack / "cdk.tf.json").read_text() for stack in stacks]
    assert NETWORK_STACK in stacks
    assert all('"backend": {' in text and str(ROOT) not in text for text in texts)


def test_an_upgrade_that_replaces_is_found(world: World) -> None:
    """An address that moves without a `moved` block is reported, unless a `State:` line names it."""

    def write(outdir: Path) -> None:
        synthesize(config(), outdir)
        file = outdir / "stacks" / OBSERVABILITY_STACK / "cdk.tf.json"
        document = json.loads(file.read_text())
        dashboards = document["resource"]["google_monitoring_dashboard"]
        dashboards["another"] = dashboards.pop("dashboard")
        file.write_text(json.dumps(document))

    assert world.take(write) == {OBSERVABILITY_STACK}
    world.deploy([OBSERVABILITY_STACK])

    gone = f"{OBSERVABILITY_STACK} google_monitoring_dashboard.dashboard"
    assert set(lost(world)) == {gone}
    assert not_announced([gone], []) == [gone]
    assert not_announced([gone], [(OBSERVABILITY_STACK, "google_monitoring_dashboard.*")]) == []


TEXT = """# Changelog

## [0.2.0] - 2027-01-01
### Changed
- State: `infra-network google_compute_address.network_region-*_gateway_*` is made anew, and so is
  everything of `workload-weights *`: first do this.
- No State: `infra-fleet google_gke_hub_feature.x`.

## [0.1.0] - 2026-12-01
- State: `infra-network google_compute_network.network` was named before.
"""


def test_the_changelog_is_read_above_the_release() -> None:
    """Stack and address of each `State:` line, over line ends, from sections that are newer."""
    newer = [("infra-network", "google_compute_address.network_region-*_gateway_*"), ("workload-weights", "*")]

    assert announced(TEXT, "0.1.0") == newer
    assert announced(TEXT, "0.2.0") == []
    assert not_announced(["infra-network google_compute_address.network_region-eu_gateway_415F15E5"], newer) == []
    assert is_released("0.1.0", TEXT)
    assert not is_released("0.1.0", CHANGELOG.read_text(encoding="utf-8").replace("## [0.1.0] - 2", "## [0.1.0] - U"))
