"""The apps in examples/: from the installed package, with its types, and through the whole cycle of real Terraform."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.installed import NEEDS_UV, ROOT, Installed, run
from tests.shared import SharedFolders
from tests.terraform.world import World

NEEDS = {
    "network_only": (),
    "model_bucket": (),
    "tpu_cluster": ("network_only",),
    "inference_service": ("network_only", "tpu_cluster"),
    "gateway_only": ("network_only", "tpu_cluster", "inference_service"),
    "whole_platform": (),
}
"""Each app, and those that have made what must exist for it: for the app they are somebody else."""
EACH_APP = pytest.mark.parametrize("name", NEEDS)
FEWEST_LINES, MOST_LINES = 20, 65
TYPES = "[mypy]\nstrict = True\nexplicit_package_bases = True\n\n"

pytestmark = NEEDS_UV
Synth = Callable[[str], Path]


@pytest.fixture
def synthesized(installed: Installed, shared_folders: SharedFolders) -> Synth:
    """Run an app as its cdktf.json says, in a folder of its own, and return that folder; once for each."""

    def make(name: str, folder: Path) -> None:
        shutil.copytree(ROOT / "examples" / name, folder, dirs_exist_ok=True)
        program, *arguments = json.loads((folder / "cdktf.json").read_text())["app"].split()
        done = run(installed("constructs") / program, *arguments, cwd=folder)
        assert done.returncode == 0, done.stderr

    return lambda name: shared_folders.get(f"example-{name}", lambda folder: make(name, folder))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Make an empty cloud."""
    made = World(tmp_path)
    yield made
    made.stop()


@EACH_APP
def test_an_app_is_deployed_settled_and_destroyed(name: str, synthesized: Synth, world: World) -> None:
    """And nothing that was there before is touched."""
    folders = {app: shutil.copytree(synthesized(app), world.base / app) for app in (*NEEDS[name], name)}
    for app in NEEDS[name]:
        world.use_synth(folders[app] / "cdktf.out")
        world.deploy_by_plans()
    before, done = dict(world.rig.cloud.objects), len(world.rig.cloud.log)

    world.use_synth(folders[name] / "cdktf.out")
    world.deploy_by_plans()

    assert {key: world.rig.cloud.objects[key] for key in before} == before
    assert len(world.rig.cloud.objects) > len(before)
    assert world.unsettled() == []
    world.destroy()
    assert world.rig.cloud.objects == before
    assert {(one.kind, one.place, one.name) for one in world.rig.cloud.log[done:]} & set(before) == set()


@EACH_APP
def test_an_app_passes_a_strict_type_check(
    name: str, installed: Installed, shared_folders: SharedFolders, tmp_path: Path
) -> None:
    """With the lines for mypy that docs/import.md gives, and with no others."""
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    [bindings] = re.findall(r"^```ini\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "mypy.ini").write_text(TYPES + bindings)
    cache = shared_folders.get("mypy-cache", lambda folder: None)
    python = installed("constructs") / "python"
    options: list[str | Path] = ["--config-file", tmp_path / "mypy.ini", "--cache-dir", cache]
    done = run(
        *(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, *options, "."),
        cwd=ROOT / "examples" / name,
    )

    assert done.returncode == 0, done.stdout


def test_each_app_is_small_and_has_a_test() -> None:
    """One file that fits on a page, and beside it what cdktf reads."""
    folders = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())

    assert [folder.name for folder in folders] == sorted(NEEDS)
    for folder in folders:
        assert FEWEST_LINES <= len((folder / "main.py").read_text().splitlines()) <= MOST_LINES, folder.name
        assert json.loads((folder / "cdktf.json").read_text())["projectId"] == folder.name


def test_a_grant_waits_for_the_bucket_that_the_same_app_makes(synthesized: Synth) -> None:
    """The bucket's name is known at synth, so no reference says it."""
    out = synthesized("model_bucket") / "cdktf.out" / "stacks" / "weights" / "cdk.tf.json"
    [grant] = json.loads(out.read_text())["resource"]["google_storage_bucket_iam_member"].values()

    assert grant["depends_on"] == ["google_storage_bucket.weights"]


def test_the_platform_of_an_app_stands_beside_its_own_stack(synthesized: Synth) -> None:
    """Its provider keeps the version that the app chose, the platform's stacks keep theirs."""
    out = synthesized("whole_platform") / "cdktf.out"
    manifest = json.loads((out / "manifest.json").read_text())["stacks"]
    versions = {
        stack: json.loads((out / "stacks" / stack / "cdk.tf.json").read_text())["terraform"]["required_providers"]
        for stack in manifest
    }

    assert manifest["results"]["dependencies"] == ["infra-network"]
    assert versions["results"]["google"]["version"] == "~> 6.50"
    assert versions["infra-network"]["google"]["version"] == ">= 7.31.0, < 8.0.0"
