"""`gke-inference teardown --yes` over the real Terraform: a platform that may go goes, stack by stack."""

from __future__ import annotations

import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from platform_config.load import load
from platform_config.names import Names
from platform_config.stack_graph import NETWORK_STACK, OBSERVABILITY_STACK, cluster_stack
from tests.configs import EXAMPLE
from tests.gke_inference import documented
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.teardown.rig import add_gateway
from tests.rig.cloud import Key
from tests.rig.wire import Message
from tests.terraform.teardown.rig import BUCKET, DeployedPlatform, Ran, Slow, shown_at


def test_a_platform_that_may_be_deleted_goes_and_the_bucket_stays(removable: DeployedPlatform) -> None:
    """All is destroyed, orphans too, but for the bucket; again there is nothing to do; named, it is deleted as well."""
    platform = removable
    platform.google.there = {platform.names.bucket}

    orphans = [*add_gateway(platform.google), platform.google.add("global/firewalls/gkemcg1-l7-gemma-vpc-global")]

    first = platform.teardown("--yes", output="text")
    left = platform.kinds()
    second = platform.teardown("--yes")
    platform.google.there = set()
    third = platform.teardown("--yes", "--delete-bucket", platform.names.bucket, "--delete-cluster", "gemma-us")

    assert first.code == second.code == third.code == 0, first.out + first.err
    documented.check("teardown-done", shown_at(first.out, "cdktf.out"))
    became = re.findall(r"^ \d+ +\S+ +\d+ +(.*?) *$", first.out, re.MULTILINE)
    assert became == ["destroyed"] * 10 + ["destroyed, but for the bucket and what it needs"]
    assert [path for path in orphans if path not in first.out] == []
    assert platform.google.items == {}
    assert left == {BUCKET, "google_project_service"}
    assert second.findings["LEFT-BUCKET"]["needed"] == "stays: it was not named"
    assert list(second.stacks.values()) == ["empty"] * 10 + ["bucket kept"]
    assert [stack["tries"] for stack in second.document["stacks"]] == [0] * 11
    assert platform.world.rig.cloud.objects == {}


def test_no_stack_waits_for_the_one_that_watches(removable: DeployedPlatform) -> None:
    """A metric that a policy made by hand names cannot be deleted: that is reported, and all else goes."""
    platform = removable
    by_hand: Key = ("google_monitoring_alert_policy", "", "by-hand")
    metric = Names(load(EXAMPLE)).proxy_errors
    platform.world.rig.cloud.objects[by_hand] = {"id": "projects/p/alertPolicies/1", "query": f"rate({metric}[5m]) > 1"}

    ran = platform.teardown("--yes", "--retries", "0")

    assert ran.code == 1
    assert next(iter(ran.stacks.items())) == (OBSERVABILITY_STACK, "failed")
    assert f"{metric} is already being used" in ran.findings["STACK"]["found"]
    assert set(list(ran.stacks.values())[1:]) == {"destroyed", "bucket kept"}
    assert platform.kinds() == {BUCKET, by_hand[0], "google_logging_metric", "google_project_service"}


def test_an_object_in_use_is_tried_again_until_it_goes(clusters_only: DeployedPlatform) -> None:
    """What holds the network is swept once no cluster is there; what comes back is swept again before the next try."""
    group = clusters_only.google.add("zones/us-east5-b/networkEndpointGroups/k8s1-late")
    rule = clusters_only.google.add("global/firewalls/gke-gemma-us-0a1b-mcsd")
    holder = clusters_only.hold_network()
    deleted: list[str] = []

    def delete(path: str) -> None:
        deleted.append(path)
        if deleted.count(rule) == 2:
            del clusters_only.world.rig.cloud.objects[holder]

    class Network(dict[Key, Message]):
        """Its rule is back when Terraform looks at the network."""

        def items(self) -> Any:
            if holder in self and deleted.count(rule) == 1:
                clusters_only.google.add("global/firewalls/gke-gemma-us-0a1b-mcsd")
            return super().items()

    clusters_only.google.deleted = delete
    clusters_only.world.rig.cloud.objects = Network(clusters_only.world.rig.cloud.objects)
    ran = clusters_only.teardown("--yes")

    assert ran.code == 0, ran.out + ran.err
    assert ran.document["stacks"][-1]["tries"] == 2
    assert deleted == [group, rule, rule]
    assert {held["path"] for held in ran.document["swept"]} == {group, rule}
    assert "is already being used by google_compute_route" in ran.err


