"""How long the load balancer is waited for, before the controllers that see to it go."""

from __future__ import annotations

from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import COMPUTE, TeardownCloud
from tests.gke_inference.teardown.rig import sweeper_of


def test_the_load_balancer_is_waited_for(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Until its forwarding rules and endpoint groups are gone from the network; a backend service counts by these."""
    group = cloud.add("zones/us-east5-b/networkEndpointGroups/k8s1-0a1b-inference-epp")
    cloud.add("global/forwardingRules/gkemcg1-inference-gemma-gateway-a1", network="other")
    service = cloud.add("global/backendServices/gkemcg1-b", backends=[{"group": COMPUTE + group}])
    assert {found.path for found in sweeper_of(stand_in).network.contents().load_balancer} == {group, service}
    questions = 0
    answer = stand_in.answers["compute.networkEndpointGroups.aggregatedList"]
    assert not isinstance(answer, dict)

    def let_go(params: dict[str, object], body: object) -> dict[str, object]:
        nonlocal questions
        questions += 1
        found = answer(params, body)
        if questions == 3:
            cloud.items.pop(group)
        return found

    stand_in.answers["compute.networkEndpointGroups.aggregatedList"] = let_go
    sweeper = sweeper_of(stand_in, wait_sec=60)
    sweeper.wait_for_load_balancer()

    assert group not in cloud.items
    assert questions == 4
    assert sweeper.problems == {}


def test_the_wait_is_bounded(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A load balancer that is never deleted is no reason to stop: the run goes on, and nothing was deleted."""
    rule = cloud.add("global/forwardingRules/gkemcg1-inference-gemma-gateway-a1")
    sweeper = sweeper_of(stand_in, wait_sec=0.1)

    sweeper.wait_for_load_balancer()

    assert rule in cloud.items
    assert [sweeper.deleted, sweeper.problems] == [{}, {}]
