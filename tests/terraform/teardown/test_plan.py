"""`gke-inference teardown` over the real Terraform: what it would do, and where it stops."""

from __future__ import annotations

import copy
import json

import pytest

from gke_inference.findings import wrong
from gke_inference.teardown.obstacles import Obstacles
from platform_config.stack_graph import base_stack, cluster_stack, serving_stack
from tests.configs import changed, config
from tests.gke_inference import documented
from tests.gke_inference.teardown.rig import add_gateway
from tests.synthesized import synthesize
from tests.terraform.teardown.rig import DeployedPlatform, shown_at

BUCKET = "google_storage_bucket"


def test_a_plan_changes_nothing(platform: DeployedPlatform) -> None:
    """Without --yes it prints order, resources, what stays and what controllers made, and all is there afterwards."""
    orphans = [*add_gateway(platform.google), platform.google.add("global/firewalls/gkemcg1-l7-gemma-vpc-global")]
    before = copy.deepcopy(platform.world.rig.cloud.objects)

    plan = platform.teardown()
    shown = platform.teardown(output="text")

    assert plan.code == shown.code == 0, plan.err
    assert list(plan.stacks.values()) == ["destroyed"] * 8 + ["kept"] * 2 + ["blocked"]
    assert [held["path"] for held in plan.document["swept"]] == orphans
    assert {finding["id"] for finding in plan.document["findings"]} == {"PROTECTED", "LEFT-BUCKET"}
    for stack in plan.document["stacks"]:
        assert f"{stack['stack']} " in shown.out
        resources = platform.world.state(stack["stack"])
        assert stack["resources"] == len([one for one in resources if one["mode"] == "managed"])
    assert "gemma-us is protected" in shown.out
    assert "Nothing was changed" in shown.out
    documented.check("teardown", shown_at(shown.out, "cdktf.out"))
    assert platform.world.rig.cloud.objects == before
    assert platform.deletes() == []


def test_what_is_protected_stays_with_all_that_it_needs(platform: DeployedPlatform) -> None:
    """Workloads and fleet go; clusters, network and bucket do not, and a cluster that is named stops all of it."""
    named = platform.teardown("--yes", "--delete-cluster", "gemma-us")
    bucket = platform.teardown("--yes", "--delete-bucket", platform.names.bucket)
    untouched = platform.kinds()
    ran = platform.teardown("--yes")

    assert named.code == bucket.code == 2
    assert "bucket.force_destroy: true in the config" in bucket.err
    assert f"cluster.deletion_protection: false in the config, `make synth`, apply {cluster_stack('us')}" in named.err
    assert "kubernetes_manifest" in untouched
    assert ran.code == 1
    assert list(ran.stacks.values()) == ["destroyed"] * 8 + ["kept"] * 2 + ["blocked"]
    assert {
        "google_container_cluster",
        "google_container_node_pool",
        "google_compute_network",
        BUCKET,
    } < platform.kinds()
    assert not {"kubernetes_manifest", "helm_release", "google_gke_hub_feature"} & platform.kinds()


def test_a_state_that_cannot_be_read_stops_all_of_it(platform: DeployedPlatform) -> None:
    """Nothing is destroyed then, and Terraform's error is reported."""
    stack = platform.world.app.outdir / "stacks" / base_stack("us")
    (stack / "broken.tf.json").write_text("{")

    ran = platform.teardown("--yes")

    assert ran.code == 3
    assert f"the state of {base_stack('us')} could not be read" in ran.err
    assert "kubernetes_manifest" in platform.kinds()


def test_a_terraform_that_is_too_old_stops_all_of_it(platform: DeployedPlatform) -> None:
    """Before anything is destroyed, with the version that the stack asks for."""
    stack = platform.world.app.outdir / "stacks" / base_stack("us")
    (stack / "newer.tf.json").write_text('{"terraform": {"required_version": ">= 99.0.0"}}')

    ran = platform.teardown("--yes")

    assert ran.code == 3
    assert f"Nothing was changed: the state of {base_stack('us')} could not be read" in ran.err
    assert "Unsupported Terraform Core version" in ran.err
    assert '"required_version": ">= 99.0.0"' in ran.err
    assert "kubernetes_manifest" in platform.kinds()


def test_a_region_that_only_left_the_file_is_not_forgotten(platform: DeployedPlatform) -> None:
    """Its stacks are reported with how to destroy them too; with --yes nothing is destroyed before that is done."""
    smaller = config(regions__eu=None)
    platform.path.write_text(json.dumps(changed(regions__eu=None)))
    synthesize(smaller, platform.world.app.outdir)
    before = copy.deepcopy(platform.world.rig.cloud.objects)

    plan = platform.teardown()
    ran = platform.teardown("--yes")

    found = [one["found"].split()[0] for one in plan.document["findings"] if one["id"] == "STALE"]
    assert (plan.code, found) == (1, [cluster_stack("eu"), base_stack("eu"), serving_stack("eu")])
    assert "STATELESS" not in plan.findings
    assert ran.code == 2
    assert "put what it was made from back into the config (regions.eu) and run `make synth`" in ran.err
    assert platform.world.rig.cloud.objects == before


def test_a_living_platform_that_no_state_knows_is_wrong(platform: DeployedPlatform) -> None:
    """A lost state is no empty project: clusters and network are reported, with their import; nothing is destroyed."""
    platform.google.add("global/firewalls/gkemcg1-l7-gemma-vpc-global")
    for stack in platform.world.app.stacks:
        platform.state_file(stack).unlink()
    before = copy.deepcopy(platform.world.rig.cloud.objects)

    plan = platform.teardown()
    ran = platform.teardown("--yes")
    shown = platform.teardown(output="text")

    assert [plan.code, ran.code] == [1, 1]
    assert set(plan.stacks.values()) == {"empty"}
    stateless = [finding for finding in plan.document["findings"] if finding["id"] == "STATELESS"]
    living = ("cluster gemma-eu", "cluster gemma-us", "network gemma-vpc")
    assert sorted(one["found"] for one in stateless) == [f"{what} is there, and in no state" for what in living]
    fixes = " ".join(finding["fix"] for finding in stateless)
    assert "import google_container_cluster.cluster projects/my-project-id/locations/us-east5" in fixes
    assert "the machine with terraform-state/" in fixes
    assert plan.document["swept"] == ran.document["swept"] == []
    assert ran.findings["SWEEP"]["found"].startswith(
        "not swept: projects/my-project-id/global/networks/gemma-vpc is in no state"
    )
    assert "Correct first what is wrong" in shown.out
    assert platform.world.rig.cloud.objects == before
    assert platform.deletes() == []


def test_what_stands_in_the_way_is_planned_and_stops_it(
    platform: DeployedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --yes nothing is destroyed before it is gone: exit code 2, with the fix."""
    in_the_way = wrong("ZONE-RECORDS", "1 records that Terraform did not make", "none", "delete them")
    monkeypatch.setattr(Obstacles, "findings", lambda self: [in_the_way])
    before = copy.deepcopy(platform.world.rig.cloud.objects)

    plan = platform.teardown()
    ran = platform.teardown("--yes")

    assert (plan.code, plan.findings["ZONE-RECORDS"]["fix"]) == (1, "delete them")
    assert (ran.code, "1 records that Terraform did not make\n    fix: delete them" in ran.err) == (2, True)
    assert platform.world.rig.cloud.objects == before
