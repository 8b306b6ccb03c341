"""`gke-inference teardown` over the real Terraform where a cluster is gone already."""

from __future__ import annotations

import copy
import fcntl

import pytest
import yaml

from platform_config.load import load
from platform_config.stack_graph import GATEWAY_STACK, WEIGHTS_STACK, base_stack, cluster_stack, serving_stack
from tests.configs import changed
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.synthesized import synthesize
from tests.terraform.teardown.rig import BUCKET, Capsys, DeployedPlatform
from tests.terraform.world import World

GET = "container.projects.locations.clusters.get"


@pytest.mark.parametrize("name", ["gemma-eu", "gemma-us"])
def test_a_cluster_that_is_gone_holds_nothing_up(removable: DeployedPlatform, name: str) -> None:
    """Its objects are removed from the states, and reported; all else is destroyed, grants of its workloads too."""
    removable.delete_cluster(name)
    before = copy.deepcopy(removable.world.rig.cloud.objects)

    plan = removable.teardown()
    unchanged = removable.world.rig.cloud.objects == before
    ran = removable.teardown("--yes", "--retries", "0")

    gone = {base_stack("eu"), serving_stack("eu")} if name == "gemma-eu" else {
        GATEWAY_STACK, WEIGHTS_STACK, base_stack("us"), serving_stack("us"),
    }  # fmt: skip
    assert unchanged
    for report in (plan, ran):
        assert {stack for stack, result in report.stacks.items() if result == "forgotten"} == gone
        whys = {stack["stack"]: stack["why"] for stack in report.document["stacks"]}
        assert all(whys[stack].startswith(f"cluster {name} is gone, and ") for stack in gone)
    assert [plan.code, ran.code] == [0, 0], ran.out + ran.err
    assert removable.kinds() == {BUCKET, "google_project_service"}
    assert not any(one["mode"] == "managed" for stack in gone for one in removable.world.state(stack))


def test_the_gateway_is_in_the_cluster_that_its_state_names(removable: DeployedPlatform) -> None:
    """A config that has moved gateway and download since, unapplied, does not change whose objects are gone."""
    moved = changed(regions__us__config_cluster=False, regions__eu__config_cluster=True)
    removable.path.write_text(yaml.safe_dump(moved))
    synthesize(load(removable.path), removable.world.app.outdir)
    removable.delete_cluster("gemma-us")

    plan = removable.teardown()

    gone = {GATEWAY_STACK, WEIGHTS_STACK, base_stack("us"), serving_stack("us")}
    assert {stack for stack, result in plan.stacks.items() if result == "forgotten"} == gone


@pytest.mark.parametrize("fault", [403, 503])
def test_a_cluster_that_google_says_nothing_of_is_not_gone(
    removable: DeployedPlatform, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    """No object is removed from a state on a 403 or a 503, and the report says that it is not known."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    removable.delete_cluster("gemma-eu")
    removable.stand_in.faults[GET] = Fault(fault, "no")
    before = removable.world.state(serving_stack("eu"))

    plan = removable.teardown()
    ran = removable.teardown("--yes", "--retries", "0")

    assert [plan.code, ran.code] == [3, 1]
    assert "forgotten" not in [*plan.stacks.values(), *ran.stacks.values()]
    assert removable.world.state(serving_stack("eu")) == before
    assert plan.findings["CLUSTERS"]["status"] == ran.findings["CLUSTERS"]["status"] == "unknown"
    assert "roles/container.clusterViewer" in plan.findings["CLUSTERS"]["fix"] or fault == 503


def test_objects_of_a_cluster_that_is_gone_hold_no_other_stack(removable: DeployedPlatform) -> None:
    """Where the state is locked, the report has the command for it, and all else is destroyed all the same."""
    removable.delete_cluster("gemma-eu")
    stack = serving_stack("eu")
    with removable.state_file(stack).open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        ran = removable.teardown("--yes", "--retries", "0")
    again = removable.teardown("--yes")

    assert ran.code == 1
    assert [name for name, result in ran.stacks.items() if result not in ("destroyed", "forgotten", "bucket kept")] == [
        stack
    ]
    assert removable.kinds() == {BUCKET, "google_project_service"}
    problem = ran.findings["STACK"]
    assert "Error acquiring the state lock" in problem["found"]
    folder = removable.world.app.outdir / "stacks" / stack
    assert f"or: terraform -chdir={folder} state rm helm_release.model-gemma_pool_" in problem["fix"]
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
