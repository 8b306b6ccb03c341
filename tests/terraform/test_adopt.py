"""What exists is taken over by import blocks: the next plans replace and destroy nothing, and then nothing is left."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from gke_inference.adopt.adoption import Adoption, adopt_platform
from gke_inference.adopt.found import Verdict, nested
from platform_config.config import Config
from platform_config.load import load
from tests.configs import EXAMPLE, changed
from tests.gke_inference.cluster_stand_in import merged
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.rig.cloud import Key
from tests.rig.wire import Message
from tests.terraform.codelab import apply_codelab, open_to_the_platform, written_to
from tests.terraform.google_of_cloud import clusters_of, show
from tests.terraform.world import World

HAND_EDITS = 26
"""Settings that docs/adopt.md says are to be written for the codelab."""
COMMANDS = 6
"""Of gcloud, which docs/adopt.md says are to be run for it: three for each region."""


@pytest.fixture
def google(world: World) -> Iterator[GoogleStandIn]:
    """Show what is in the cloud of the example by Google's APIs."""
    stand_in = GoogleStandIn()
    show(stand_in, world.rig.cloud)
    with stand_in.serving():
        yield stand_in


def actions(world: World) -> set[str]:
    """Return all that the last plans were to do."""
    return {action for changes in world.changes.values() for actions in changes.values() for action in actions}


def test_a_platform_whose_states_are_lost_is_adopted_whole(world: World, google: GoogleStandIn) -> None:
    """Nothing is replaced or destroyed, nothing asked for by hand, and the second plans are empty."""
    config, stacks = load(EXAMPLE), list(world.app.stacks)
    world.lose_states(stacks)

    adoption = adopt_platform(config, google.api(), clusters_of(world.rig.cloud, config), world.app.outdir)
    adoption.write(world.app.outdir)

    assert {one.verdict for one in adoption.found} == {Verdict.ADOPTED}
    assert adoption.settings == {}
    world.deploy()
    assert actions(world) <= {"create", "update", "import"}
    assert world.unsettled() == []
