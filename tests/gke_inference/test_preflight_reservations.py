"""Reservations in `preflight`: room for all pools that name one, whoever owns it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.configs import ELASTIC, config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import found

GET, BLOCK = "compute.reservations.get", "compute.reservationBlocks.get"
RESERVED: dict[str, Any] = {
    "status": "READY",
    "specificReservationRequired": True,
    "specificReservation": {"count": "2", "inUseCount": "1", "instanceProperties": {"machineType": "ct6e-standard-4t"}},
}


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (RESERVED, "good", "READY, 2 ct6e-standard-4t, 1 in use"),
        (Fault(404), "wrong", "there is no mine of my-project-id in us-east5-b"),
        (RESERVED | {"status": "DELETING"}, "wrong", "DELETING"),
        (RESERVED | {"specificReservationRequired": False}, "wrong", "taken by any machine that matches"),
        (RESERVED | {"specificReservation": RESERVED["specificReservation"] | {"inUseCount": "2"}},
         "wrong", "2 in use"),
        (RESERVED | {"specificReservation": {"count": "2", "instanceProperties": {"machineType": "ct6e-standard-8t"}}},
         "wrong", "2 ct6e-standard-8t"),
        ({"status": "READY", "aggregateReservation": {}}, "unknown", "could not be checked"),
    ],
)  # fmt: skip
def test_a_reservation_must_hold_the_pool(google: GoogleStandIn, answer: Any, status: str, words: str) -> None:
    """Its machine type, its free count, and that only those that name it take from it; no quota is asked for."""
    platform = config(node_pools__tpu__capacity={"reservation": "mine"})
    findings = found(google, platform, **{"compute.reservations.get": answer})
    finding = findings["us", "RESERVATION-mine/us-east5-b"]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert not [id_ for _, id_ in findings if id_.startswith("QUOTA-TPU")]


def of(owner: str, answer: Any = RESERVED) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Only the project *owner* has it, and only by its name."""

    def get(params: dict[str, Any], body: Any) -> dict[str, Any]:
        if (params["project"], params["reservation"]) != (owner, "mine"):
            raise Fault(404, f"{params} was not found")
        return dict(answer)

    return get


def test_a_shared_reservation_is_asked_of_its_owner(google: GoogleStandIn) -> None:
    """Named by its path; who owns it is in the id."""
    platform = config(node_pools__tpu__capacity={"reservation": "projects/host/reservations/mine"})
    findings = found(google, platform, **{GET: of("host")})

    assert findings["us", "RESERVATION-mine/host/us-east5-b"].status.value == "good"


def test_what_the_owner_does_not_show_is_unknown(google: GoogleStandIn) -> None:
    """Few may read another project; the permission is named with that project."""
    platform = config(node_pools__tpu__capacity={"reservation": "projects/host/reservations/mine"})
    finding = found(google, platform, **{GET: Fault(403)})["us", "RESERVATION-mine/host/us-east5-b"]

    assert finding.status.value == "unknown"
    assert "compute.reservations.get in host" in finding.fix


@pytest.mark.parametrize(
    ("block", "status", "words"),
    [
        ({"count": 1, "status": "READY"}, "good", "READY, 1 ct6e-standard-4t, 0 in use"),
        ({"count": 1, "inUseCount": 1, "status": "READY"}, "wrong", "1 in use"),
        (Fault(404), "wrong", "there is no mine, block b, of host"),
        (Fault(403), "unknown", "could not be checked"),
    ],
)
def test_a_block_has_its_own_room(google: GoogleStandIn, block: Any, status: str, words: str) -> None:
    """That of the whole reservation is reported beside it."""
    platform = config(node_pools__tpu__capacity={"reservation": "projects/host/reservations/mine/reservationBlocks/b"})
    answer = block if isinstance(block, Fault) else {"resource": block}
    findings = found(google, platform, **{GET: of("host"), BLOCK: answer})
    finding = findings["us", "RESERVATION-mine/b/host/us-east5-b"]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert findings["us", "RESERVATION-mine/host/us-east5-b"].status.value == "good"


@pytest.mark.parametrize(("count", "status"), [("4", "good"), ("3", "wrong")])
def test_pools_that_share_a_reservation_need_room_for_all(google: GoogleStandIn, count: str, status: str) -> None:
    """Two nodes of each of two pools in each zone; one finding for each zone."""
    pool = {"machine_type": "a3-highgpu-8g", "nodes_per_zone": 2, "capacity": {"reservation": "mine"}}
    platform = config(
        ELASTIC, node_pools={"a": pool, "b": pool}, models__llama__node_pools=["a"],
        models__llama__autoscaling=None, regions__us__zones=["us-east4-a", "us-east4-b"],
    )  # fmt: skip
    specific = {"count": count, "instanceProperties": {"machineType": "a3-highgpu-8g"}}
    findings = found(google, platform, **{GET: RESERVED | {"specificReservation": specific}})
    statuses = {
        id_: one.status.value for (where, id_), one in findings.items() if (where, id_[:11]) == ("us", "RESERVATION")
    }

    assert statuses == {"RESERVATION-mine/us-east4-a": status, "RESERVATION-mine/us-east4-b": status}
    assert "with 4 free a3-highgpu-8g" in findings["us", "RESERVATION-mine/us-east4-a"].needed


def test_a_reservation_is_looked_for_in_the_zones_of_its_pool(google: GoogleStandIn) -> None:
    """All of the pool's nodes are there, and none in the region's other zone."""
    pool = {"machine_type": "ct6e-standard-4t", "capacity": {"reservation": "mine"}, "zones": ["us-east5-b"]}
    zones = ["us-east5-a", "us-east5-b"]
    platform = config(regions__us__zones=zones, regions__us__node_pools={"tpu": pool})
    findings = found(google, platform, **{"compute.reservations.get": RESERVED})

    assert [id_ for key, id_ in findings if key == "us" and id_.startswith("RESERVATION-")] == [
        "RESERVATION-mine/us-east5-b"
    ]
    assert findings["us", "RESERVATION-mine/us-east5-b"].status.value == "good"


def test_a_machine_is_needed_in_the_zones_of_its_pools(google: GoogleStandIn) -> None:
    """The system nodes' machine in all of them."""
    pool = {"machine_type": "ct6e-standard-4t", "zones": ["us-east5-b"]}
    platform = config(regions__us__zones=["us-east5-a", "us-east5-b"], regions__us__node_pools={"tpu": pool})
    findings = found(google, platform)

    assert findings["us", "MACHINE-ct6e-standard-4t"].needed == "ct6e-standard-4t in us-east5-b"
    assert [finding.needed for (key, id_), finding in findings.items()
            if key == "us" and id_.startswith("MACHINE-e2")] == ["e2-standard-8 in us-east5-a, us-east5-b"]  # fmt: skip
