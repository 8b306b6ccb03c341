"""An export in the hands of a pipeline: the real Terraform, a place of states, and nothing of this repository."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gke_inference.export.backend import Backend
from gke_inference.export.contents import Contents
from gke_inference.export.run import ExportOptions, export_platform
from platform_config.config import Config
from platform_config.stack_graph import NETWORK_STACK, base_stack, cluster_stack, serving_stack
from tests.configs import config
from tests.rig.server import Rig
from tests.terraform.bucket import Bucket
from tests.terraform.runs import Outcome
from tests.terraform.states import States
from tests.terraform.world import World

GCS = Backend(given={"bucket": "states"})
ROOT = Path(__file__).parent.parent.parent
CHECKED = {"PLAN_CHECK": f"{sys.executable} -m gke_inference plan-check", "PYTHONPATH": str(ROOT)}
"""What lets the product's own guard see all plans."""
OF_EU = {cluster_stack("eu"), base_stack("eu"), serving_stack("eu")}


@dataclass
class Pipeline:
    """
    A runner with Terraform and the folder of an export.

    Attributes:
        folder: The export.
        rig: The cloud; its environment is that of the runner.
        bucket: Where the states are.
    """

    folder: Path
    rig: Rig
    bucket: Bucket

    def export(self, platform: Config, backend: Backend = GCS) -> Contents:
        """Export *platform*, as a person does on a machine of their own."""
        return export_platform(platform, "mine.yaml", self.folder, ExportOptions(backend=backend, samples=()))

    def run(self, *arguments: str, **environment: str) -> Outcome:
        """Run the script of the export."""
        done = subprocess.run(
            ["sh", str(self.folder / "platform.sh"), *arguments],
            env=self.rig.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout + done.stderr)

    def must(self, *arguments: str, **environment: str) -> str:
        """Run the script, which must succeed; return what it printed."""
        done = self.run(*arguments, **environment)
        assert done.code == 0, done.text
        return done.text

    def plans(self) -> dict[str, set[str]]:
        """Return what the plans that are there would do, by stack; a stack with an empty plan has an empty set."""
        return {
            file.stem: {
                action
                for change in json.loads(file.read_text()).get("resource_changes", [])
                for action in change["change"]["actions"]
                if action not in ("no-op", "read")
            }
            for file in (self.folder / "plans").glob("*.json")
        }


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    """Give a runner, an empty cloud, and an empty bucket for states."""
    rig, bucket = Rig(), Bucket()
    with bucket.serving() as environment:
        rig.environment |= environment
        yield Pipeline(tmp_path / "export", rig, bucket)
    rig.stop()


def platform(**changes: Any) -> Config:
    """Return the example with clusters that may be deleted."""
    return config(**{"cluster__deletion_protection": False, **changes})


def states(made: Contents) -> set[str]:
    """Return where the states of all stacks are in the bucket."""
    return {f"states/gemma/{stack}" for stack in made.order}


def nothing(made: Contents) -> dict[str, set[str]]:
    """Return empty plans for all stacks."""
    return {stack: set() for stack in made.order}


