"""An apply that failed half-way goes on when it is run again, and ends where an unbroken one ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    WEIGHTS_STACK,
    base_stack,
    cluster_stack,
    serving_stack,
)
from tests.checks.terraform_schema import BUILT_IN
from tests.configs import EXAMPLE
from tests.rig.cloud import FAULT, PROTECTED, Fault, Key
from tests.rig.wire import Message
from tests.terraform.configs import Worlds
from tests.terraform.world import World

# One of each kind: those of the other regions differ in names.
STACKS = (
    NETWORK_STACK,
    cluster_stack("us"),
    FLEET_STACK,
    base_stack("us"),
    WEIGHTS_STACK,
    serving_stack("us"),
    GATEWAY_STACK,
)


End = tuple[dict[Key, Message], list[Message]]
"""The cloud, and the stack's state."""


def unbroken(deployed: World, stack: str, base: Path) -> End:
    """Apply *stack* once, and return where that ends."""
    world = deployed.copy(base)
    world.rewind(stack, deployed.before[stack])
    world.folder(stack).must("apply", "-auto-approve")
    world.stop()
    return world.rig.cloud.objects, world.state(stack)


def recovered(deployed: World, stack: str, fault: Fault, base: Path) -> tuple[list[tuple[str, ...]], End]:
    """Apply after a failed apply, and return what it does and where it ends."""
    world = deployed.copy(base)
    world.rewind(stack, deployed.before[stack])
    world.rig.cloud.faults = [fault]
    fails_once(world, stack)
    changes, _ = world.folder(stack).deploy()
    world.stop()
    return list(changes.values()), (world.rig.cloud.objects, world.state(stack))


def fails_once(world: World, stack: str) -> None:
    """Fail an apply of *stack* with the one error of the rig: no condition adds another."""
    failed = world.folder(stack).run("apply", "-auto-approve")
    assert (failed.code, failed.text.count(FAULT), failed.errors) == (1, 1, 1), failed.text


@pytest.mark.parametrize("stack", STACKS)
def test_a_create_that_failed_is_made_up_for(stack: str, deployed_of: Worlds, tmp_path: Path) -> None:
    """For each type of the stack its first create fails: the next apply only creates, and ends in the usual state."""
    deployed = deployed_of(EXAMPLE)
    expected = unbroken(deployed, stack, tmp_path / "unbroken")

    def check(kind: str) -> None:
        actions, end = recovered(deployed, stack, Fault(kind), tmp_path / kind)
        assert set(actions) == {("create",)}, kind
        assert end == expected, kind

    with ThreadPoolExecutor(2) as pool:
        # What Terraform has of its own cannot fail.
        list(pool.map(check, [kind for kind in deployed.app.stacks[stack]["resource"] if kind not in BUILT_IN]))


@pytest.mark.parametrize(
    ("stack", "kind"),
    [
        (NETWORK_STACK, "google_compute_subnetwork"),
        (cluster_stack("us"), "google_container_node_pool"),
        (FLEET_STACK, "google_gke_hub_feature"),
        (base_stack("us"), "kubernetes_job_v1"),
        (serving_stack("us"), "helm_release"),
    ],
)
def test_a_create_that_timed_out_is_done_again(stack: str, kind: str, deployed_of: Worlds, tmp_path: Path) -> None:
    """What is there but was reported as failed is replaced, it alone, and the end is the usual one."""
    deployed = deployed_of(EXAMPLE)

    actions, end = recovered(deployed, stack, Fault(kind, late=True), tmp_path / "late")

    assert sorted(set(actions) - {("create",)}) == [("delete", "create")]
    assert actions.count(("delete", "create")) == 1
    assert end == unbroken(deployed, stack, tmp_path / "unbroken")


@pytest.mark.parametrize("late", [True, False])
def test_a_cluster_that_could_not_be_made_is_one_error(late: bool, deployed_of: Worlds, tmp_path: Path) -> None:
    """Whether it is half there or not at all, nobody judges its version, and no pool is begun."""
    deployed = deployed_of(EXAMPLE)
    world = deployed.copy(tmp_path)
    world.rewind(cluster_stack("us"), deployed.before[cluster_stack("us")])
    world.rig.cloud.faults = [Fault("google_container_cluster", late=late)]

    fails_once(world, cluster_stack("us"))

    assert [done.kind for done in world.rig.cloud.log] == ["google_container_cluster"]
    world.stop()


def test_a_protected_cluster_that_is_half_there_goes_on_once_it_is_untainted(
    deployed_of: Worlds, tmp_path: Path
) -> None:
    """Terraform would replace it, and its protection refuses that; docs/troubleshooting.md has the fix."""
    deployed = deployed_of(EXAMPLE)
    world = deployed.copy(tmp_path / "broken")
    world.rewind(cluster_stack("us"), deployed.before[cluster_stack("us")])
    world.rig.cloud.faults = [Fault("google_container_cluster", late=True)]
    fails_once(world, cluster_stack("us"))
    folder = world.folder(cluster_stack("us"))

    refused = folder.run("apply", "-auto-approve")
    folder.must("untaint", "google_container_cluster.cluster")
    changes, _ = folder.deploy()
    world.stop()

    assert (refused.code, PROTECTED in refused.text) == (1, True)
    assert changes.get("google_container_cluster.cluster", ("update",)) == ("update",)
    expected = unbroken(deployed, cluster_stack("us"), tmp_path / "unbroken")
    assert set(world.rig.cloud.objects) == set(expected[0])
