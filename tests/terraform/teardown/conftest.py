"""Deployed platforms to tear down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from platform_config.load import load
from platform_config.stack_graph import FLEET_STACK, OBSERVABILITY_STACK, WORKLOAD
from tests.configs import EXAMPLE, changed
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.rig import serve_google
from tests.terraform.configs import Worlds
from tests.terraform.conftest import SharedWorld
from tests.terraform.teardown.rig import CONFIG, Capsys, DeployedPlatform, copied
from tests.terraform.world import World


@pytest.fixture
def stand_in() -> Iterator[GoogleStandIn]:
    """Serve Google's APIs."""
    with serve_google() as served:
        yield served


@pytest.fixture
def platform(
    world: World, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> DeployedPlatform:
    """Return the deployed platform of the example; its clusters are protected."""
    return DeployedPlatform(world, tmp_path_factory.mktemp("platform"), stand_in, capsys)


@pytest.fixture(scope="session")
def freed(deployed_of: Worlds, shared_world: SharedWorld) -> World:
    """Deploy the example with settings that let clusters and bucket be deleted. Copy it to change it."""

    def make(folder: Path) -> World:
        world = deployed_of(EXAMPLE).copy(folder)
        settings = changed(cluster__deletion_protection=False, bucket__force_destroy=True)
        (folder / CONFIG).write_text(yaml.safe_dump(settings))
        world.deploy(world.use(load(folder / CONFIG)))
        return world

    return shared_world("freed", make)


@pytest.fixture(scope="session")
def stripped(freed: World, shared_world: SharedWorld) -> World:
    """Destroy all of `freed` but clusters and network."""

    def make(folder: Path) -> World:
        world = freed.copy(folder)
        workloads = {stack for stack in world.app.stacks if stack.startswith(WORKLOAD)}
        world.destroy({*workloads, FLEET_STACK, OBSERVABILITY_STACK})
        return world

    return shared_world("stripped", make)


@pytest.fixture
def removable(freed: World, tmp_path: Path, stand_in: GoogleStandIn, capsys: Capsys) -> Iterator[DeployedPlatform]:
    """Copy the platform that may be deleted."""
    with copied(freed, tmp_path, stand_in, capsys) as platform:
        yield platform


@pytest.fixture
def clusters_only(
    stripped: World, tmp_path: Path, stand_in: GoogleStandIn, capsys: Capsys
) -> Iterator[DeployedPlatform]:
    """Copy a platform of clusters and network, which may be deleted, with nothing on them."""
    with copied(stripped, tmp_path, stand_in, capsys) as platform:
        yield platform
