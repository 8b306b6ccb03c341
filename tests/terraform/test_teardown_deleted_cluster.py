"""`inference-ops teardown` over the real Terraform where a cluster is gone already."""

from __future__ import annotations

import copy
import fcntl
from collections.abc import Iterator

import pytest

from platform_config.stack_graph import GATEWAY_STACK, WEIGHTS_STACK, base_stack, cluster_stack, serving_stack
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.teardown_rig import stand_in
from tests.terraform.teardown_rig import Capsys, DeployedPlatform
from tests.terraform.test_teardown_run import BUCKET, Freed, freed
from tests.terraform.world import World

__all__ = ["freed", "stand_in"]

GET = "container.projects.locations.clusters.get"


@pytest.fixture
def platform(
    freed: Freed, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> Iterator[DeployedPlatform]:
    """The platform, free to go."""
    world = freed[0].copy(tmp_path_factory.mktemp("deleted-cluster"))
    made = DeployedPlatform(world, tmp_path_factory.mktemp("config"), stand_in, capsys)
    made.use(freed[1])
    yield made
    world.stop()


@pytest.mark.parametrize("name", ["gemma-eu", "gemma-us"])
def test_a_cluster_that_is_gone_holds_nothing_up(platform: DeployedPlatform, name: str) -> None:
    """Its objects are removed from the states, and reported; all else is destroyed, grants of its workloads too."""
    platform.delete_cluster(name)
    before = copy.deepcopy(platform.world.rig.cloud.objects)

    plan = platform.teardown()
    unchanged = platform.world.rig.cloud.objects == before
    ran = platform.teardown("--yes", "--retries", "0")

    gone = {base_stack("eu"), serving_stack("eu")} if name == "gemma-eu" else {
        GATEWAY_STACK, WEIGHTS_STACK, base_stack("us"), serving_stack("us"),
    }  # fmt: skip
    assert unchanged
    for report in (plan, ran):
        assert {stack for stack, result in report.stacks.items() if result == "forgotten"} == gone
        whys = {stack["stack"]: stack["why"] for stack in report.document["stacks"]}
        assert all(whys[stack].startswith(f"cluster {name} is gone, and ") for stack in gone)
    assert [plan.code, ran.code] == [0, 0], ran.out + ran.err
    assert platform.kinds() == {BUCKET, "google_project_service"}
    assert not any(one["mode"] == "managed" for stack in gone for one in platform.world.state(stack))


@pytest.mark.parametrize("fault", [403, 503])
def test_a_cluster_that_google_says_nothing_of_is_not_gone(
    platform: DeployedPlatform, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    """No object is removed from a state on a 403 or a 503, and the report says that it is not known."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    platform.delete_cluster("gemma-eu")
    platform.stand_in.faults[GET] = Fault(fault, "no")
    before = platform.world.state(serving_stack("eu"))

    plan = platform.teardown()
    ran = platform.teardown("--yes", "--retries", "0")

    assert [plan.code, ran.code] == [3, 1]
    assert "forgotten" not in [*plan.stacks.values(), *ran.stacks.values()]
    assert platform.world.state(serving_stack("eu")) == before
    assert plan.findings["CLUSTERS"]["status"] == ran.findings["CLUSTERS"]["status"] == "unknown"
    assert "roles/container.clusterViewer" in plan.findings["CLUSTERS"]["fix"] or fault == 503


def test_objects_of_a_cluster_that_is_gone_hold_no_other_stack(platform: DeployedPlatform) -> None:
    """Where the state is locked, the report has the command for it, and all else is destroyed all the same."""
    platform.delete_cluster("gemma-eu")
    stack = serving_stack("eu")
    with platform.state_file(stack).open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        ran = platform.teardown("--yes", "--retries", "0")
    again = platform.teardown("--yes")

    assert ran.code == 1
    assert [name for name, result in ran.stacks.items() if result not in ("destroyed", "forgotten", "bucket kept")] == [
        stack
    ]
    assert platform.kinds() == {BUCKET, "google_project_service"}
    problem = ran.findings["STACK"]
    assert "Error acquiring the state lock" in problem["found"]
    folder = platform.world.app.outdir / "stacks" / stack
    assert f"or: terraform -chdir={folder} state rm helm_release.inference_pool_" in problem["fix"]
    assert (again.code, again.stacks[stack]) == (0, "forgotten")


def test_a_cluster_that_is_gone_is_not_protected(
    world: World, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> None:
    """Whatever its state says; it may be named, for nothing has to be set free. The other one stays."""
    platform = DeployedPlatform(world, tmp_path_factory.mktemp("config"), stand_in, capsys)
    platform.delete_cluster("gemma-eu")

    plan = platform.teardown("--delete-cluster", "gemma-eu")
    ran = platform.teardown("--yes", "--delete-cluster", "gemma-eu", "--retries", "0")

    assert [finding["found"].split()[0] for finding in plan.document["findings"] if finding["id"] == "PROTECTED"] == [
        "gemma-us"
    ]
    assert plan.stacks[cluster_stack("eu")] == ran.stacks[cluster_stack("eu")] == "destroyed"
    assert [plan.stacks[cluster_stack("us")], ran.stacks[cluster_stack("us")]] == ["kept", "kept"]
    assert [cluster["name"] for cluster in platform.google.existing()] == ["gemma-us"]
