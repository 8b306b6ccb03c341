"""What is swept, what is only reported, and what is not touched; and what is told of what is left."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from operations.findings import Status
from operations.google_api import GoogleApi
from operations.teardown.clean import Cleaner
from operations.teardown.left import Left, Leftovers
from operations.teardown.stop import Stop
from operations.teardown.sweep import Network
from tests.configs import config
from tests.operations import google_stand_in
from tests.operations.google_stand_in import Fault, GoogleStandIn
from tests.operations.teardown_cloud import COMPUTE, TeardownCloud

CONFIG = config()
TPU = {"machineType": "ct6e-standard-4t"}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStandIn]:
    """Google's APIs, that of buckets included."""
    monkeypatch.setattr(google_stand_in, "APIS", (*google_stand_in.APIS, "storage.v1"))
    with GoogleStandIn().serving() as served:
        yield served


@pytest.fixture
def cloud(stand_in: GoogleStandIn) -> TeardownCloud:
    """A project with nothing in it."""
    made = TeardownCloud(CONFIG)
    made.serve(stand_in)
    return made


def cleaner(google: GoogleApi, *, in_states: frozenset[str] = frozenset(), wait_sec: float = 1) -> Cleaner:
    """It, quick and silent."""
    return Cleaner(
        network=Network(google, CONFIG), in_states=in_states, wait_sec=wait_sec, pause_sec=0.01, stop=Stop(),
        console=Console(file=io.StringIO()),
    )  # fmt: skip


def left(google: GoogleApi, *, keep_bucket: bool = True) -> list[Left]:
    """What is told to be left."""
    return Leftovers(google=google, config=CONFIG, keep_bucket=keep_bucket, in_states=frozenset()).findings()


def api(stand_in: GoogleStandIn) -> GoogleApi:
    """A client for the project of the config."""
    return stand_in.api(CONFIG.project)


