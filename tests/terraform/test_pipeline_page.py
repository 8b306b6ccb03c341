"""docs/pipeline.md, word by word: its commands on a machine with the package, Terraform and sh, in an empty folder."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from platform_config.stack_graph import needed_stacks
from tests.configs import changed, config
from tests.rig.server import Rig
from tests.terraform.bucket import Bucket

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "pipeline.md"
ELSEWHERE = ("Install", "Take a sample", "Ask what no file shows")
"""Sections whose commands need a package index, or Google: tests/test_wheel.py and others try those."""
PLATFORMS = ("linux_amd64", "darwin_arm64")


def sections() -> Iterator[tuple[str, str]]:
    """Yield each block of commands with the heading that it is below."""
    heading = ""
    for found in re.finditer(r"^## ([^\n]+)$|^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        if found[1]:
            heading = found[1]
        elif heading not in ELSEWHERE:
            yield heading, found[2]


class Machine:
    """
    A machine of a person or a pipeline.

    Args:
        folder: An empty folder, in which all commands run.
        environment: With what Terraform needs.

    Attributes:
        exports: What the commands have exported so far.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.exports: list[str] = []
        programs = folder / "bin"
        programs.mkdir()
        program = programs / "gke-inference"
        program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m gke_inference "$@"\n')
        program.chmod(0o755)
        self.environment = environment | {"PATH": f"{programs}{os.pathsep}{environment['PATH']}"}

    def run(self, commands: str) -> str:
        """Run a block as it stands on the page; each of its commands must succeed."""
        script = "\n".join(["set -e", *self.exports, commands])
        done = subprocess.run(["sh", "-c", script], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        self.exports += re.findall(r"^export .+$", commands, re.MULTILINE)
        return done.stdout

    def write_config(self, **changes: object) -> None:
        """Write platform.yaml: the config of the README with the lines of the page."""
        given = changed(state_bucket="my-terraform-state", cluster__deletion_protection=False, **changes)
        (self.folder / "platform.yaml").write_text(json.dumps(given))

    def fill_mirror(self) -> None:
        """Write a mirror with each provider of the export, as packages that hold nothing but their names."""
        attached = json.loads(self.environment["TF_REATTACH_PROVIDERS"])
        hosts = {address.split("/")[0] for address in attached}
        for file in (self.folder / "export" / "stacks").glob("*/cdk.tf.json"):
            for provider in json.loads(file.read_text())["terraform"]["required_providers"].values():
                name = provider["source"].rpartition("/")[2]
                version = re.findall(r"\d+\.\d+\.\d+", provider["version"])[0]
                for host, each in itertools.product(hosts, PLATFORMS):
                    where = self.folder / "mirror" / host / provider["source"]
                    where.mkdir(parents=True, exist_ok=True)
                    path = where / f"terraform-provider-{name}_{version}_{each}.zip"
                    with zipfile.ZipFile(path, "w") as package:
                        package.writestr(f"terraform-provider-{name}_v{version}", each)
        self.environment["TF_CLI_ARGS_providers_lock"] = f"-fs-mirror={self.folder / 'mirror'}"
        self.environment["LOCK_PLATFORMS"] = " ".join(PLATFORMS)


@pytest.fixture
def bucket() -> Bucket:
    """Make an empty place of states."""
    return Bucket()


@pytest.fixture
def rig() -> Iterator[Rig]:
    """Make an empty cloud."""
    made = Rig()
    yield made
    made.stop()


def follow_page(folder: Path, rig: Rig, bucket: Bucket, **variables: str) -> None:
    """Run the page in *folder*, with *variables* set from the beginning, and see that each step did what it says."""
    with bucket.serving() as environment:
        machine = Machine(folder, rig.environment | environment | variables)
        machine.write_config()
        stacks = {f"my-terraform-state/gemma/{stack}" for stack in needed_stacks(config())}
        for heading, commands in sections():
            if "platform.sh lock" in commands:
                machine.fill_mirror()
            if heading == "Change the platform":
                machine.write_config(regions__eu=None)
                stacks = {f"my-terraform-state/gemma/{stack}" for stack in needed_stacks(config(regions__eu=None))}
            out = machine.run(commands)
            if heading == "Values that must not be in files":
                assert out.count("No changes.") == len(stacks)
            if heading not in ("Export", "Destroy the platform"):
                assert bucket.filled() == stacks, heading

    assert bucket.filled() == set()
    assert rig.cloud.objects == {}
    locks = list((folder / "export" / "stacks").glob("*/.terraform.lock.hcl"))
    assert len(locks) == len(needed_stacks(config(regions__eu=None)))
    assert all(lock.read_text().count('"h1:') == 2 * lock.read_text().count("provider ") for lock in locks)


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, rig: Rig, bucket: Bucket) -> None:
    """Exported, applied, locked, kept elsewhere, without a value, without a region, destroyed: nothing is left."""
    follow_page(tmp_path, rig, bucket)


def test_the_page_has_commands_in_each_step() -> None:
    """What is left out of the test above is there under these headings, and no other step is empty."""
    headings = re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)

    assert set(ELSEWHERE) <= set(headings)
    assert [heading for heading, _ in sections()] == [
        "Export", "Plan and apply", "Plan and apply", "Another backend", "Another backend", "Another backend",
        "Values that must not be in files", "Adopt what exists", "Change the platform", "Destroy the platform",
    ]  # fmt: skip