def test_tries_are_bounded_and_terraforms_error_is_reported(clusters_only: DeployedPlatform) -> None:
    """What stays in use fails after --retries more tries, with Terraform's own error; all else is gone."""
    clusters_only.hold_network()
    clusters_only.google.there = {"gemma-vpc"}

    ran = clusters_only.teardown("--yes", "--retries", "1")

    assert ran.code == 1
    assert list(ran.stacks.values()) == ["empty"] * 8 + ["destroyed"] * 2 + ["failed"]
    assert ran.document["stacks"][-1]["tries"] == 2
    assert "is already being used by google_compute_route" in ran.findings["STACK"]["found"]
    assert ran.findings["LEFT-NETWORK"]["status"] == "wrong"
    assert "google_compute_router" not in clusters_only.kinds()


def test_a_refusal_is_not_tried_again(clusters_only: DeployedPlatform) -> None:
    """Protection that came behind Terraform's back is seen at the destroy, once; the other region goes on."""
    [cluster] = [
        held for key, held in clusters_only.world.rig.cloud.objects.items()
        if key[0] == "google_container_cluster" and held["name"] == "gemma-us"
    ]  # fmt: skip
    cluster["deletion_protection"] = True

    ran = clusters_only.teardown("--yes")

    assert ran.code == 1
    tries = {stack["stack"]: (stack["result"], stack["tries"]) for stack in ran.document["stacks"]}
    assert tries[cluster_stack("us")] == ("failed", 1)
    assert tries[cluster_stack("eu")] == ("destroyed", 1)
    assert tries[NETWORK_STACK] == ("blocked", 0)
    assert "deletion_protection" in ran.document["stacks"][-3]["why"] + ran.document["stacks"][-2]["why"]


@pytest.mark.parametrize("kill", [False, True], ids=["asked to end", "killed"])
def test_a_broken_run_goes_on_when_it_is_run_again(kill: bool, clusters_only: DeployedPlatform) -> None:
    """A signal, however often it is sent, lets Terraform end its step; even a killed run leaves a state that holds."""
    cloud = clusters_only.world.rig.cloud
    slow = cloud.objects = Slow(cloud.objects)
    process = clusters_only.start("--yes")
    assert slow.reached.wait(60)
    for _ in range(1 if kill else 2):
        process.send_signal(signal.SIGKILL if kill else signal.SIGINT)
        time.sleep(0.3)
    slow.go.set()
    out, err = process.communicate(timeout=60)
    broken = Ran(process.returncode, out, err)

    again = clusters_only.teardown("--yes", "--retries", "20")

    if not kill:
        assert broken.code == 3
        assert broken.document["interrupted"]
        assert "operation canceled" not in broken.out  # what Terraform prints after a second signal
        assert set(broken.stacks.values()) == {"empty", "failed", "not reached"}
    assert again.code == 0, again.out + again.err
    assert clusters_only.kinds() == {BUCKET, "google_project_service"}


def test_what_google_does_not_say_is_not_good(clusters_only: DeployedPlatform) -> None:
    """Without the permission to look, Terraform destroys all the same, and the outcome is that it is not known."""
    for method in ("compute.firewalls.list", "container.projects.locations.clusters.list"):
        clusters_only.stand_in.faults[method] = Fault(403, "permission denied")

    plan = clusters_only.teardown()
    ran = clusters_only.teardown("--yes")

    assert plan.code == ran.code == 3
    assert plan.findings["SWEEP"]["status"] == ran.findings["SWEEP"]["status"] == "unknown"
    assert ran.findings["LEFT-CLUSTER"]["status"] == "unknown"
    assert clusters_only.kinds() == {BUCKET, "google_project_service"}
    assert clusters_only.deletes() == []


def test_a_terraform_that_goes_away_fails_the_next_stack(clusters_only: DeployedPlatform, tmp_path: Path) -> None:
    """What was done is reported, with what is left, and the exit code says that something is wrong."""
    script = tmp_path / "terraform"
    real = shutil.which("terraform")
    script.write_text(f'#!/bin/sh\n[ "$2" = destroy ] && rm -f "$0"\nexec {real} "$@"\n')
    script.chmod(0o755)
    clusters_only.environment["PATH"] = f"{tmp_path}:/usr/bin:/bin"

    ran = clusters_only.teardown("--yes")

    assert ran.code == 1
    assert sorted(ran.stacks[cluster_stack(key)] for key in ("us", "eu")) == ["destroyed", "failed"]
    assert ran.stacks[NETWORK_STACK] == "blocked"
    assert any("terraform could not be run" in stack["why"] for stack in ran.document["stacks"])
    assert ran.findings["LEFT-NETWORK"]["status"] == "wrong"
