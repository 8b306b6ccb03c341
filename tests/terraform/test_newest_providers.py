"""A platform that was deployed with one major version of its providers goes on with the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from platform_config.load import load
from platform_config.stack_graph import GATEWAY_STACK
from tests.checks.schemas import newest_providers
from tests.configs import ELASTIC, EXAMPLE, GUARDED, config
from tests.rig.server import Rig
from tests.terraform.configs import Worlds, freed
from tests.terraform.runs import unhashed
from tests.terraform.world import World

NEWER = {"google": 8, "kubernetes": 3}


def with_newest(world: World, base: Path) -> World:
    """Copy *world* into a cloud that the newest providers change."""
    return world.copy(base, Rig(newest_providers()))


@pytest.mark.parametrize("path", [EXAMPLE, ELASTIC, GUARDED], ids=lambda path: path.stem)
def test_states_plan_empty_with_newer_providers_and_again_with_the_older(
    path: Path, deployed_of: Worlds, tmp_path: Path
) -> None:
    """What was a list is read as a set, and the other way round: the way back is open until more than that is new."""
    newer = with_newest(deployed_of(path), tmp_path / "newer")
    newer.use(load(path).model_copy(update={"providers": type(load(path).providers)(**NEWER)}))

    assert newer.unsettled() == []
    newer.deploy()
    older = newer.copy(tmp_path / "older")
    newer.stop()
    assert older.unsettled() == []
    older.stop()


def test_a_platform_changes_and_goes_with_newer_providers(deployed_of: Worlds, tmp_path: Path) -> None:
    """A change is as small as before, and nothing is left."""
    world = with_newest(deployed_of(EXAMPLE), tmp_path)
    world.deploy(world.use(freed(config(gateway__max_utilization_percent=70, providers=NEWER))))

    assert unhashed(world.changes[GATEWAY_STACK]) == {"kubernetes_manifest.gateway_gemma-backend": ("update",)}
    world.destroy()
    assert world.rig.cloud.objects == {}
    world.stop()