GHOSTS = (
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


def test_ghosts_of_all_kinds_are_swept(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Global, regional and zonal, forwarding rules before what they need; a second sweep finds nothing."""
    paths = [cloud.add(rest) for rest in GHOSTS]
    deleted: list[str] = []
    cloud.deleted = deleted.append
    clean = cleaner(api(stand_in))

    clean.sweep()
    again = cleaner(api(stand_in))
    again.sweep()

    assert sorted(deleted) == sorted(paths) == sorted(clean.asked)
    assert [path.split("/")[-2] for path in deleted] == (
        ["forwardingRules"] * 2 + ["networkEndpointGroups"] * 3 + ["firewalls"] * 4
    )
    assert [cloud.items, clean.problems, again.asked, again.problems] == [{}, {}, {}, {}]


def test_nothing_else_is_swept(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Another network's, another project's, another name's and Terraform's own all stay; ours are reported."""
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
    clean = cleaner(api(stand_in), in_states=frozenset({terraforms}))

    clean.sweep()

    assert [clean.asked, clean.problems] == [{}, {}]
    assert set(cloud.items) == {*others, elsewhere, by_hand, of_another_cluster, terraforms}
    assert [request for request in stand_in.requests if request.http_method == "DELETE"] == []
    told = {finding.found: finding for finding in left(api(stand_in)) if finding.id == "LEFT-FIREWALL-RULE"}
    ours = {"firewall rule allow-ssh", "firewall rule gke-llama-us-1-all", "firewall rule k8s-named-by-config"}
    assert set(told) == ours
    assert "look before you delete it" in told["firewall rule allow-ssh"].fix


def test_nothing_is_swept_while_a_cluster_is_in_the_network(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Its controllers still use what they made; a cluster in another network does not count."""
    ghost = cloud.add(GHOSTS[2])
    cloud.clusters = [{"name": "by-hand", "network": "gemma-vpc"}]
    clean = cleaner(api(stand_in))
    clean.sweep()
    problem = clean.problems["SWEEP"]
    assert (problem.status, problem.found) == (Status.WRONG, "nothing was swept: by-hand is still in the network")
    assert ghost in cloud.items

    cloud.clusters = [{"name": "by-hand", "network": "other"}]
    clean.sweep()

    assert [clean.problems, cloud.items] == [{}, {}]


def test_a_ghost_that_is_in_use_is_told(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Google's refusal does not stop the sweep of the others, and is kept in Google's words."""
    cloud.add(GHOSTS[2])
    cloud.add(GHOSTS[5])
    stand_in.faults["compute.networkEndpointGroups.delete"] = Fault(400, "is already being used by backendServices/b")
    clean = cleaner(api(stand_in))

    clean.sweep()

    assert "already being used by backendServices/b" in clean.problems["SWEEP"].found
    assert [path.split("/")[-1] for path in cloud.items] == ["k8s1-0a1b-inference-epp"]


def test_what_may_not_be_listed_is_not_swept(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A 403 on any of the lists is a finding that nothing is known, and nothing is deleted."""
    ghost = cloud.add(GHOSTS[5])
    for method in ("container.projects.locations.clusters.list", "compute.firewalls.list"):
        stand_in.faults = {method: Fault(403, "no permission")}
        clean = cleaner(api(stand_in))
        clean.sweep()
        assert clean.problems["SWEEP"].status == Status.UNKNOWN
        assert "403" in clean.problems["SWEEP"].found
    assert ghost in cloud.items


def test_the_balancer_is_waited_for(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Until its forwarding rules and endpoint groups are gone from our network; a backend service counts by these."""
    group = cloud.add(GHOSTS[2])
    cloud.add(GHOSTS[0], network="other")
    service = cloud.add("global/backendServices/gkemcg1-b", backends=[{"group": COMPUTE + group}])
    network = Network(api(stand_in), CONFIG)
    assert {found.path for found in network.balancing()} == {group, service}
    looks = 0
    told = stand_in.answers["compute.backendServices.aggregatedList"]
    assert not isinstance(told, dict)
    answer = told

    def let_go(params: dict[str, object], body: object) -> dict[str, object]:
        nonlocal looks
        looks += 1
        if looks == 3:
            cloud.items.pop(group)
        return answer(params, body)

    stand_in.answers["compute.backendServices.aggregatedList"] = let_go
    clean = cleaner(api(stand_in), wait_sec=60)
    clean.wait_for_balancer()

    assert group not in cloud.items
    assert looks == 4
    assert clean.problems == {}


def test_the_wait_is_bounded(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A balancer that never lets go is no reason to stop: the way goes on, and nothing was deleted."""
    rule = cloud.add(GHOSTS[0])
    clean = cleaner(api(stand_in), wait_sec=0.1)

    clean.wait_for_balancer()

    assert rule in cloud.items
    assert [clean.asked, clean.problems] == [{}, {}]


def test_an_empty_project_has_nothing_left(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Each kind was asked for, and each answer was that there is none."""
    found = left(api(stand_in))

    assert {finding.status for finding in found} == {Status.GOOD}
    assert [finding.id for finding in found] == [
        f"LEFT-{kind}" for kind in
        ("CLUSTER", "DISK", "LOAD-BALANCER", "ADDRESS", "ROUTER", "NETWORK", "FLEET", "BUCKET", "SECRET")
    ]  # fmt: skip


def test_what_is_left_is_told_with_its_costs(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Accelerator nodes first of all; what only looks alike and is in another network is not ours."""
    pools = [{"name": "system", "config": {"machineType": "e2-standard-4"}}, {"name": "tpu", "config": TPU}]
    cloud.clusters = [
        {"name": "gemma-us", "location": "us-east5", "network": "gemma-vpc", "nodePools": pools},
        {"name": "llama-us", "location": "us-east5", "network": "llama-vpc", "nodePools": pools},
    ]
    cloud.memberships, cloud.config_member = ["gemma-us", "llama-us"], "gemma-us"
    cloud.add("zones/us-east5-b/disks/pvc-1", labels={"goog-k8s-cluster-name": "gemma-us"}, sizeGb="100")
    cloud.add("zones/us-east5-b/disks/pvc-2", labels={"goog-k8s-cluster-name": "llama-us"})
    cloud.add("regions/us-east5/addresses/gemma-gateway-us")
    cloud.add("regions/us-east5/addresses/llama-gateway-us", network="llama-vpc")
    cloud.add("regions/us-east5/routers/gemma-nat-us", nats=[{"name": "gemma-nat-us"}])
    cloud.there = {"gemma-vpc", "my-project-id-gemma-weights", "hugging-face-token"}

    found = left(api(stand_in))

    assert {finding.found: finding.costs for finding in found if finding.status == Status.WRONG} == {
        "cluster gemma-us in us-east5": "medium",
        "node pool system (e2-standard-4) of gemma-us in us-east5": "medium",
        "node pool tpu (ct6e-standard-4t) of gemma-us in us-east5": "high",
        "disk pvc-1 of 100 GB": "per GiB",
        "address gemma-gateway-us": "small",
        "router gemma-nat-us with NAT": "small",
        "network gemma-vpc": "none",
        "membership gemma-us": "none",
        "feature multiclusteringress": "small",
    }
    stays = {
        finding.found: finding.needed
        for finding in found
        if finding.status == Status.GOOD and finding.found != "nothing of ours"
    }
    assert stays == {
        "bucket my-project-id-gemma-weights": "stays: it was not named",
        "secret hugging-face-token": "stays: it is yours",
    }
    named = [finding for finding in left(api(stand_in), keep_bucket=False) if finding.id == "LEFT-BUCKET"]
    assert [finding.status for finding in named] == [Status.WRONG]


def test_what_may_not_be_asked_is_unknown(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A 403 is told with the permission that is missing, and the other kinds are told all the same."""
    cloud.there = {"gemma-vpc"}
    stand_in.faults = {
        "compute.disks.aggregatedList": Fault(403, "no permission"),
        "storage.buckets.get": Fault(403, "no permission"),
    }

    by_id = {finding.id: finding for finding in left(api(stand_in))}

    assert by_id["LEFT-DISK"].status == by_id["LEFT-BUCKET"].status == Status.UNKNOWN
    assert by_id["LEFT-DISK"].fix == "look again with the permission compute.disks.list"
    assert by_id["LEFT-NETWORK"].status == Status.WRONG
    assert by_id["LEFT-CLUSTER"].status == Status.GOOD
