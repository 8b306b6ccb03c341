"""Every config, every stack: valid, applied, settled, protected, destroyed in order, with nothing left."""

from __future__ import annotations

from pathlib import Path

import pytest

from platform_config.load import load
from platform_config.stack_graph import cluster_stack
from tests.configs import EXISTING
from tests.rig.cloud import PROTECTED
from tests.secure import broken
from tests.terraform.configs import EACH_CONFIG, EACH_WITH_CLUSTERS, Worlds, freed


@EACH_CONFIG
def test_every_stack_is_valid_and_applies(path: Path, deployed_of: Worlds) -> None:
    """A first deploy creates what was synthesized, all of it, and nothing else happens."""
    world = deployed_of(path)

    for stack, document in world.app.stacks.items():
        made = {f"{kind}.{name}" for kind, named in document.get("resource", {}).items() for name in named}
        assert world.changes[stack] == dict.fromkeys(made, ("create",))


@EACH_CONFIG
def test_a_second_plan_is_empty(path: Path, deployed_of: Worlds) -> None:
    """Nothing differs at each run: no time, no value that the provider decides, in whatever order Google answers."""
    assert deployed_of(path).rig.cloud.other_order
    assert deployed_of(path).unsettled() == []


@EACH_CONFIG
def test_clusters_are_created_side_by_side(path: Path, deployed_of: Worlds) -> None:
    """The create of each region's cluster begins before any other's ends; in the rig they wait for each other."""
    creates = [done for done in deployed_of(path).rig.cloud.log if done.kind == "google_container_cluster"]

    assert max(done.begin for done in creates) < min(done.end for done in creates)


@EACH_CONFIG
def test_a_destroy_leaves_nothing(path: Path, destroyed_of: Worlds) -> None:
    """Once clusters may be deleted, every stack is destroyed; no step is refused, and what others had is as it was."""
    world = destroyed_of(path)

    assert world.rig.cloud.objects == world.theirs
    assert [stack for stack in world.app.stacks if world.state(stack)] == []


@EACH_WITH_CLUSTERS
def test_a_protected_cluster_refuses_to_go(path: Path, deployed_of: Worlds, tmp_path: Path) -> None:
    """Protected by config or freed, a cluster does what the config says; nothing but its own settings frees it."""
    config, world = load(path), deployed_of(path).copy(tmp_path)
    clusters = {cluster_stack(key) for key, region in config.regions.items() if not region.existing.cluster}
    protected = config.cluster.deletion_protection

    refused = world.folder(min(clusters)).run("apply", "-destroy", "-auto-approve")

    assert (refused.code, PROTECTED in refused.text) == ((1, True) if protected else (0, False))
    assert world.use(freed(config)) == (clusters if protected else set())
    world.stop()


@EACH_CONFIG
def test_what_exists_is_as_secure_as_promised(path: Path, deployed_of: Worlds) -> None:
    """Each pool, cluster, bucket, address, rule, grant and Job in the cloud, with what its provider sent unasked."""
    config, world = load(path), deployed_of(path)
    ours = {key: held for key, held in world.rig.cloud.objects.items() if key not in world.theirs}

    assert [problem for (kind, _, _), held in ours.items() for problem in broken(config, kind, held)] == []


@pytest.mark.parametrize("path", EXISTING, ids=[path.stem for path in EXISTING])
def test_nothing_of_others_is_written_to(path: Path, deployed_of: Worlds, destroyed_of: Worlds) -> None:
    """From the first apply to the destroy: each of their objects was created by themselves, and never touched again."""
    theirs = deployed_of(path).theirs
    done = [
        (one.action, key)
        for world in (deployed_of(path), destroyed_of(path))
        for one in world.rig.cloud.log
        if (key := (one.kind, one.place, one.name)) in theirs
    ]

    assert theirs
    assert sorted(done) == sorted(("create", key) for key in theirs)
