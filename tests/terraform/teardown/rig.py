"""A deployed platform over the real Terraform, and `gke-inference teardown` on it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gke_inference.cli import main
from platform_config.load import load
from platform_config.names import Names
from tests.configs import EXAMPLE
from tests.gke_inference import conftest
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.rig.cloud import Key
from tests.rig.wire import Message
from tests.terraform.world import World

ROOT = EXAMPLE.parent.parent
PROGRAM = """
import sys
from gke_inference.cli import main
sys.exit(main())
"""
CONFIG = "freed.yaml"
"""The config file that was applied, in the folder of a platform that may be deleted."""
BUCKET = "google_storage_bucket"
QUICK = ("--pause-sec", "0.2", "--wait-sec", "1")
Capsys = pytest.CaptureFixture[str]


class Ran(conftest.Ran):
    """What the command printed, and what it reports of stacks."""

    @property
    def stacks(self) -> dict[str, str]:
        """What became of each stack."""
        return {stack["stack"]: stack["result"] for stack in self.document["stacks"]}

    @property
    def findings(self) -> dict[str, dict[str, Any]]:
        """By id."""
        return {finding["id"]: finding for finding in self.document["findings"]}


NAMED = ("google_compute_network", "google_storage_bucket")


@dataclass(kw_only=True)
class RigCloud(TeardownCloud):
    """Google with the clusters, network and bucket that Terraform made in the rig beside what a test adds."""

    world: World

    def built(self, *kinds: str) -> list[Message]:
        """Return what there is of *kinds*."""
        return [held for key, held in self.world.rig.cloud.objects.items() if key[0] in kinds]

    def existing(self) -> list[dict[str, Any]]:
        """Return them as the container API does."""
        made = [
            {"name": one["name"], "location": one["location"], "network": one["network"].rsplit("/", 1)[-1],
             "status": "RUNNING"} for one in self.built("google_container_cluster")
        ]  # fmt: skip
        return [*self.clusters, *made]

    def holds(self, name: str) -> bool:
        """Return whether it is there, by name or by address."""
        accounts = [one["email"] for one in self.built("google_service_account")]
        return super().holds(name) or name in [*(one["name"] for one in self.built(*NAMED)), *accounts]


class DeployedPlatform:
    """A deployed platform, its config file, and Google as the rest of the command sees it."""

    def __init__(self, world: World, folder: Path, stand_in: GoogleStandIn, capsys: Capsys) -> None:
        self.world = world
        self.capsys = capsys
        self.path = folder / "platform.yaml"
        self.path.write_text(EXAMPLE.read_text())
        self.config = load(self.path)
        self.names = Names(self.config)
        self.google = RigCloud(self.config, world=world)
        self.google.serve(stand_in)
        self.stand_in = stand_in
        google = stand_in.environment(folder)
        self.environment = world.rig.environment | google | {"COLUMNS": "100", "PYTHONPATH": str(ROOT)}

    def use(self, path: Path) -> None:
        """Take the file at *path*, which was applied, for the config."""
        self.path.write_text(path.read_text())

    def arguments(self, *arguments: str, output: str = "json") -> list[str]:
        """Return the command line."""
        place = ("--config", str(self.path), "--output", output)
        return [*place, "teardown", "--outdir", str(self.world.app.outdir), *QUICK, *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run the command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *self.arguments(*arguments)],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def teardown(self, *arguments: str, output: str = "json") -> Ran:
        """Run the command to its end."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["gke-inference", *self.arguments(*arguments, output=output)])
            code = main()
        captured = self.capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def kinds(self) -> set[str]:
        """List the types of what is there."""
        return {key[0] for key in self.world.rig.cloud.objects}

    def deletes(self) -> list[str]:
        """List the methods that Google was asked for and that delete."""
        return [request.method for request in self.stand_in.requests if request.http_method == "DELETE"]

    def state_file(self, stack: str) -> Path:
        """Return where the state of *stack* is."""
        return self.world._states(stack)

    def delete_cluster(self, name: str) -> None:
        """Delete a cluster behind Terraform's back, with its pools and the objects in it."""
        objects = self.world.rig.cloud.objects
        [host] = [
            held["control_plane_endpoints_config"][0]["dns_endpoint_config"][0]["endpoint"]
            for key, held in objects.items() if key[0] == "google_container_cluster" and held["name"] == name
        ]  # fmt: skip
        for key in [key for key in objects if f"/clusters/{name}" in key[2] or host in key[1]]:
            if key[0] != "google_gke_hub_membership":
                del objects[key]

    def hold_network(self) -> Key:
        """Let something of no stack use the network; return its key in the cloud."""
        key = ("google_compute_route", "", self.google.path("global/routes/in-use"))
        network = self.google.path(f"global/networks/{self.names.network}")
        self.world.rig.cloud.objects[key] = {"id": key[2], "network": network}
        return key


@contextmanager
def copied(world: World, folder: Path, stand_in: GoogleStandIn, capsys: Capsys) -> Iterator[DeployedPlatform]:
    """Return a copy of *world* in *folder*, with the config file that was applied last."""
    (folder / "world").mkdir()
    copy = world.copy(folder / "world")
    platform = DeployedPlatform(copy, folder, stand_in, capsys)
    platform.use(copy.base / CONFIG)
    yield platform
    copy.stop()


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


def shown_at(out: str, outdir: str) -> str:
    """Return the report *out* as if the synth were in *outdir*."""
    return re.sub(r"Stacks of \S+", f"Stacks of {outdir}", out)
