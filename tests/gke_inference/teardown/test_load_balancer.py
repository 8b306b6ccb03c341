"""The whole load balancer of a Gateway whose controller is gone is swept, and nothing that is of another."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gke_inference.load_balancer import CHAIN, method_target
from gke_inference.teardown.ownership import KINDS
from tests.gke_inference.google_discovery import document
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import COMPUTE, TeardownCloud
from tests.gke_inference.teardown.rig import add_gateway, sweeper_of

PLACES = [("global", "targetHttpProxies"), ("regions/us-east5", "targetHttpsProxies")]
STRANGERS: dict[str, tuple[int, Callable[[TeardownCloud, str], str]]] = {
    "a proxy by hand uses the URL map": (
        3, lambda c, path: c.add("global/targetHttpProxies/by-hand", urlMap=COMPUTE + path),
    ),
    "a URL map by hand uses the backend service": (
        4, lambda c, path: c.add("global/urlMaps/by-hand", defaultService=COMPUTE + path),
    ),
    "a backend service by hand uses the health check": (
        6, lambda c, path: c.add("global/backendServices/by-hand", healthChecks=[COMPUTE + path]),
    ),
}  # fmt: skip
"""Which part of a load balancer is used, counted in the order of `add_gateway`, and by what."""


@pytest.mark.parametrize(("place", "proxies"), PLACES)
def test_a_whole_load_balancer_is_swept(
    cloud: TeardownCloud, stand_in: GoogleStandIn, place: str, proxies: str
) -> None:
    """Global and regional: what is used goes after its users, though Google takes its time; again finds nothing."""
    paths = add_gateway(cloud, place=place, proxies=proxies)
    deleted: list[str] = []
    cloud.deleted, cloud.lag = deleted.append, 2
    sweeper = sweeper_of(stand_in, wait_sec=60)

    sweeper.sweep()
    again = sweeper_of(stand_in)
    again.sweep()

    assert sorted(deleted) == sorted(paths) == sorted(sweeper.deleted)
    kinds = list(dict.fromkeys(path.split("/")[-2] for path in deleted))
    assert kinds == [kind for kind in KINDS if kind in kinds]
    assert len(kinds) == 6
    assert [cloud.items, sweeper.problems, again.deleted, again.problems] == [{}, {}, {}, {}]


def test_the_load_balancer_of_exported_services_is_not_waited_for_and_swept(
    cloud: TeardownCloud, stand_in: GoogleStandIn
) -> None:
    """It goes with the fleet's feature, which the wait comes before; what others of the project use of it stays."""
    check = cloud.add("global/healthChecks/gkemcs-default-404")
    spare = cloud.add("global/backendServices/gkemcs-default-404", healthChecks=[COMPUTE + check])
    shared = cloud.add("global/backendServices/gkemcs-shared-web-tcp-80")
    speech = cloud.add("global/backendServices/gkemcs-inference-speech-server-tcp-8880")
    matchers = [{"name": "all", "defaultService": COMPUTE + path} for path in (speech, shared)]
    url_map = cloud.add("global/urlMaps/gkemcs-p-gemma-vpc", defaultService=COMPUTE + spare, pathMatchers=matchers)
    proxy = cloud.add("global/targetHttpProxies/gkemcs-p-gemma-vpc", urlMap=COMPUTE + url_map)
    cloud.add("global/forwardingRules/gkemcs-p-gemma-vpc-1", target=COMPUTE + proxy)
    other = cloud.add("global/urlMaps/gkemcs-p-other", defaultService=COMPUTE + shared)
    group = cloud.add("zones/us-east5-b/networkEndpointGroups/k8s1-0a1b-inference-speech-server-8880")
    sweeper = sweeper_of(stand_in)

    waited_for = [one.path for one in sweeper.network.contents().load_balancer]
    sweeper.sweep()

    assert waited_for == [group]
    assert (set(cloud.items), sweeper.problems) == ({shared, other}, {})


