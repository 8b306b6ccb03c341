"""Which cluster a stack's objects are in, and whether it is gone."""

from __future__ import annotations

import pytest

from gke_inference.teardown.clusters import DeletedClusters
from gke_inference.teardown.state import States
from platform_config.stack_graph import GATEWAY_STACK, WEIGHTS_STACK, cluster_stack, serving_stack
from tests.configs import config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.test_order import resource

ELSEWHERE = {"value": "gemma-eu", "endpoint": "gke-eu.europe-west4.gke.goog"}
"""What a state remembers where the objects are in another cluster than the config has."""


@pytest.fixture
def only_us(cloud: TeardownCloud) -> None:
    """Leave only the cluster of region `us`, which the config has for gateway and download; that of `eu` is gone."""
    cloud.clusters = [{"name": "gemma-us", "location": "us-east5", "network": "gemma-vpc"}]


@pytest.mark.usefixtures("only_us")
@pytest.mark.parametrize("stack", [GATEWAY_STACK, WEIGHTS_STACK])
def test_the_state_says_which_cluster_the_gateway_is_in(stand_in: GoogleStandIn, stack: str) -> None:
    """The config may have another since; without a word in the state the config's counts."""
    moved: States = {stack: (resource("helm_release.x"), resource("terraform_data.home", input=ELSEWHERE))}
    silent: States = {
        stack: (resource("helm_release.x"), resource("terraform_data.other", input={"value": "gemma-eu"}))
    }

    assert DeletedClusters(stand_in.api(), config(), moved).find(stack) == "gemma-eu"
    assert DeletedClusters(stand_in.api(), config(), silent).find(stack) == ""


@pytest.mark.usefixtures("only_us")
def test_a_cluster_whose_region_left_the_config_is_looked_for_everywhere(stand_in: GoogleStandIn) -> None:
    """Nobody knows its location then, and a list of all locations has it or not."""
    states: States = {GATEWAY_STACK: (resource("terraform_data.home", input=ELSEWHERE | {"value": "gemma-asia"}),)}

    clusters = DeletedClusters(stand_in.api(), config(), states)

    assert clusters.find(GATEWAY_STACK) == "gemma-asia"
    assert stand_in.asked("container.projects.locations.clusters.get") == []


@pytest.mark.usefixtures("only_us")
def test_each_region_has_its_own_cluster(stand_in: GoogleStandIn) -> None:
    """Its stacks are of that one; what is of no cluster is of none that is gone."""
    states: States = {stack: (resource("x.y"),) for stack in (cluster_stack("eu"), serving_stack("us"))}

    clusters = DeletedClusters(stand_in.api(), config(), states)

    assert [clusters.find(stack) for stack in states] == ["gemma-eu", ""]
    assert clusters.findings() == []
