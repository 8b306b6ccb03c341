"""What is reported of a sweep: what is gone, what is not, and what to do about it."""

from __future__ import annotations

import pytest

from gke_inference.findings import Status
from platform_config.stack_graph import cluster_stack
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import remaining, sweeper_of

GROUP = "zones/us-east5-b/networkEndpointGroups/k8s1-0a1b-inference-epp"
FIREWALL = "global/firewalls/gke-gemma-eu-0a1b2c3d-mcsd"
DELETE = "compute.networkEndpointGroups.delete"
OFF = "Compute Engine API has not been used in project 1 before or it is disabled. Enable it by visiting"
SIGN_IN = "sign in with `gcloud auth application-default login` and run it again"


def test_what_was_refused_is_not_reported_as_deleted(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Only what is gone is; what somebody else deleted later is no problem, and not reported as deleted either."""
    group, firewall = cloud.add(GROUP), cloud.add(FIREWALL)
    stand_in.faults[DELETE] = Fault(403, "Required 'compute.networkEndpointGroups.delete' permission")
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()
    sweeper.recheck()
    assert list(sweeper.deleted) == [firewall]
    assert "Required 'compute.networkEndpointGroups.delete'" in sweeper.problems["SWEEP"].found
    del cloud.items[group]
    sweeper.recheck()

    assert list(sweeper.deleted) == [firewall]
    assert sweeper.problems == {}


def test_what_outlives_the_wait_is_a_finding_until_it_is_gone(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """It is reported as deleted only when it is seen to be gone, at the end or by the next sweep."""
    group = cloud.add(GROUP)
    cloud.lag = 1000
    sweeper = sweeper_of(stand_in, wait_sec=0.05)

    sweeper.sweep()
    sweeper.recheck()
    assert sweeper.deleted == {}
    problem = sweeper.problems["SWEEP"]
    assert problem.status == Status.WRONG
    assert problem.found == "endpoint group k8s1-0a1b-inference-epp in us-east5-b: to be deleted, but still there"
    cloud.going[group] = 0
    sweeper.recheck()

    assert list(sweeper.deleted) == [group]
    assert sweeper.problems == {}


def test_a_cluster_that_is_being_deleted_is_waited_for(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Before all else, and before the sweep, which goes on when it is gone."""
    orphan = cloud.add(GROUP)
    cloud.clusters = [{"name": "gemma-us", "location": "us-east5", "network": "gemma-vpc", "status": "STOPPING"}]
    questions = 0

    def listed(params: dict[str, object], body: object) -> dict[str, object]:
        nonlocal questions
        questions += 1
        return {"clusters": [] if questions == 4 or questions > 7 else cloud.clusters}

    stand_in.answers["container.projects.locations.clusters.list"] = listed
    sweeper = sweeper_of(stand_in, wait_sec=60)

    sweeper.wait_for_clusters()
    assert questions == 4
    sweeper.sweep()

    assert [questions, list(sweeper.deleted), sweeper.problems] == [9, [orphan], {}]


def test_a_cluster_that_stays_is_reported_with_its_stack(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """The wait for it is bounded; one that stays is in the state of its stack, or in none."""
    cloud.add(GROUP)
    cluster = {"name": "gemma-us", "location": "us-east5", "network": "gemma-vpc"}
    path = cloud.path("locations/us-east5/clusters/gemma-us")
    fixes = []
    for status, states in (("STOPPING", {path}), ("RUNNING", {path}), ("RUNNING", set[str]())):
        cloud.clusters = [{**cluster, "status": status}]
        sweeper = sweeper_of(stand_in, in_states=frozenset(states), wait_sec=0.05)
        sweeper.sweep()
        assert sweeper.problems["SWEEP"].found.startswith("nothing was swept: gemma-us")
        fixes.append(sweeper.problems["SWEEP"].fix)

    assert fixes[:2] == [
        "gemma-us is being deleted: run the command again when it is gone", f"destroy {cluster_stack('us')}, see above",
    ]  # fmt: skip
    assert f"stacks/{cluster_stack('us')} import google_container_cluster.cluster {path}" in fixes[2]


@pytest.mark.parametrize("collection", ["firewalls", "backendServices"])
def test_a_part_that_cannot_be_read_is_unknown(cloud: TeardownCloud, stand_in: GoogleStandIn, collection: str) -> None:
    """Nothing is deleted on half of the knowledge, and the report comes all the same."""
    cloud.add(GROUP)
    del cloud.items[cloud.add(f"global/{collection}/k8s-x")]["selfLink"]
    # The stand-in questions for scopes by self link too.
    stand_in.answers["compute.backendServices.aggregatedList"] = {
        "items": {"global": {"backendServices": [{"name": "k8s-x"}]}} if collection != "firewalls" else {}
    }
    sweeper = sweeper_of(stand_in)

    sweeper.record_ownership()
    sweeper.sweep()

    assert sweeper.problems["SWEEP"].status == Status.UNKNOWN
    assert "the answer cannot be read (KeyError: 'selfLink')" in sweeper.problems["SWEEP"].found
    assert stand_in.asked(DELETE) == []
    by_id = {finding.id: finding.status for finding in remaining(stand_in)}
    assert by_id["LEFT-LOAD-BALANCER"] == Status.UNKNOWN
    assert by_id["LEFT-DISK"] == Status.GOOD


@pytest.mark.parametrize(
    ("fault", "fix"), [(Fault(401, "no"), SIGN_IN), (Fault(403, OFF), "turn that API on (gcloud services enable)")]
)
def test_a_refusal_is_reported_with_what_helps(
    cloud: TeardownCloud, stand_in: GoogleStandIn, fault: Fault, fix: str
) -> None:
    """Sign in where the credentials are none, turn the API on where it is off: a role helps neither."""
    stand_in.faults["compute.disks.aggregatedList"] = stand_in.faults["compute.firewalls.list"] = fault
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert sweeper.problems["SWEEP"].fix.startswith(fix)
    assert {one.fix.startswith(fix) for one in remaining(stand_in) if one.status == Status.UNKNOWN} == {True}


def test_a_refused_delete_is_reported_with_the_role_for_it(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Firewall rules take another role than load balancers."""
    cloud.add(GROUP)
    cloud.add(FIREWALL)
    stand_in.faults = {DELETE: Fault(403, "no"), "compute.firewalls.delete": Fault(403, "no")}
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert "roles/compute.loadBalancerAdmin and roles/compute.securityAdmin" in sweeper.problems["SWEEP"].fix


UNREACHABLE = {"code": "UNREACHABLE", "message": "zone us-east5-b cannot be reached"}
SCOPE = {"items": {"zones/us-east5-b": {"warning": UNREACHABLE}}}
NOTHING = {"items": {"zones/us-east5-b": {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "There are none"}}}}
GAPS = {"a scope": SCOPE, "a page": {"items": {}, "warning": UNREACHABLE}, "places": {"unreachables": ["zones/a"]}}
AGGREGATED = ("disks", "networkEndpointGroups", "addresses", "routers")


@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
def test_half_a_list_is_no_list(cloud: TeardownCloud, stand_in: GoogleStandIn, gap: dict[str, object]) -> None:
    """Where a place is missing in the list, nothing is said to be gone there, and nothing is swept."""
    cloud.add(FIREWALL)
    for collection in AGGREGATED:
        stand_in.answers[f"compute.{collection}.aggregatedList"] = gap
    stand_in.answers["gkehub.projects.locations.memberships.list"] = {"unreachable": ["us-east5"]}
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert "the list is not complete" in sweeper.problems["SWEEP"].found
    assert stand_in.asked("compute.firewalls.delete") == []
    unknown = {one.id.removeprefix("LEFT-") for one in remaining(stand_in) if one.status == Status.UNKNOWN}
    assert unknown == {"DISK", "LOAD-BALANCER", "ADDRESS", "ROUTER", "FLEET"}


def test_half_a_list_of_firewall_rules_is_none(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """It has a warning of its own."""
    stand_in.answers["compute.firewalls.list"] = {"items": [], "warning": UNREACHABLE}
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert "UNREACHABLE: zone us-east5-b cannot be reached" in sweeper.problems["SWEEP"].found


def test_a_place_that_has_none_is_complete(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Google says so with a warning, which is none."""
    for collection in AGGREGATED:
        stand_in.answers[f"compute.{collection}.aggregatedList"] = NOTHING

    assert {one.status for one in remaining(stand_in)} == {Status.GOOD}
