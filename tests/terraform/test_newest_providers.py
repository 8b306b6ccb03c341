"""A platform that was deployed with one major version of its providers goes on with the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.specs import ProvidersSpec
from platform_config.load import load
from platform_config.stack_graph import GATEWAY_STACK, cluster_stack
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
def test_states_of_older_providers_plan_empty(path: Path, deployed_of: Worlds, tmp_path: Path) -> None:
    """What was a list is read as a set, and whatever else is new changes nothing."""
    before = load(path)
    world = with_newest(deployed_of(path), tmp_path)
    world.use(before.model_copy(update={"providers": ProvidersSpec(**NEWER)}))
    world.deploy()

    assert world.changes == {stack: {} for stack in world.app.stacks}
    world.stop()


def test_a_platform_changes_and_goes_with_newer_providers(deployed_of: Worlds, tmp_path: Path) -> None:
    """A change is as small as before, an older provider reads what was written, and nothing is left."""
    change = {"gateway__max_utilization_percent": 70, "cluster__release_channel": "RAPID"}
    world = with_newest(deployed_of(EXAMPLE), tmp_path / "newer")
    world.deploy(world.use(freed(config(**change, providers=NEWER))))
    older = world.copy(tmp_path / "older")

    cluster, stack = "google_container_cluster.cluster", cluster_stack("us")
    assert unhashed(world.changes[GATEWAY_STACK]) == {"kubernetes_manifest.gateway_gemma-backend": ("update",)}
    assert unhashed(world.changes[stack]) == {cluster: ("update",)}
    assert older.unsettled([stack]) == []
    older.stop()
    world.destroy()
    assert world.rig.cloud.objects == {}
    world.stop()
