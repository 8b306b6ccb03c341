"""Weights that Cloud Run downloads: a change of the loader, another revision, and a run that left nothing."""

from __future__ import annotations

from typing import Any

from constructs_lib.resource_address import resource_address
from platform_config.stack_graph import LOAD_STACK, NETWORK_STACK, WEIGHTS_STACK
from tests.configs import config
from tests.terraform.world import World

LOADER = "models__gemma__weights__loader"
REVISION = "models__gemma__weights__revision"
JOB = "google_cloud_run_v2_job"


def jobs(world: World) -> list[dict[str, Any]]:
    """Return the Cloud Run jobs that are there."""
    return [held for key, held in world.rig.cloud.objects.items() if key[0] == JOB]


def test_a_platform_changes_to_cloud_run_and_servers_wait_for_the_mark(world: World) -> None:
    """The Job goes first, no server changes; a revision whose mark is missing stops the plan until a job ran again."""
    world.destroy([WEIGHTS_STACK])
    world.changes = {}
    world.deploy(world.use(config(**{LOADER: "cloud_run"})))
    [first] = jobs(world)

    assert {stack for stack, changes in world.changes.items() if changes} == {NETWORK_STACK, LOAD_STACK}
    assert first["run_execution_token"] == "run"
    assert world.unsettled() == []

    first["run_execution_token"] = None  # as Google answers once somebody has run the job by hand
    assert world.unsettled() == []

    revision = "2" * 40
    mark = f"google/gemma-3-27b-it/{revision}/.complete"
    world.rig.cloud.lost_marks = frozenset({mark})
    world.use(config(**{LOADER: "cloud_run", REVISION: revision}))
    failed = world.folder(LOAD_STACK).run("apply", "-auto-approve")
    planned = world.folder(LOAD_STACK).run("plan")
    [second] = jobs(world)

    assert second["name"] != first["name"]
    assert second["run_execution_token"] == "run"
    for ended in (failed, planned):
        assert ended.code == 1
        assert f"has no {mark}" in " ".join(ended.text.replace("│", " ").split())

    world.rig.cloud.lost_marks = frozenset()
    address = resource_address(JOB, "load-gemma", "job-weights")
    world.folder(LOAD_STACK).must("apply", "-auto-approve", f"-replace={address}")
    assert len(jobs(world)) == 1
