"""The floor of a cluster's version: what is refused, when, and how the cure that is named goes through."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.config import Config
from platform_config.load import load
from platform_config.stack_graph import cluster_stack, serving_stack
from tests.configs import ELASTIC, EXAMPLE, config
from tests.rig.cloud import FAULT, Fault
from tests.rig.gke import CLUSTER
from tests.terraform.configs import Worlds, freed
from tests.terraform.runs import Outcome, unhashed
from tests.terraform.world import World

GROWTH: dict[str, Any] = {
    "node_pools__tpu__autoscaling": {"min_nodes": 1, "max_nodes": 4},
    "models__gemma__autoscaling": {"max_replicas": 4},
}
"""docs/scaling.md, "Grow with the load": its metric raises the floor to 1.35.1-gke.1396000."""

STACK, POOL = cluster_stack("us"), "google_container_node_pool.cluster_pool-tpu"
CLUSTERS = {cluster_stack("us"), cluster_stack("eu")}


def told(refused: Outcome) -> str:
    """Return the one error, without its frame and line breaks."""
    assert (refused.code, refused.errors) == (1, 1), refused.text
    return " ".join(refused.text.replace("│", " ").split())


def versions(world: World) -> set[str]:
    """Return the versions of the clusters."""
    return {held["master_version"] for (kind, _, _), held in world.rig.cloud.objects.items() if kind == CLUSTER}


def moved_on(world: World, version: str) -> None:
    """Upgrade the clusters, as the release channel does."""
    for (kind, _, _), held in world.rig.cloud.objects.items():
        if kind == CLUSTER:
            held["master_version"] = version


def test_a_floor_that_rises_is_refused_until_the_cure_that_is_named_is_applied(world: World) -> None:
    """By the cluster's plan and by the servers'; with the version set, both go through, and the next are empty."""
    assert versions(world) == {"1.34.3-gke.1318000"}
    changed = world.use(config(**GROWTH))

    cluster = told(world.folder(STACK).run("plan", "-input=false"))
    server = told(world.folder(serving_stack("us")).run("plan", "-input=false"))
    assert "gemma-us has GKE 1.34.3-gke.1318000, which is older than 1.35.1-gke.1396000" in cluster
    assert "set cluster.gke_version to '1.35' or a newer minor version" in cluster
    assert "gemma-us has GKE 1.34.3-gke.1318000" in server
    assert f"apply {cluster_stack('us')} before this stack" in server

    world.use(config(**GROWTH, cluster__gke_version="1.35"))
    world.deploy(changed & CLUSTERS)
    world.deploy(changed - CLUSTERS)

    assert versions(world) == {"1.35.2-gke.1842000"}
    steps = [step for step in world.steps if step.stack == STACK]
    [upgrade] = [step for step in steps if step.address.startswith("google_container_cluster.")]
    assert [upgrade.end <= step.begin for step in steps if step.address.startswith(POOL)] == [True]
    assert world.unsettled() == []


def test_a_version_that_the_channel_moved_on_is_left_alone(world: World) -> None:
    """Without a version in the file, and with one that is older by now: no plan changes a cluster."""
    moved_on(world, "1.35.2-gke.1842000")
    assert world.unsettled() == []

    world.deploy(world.use(config(cluster__gke_version="1.34")) & CLUSTERS)

    assert versions(world) == {"1.35.2-gke.1842000"}
    assert world.unsettled() == []


def test_an_upgrade_outside_is_enough(world: World) -> None:
    """Where the channel has brought the cluster over the new floor, nothing needs to be set."""
    moved_on(world, "1.35.2-gke.1842000")

    world.deploy(world.use(config(**GROWTH)))

    assert {unhashed(changes).get("google_container_cluster.cluster") for changes in world.changes.values()} == {None}
    assert world.unsettled() == []


def test_a_minor_version_does_not_move_a_cluster_within_it_and_the_message_says_what_does(world: World) -> None:
    """The provider asks for no upgrade then; the apply stops before the pool is touched, and names the other way."""
    moved_on(world, "1.35.1-gke.1000000")
    world.use(config(**GROWTH, cluster__gke_version="1.35"))

    refused = told(world.folder(STACK).run("apply", "-auto-approve"))

    assert "Where the cluster is on 1.35 already, only a complete version moves it" in refused
    assert {done.kind for done in world.rig.cloud.log} == {CLUSTER}
    world.use(config(**GROWTH, cluster__gke_version="1.35.2-gke.1842000"))
    world.deploy([STACK])
    assert "1.35.2-gke.1842000" in versions(world)


@pytest.fixture
def begun(deployed_of: Worlds, tmp_path: Path) -> Iterator[World]:
    """Copy the example before any cluster was made, where GKE offers nothing that reaches the floor."""
    deployed = deployed_of(EXAMPLE)
    world = deployed.copy(tmp_path)
    world.rewind(STACK, deployed.before[STACK])
    world.rig.cloud.gke_versions = ("1.34.1-gke.1127000",)
    yield world
    world.stop()


def test_a_new_cluster_below_the_floor_gets_no_accelerators_and_can_be_taken_down(begun: World) -> None:
    """One error that tells the cure. It stands in the way of no destroy, nor of what a destroy needs first."""
    refused = told(begun.folder(STACK).run("apply", "-auto-approve"))

    assert "gemma-us has GKE 1.34.1-gke.1127000, which is older than 1.34.1-gke.1829001" in refused
    assert not [done for done in begun.rig.cloud.log if done.name.endswith("/tpu")]

    begun.use(freed(load(EXAMPLE)))
    assert "which is older than" in told(begun.folder(STACK).run("apply", "-auto-approve"))
    begun.folder(STACK).must("apply", "-destroy", "-auto-approve")
    assert begun.state(STACK) == []


def test_the_cure_of_a_new_cluster_goes_through(begun: World) -> None:
    """The version is set, the cluster upgraded, and then the pool is made."""
    told(begun.folder(STACK).run("apply", "-auto-approve"))
    begun.rig.cloud.gke_versions = ()
    begun.use(config(cluster__gke_version="1.35"))

    begun.deploy([STACK])

    assert unhashed(begun.changes[STACK]) == {"google_container_cluster.cluster": ("update",), POOL: ("create",)}
    assert begun.unsettled([STACK]) == []


def test_a_version_below_the_floor_stops_no_destroy(world: World) -> None:
    """Neither of the stacks in the cluster, nor of the cluster's own."""
    world.deploy(world.use(freed(config())))
    world.rig.cloud.log.clear()
    moved_on(world, "1.33.5-gke.1000000")

    world.destroy()

    assert world.rig.cloud.objects == {}


def joined(settings: Config) -> Config:
    """Make the pool h100 of *settings* one of two choices."""
    llama = dataclasses.replace(settings.models["llama"], node_pools=("h100", "more"))
    return settings.model_copy(update={"models": {"llama": llama}})


def test_a_pool_that_is_made_anew_may_join_a_compute_class(deployed_of: Worlds, tmp_path: Path) -> None:
    """The same plan changes its labels then: it is not judged by the old ones, and one that fails is one error."""
    elastic = deployed_of(ELASTIC).copy(tmp_path)
    more = {"machine_type": "a3-highgpu-8g", "autoscaling": {"max_nodes": 2}}
    on_demand = {"machine_type": "a3-highgpu-8g", "autoscaling": {"max_nodes": 2}, "gpu_driver_version": "LATEST"}
    elastic.use(joined(config(ELASTIC, node_pools__h100=on_demand, node_pools__more=more)))

    changes = unhashed(elastic.folder(STACK).plan())

    assert changes["google_container_node_pool.cluster_pool-h100"] == ("delete", "create")
    elastic.rig.cloud.faults = [Fault("google_container_node_pool", late=True)]
    assert FAULT in told(elastic.folder(STACK).run("apply", "plan"))
    elastic.stop()
