"""Where there is no Terraform these tests are skipped, by name, with what to do; in CI that is an error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier

import pytest

from platform_config.load import load
from tests.configs import EXAMPLE
from tests.rig.server import Rig
from tests.terraform.binary import HOW_TO_GET, missing
from tests.terraform.configs import Worlds, freed
from tests.terraform.lab import Lab
from tests.terraform.world import World

RUNS_TERRAFORM = {"lab", "world", "deployed_of", "destroyed_of"}
"""Fixtures that need it."""
SKIPPED = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what runs Terraform where there is none, or stop where nothing may be skipped."""
    ours = [item for item in items if RUNS_TERRAFORM & set(getattr(item, "fixturenames", ()))]
    reason = missing() if ours else None
    if reason is None:
        return
    if os.environ.get("CI", "").lower() in ("1", "true"):
        raise pytest.UsageError(f"CI must not skip {len(ours)} tests: {reason}. {HOW_TO_GET}")
    for item in ours:
        item.add_marker(pytest.mark.skip(reason=f"{reason}. {HOW_TO_GET}"))
    config.stash[SKIPPED] = [item.nodeid for item in ours]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was skipped."""
    skipped = config.stash.get(SKIPPED, [])
    if skipped:
        terminalreporter.section(f"{len(skipped)} tests skipped: {missing()}")
        for name in [*skipped, HOW_TO_GET]:
            terminalreporter.line(name)


@pytest.fixture(scope="session")
def deployed_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """Deployed platforms. Copy one, to change it."""
    made: dict[Path, World] = {}

    def deploy(path: Path) -> World:
        if path not in made:
            config = load(path)
            world = made[path] = World(tmp_path_factory.mktemp("deployed"))
            world.trace()
            # Clusters are made when all of them are being made.
            world.rig.cloud.other_order = True
            world.rig.cloud.meetings = {"google_container_cluster": Barrier(len(config.regions))}
            world.use(config)
            world.deploy()
        return made[path]

    yield deploy
    for world in made.values():
        world.stop()


@pytest.fixture(scope="session")
def destroyed_of(deployed_of: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """The same, made free to go, and destroyed; `steps` tell how."""
    made: dict[Path, World] = {}

    def destroy(path: Path) -> World:
        if path not in made:
            world = made[path] = deployed_of(path).copy(tmp_path_factory.mktemp("destroyed"))
            world.trace()
            world.deploy(world.use(freed(load(path))))
            world.steps.clear()
            world.destroy()
        return made[path]

    yield destroy
    for world in made.values():
        world.stop()


@pytest.fixture
def world(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """The platform of config/example.yaml, deployed, to change."""
    made = deployed_of(EXAMPLE).copy(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """An empty folder and an empty cloud."""
    rig = Rig()
    yield Lab(tmp_path, rig)
    rig.stop()
