"""`inference-ops teardown --yes` over the real Terraform: a platform that may go goes, stack by stack."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from platform_config.load import load
from platform_config.stack_graph import FLEET_STACK, NETWORK_STACK, cluster_stack
from tests.configs import EXAMPLE, changed
from tests.gke_inference import documented
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.teardown_rig import add_gateway, stand_in
from tests.rig.cloud import Key
from tests.rig.wire import Message
from tests.terraform.configs import Worlds
from tests.terraform.teardown_rig import Capsys, DeployedPlatform, Ran, Slow, shown_at
from tests.terraform.world import World

__all__ = ["stand_in"]

BUCKET = "google_storage_bucket"
Freed = tuple[World, Path]


@pytest.fixture(scope="module")
def freed(deployed_of: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Freed]:
    """The platform, once clusters and bucket may go by their settings, with the file that says so."""
    folder = tmp_path_factory.mktemp("freed")
    path = folder / "freed.yaml"
    path.write_text(yaml.safe_dump(changed(cluster__deletion_protection=False, bucket__force_destroy=True)))
    world = deployed_of(EXAMPLE).copy(folder)
    world.deploy(world.use(load(path)))
    yield world, path
    world.stop()


@pytest.fixture(scope="module")
def stripped(freed: Freed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Freed]:
    """The same with clusters and network alone."""
    world = freed[0].copy(tmp_path_factory.mktemp("stripped"))
    world.destroy({stack for stack in world.app.stacks if stack.startswith("workload-")} | {FLEET_STACK})
    yield world, freed[1]
    world.stop()


@pytest.fixture
def ground(
    stripped: Freed, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> Iterator[DeployedPlatform]:
    """Clusters and network, free to go, and nothing on them."""
    world = stripped[0].copy(tmp_path_factory.mktemp("ground"))
    made = DeployedPlatform(world, tmp_path_factory.mktemp("config"), stand_in, capsys)
    made.use(stripped[1])
    yield made
    world.stop()


def test_a_freed_platform_goes_and_the_bucket_stays(
    freed: Freed, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> None:
    """All goes, orphans too, but for the bucket that may go; again there is nothing to do; named, it goes as well."""
    world = freed[0].copy(tmp_path_factory.mktemp("copy"))
    platform = DeployedPlatform(world, tmp_path_factory.mktemp("config"), stand_in, capsys)
    platform.use(freed[1])
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
    assert became == ["destroyed"] * 9 + ["destroyed, but for the bucket and what it needs"]
    assert [path for path in orphans if path not in first.out] == []
    assert platform.google.items == {}
    assert left == {BUCKET, "google_project_service"}
    assert second.findings["LEFT-BUCKET"]["needed"] == "stays: it was not named"
    assert list(second.stacks.values()) == ["empty"] * 9 + ["bucket kept"]
    assert [stack["tries"] for stack in second.document["stacks"]] == [0] * 10
    assert world.rig.cloud.objects == {}
    world.stop()


def test_an_object_in_use_is_tried_again_until_it_goes(ground: DeployedPlatform) -> None:
    """What holds the network is swept once no cluster is there; what comes back is swept again before the next try."""
    group = ground.google.add("zones/us-east5-b/networkEndpointGroups/k8s1-late")
    rule = ground.google.add("global/firewalls/gke-gemma-us-0a1b-mcsd")
    holder = ground.hold_network()
    deleted: list[str] = []

    def delete(path: str) -> None:
        deleted.append(path)
        if deleted.count(rule) == 2:
            del ground.world.rig.cloud.objects[holder]

    class Network(dict[Key, Message]):
        """Its rule is back when Terraform looks at the network."""

        def items(self) -> Any:
            if holder in self and deleted.count(rule) == 1:
                ground.google.add("global/firewalls/gke-gemma-us-0a1b-mcsd")
            return super().items()

    ground.google.deleted = delete
    ground.world.rig.cloud.objects = Network(ground.world.rig.cloud.objects)
    ran = ground.teardown("--yes")

    assert ran.code == 0, ran.out + ran.err
    assert ran.document["stacks"][-1]["tries"] == 2
    assert deleted == [group, rule, rule]
    assert {held["path"] for held in ran.document["swept"]} == {group, rule}
    assert "is already being used by google_compute_route" in ran.err


def test_tries_are_bounded_and_terraforms_error_is_reported(ground: DeployedPlatform) -> None:
    """What stays in use fails after --retries more tries, with Terraform's own error; all else is gone."""
    ground.hold_network()
    ground.google.there = {"gemma-vpc"}

    ran = ground.teardown("--yes", "--retries", "1")

    assert ran.code == 1
    assert list(ran.stacks.values()) == ["empty"] * 7 + ["destroyed"] * 2 + ["failed"]
    assert ran.document["stacks"][-1]["tries"] == 2
    assert "is already being used by google_compute_route" in ran.findings["STACK"]["found"]
    assert ran.findings["LEFT-NETWORK"]["status"] == "wrong"
    assert "google_compute_router" not in ground.kinds()


