"""Every config, every stack: valid, applied, settled, protected, destroyed in order, with nothing left."""

from __future__ import annotations

from pathlib import Path

from platform_config.load import load
from platform_config.stack_graph import cluster_stack
from tests.rig.cloud import PROTECTED
from tests.secure import broken
from tests.terraform.configs import EACH_CONFIG, Worlds, freed


@EACH_CONFIG
def test_every_stack_is_valid_and_applies(path: Path, deployed_of: Worlds) -> None:
    """A first deploy creates what was synthesized, all of it, and nothing else happens."""
    world = deployed_of(path)

    for stack, document in world.app.stacks.items():
        made = {f"{kind}.{name}" for kind, named in document["resource"].items() for name in named}
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
    """Once clusters may be deleted, every stack is destroyed; no step is refused because something is in use."""
    world = destroyed_of(path)

    assert world.rig.cloud.objects == {}
    assert [stack for stack in world.app.stacks if world.state(stack)] == []


@EACH_CONFIG
def test_a_protected_cluster_refuses_to_go(path: Path, deployed_of: Worlds, tmp_path: Path) -> None:
    """Protected by config or freed, a cluster does what the config says; nothing but its own settings frees it."""
    config, world = load(path), deployed_of(path).copy(tmp_path)
    clusters = {cluster_stack(key) for key in config.regions}
    protected = config.cluster.deletion_protection

    refused = world.folder(min(clusters)).run("apply", "-destroy", "-auto-approve")

    assert (refused.code, PROTECTED in refused.text) == ((1, True) if protected else (0, False))
    assert world.use(freed(config)) == (clusters if protected else set())
    world.stop()


@EACH_CONFIG
def test_what_exists_is_as_secure_as_promised(path: Path, deployed_of: Worlds) -> None:
    """Each pool, cluster, bucket, address, rule, grant and Job in the cloud, with what its provider sent unasked."""
    config, objects = load(path), deployed_of(path).rig.cloud.objects

    assert [problem for (kind, _, _), held in objects.items() for problem in broken(config, kind, held)] == []
