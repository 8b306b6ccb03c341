"""What is swept, and what is not touched."""

from __future__ import annotations

from gke_inference.findings import Status
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import COMPUTE, TeardownCloud
from tests.gke_inference.teardown.rig import add_gateway, remaining, sweeper_of

ORPHANS = (
    "global/forwardingRules/gkemcg1-inference-gemma-gateway-a1",
    "regions/us-east5/forwardingRules/k8s2-tcp-x",
    "zones/us-east5-b/networkEndpointGroups/k8s1-0a1b-inference-epp",
    "regions/us-east5/networkEndpointGroups/k8s2-regional",
    "global/networkEndpointGroups/gkemcg1-global",
    "global/firewalls/gke-gemma-eu-0a1b2c3d-mcsd",
    "global/firewalls/k8s-fw-l7--0a1b",
    "global/firewalls/mcsd-0a1b",
    "global/firewalls/gkegw1-0a1b-l7-gemma-vpc-global",
)


def test_orphans_of_all_kinds_are_swept(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Global, regional and zonal, forwarding rules before what they need; a second sweep finds nothing."""
    paths = [cloud.add(rest) for rest in ORPHANS]
    deleted: list[str] = []
    cloud.deleted = deleted.append
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()
    again = sweeper_of(stand_in)
    again.sweep()

    assert sorted(deleted) == sorted(paths) == sorted(sweeper.deleted)
    assert [path.split("/")[-2] for path in deleted] == (
        ["forwardingRules"] * 2 + ["networkEndpointGroups"] * 3 + ["firewalls"] * 4
    )
    assert [cloud.items, sweeper.problems, again.deleted, again.problems] == [{}, {}, {}, {}]


def test_nothing_else_is_swept(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """What is in another network or project, has another name or is Terraform's stays; what is inside is reported."""
    others = [
        cloud.add("global/firewalls/gke-gemma-us-1-mcsd", network="gemma-vpc-2"),
        cloud.add("global/firewalls/k8s-fw-b", network="default"),
        cloud.add("zones/us-east5-b/networkEndpointGroups/k8s1-x", network="my-gemma-vpc"),
    ]
    elsewhere = cloud.add("global/firewalls/k8s-fw-shared")
    cloud.items[elsewhere]["network"] = f"{COMPUTE}projects/other/global/networks/gemma-vpc"
    by_hand = cloud.add("global/firewalls/allow-ssh")
    of_another_cluster = cloud.add("global/firewalls/gke-llama-us-1-all")
    terraforms = cloud.add("global/firewalls/k8s-named-by-config")
    sweeper = sweeper_of(stand_in, in_states=frozenset({terraforms}))

    sweeper.sweep()

    assert [sweeper.deleted, sweeper.problems] == [{}, {}]
    assert set(cloud.items) == {*others, elsewhere, by_hand, of_another_cluster, terraforms}
    assert [request for request in stand_in.requests if request.http_method == "DELETE"] == []
    reported = {finding.found: finding for finding in remaining(stand_in) if finding.id == "LEFT-FIREWALL-RULE"}
    inside = {"firewall rule allow-ssh", "firewall rule gke-llama-us-1-all", "firewall rule k8s-named-by-config"}
    assert set(reported) == inside
    assert "look before you delete it" in reported["firewall rule allow-ssh"].fix


def test_nothing_is_swept_while_a_cluster_is_in_the_network(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Its controllers still use what they made; a cluster in another network does not count."""
    orphan = cloud.add(ORPHANS[2])
    cloud.clusters = [{"name": "by-hand", "network": "gemma-vpc"}]
    sweeper = sweeper_of(stand_in)
    sweeper.sweep()
    problem = sweeper.problems["SWEEP"]
    assert (problem.status, problem.found) == (Status.WRONG, "nothing was swept: by-hand is still in the network")
    assert orphan in cloud.items

    cloud.clusters = [{"name": "by-hand", "network": "other"}]
    sweeper.sweep()

    assert [sweeper.problems, cloud.items] == [{}, {}]


def test_a_network_that_no_state_holds_is_not_swept(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Its name alone proves nothing: another's gemma-vpc keeps all that controllers have in it; it is reported."""
    add_gateway(cloud)
    cloud.add("global/firewalls/k8s-fw-a1b2c3")
    cloud.there = {"gemma-vpc"}
    before = set(cloud.items)
    sweeper = sweeper_of(stand_in, known=False)

    sweeper.record_ownership()
    sweeper.sweep()

    assert set(cloud.items) == before
    assert [request for request in stand_in.requests if request.http_method == "DELETE"] == []
    problem = sweeper.problems["SWEEP"]
    assert problem.status == Status.WRONG
    assert "projects/my-project-id/global/networks/gemma-vpc is in no state" in problem.found
    assert "11 resources in it: forwarding rule gkemcg1-" in problem.found
    assert "import google_compute_network.network projects/my-project-id/global/networks/gemma-vpc" in problem.fix
    fixes = {finding.id: finding.fix for finding in remaining(stand_in, known=False)}
    assert fixes["LEFT-NETWORK"] == problem.fix
    assert fixes["LEFT-FIREWALL-RULE"].startswith("its network is in no state")


def test_an_empty_network_that_no_state_holds_is_no_problem(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A second run, once all is gone, has nothing to sweep and nothing to report."""
    sweeper = sweeper_of(stand_in, known=False)

    sweeper.sweep()

    assert sweeper.problems == {}
