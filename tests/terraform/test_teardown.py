"""`inference-ops teardown` over the real Terraform: a deployed platform goes, stack by stack, and only what may go."""

from __future__ import annotations

import copy
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.cli import main
from stacks.load import load
from stacks.names import Names
from tests.configs import EXAMPLE, changed
from tests.operations import conftest, documented, google_stand_in
from tests.operations.google_stand_in import Fault, GoogleStandIn
from tests.operations.teardown_cloud import TeardownCloud
from tests.rig.cloud import Key
from tests.rig.wire import Message
from tests.terraform.configs import Worlds
from tests.terraform.world import World

ROOT = EXAMPLE.parent.parent
PROGRAM = """
import sys
from operations.cli import main
sys.exit(main())
"""
QUICK = ("--pause-sec", "0.2", "--wait-sec", "1")
BUCKET = "google_storage_bucket"
Freed = tuple[World, Path]
Capsys = pytest.CaptureFixture[str]


class Ran(conftest.Ran):
    """What the command left behind, and what it tells of stacks."""

    @property
    def stacks(self) -> dict[str, str]:
        """What became of each stack."""
        return {stack["stack"]: stack["result"] for stack in self.document["stacks"]}

    @property
    def findings(self) -> dict[str, dict[str, Any]]:
        """By id."""
        return {finding["id"]: finding for finding in self.document["findings"]}


class Platform:
    """A deployed platform, its config file, and Google as the rest of the command sees it."""

    def __init__(self, world: World, folder: Path, stand_in: GoogleStandIn, capsys: Capsys) -> None:
        self.world = world
        self.capsys = capsys
        self.path = folder / "platform.yaml"
        self.path.write_text(EXAMPLE.read_text())
        self.config = load(self.path)
        self.names = Names(self.config)
        self.google = TeardownCloud(self.config)
        self.google.serve(stand_in)
        self.stand_in = stand_in
        google = stand_in.environment(folder)
        self.environment = world.rig.environment | google | {"COLUMNS": "100", "PYTHONPATH": str(ROOT)}

    def use(self, path: Path) -> None:
        """Take the file at *path*, which was applied, for the config."""
        self.path.write_text(path.read_text())

    def words(self, *arguments: str, output: str = "json") -> list[str]:
        """The command line."""
        place = ("--config", str(self.path), "--output", output)
        return [*place, "teardown", "--outdir", str(self.world.app.outdir), *QUICK, *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run the command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *self.words(*arguments)],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def teardown(self, *arguments: str, output: str = "json") -> Ran:
        """Run the command to its end."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["inference-ops", *self.words(*arguments, output=output)])
            code = main()
        captured = self.capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def kinds(self) -> set[str]:
        """Types of what is there."""
        return {key[0] for key in self.world.rig.cloud.objects}

    def deletes(self) -> list[str]:
        """Methods that Google was asked for and that delete."""
        return [request.method for request in self.stand_in.requests if request.http_method == "DELETE"]

    def hold_network(self) -> Key:
        """Something that no stack knows uses the network; gives its key in the cloud."""
        key = ("google_compute_route", "", self.google.path("global/routes/held"))
        network = self.google.path(f"global/networks/{self.names.network}")
        self.world.rig.cloud.objects[key] = {"id": key[2], "network": network}
        return key


class Slow(dict[Key, Message]):
    """The objects of a cloud; the first that is deleted takes as long as the test wants."""

    def __init__(self, objects: dict[Key, Message]) -> None:
        super().__init__(objects)
        self.reached = threading.Event()
        self.go = threading.Event()

    def pop(self, key: Key, default: Any = None) -> Any:
        """Delete."""
        self.reached.set()
        assert self.go.wait(60)
        return super().pop(key, default)


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
    world.destroy({stack for stack in world.app.stacks if stack.startswith("workload-")} | {"infra-fleet"})
    yield world, freed[1]
    world.stop()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStandIn]:
    """Google's APIs, that of buckets included."""
    monkeypatch.setattr(google_stand_in, "APIS", (*google_stand_in.APIS, "storage.v1"))
    with GoogleStandIn().serving() as served:
        yield served


