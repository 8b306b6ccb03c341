"""OpenTofu runs the same JSON as Terraform: a platform is made, settles, changes, goes on from Terraform, and goes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from platform_config.load import load
from platform_config.stack_graph import GATEWAY_STACK
from tests.checks.language import floor
from tests.configs import EXAMPLE, GITOPS, GUARDED, config
from tests.rig.server import Rig
from tests.terraform.bucket import Bucket
from tests.terraform.configs import Worlds, freed
from tests.terraform.runs import unhashed
from tests.terraform.test_pipeline_page import follow_page
from tests.terraform.world import World

TOFU = os.environ.get("TOFU") or shutil.which("tofu")
MODULE = Path(__file__).parents[2] / "tools" / "tofu" / "go.mod"
needs_tofu = pytest.mark.skipif(
    TOFU is None, reason="no OpenTofu: TOFU names none, and PATH has no tofu; `make test-tofu` builds one"
)


def with_tofu(world: World, folder: Path) -> World:
    """Let *world* run OpenTofu from now on, by a `terraform` that is a link to it in *folder*."""
    folder.mkdir(exist_ok=True)
    link = folder / "terraform"
    if not link.exists():
        link.symlink_to(Path(str(TOFU)).resolve())
    world.rig.environment["PATH"] = f"{folder}{os.pathsep}{world.rig.environment['PATH']}"
    return world


@needs_tofu
def test_this_is_opentofu_and_new_enough_for_every_stack(platform_floors: set[tuple[str, str]]) -> None:
    """1.11 is the first with ephemeral resources and write-only arguments."""
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}
    done = subprocess.run([str(TOFU), "version"], env=environment, capture_output=True, text=True, check=True)
    version = re.match(r"OpenTofu v(\d+)\.(\d+)", done.stdout)

    assert version, done.stdout
    assert (int(version[1]), int(version[2])) >= max(
        tuple(int(part) for part in needed.split(".")[:2]) for _, needed in platform_floors
    )


@pytest.fixture
def platform_floors(deployed_of: Worlds) -> set[tuple[str, str]]:
    """Return the oldest Terraform and OpenTofu of each stack of the example."""
    return {floor(document) for document in deployed_of(EXAMPLE).app.stacks.values()}


@needs_tofu
@pytest.mark.parametrize("path", [EXAMPLE, GUARDED], ids=lambda path: path.stem)
def test_states_of_terraform_plan_empty(path: Path, deployed_of: Worlds, tmp_path: Path) -> None:
    """Deployed with one it is settled with the other, which finds the providers under their address in its registry."""
    world = with_tofu(deployed_of(path).copy(tmp_path / "world"), tmp_path / "bin")

    assert world.unsettled() == []
    world.stop()


@needs_tofu
def test_a_platform_is_made_changed_and_destroyed(tmp_path: Path) -> None:
    """From nothing to nothing, by plans that are saved and shown, as a pipeline does."""
    (tmp_path / "world").mkdir()
    world = with_tofu(World(tmp_path / "world"), tmp_path / "bin")
    world.use(freed(load(EXAMPLE)))
    world.deploy_by_plans()
    assert world.unsettled() == []

    world.deploy(world.use(freed(config(gateway__max_utilization_percent=70))))
    assert unhashed(world.changes[GATEWAY_STACK]) == {"kubernetes_manifest.gateway_gemma-backend": ("update",)}
    world.destroy()
    assert world.rig.cloud.objects == {}
    world.stop()


@needs_tofu
def test_objects_that_git_takes_over_are_forgotten_and_not_deleted(deployed_of: Worlds, tmp_path: Path) -> None:
    """By `removed` blocks, which say that nothing is to be destroyed."""
    world = with_tofu(deployed_of(EXAMPLE).copy(tmp_path / "world"), tmp_path / "bin")
    objects = {key for key in world.rig.cloud.objects if key[0].startswith("kubernetes_")}
    git = load(GITOPS)
    world.deploy(world.use(load(EXAMPLE).model_copy(update={"workloads": "gitops", "gitops": git.gitops})))

    assert objects
    assert objects <= set(world.rig.cloud.objects)
    world.stop()


@needs_tofu
def test_the_plan_of_both_says_the_same(deployed_of: Worlds, tmp_path: Path) -> None:
    """Resources, actions and values: `plan-check` reads one as it reads the other."""
    shown = []
    for name in ("terraform", "tofu"):
        world = deployed_of(EXAMPLE).copy(tmp_path / name)
        world.use(config(gateway__max_utilization_percent=70))
        if name == "tofu":
            with_tofu(world, tmp_path / "bin")
        world.folder(GATEWAY_STACK).plan()
        told = json.loads(world.folder(GATEWAY_STACK).must("show", "-json", "plan").text)
        shown.append({one["address"]: one["change"] for one in told["resource_changes"]})
        world.stop()

    assert shown[0] == shown[1]


@needs_tofu
def test_the_page_on_pipelines_holds_for_it(tmp_path: Path) -> None:
    """Each of its commands: states in a bucket, locks, another backend, a destroy."""
    rig = Rig()
    programs = tmp_path / "tofu"
    programs.mkdir()
    # Where the page says `terraform` itself, and where it runs what the variable names.
    (programs / "terraform").symlink_to(Path(str(TOFU)).resolve())
    path = f"{programs}{os.pathsep}{rig.environment['PATH']}"
    (tmp_path / "page").mkdir()
    follow_page(tmp_path / "page", rig, Bucket(), TERRAFORM_BINARY_NAME=str(TOFU), PATH=path)
    rig.stop()


def test_the_module_pins_the_newest_release_that_was_tried() -> None:
    """With the same HCL library in another version that OpenTofu itself is built with."""
    lines = MODULE.read_text().splitlines()

    assert [line.split()[:2] for line in lines if "opentofu/opentofu v" in line] == [
        ["github.com/opentofu/opentofu", "v1.12.6"]
    ]
    assert any(line.startswith("replace github.com/hashicorp/hcl/v2 ") for line in lines)
