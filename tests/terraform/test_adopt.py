"""What exists is taken over by import blocks: the next plans replace and destroy nothing, and then nothing is left."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from gke_inference.adopt.adoption import Adoption, adopt_platform
from gke_inference.adopt.applied import remove_applied_blocks
from gke_inference.adopt.found import Verdict, nested
from gke_inference.adopt.google_types import BUCKET, CLUSTER, FEATURE
from gke_inference.adopt.old_state import OldResource, forget_command, read_old_state
from gke_inference.command import Exit
from gke_inference.import_blocks import written_blocks
from platform_config.config import Config
from platform_config.load import load
from tests.configs import AUTOPILOT, EXAMPLE, GUARDED, changed
from tests.gke_inference.cluster_stand_in import merged
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.rig.cloud import Key
from tests.rig.google_of_cloud import clusters_of, show
from tests.rig.wire import Message
from tests.terraform.codelab import (
    COMMANDS,
    PROJECT,
    ZONES,
    apply_codelab,
    install_objective_crd,
    let_nodes_reach_google,
    shown_state,
    written_to,
)
from tests.terraform.configs import Worlds
from tests.terraform.lab import CLUSTER as LAB_CLUSTER
from tests.terraform.lab import Document, Lab
from tests.terraform.runs import Changes
from tests.terraform.world import World

DOCS = (Path(__file__).parents[2] / "docs" / "adopt.md").read_text()


def documented(what: str) -> list[int]:
    """Return the numbers that docs/adopt.md has before *what*: those of the first way, and of the second."""
    return [int(number) for number in re.findall(rf"\*\*(\d+) {what}\*\*", DOCS)]


def actions(world: World) -> set[str]:
    """Return all that the last plans were to do."""
    return {action for changes in world.changes.values() for actions in changes.values() for action in actions}


@pytest.mark.parametrize("path", [EXAMPLE, GUARDED, AUTOPILOT], ids=lambda path: path.stem)
def test_a_platform_whose_states_are_lost_is_adopted_whole(path: Path, deployed_of: Worlds, tmp_path: Path) -> None:
    """Nothing is replaced or destroyed, nothing asked for by hand, and the second plans are empty."""
    config, world, stand_in = load(path), deployed_of(path).copy(tmp_path), GoogleStandIn()
    world.lose_states(list(world.app.stacks))
    show(stand_in, world.rig.cloud)

    with stand_in.serving():
        adoption = adopt_platform(config, stand_in.api(), clusters_of(world.rig.cloud, config), world.app.outdir)
    assert [one for one in adoption.found if one.verdict is not Verdict.ADOPTED] == []
    adoption.write(world.app.outdir)
    world.deploy()

    assert adoption.settings == {}
    assert replaced_or_destroyed(world) == set()
    assert world.unsettled() == []
    world.stop()


def replaced_or_destroyed(world: World) -> set[str]:
    """Return what the last plans of *world* do beside creates, updates and imports."""
    return actions(world) - {"create", "update", "import"}


def shown_settings() -> dict[str, Any]:
    """Return the settings that docs/adopt.md shows for the codelab."""
    found = re.search(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    shown: dict[str, Any] = yaml.safe_load(found[1]) if found else {}
    return shown


class Codelab:
    """
    The codelab in a cloud, and a platform beside it whose YAML gets the settings that `adopt` asks for.

    Args:
        folder: An empty folder.

    Attributes:
        world: The platform.
        lab: The codelab's own Terraform.
        edits: How many settings were asked for.
        asked: All of them, as they stand in the YAML.
        before: The cloud before anything is applied.
        adoption: What the last run found.
    """

    def __init__(self, folder: Path) -> None:
        self.world = World(folder / "platform")
        self.world.base.mkdir()
        self.lab = apply_codelab(folder / "codelab", self.world.rig)
        self.edits = 0
        self.asked: dict[str, Any] = {}
        self.before: dict[Key, Message] = {}
        self.adoption: Adoption

    def adopt(self, data: dict[str, Any], old: Sequence[OldResource] = ()) -> None:
        """Run `adopt` for the YAML *data* until it asks for nothing more, and write the blocks."""
        cloud, stand_in = self.world.rig.cloud, GoogleStandIn()
        self.before = copy.deepcopy(cloud.objects)
        show(stand_in, cloud)
        with stand_in.serving():
            while True:
                config = Config.model_validate(data)
                self.world.use(config)
                outdir = self.world.app.outdir
                self.adoption = adopt_platform(config, stand_in.api(), clusters_of(cloud, config), outdir, old)
                if not self.adoption.settings:
                    break
                self.edits += len(self.adoption.settings)
                self.asked = merged(self.asked, nested(self.adoption.settings))
                data = merged(data, nested(self.adoption.settings))
        self.adoption.write(outdir)


@pytest.fixture
def codelab(tmp_path: Path) -> Iterator[Codelab]:
    """Apply the codelab."""
    made = Codelab(tmp_path)
    yield made
    made.world.stop()


def updated(world: World) -> set[str]:
    """Return the types of what the last plans were to change in place."""
    return {
        address.partition(".")[0]
        for changes in world.changes.values() for address, actions in changes.items() if "update" in actions
    }  # fmt: skip


def test_the_codelab_is_adopted(codelab: Codelab) -> None:
    """By as many edits as the docs say, nothing is replaced or destroyed, and only what is adopted is written to."""
    world, cloud = codelab.world, codelab.world.rig.cloud
    for region in ZONES:
        install_objective_crd(cloud, region)
    for region, command in product(ZONES, COMMANDS):
        command(cloud, region)

    codelab.adopt(changed(EXAMPLE))
    world.deploy()

    assert codelab.asked == shown_settings()
    adopted = [one.noun for one in codelab.adoption.found if one.verdict is Verdict.ADOPTED]
    assert sorted(adopted) == ["bucket", "fleet feature", "membership", "membership"]
    assert (codelab.edits, len(COMMANDS) * len(ZONES)) == (documented("settings")[0], documented("commands")[0])
    assert replaced_or_destroyed(world) == set()
    assert updated(world) == {BUCKET, FEATURE}
    assert {key[0] for key in written_to(codelab.before, cloud.objects)} == {BUCKET, FEATURE}
    assert world.unsettled() == []


def test_its_old_state_forgets_what_was_adopted(codelab: Codelab, tmp_path: Path) -> None:
    """And the role that both grant; the rest stays with it."""
    file = tmp_path / "state.json"
    file.write_text(json.dumps(shown_state(codelab.lab)))
    old = read_old_state(file)

    codelab.adopt(changed(EXAMPLE), old)

    forget = {one.address for one in codelab.adoption.forget}
    assert forget == {
        *(f"google_gke_hub_membership.{region}" for region in ZONES),
        "google_gke_hub_feature.ingress",
        "google_project_iam_member.mci_sa_admin",
        "google_storage_bucket.model_bucket",
    }  # fmt: skip
    assert len(forget) + codelab.adoption.others == len(old)
    assert forget_command(codelab.adoption.forget).startswith("terraform state rm google_")
    codelab.lab.folder.must("state rm", *forget)


def test_the_clusters_of_the_codelab_are_adopted_too(codelab: Codelab, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a name and keys that make their names; `adopt --done` then deletes the blocks, and nothing else is planned."""
    world, data = codelab.world, changed(EXAMPLE, name="gke", cluster__control_plane="zonal")
    data["regions"] = {region["region"]: region for region in data["regions"].values()}
    data["bucket"]["name"] = f"{PROJECT}-gemma-weights"
    for region in ZONES:
        let_nodes_reach_google(world.rig.cloud, region)

    codelab.adopt(data)
    world.deploy()

    adopted = [one.noun for one in codelab.adoption.found if one.verdict is Verdict.ADOPTED]
    assert adopted.count("cluster") == len(ZONES)
    assert (codelab.edits, len(ZONES)) == (documented("settings")[1], documented("commands")[1])
    assert replaced_or_destroyed(world) == set()
    assert updated(world) == {BUCKET, CLUSTER, FEATURE}
    for name, value in world.rig.environment.items():
        monkeypatch.setenv(name, value)
    assert remove_applied_blocks(world.app.outdir, Console(quiet=True)) is Exit.GOOD
    assert list(written_blocks(world.app.outdir)) == []
    assert world.unsettled() == []


@pytest.mark.parametrize(
    ("pool", "plan"),
    [
        ({"cluster": "${google_container_cluster.c.name}", "location": "us-east5", "project": "p"}, {}),
        ({"cluster": "${google_container_cluster.c.id}"}, {"google_container_node_pool.p": ("delete", "create")}),
    ],
)
def test_a_pool_is_imported_by_the_short_name_of_its_cluster(lab: Lab, pool: Document, plan: Changes) -> None:
    """A path in its place would replace the pool, as the real provider does."""
    resources = {
        "google_container_cluster.c": LAB_CLUSTER,
        "google_container_node_pool.p": {"name": "p", "node_config": {"machine_type": "e2-small"}, **pool},
    }
    lab.apply(resources)
    lab.forget()
    blocks = [
        {"to": "google_container_cluster.c", "id": "projects/p/locations/us-east5/clusters/c"},
        {"to": "google_container_node_pool.p", "id": "p/us-east5/c/p"},
    ]

    changes = lab.plan(resources, **{"import": blocks})

    assert {
        address: actions for address, actions in changes.items() if "pool" in address and "delete" in actions
    } == plan