def test_the_parts_of_all_models_are_swept(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """One URL map leads to a service, a check and groups for each model: one behind a pool, one behind a Service."""
    *_, url_map, _, _, _, _, _, _ = paths = add_gateway(cloud)
    group = cloud.add("zones/us-east5-b/networkEndpointGroups/k8s1-0a1b-inference-speech-server-8880")
    check = cloud.add("global/healthChecks/gkemcg1-inference-speech-server-8880")
    speech = cloud.add(
        "global/backendServices/gkemcg1-inference-speech-server-8880",
        backends=[{"group": COMPUTE + group}], healthChecks=[COMPUTE + check],
    )  # fmt: skip
    cloud.items[url_map]["pathMatchers"].append({"name": "speech", "defaultService": COMPUTE + speech})
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert (cloud.items, set(sweeper.deleted)) == ({}, {*paths, group, check, speech})


def test_without_its_forwarding_rules_it_is_known_by_its_groups(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """The URL map's services are behind our groups or have no backend at all, as the one for 404."""
    for rule in add_gateway(cloud)[:2]:
        del cloud.items[rule]

    sweeper_of(stand_in).sweep()

    assert cloud.items == {}


def test_another_networks_load_balancer_stays(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """With all that it shares with the platform's: the service for 404 has one name for all Gateways of a project."""
    own = add_gateway(cloud)
    others = add_gateway(cloud, name="llama-gateway", network="llama-vpc")
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert set(cloud.items) == set(others)
    assert sweeper.deleted.keys() == set(own) - set(others)
    assert sweeper.problems == {}


def test_a_service_with_a_backend_in_another_network_stays(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Its check with it; Google refuses the deletion of the group then, and says who uses it."""
    *_, service, _, check, _, near, far = add_gateway(cloud)
    cloud.items[far]["network"] = cloud.link("global/networks/llama-vpc")
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert set(cloud.items) == {service, check, near, far}
    assert f"is already being used by '{service}'" in sweeper.problems["SWEEP"].found


@pytest.mark.parametrize(("used", "by_hand"), STRANGERS.values(), ids=STRANGERS)
def test_what_somebody_else_uses_stays(
    cloud: TeardownCloud, stand_in: GoogleStandIn, used: int, by_hand: Callable[[TeardownCloud, str], str]
) -> None:
    """With all that it uses itself, whatever its name begins with."""
    path = add_gateway(cloud)[used]
    stranger = by_hand(cloud, path)

    sweeper_of(stand_in).sweep()

    assert {stranger, path} <= set(cloud.items)
    assert not any("forwardingRules" in left for left in cloud.items)


def test_terraforms_own_parts_stay(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A health check in a state is none that a controller left, whatever its name is and whoever uses it."""
    check = add_gateway(cloud)[6]

    sweeper_of(stand_in, in_states=frozenset({check})).sweep()

    assert list(cloud.items) == [check]


def test_parts_of_another_name_stay(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A load balancer by hand in our network is nobody's orphan."""
    add_gateway(cloud)
    cloud.items = json.loads(json.dumps(cloud.items).replace("gkemcg1-", "mine-").replace("k8s1-", "mine-"))
    before = set(cloud.items)
    sweeper = sweeper_of(stand_in)

    sweeper.sweep()

    assert [set(cloud.items), sweeper.deleted, sweeper.problems] == [before, {}, {}]


def test_what_was_proven_whole_is_swept_when_half_of_it_is_gone(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A controller that died half-way leaves services and checks that no rule leads to any more."""
    *chain, service, spare, check, spare_check, near, far = add_gateway(cloud)
    sweeper = sweeper_of(stand_in)
    sweeper.record_ownership()
    for path in (*chain, service, near, far):
        del cloud.items[path]

    sweeper_of(stand_in).sweep()
    assert set(cloud.items) == {spare, check, spare_check}
    sweeper.sweep()

    assert cloud.items == {}


def test_what_was_made_anew_under_the_same_name_stays(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """Another Gateway may have got the service for 404 in between; Google's id shows it."""
    spare = add_gateway(cloud)[5]
    sweeper = sweeper_of(stand_in)
    sweeper.record_ownership()
    cloud.items = {}
    cloud.add(spare.removeprefix(cloud.path("")))

    sweeper.sweep()

    assert set(cloud.items) == {spare}


def test_a_sweep_that_was_stopped_goes_on_when_it_is_run_again(cloud: TeardownCloud, stand_in: GoogleStandIn) -> None:
    """A signal ends it between two deletes."""
    add_gateway(cloud)
    sweeper = sweeper_of(stand_in)
    cloud.deleted = lambda path: sweeper.waiter.interrupt.request()

    sweeper.sweep()

    assert len(sweeper.deleted) == 1
    assert len(cloud.items) == 9
    sweeper_of(stand_in).sweep()
    assert cloud.items == {}


@pytest.mark.parametrize("collection", [*CHAIN, "firewalls"])
def test_each_kind_is_addressed_as_the_api_has_it(collection: str) -> None:
    """The discovery document has the method to delete it, with just these parameters in its path."""
    resources = document("compute.v1")["resources"]
    places = ["global"] if collection == "firewalls" else ["global", "regions/us-east5"]
    for place in [*places, *(["zones/us-east5-b"] if collection == "networkEndpointGroups" else [])]:
        resource, arguments = method_target(f"projects/p/{place}/{collection}/x")
        assert set(resources[resource]["methods"]["delete"]["parameterOrder"]) == set(arguments)