def test_a_platform_lives_and_dies_by_its_export(pipeline: Pipeline, tmp_path: Path) -> None:
    """Planned, applied, planned elsewhere, without a region, destroyed: in order, each state locked, nothing left."""
    made = pipeline.export(platform())
    first = pipeline.must("plan")
    assert set(pipeline.plans()) == {NETWORK_STACK}
    assert f"{made.order[-1]} waits" in first
    assert pipeline.run("ready", made.order[-1]).code == 1

    pipeline.must("apply")
    assert pipeline.bucket.filled() == states(made)
    assert pipeline.bucket.written() == [f"states/gemma/{stack}" for stack in made.order]
    assert set(pipeline.bucket.locked) == states(made)

    elsewhere = tmp_path / "elsewhere" / "other"
    shutil.copytree(pipeline.folder, elsewhere, ignore=shutil.ignore_patterns(".terraform", "tfplan", "plans"))
    other = Pipeline(elsewhere, pipeline.rig, pipeline.bucket)
    other.must("plan")
    assert other.plans() == nothing(made)

    without_eu = pipeline.export(platform(regions__eu=None))
    assert {stack.stack for stack in without_eu.removed} == OF_EU
    refused = pipeline.run("apply")
    assert (refused.code, "still hold something" in refused.text) == (1, True)
    assert pipeline.run("remove").code == 2
    by_hand = subprocess.run(
        ["terraform", f"-chdir={pipeline.folder / 'stale' / cluster_stack('eu')}", "plan", "-no-color"],
        env=pipeline.rig.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (by_hand.returncode, "An older config had this stack" in by_hand.stderr) == (1, True)
    pipeline.must("remove", "--yes", "gemma", **CHECKED)
    assert pipeline.bucket.filled() == states(without_eu)
    pipeline.must("plan")
    assert pipeline.plans() == nothing(without_eu)
    pipeline.must("apply")

    assert pipeline.run("destroy").code == 2
    assert pipeline.run("destroy", "--yes", "gemma", NETWORK_STACK).code == 1
    pipeline.must("destroy", "--yes", "gemma")
    assert pipeline.bucket.filled() == set()
    assert pipeline.rig.cloud.objects == {}


def test_an_export_plans_what_the_synth_planned(world: World) -> None:
    """In another folder, with the same states, no stack changes: also where values are variables."""
    given = {"project": "project", "place": "regions.us.region"}
    folder = world.base / "elsewhere"
    made = export_platform(config(), "mine.yaml", folder, ExportOptions(backend=Backend(type="local"), variables=given))
    values = {"TF_VAR_project": config().project, "TF_VAR_place": config().regions["us"].region}
    runner = Pipeline(folder, world.rig, Bucket())
    runner.must("plan", **values)

    assert runner.plans() == nothing(made)
    written = json.loads((folder / "order.json").read_text())["files"]
    assert len(written) > 30
    assert [name for name in written if config().project in (folder / name).read_text()] == []


def test_a_held_lock_refuses_a_second_run(pipeline: Pipeline) -> None:
    """While somebody holds the lock of a state, nothing is planned or applied, and the error says so."""
    pipeline.export(platform())
    held = json.dumps({"ID": "1", "Who": "another runner"}).encode()
    pipeline.bucket.objects[f"states/gemma/{NETWORK_STACK}/default.tflock"] = (held, 1)
    ran = pipeline.run("plan", NETWORK_STACK, LOCK_TIMEOUT="0s")

    assert ran.code == 1
    assert "another runner" in ran.text
    assert pipeline.rig.cloud.objects == {}


def test_a_refused_plan_is_not_applied(pipeline: Pipeline) -> None:
    """What PLAN_CHECK names gets the folder of plans before each apply; where it refuses nothing is made."""
    pipeline.export(platform())
    ran = pipeline.run("apply", PLAN_CHECK="grep -rq no-such-text")

    assert (ran.code, "nor is what comes after it" in ran.text) == (1, True)
    assert pipeline.run("plan", PLAN_CHECK="grep -rq no-such-text").code == 1
    assert pipeline.rig.cloud.objects == {}
    pipeline.must("plan", NETWORK_STACK, PLAN_CHECK="grep -rq google_compute_network")


def test_arguments_of_init_replace_the_files(pipeline: Pipeline) -> None:
    """With `-backend-config` the same export has its states in another bucket."""
    pipeline.export(platform())
    pipeline.must("apply", NETWORK_STACK, INIT_ARGS="-backend-config=bucket=other")

    assert pipeline.bucket.filled() == {f"other/gemma/{NETWORK_STACK}"}


def test_states_move_with_an_export(pipeline: Pipeline) -> None:
    """As docs/pipeline.md has it: noted in each folder, exported, copied; then nothing is planned anew."""
    made = pipeline.export(platform())
    pipeline.must("apply", NETWORK_STACK)
    pipeline.must("init", NETWORK_STACK)
    other = ExportOptions(backend=Backend(given={"bucket": "other"}), samples=(), moves_states=True)
    export_platform(platform(), "mine.yaml", pipeline.folder, other)
    done = subprocess.run(
        ["terraform", f"-chdir={pipeline.folder / 'stacks' / NETWORK_STACK}", "init", "-migrate-state", "-force-copy",
         f"-backend-config=../../backend/{NETWORK_STACK}.gcs.tfbackend"],
        env=pipeline.rig.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    pipeline.must("plan", NETWORK_STACK)

    assert f"other/gemma/{NETWORK_STACK}" in pipeline.bucket.filled()
    assert pipeline.plans() == {made.order[0]: set()}


def test_another_backend_takes_its_settings_from_the_command_line(pipeline: Pipeline) -> None:
    """States behind HTTP: each stack has a place of its own there, and a lock."""
    states, names = States(), ("address", "lock_address", "unlock_address")
    with states.serving() as address:
        pipeline.export(platform(), Backend(type="http", given=dict.fromkeys(names, f"{address}/{{stack}}")))
        pipeline.must("apply", NETWORK_STACK)
        pipeline.must("plan", cluster_stack("us"))

    assert states.filled() == {NETWORK_STACK}
    assert (set(states.locked), states.locks) == ({NETWORK_STACK, cluster_stack("us")}, {})


def test_the_lock_files_are_for_several_platforms(pipeline: Pipeline, tmp_path: Path) -> None:
    """`lock` asks for all platforms at once; a mirror answers here. An export keeps the files."""
    made = pipeline.export(platform())
    [host, *_] = next(iter(json.loads(pipeline.rig.environment["TF_REATTACH_PROVIDERS"]))).split("/")
    mirror = tmp_path / "mirror"
    fill_mirror(mirror / host, made, pipeline.folder, ("linux_amd64", "darwin_arm64"))
    environment = {name: value for name, value in pipeline.rig.environment.items() if "REATTACH" not in name}
    pipeline.rig.environment = environment
    given = {"TF_CLI_ARGS_providers_lock": f"-fs-mirror={mirror}", "LOCK_PLATFORMS": "linux_amd64 darwin_arm64"}
    pipeline.must("lock", NETWORK_STACK, **given)
    pipeline.export(platform())

    text = (pipeline.folder / "stacks" / NETWORK_STACK / ".terraform.lock.hcl").read_text()
    assert text.count('"h1:') == 2 * text.count("provider ")
    assert "hashicorp/google" in text


def fill_mirror(mirror: Path, made: Contents, folder: Path, platforms: tuple[str, ...]) -> None:
    """Write a mirror with the providers of the first stack, as packages that hold nothing but their names."""
    stack = json.loads((folder / "stacks" / made.order[0] / "cdk.tf.json").read_text())
    for provider in stack["terraform"]["required_providers"].values():
        name = provider["source"].rpartition("/")[2]
        version = re.findall(r"\d+\.\d+\.\d+", provider["version"])[0]
        where = mirror / provider["source"]
        where.mkdir(parents=True, exist_ok=True)
        for platform_ in platforms:
            with zipfile.ZipFile(where / f"terraform-provider-{name}_{version}_{platform_}.zip", "w") as package:
                package.writestr(f"terraform-provider-{name}_v{version}", platform_)