@pytest.fixture
def platform(
    world: World, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> Platform:
    """The platform of the example, deployed; its clusters are protected."""
    return Platform(world, tmp_path_factory.mktemp("platform"), stand_in, capsys)


@pytest.fixture
def ground(
    stripped: Freed, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> Iterator[Platform]:
    """Clusters and network, free to go, and nothing on them."""
    world = stripped[0].copy(tmp_path_factory.mktemp("ground"))
    made = Platform(world, tmp_path_factory.mktemp("config"), stand_in, capsys)
    made.use(stripped[1])
    yield made
    world.stop()


def test_a_plan_changes_nothing(platform: Platform) -> None:
    """Without --yes it tells order, resources, what stays and what controllers made, and all is there afterwards."""
    ghost = platform.google.add("global/firewalls/gkemcg1-l7-rule")
    before = copy.deepcopy(platform.world.rig.cloud.objects)

    plan = platform.teardown()
    shown = platform.teardown(output="text")

    assert plan.code == shown.code == 0, plan.err
    assert list(plan.stacks.values()) == ["destroyed"] * 7 + ["kept"] * 2 + ["blocked"]
    assert [held["path"] for held in plan.document["swept"]] == [ghost]
    assert {finding["id"] for finding in plan.document["findings"]} == {"PROTECTED", "LEFT-BUCKET"}
    for stack in plan.document["stacks"]:
        assert f"{stack['stack']} " in shown.out
        resources = platform.world.state(stack["stack"])
        assert stack["resources"] == len([one for one in resources if one["mode"] == "managed"])
    assert "gemma-us is protected" in shown.out
    assert "Nothing was changed" in shown.out
    documented.check("teardown", re.sub(r"Stacks of \S+ in project\s+", "Stacks of cdktf.out in project ", shown.out))
    assert platform.world.rig.cloud.objects == before
    assert platform.deletes() == []


def test_what_is_protected_stays_with_all_that_it_needs(platform: Platform) -> None:
    """Workloads and fleet go; clusters, network and bucket do not, and a cluster that is named stops all of it."""
    named = platform.teardown("--yes", "--delete-cluster", "gemma-us")
    bucket = platform.teardown("--yes", "--delete-bucket", platform.names.bucket)
    untouched = platform.kinds()
    ran = platform.teardown("--yes")

    assert named.code == bucket.code == 2
    assert "bucket.force_destroy: true in the config" in bucket.err
    assert "cluster.deletion_protection: false in the config, `make synth`, apply infra-cluster-us" in named.err
    assert "kubernetes_manifest" in untouched
    assert ran.code == 1
    assert list(ran.stacks.values()) == ["destroyed"] * 7 + ["kept"] * 2 + ["blocked"]
    assert {
        "google_container_cluster",
        "google_container_node_pool",
        "google_compute_network",
        BUCKET,
    } < platform.kinds()
    assert not {"kubernetes_manifest", "helm_release", "google_gke_hub_feature"} & platform.kinds()


def test_a_freed_platform_goes_and_the_bucket_stays(
    freed: Freed, tmp_path_factory: pytest.TempPathFactory, stand_in: GoogleStandIn, capsys: Capsys
) -> None:
    """All goes but the bucket, although its settings let it go; again there is nothing to do; named, it goes too."""
    world = freed[0].copy(tmp_path_factory.mktemp("copy"))
    platform = Platform(world, tmp_path_factory.mktemp("config"), stand_in, capsys)
    platform.use(freed[1])
    platform.google.there = {platform.names.bucket}

    first = platform.teardown("--yes")
    left = platform.kinds()
    second = platform.teardown("--yes")
    platform.google.there = set()
    third = platform.teardown("--yes", "--delete-bucket", platform.names.bucket, "--delete-cluster", "gemma-us")

    assert first.code == second.code == third.code == 0, first.out + first.err
    assert list(first.stacks.values()) == ["destroyed"] * 9 + ["bucket kept"]
    assert left == {BUCKET, "google_project_service"}
    assert first.findings["LEFT-BUCKET"]["needed"] == "stays: it was not named"
    assert list(second.stacks.values()) == ["empty"] * 9 + ["bucket kept"]
    assert [stack["tries"] for stack in second.document["stacks"]] == [0] * 10
    assert world.rig.cloud.objects == {}
    world.stop()


def test_an_object_in_use_is_tried_again_until_it_goes(ground: Platform) -> None:
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


def test_tries_are_bounded_and_terraforms_words_are_kept(ground: Platform) -> None:
    """What never lets go fails after --retries more tries, in Terraform's own words; all else is gone."""
    ground.hold_network()
    ground.google.there = {"gemma-vpc"}

    ran = ground.teardown("--yes", "--retries", "1")

    assert ran.code == 1
    assert list(ran.stacks.values()) == ["empty"] * 7 + ["destroyed"] * 2 + ["failed"]
    assert ran.document["stacks"][-1]["tries"] == 2
    assert "is already being used by google_compute_route" in ran.findings["STACK"]["found"]
    assert ran.findings["LEFT-NETWORK"]["status"] == "wrong"
    assert "google_compute_router" not in ground.kinds()


def test_a_refusal_is_not_tried_again(ground: Platform) -> None:
    """Protection that came behind Terraform's back is seen at the destroy, once; the other region goes on."""
    [cluster] = [
        held for key, held in ground.world.rig.cloud.objects.items()
        if key[0] == "google_container_cluster" and held["name"] == "gemma-us"
    ]  # fmt: skip
    cluster["deletion_protection"] = True

    ran = ground.teardown("--yes")

    assert ran.code == 1
    tries = {stack["stack"]: (stack["result"], stack["tries"]) for stack in ran.document["stacks"]}
    assert tries["infra-cluster-us"] == ("failed", 1)
    assert tries["infra-cluster-eu"] == ("destroyed", 1)
    assert tries["infra-network"] == ("blocked", 0)
    assert "deletion_protection" in ran.document["stacks"][-3]["why"] + ran.document["stacks"][-2]["why"]


@pytest.mark.parametrize("kill", [False, True], ids=["asked to end", "killed"])
def test_a_broken_run_goes_on_when_it_is_run_again(kill: bool, ground: Platform) -> None:
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
        assert "operation canceled" not in broken.out  # what Terraform tells after a second signal
        assert set(broken.stacks.values()) == {"empty", "failed", "not reached"}
    assert again.code == 0, again.out + again.err
    assert ground.kinds() == {BUCKET, "google_project_service"}


def test_what_google_does_not_tell_is_not_good(ground: Platform) -> None:
    """Without the permission to look, Terraform goes down all the same, and the outcome is that it is not known."""
    for method in ("compute.firewalls.list", "container.projects.locations.clusters.list"):
        ground.stand_in.faults[method] = Fault(403, "permission denied")

    plan = ground.teardown()
    ran = ground.teardown("--yes")

    assert plan.code == ran.code == 3
    assert plan.findings["SWEEP"]["status"] == ran.findings["SWEEP"]["status"] == "unknown"
    assert ran.findings["LEFT-CLUSTER"]["status"] == "unknown"
    assert ground.kinds() == {BUCKET, "google_project_service"}
    assert ground.deletes() == []


def test_a_state_that_cannot_be_read_stops_all_of_it(platform: Platform) -> None:
    """Half of the knowledge is no ground to begin: nothing is destroyed, and Terraform's words are told."""
    stack = platform.world.app.outdir / "stacks" / "workload-base-us"
    (stack / "broken.tf.json").write_text("{")

    ran = platform.teardown("--yes")

    assert ran.code == 3
    assert "the state of workload-base-us could not be read" in ran.err
    assert "kubernetes_manifest" in platform.kinds()
