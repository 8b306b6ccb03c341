"""Platforms in clouds of their own, deployed and destroyed by the real Terraform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from platform_config.load import load
from tests.configs import EXAMPLE
from tests.rig.server import Rig
from tests.shared import SharedFolders
from tests.terraform.configs import Worlds, freed
from tests.terraform.lab import Lab
from tests.terraform.theirs import Theirs, has_any
from tests.terraform.world import World

MakeWorld = Callable[[Path], World]
"""Makes a platform in an empty folder."""
SharedWorld = Callable[[str, MakeWorld], World]


@pytest.fixture(scope="session")
def shared_world(shared_folders: SharedFolders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedWorld]:
    """Make platforms once for all workers, by name. Copy one, to change it."""
    made: dict[str, World] = {}

    def get(name: str, make: MakeWorld) -> World:
        def save(folder: Path) -> None:
            world = make(folder)
            world.save()
            world.stop()

        if name not in made:
            saved = shared_folders.get(f"world-{name}", save)
            made[name] = World.restored(saved, tmp_path_factory.mktemp(name))
        return made[name]

    yield get
    for world in made.values():
        world.stop()


@pytest.fixture(scope="session")
def deployed_of(shared_world: SharedWorld) -> Worlds:
    """Deploy platforms. Copy one, to change it."""

    def deploy(path: Path, folder: Path) -> World:
        config, world = load(path), World(folder)
        world.trace()
        # Clusters are made when all of them are being made.
        world.rig.cloud.meetings = {"google_container_cluster": Barrier(len(config.regions))}
        if has_any(config):
            world.theirs = Theirs(folder / "theirs", world.rig, config).apply()
        world.use(config)
        world.deploy_by_plans()
        return world

    def get(path: Path) -> World:
        world = shared_world(f"deployed-{path.stem}", partial(deploy, path))
        world.rig.cloud.other_order = True
        return world

    return get


@pytest.fixture(scope="session")
def destroyed_of(deployed_of: Worlds, shared_world: SharedWorld) -> Worlds:
    """Deploy a platform that may be deleted, and destroy it; `steps` holds what was done."""

    def destroy(path: Path, folder: Path) -> World:
        world = deployed_of(path).copy(folder)
        world.trace()
        world.deploy_by_plans(world.use(freed(load(path))))
        world.steps.clear()
        world.destroy()
        return world

    return lambda path: shared_world(f"destroyed-{path.stem}", partial(destroy, path))


@pytest.fixture
def world(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the deployed platform of config/example.yaml, to change it."""
    made = deployed_of(EXAMPLE).copy(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Make an empty folder and an empty cloud."""
    rig = Rig()
    yield Lab(tmp_path, rig)
    rig.stop()
