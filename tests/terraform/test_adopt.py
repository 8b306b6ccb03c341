"""What exists is taken over by import blocks: the next plans replace and destroy nothing, and then nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gke_inference.adopt.adoption import Adoption, adopt_platform
from gke_inference.adopt.found import Verdict
from platform_config.load import load
from platform_config.stack_graph import INFRA
from tests.configs import EXAMPLE
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.terraform.google_of_cloud import show
from tests.terraform.world import World


@pytest.fixture
def google(world: World) -> Iterator[GoogleStandIn]:
    """Show what is in the cloud of the example by Google's APIs."""
    stand_in = GoogleStandIn()
    show(stand_in, world.rig.cloud)
    with stand_in.serving():
        yield stand_in


def infra(world: World) -> list[str]:
    """Return the stacks of Google's resources."""
    return [stack for stack in world.app.stacks if stack.startswith(INFRA)]


def test_a_platform_whose_states_are_lost_is_adopted_whole(world: World, google: GoogleStandIn) -> None:
    """Nothing is replaced or destroyed, nothing asked for by hand, and the second plans are empty."""
    config = load(EXAMPLE)
    world.lose_states(infra(world))

    adoption: Adoption = adopt_platform(config, google.api(), world.app.outdir)
    adoption.write(world.app.outdir)

    assert {one.verdict for one in adoption.found} == {Verdict.ADOPTED}
    assert adoption.settings == {}
    world.deploy(infra(world))
    planned = {action for stack in infra(world) for actions in world.changes[stack].values() for action in actions}
    assert planned <= {"create", "update", "import"}, planned
    assert world.unsettled(infra(world)) == []
