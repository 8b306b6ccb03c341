"""What the sweep makes of Google's refusals and silences."""

from __future__ import annotations

import pytest

from gke_inference.findings import Status
from gke_inference.load_balancer import CHAIN
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import add_gateway, sweeper_of

GROUP = "zones/us-east5-b/networkEndpointGroups/k8s1-0a1b-inference-epp"
FIREWALL = "global/firewalls/gke-gemma-eu-0a1b2c3d-mcsd"
LISTS = (
    "container.projects.locations.clusters.list", "compute.firewalls.list",
    *(f"compute.{collection}.aggregatedList" for collection in CHAIN),
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pause between two tries, which is random, and wait only shortly for an answer."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    monkeypatch.setattr("gke_inference.google_api.TIMEOUT_SEC", 0.5)


@pytest.fixture
def one_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry only once, because each try waits for an answer that never comes."""
    monkeypatch.setattr("gke_inference.google_api.RETRIES", 1)


def deletes(stand_in: GoogleStandIn) -> list[str]:
    """List the methods that were asked for and that delete."""
    return [request.method for request in stand_in.requests if request.http_method == "DELETE"]


@pytest.mark.parametrize("code", [400, 409])
def test_an_orphan_that_is_in_use_is_reported(cloud: TeardownCloud, stand_in: GoogleStandIn, code: int) -> None:
    """Google's refusal does not stop the sweep of the others, and its message is reported."""
    cloud.add(GROUP)
    cloud.add(FIREWALL)
    stand_in.faults["compute.networkEndpointGroups.delete"] = Fault(code, "is already being used by backendServices/b")
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert "already being used by backendServices/b" in sweeper.problems["SWEEP"].found
    assert sweeper.problems["SWEEP"].fix.startswith("run the command again")
    assert [path.split("/")[-1] for path in cloud.items] == ["k8s1-0a1b-inference-epp"]


@pytest.mark.parametrize("method", LISTS)
def test_what_may_not_be_listed_is_not_swept(cloud: TeardownCloud, stand_in: GoogleStandIn, method: str) -> None:
    """A 403 on any of the lists is a finding that nothing is known, and nothing is deleted."""
    orphan = cloud.add(FIREWALL)
    stand_in.faults = {method: Fault(403, "no permission")}
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert sweeper.problems["SWEEP"].status == Status.UNKNOWN
    assert "403" in sweeper.problems["SWEEP"].found
    assert orphan in cloud.items


@pytest.mark.usefixtures("one_retry")
@pytest.mark.parametrize("fault", [401, 503, "hang", "half"])
def test_a_list_without_an_answer_is_not_half_a_list(
    cloud: TeardownCloud, stand_in: GoogleStandIn, fault: int | str
) -> None:
    """Nothing is deleted where Google did not say what is there."""
    add_gateway(cloud)
    stand_in.faults["compute.backendServices.aggregatedList"] = Fault(fault)  # type: ignore[arg-type]
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert sweeper.problems["SWEEP"].status == Status.UNKNOWN
    assert deletes(stand_in) == []


def test_a_delete_that_is_not_allowed_is_reported_with_the_permission(
    cloud: TeardownCloud, stand_in: GoogleStandIn
) -> None:
    """What that part uses stays too; all else goes, and with the permission the next sweep ends it."""
    rule, *_ = add_gateway(cloud)
    firewall = cloud.add(FIREWALL)
    stand_in.faults["compute.targetHttpProxies.delete"] = Fault(403, "Required 'compute.targetHttpProxies.delete'")
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()
    problem, left = sweeper.problems["SWEEP"], set(cloud.items)
    stand_in.faults.clear()
    sweeper.sweep()

    assert "Required 'compute.targetHttpProxies.delete'" in problem.found
    assert problem.fix == (
        "have roles/compute.loadBalancerAdmin granted to whoever runs this, then run the command again"
    )
    assert not {rule, firewall} & left
    assert [cloud.items, sweeper.problems] == [{}, {}]


@pytest.mark.parametrize("status", [429, 503])
def test_what_may_pass_is_tried_again(cloud: TeardownCloud, stand_in: GoogleStandIn, status: int) -> None:
    """Too many requests and server errors, on a list and on a delete, end nothing."""
    add_gateway(cloud)
    for method in ("compute.urlMaps.aggregatedList", "compute.urlMaps.delete"):
        stand_in.faults[method] = [Fault(status), Fault(status)]
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert [cloud.items, sweeper.problems] == [{}, {}]
    assert len(stand_in.asked("compute.urlMaps.delete")) == 3


def test_what_is_gone_already_is_as_good(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A 404 to a delete: somebody else was faster."""
    group = cloud.add(GROUP)

    def gone(params: dict[str, object], body: object) -> dict[str, object]:
        del cloud.items[group]
        raise Fault(404, "was not found")

    stand_in.answers["compute.networkEndpointGroups.delete"] = gone
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert sweeper.problems == {}


@pytest.mark.usefixtures("one_retry")
@pytest.mark.parametrize("fault", ["hang", "half"])
def test_a_delete_without_an_answer_is_reported_and_ends_with_the_next_sweep(
    cloud: TeardownCloud, stand_in: GoogleStandIn, fault: str
) -> None:
    """Whether it was heard is not known; the others are asked for all the same."""
    cloud.add(GROUP)
    firewall = cloud.add(FIREWALL)
    stand_in.faults["compute.networkEndpointGroups.delete"] = Fault(fault)  # type: ignore[arg-type]
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()
    assert "no answer" in sweeper.problems["SWEEP"].found
    assert firewall not in cloud.items
    stand_in.faults.clear()
    sweeper.sweep()

    assert [cloud.items, sweeper.problems] == [{}, {}]


def test_each_wait_for_google_is_bounded(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """What is not gone in time is left; the kinds that follow are asked for, and Google's refusals are reported."""
    add_gateway(cloud)
    cloud.lag = 1000
    sweeper = sweeper_of(stand_in, wait_sec=0.05)

    sweeper.sweep()

    assert "is already being used by" in sweeper.problems["SWEEP"].found
    assert {method.split(".")[1] for method in deletes(stand_in)} == {
        "globalForwardingRules", "targetHttpProxies", "urlMaps", "backendServices", "healthChecks",
        "networkEndpointGroups",
    }  # fmt: skip