def test_a_refusal_is_not_tried_again(ground: DeployedPlatform) -> None:
    """Protection that came behind Terraform's back is seen at the destroy, once; the other region goes on."""
    [cluster] = [
        held for key, held in ground.world.rig.cloud.objects.items()
        if key[0] == "google_container_cluster" and held["name"] == "gemma-us"
    ]  # fmt: skip
    cluster["deletion_protection"] = True

    ran = ground.teardown("--yes")

    assert ran.code == 1
    tries = {stack["stack"]: (stack["result"], stack["tries"]) for stack in ran.document["stacks"]}
    assert tries[cluster_stack("us")] == ("failed", 1)
    assert tries[cluster_stack("eu")] == ("destroyed", 1)
    assert tries[NETWORK_STACK] == ("blocked", 0)
    assert "deletion_protection" in ran.document["stacks"][-3]["why"] + ran.document["stacks"][-2]["why"]


@pytest.mark.parametrize("kill", [False, True], ids=["asked to end", "killed"])
def test_a_broken_run_goes_on_when_it_is_run_again(kill: bool, ground: DeployedPlatform) -> None:
    """A signal, however often it is sent, lets Terraform end its step; even a killed run leaves a state that holds."""
    cloud = ground.world.rig.cloud
    slow = cloud.objects = Slow(cloud.objects)
    process = ground.start("--yes")
    assert slow.reached.wait(60)
    for _ in range(1 if kill else 2):
        process.send_signal(signal.SIGKILL if kill else signal.SIGINT)
        time.sleep(0.3)
    slow.go.set()
    out, err = process.communicate(timeout=60)
    broken = Ran(process.returncode, out, err)

    again = ground.teardown("--yes", "--retries", "20")

    if not kill:
        assert broken.code == 3
        assert broken.document["interrupted"]
        assert "operation canceled" not in broken.out  # what Terraform prints after a second signal
        assert set(broken.stacks.values()) == {"empty", "failed", "not reached"}
    assert again.code == 0, again.out + again.err
    assert ground.kinds() == {BUCKET, "google_project_service"}


def test_what_google_does_not_say_is_not_good(ground: DeployedPlatform) -> None:
    """Without the permission to look, Terraform destroys all the same, and the outcome is that it is not known."""
    for method in ("compute.firewalls.list", "container.projects.locations.clusters.list"):
        ground.stand_in.faults[method] = Fault(403, "permission denied")

    plan = ground.teardown()
    ran = ground.teardown("--yes")

    assert plan.code == ran.code == 3
    assert plan.findings["SWEEP"]["status"] == ran.findings["SWEEP"]["status"] == "unknown"
    assert ran.findings["LEFT-CLUSTER"]["status"] == "unknown"
    assert ground.kinds() == {BUCKET, "google_project_service"}
    assert ground.deletes() == []


def test_a_terraform_that_goes_away_fails_the_next_stack(ground: DeployedPlatform, tmp_path: Path) -> None:
    """What was done is reported, with what is left, and the exit code says that something is wrong."""
    script = tmp_path / "terraform"
    real = shutil.which("terraform")
    script.write_text(f'#!/bin/sh\n[ "$2" = destroy ] && rm -f "$0"\nexec {real} "$@"\n')
    script.chmod(0o755)
    ground.environment["PATH"] = f"{tmp_path}:/usr/bin:/bin"

    ran = ground.teardown("--yes")

    assert ran.code == 1
    assert sorted(ran.stacks[cluster_stack(key)] for key in ("us", "eu")) == ["destroyed", "failed"]
    assert ran.stacks[NETWORK_STACK] == "blocked"
    assert any("terraform could not be run" in stack["why"] for stack in ran.document["stacks"])
    assert ran.findings["LEFT-NETWORK"]["status"] == "wrong"
