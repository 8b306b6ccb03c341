"""The rig does what the real providers and the cloud do: replace, read, import, refuse, fail."""

from __future__ import annotations

import copy
from threading import Barrier
from typing import Any

import pytest

from tests.rig.cloud import FAULT, PROTECTED, Fault, RefusedError
from tests.rig.gke import OFFERED, versioned
from tests.terraform.lab import CLUSTER, NETWORK, VALID, Document, Lab

NET, SUBNET, C, POOL = VALID


@pytest.mark.parametrize(
    ("address", "change", "actions"),
    [
        (NET, {"mtu": 1500}, ("update",)),
        (NET, {"description": "x"}, ("delete", "create")),
        (C, {"min_master_version": "1.35"}, ("update",)),
        (C, {"datapath_provider": "ADVANCED_DATAPATH"}, ("delete", "create")),
        (POOL, {"node_config": {"machine_type": "e2-medium"}}, ("update",)),
        (POOL, {"node_config": {"machine_type": "e2-small", "spot": True}}, ("delete", "create")),
        (POOL, {"placement_policy": {"type": "COMPACT"}}, ("delete", "create")),
    ],
)
def test_a_change_updates_or_replaces(lab: Lab, address: str, change: Document, actions: tuple[str, ...]) -> None:
    """As the facts tell for arguments at the top, and the table of nested ones below it."""
    lab.apply(VALID)

    assert lab.plan(VALID | {address: VALID[address] | change})[address] == actions


def test_drift_is_seen_and_repaired(lab: Lab) -> None:
    """What went is created, what changed is updated; an argument that is not given stays as the cloud has it."""
    given = VALID | {NET: NETWORK | {"mtu": 1460}}
    lab.apply(given)
    keys = {key[0]: key for key in lab.cloud.objects}
    before = copy.deepcopy(lab.cloud.objects)
    lab.cloud.objects[keys["google_compute_network"]]["mtu"] = 1300
    lab.cloud.objects[keys["google_compute_subnetwork"]]["purpose"] = "PRIVATE"
    before[keys["google_compute_subnetwork"]]["purpose"] = "PRIVATE"
    del lab.cloud.objects[keys["google_container_node_pool"]]

    assert lab.plan(given) == {NET: ("update",), POOL: ("create",)}
    assert lab.apply(given).code == 0
    assert lab.cloud.objects == before


@pytest.mark.parametrize(("network", "private"), [(None, True), ({}, False), ({"pod_range": "pods"}, False)])
def test_a_pool_follows_its_cluster_unless_its_network_is_opened(lab: Lab, network: Any, private: bool) -> None:
    """Opened in part it is public: the real provider sends false for what is not given, and plans nothing more."""
    cluster = CLUSTER | {"private_cluster_config": {"enable_private_nodes": True}}
    pool = VALID[POOL] | ({} if network is None else {"network_config": network})

    assert lab.apply(VALID | {C: cluster, POOL: pool}).code == 0
    [held] = [held for key, held in lab.cloud.objects.items() if key[0] == "google_container_node_pool"]
    assert held["network_config"][0]["enable_private_nodes"] is private
    assert lab.folder.settled()


def test_what_is_sent_unasked_is_there(lab: Lab) -> None:
    """Values of the provider's own, in blocks that were opened without them; in no other block."""
    config = {"machine_type": "e2-small", "kubelet_config": {"pod_pids_limit": 2048}, "shielded_instance_config": {}}
    lab.apply(VALID | {POOL: VALID[POOL] | {"node_config": config}})
    [held] = [held for key, held in lab.cloud.objects.items() if key[0] == "google_container_node_pool"]
    [node] = held["node_config"]

    assert node["shielded_instance_config"] == [{"enable_integrity_monitoring": True, "enable_secure_boot": False}]
    assert node["kubelet_config"][0]["cpu_cfs_quota"] is True
    assert node["reservation_affinity"] == []
    assert node["service_account"] == "default"
    assert lab.folder.settled()


def test_lists_without_an_order_come_in_another(lab: Lab) -> None:
    """On demand; the provider would set them back at every plan, sorted or not."""
    cluster = CLUSTER | {"logging_config": {"enable_components": ["SYSTEM_COMPONENTS", "WORKLOADS"]}}
    left_alone = {"lifecycle": {"ignore_changes": ["logging_config[0].enable_components"]}}
    lab.apply({C: cluster})
    lab.cloud.other_order = True

    assert lab.plan({C: cluster}) == {C: ("update",)}
    assert lab.plan({C: cluster | left_alone}) == {}


def test_an_object_is_imported_by_its_id(lab: Lab) -> None:
    """What is there already is taken over as it is; what is not there cannot be."""
    lab.apply({NET: NETWORK})
    lab.forget()

    assert lab.folder.run("import", NET, "projects/p/global/networks/other").code == 1
    lab.folder.must("import", NET, "projects/p/global/networks/vpc")
    assert lab.folder.settled()


def test_nothing_is_made_twice(lab: Lab) -> None:
    """Two resources that mean the same object are noticed."""
    assert "already exists" in lab.apply({NET: NETWORK, f"{NET}2": NETWORK | {"depends_on": [NET]}}).text


def test_nothing_goes_from_under_what_uses_it(lab: Lab) -> None:
    """A reference by name alone makes no edge, and then the order may be wrong."""
    by_name = VALID[SUBNET] | {"network": "projects/p/global/networks/vpc"}
    lab.apply({NET: NETWORK, SUBNET: by_name | {"depends_on": [NET]}})

    refused = lab.apply({SUBNET: by_name})

    assert "is already being used by google_compute_subnetwork" in refused.text


def test_a_protected_cluster_stays(lab: Lab) -> None:
    """In the real provider's words."""
    lab.apply({C: CLUSTER | {"deletion_protection": True}})

    assert PROTECTED in lab.folder.run("apply", "-destroy", "-auto-approve").text.replace("\n", " ")
    assert len(lab.cloud.objects) == 1


@pytest.mark.parametrize("late", [False, True])
def test_creates_fail_on_demand(lab: Lab, late: bool) -> None:
    """The second of a type: before it is there, or after, when the next apply replaces it."""
    pair = {NET: NETWORK, f"{NET}2": NETWORK | {"name": "other", "depends_on": [NET]}}
    lab.cloud.faults = [Fault("google_compute_network", nth=2, late=late)]

    assert FAULT in lab.apply(pair).text
    assert lab.plan(pair) == {f"{NET}2": ("delete", "create") if late else ("create",)}
    assert lab.apply(pair).code == 0


def test_creates_that_must_meet_meet(lab: Lab) -> None:
    """Two that do not depend on each other overlap, and the log tells it."""
    lab.cloud.meetings = {"google_compute_network": Barrier(2)}

    assert lab.apply({NET: NETWORK, f"{NET}2": NETWORK | {"name": "other"}}).code == 0
    assert max(done.begin for done in lab.cloud.log) < min(done.end for done in lab.cloud.log)


def test_aliases_are_told_apart(lab: Lab) -> None:
    """Each configured provider has its own project."""
    aliases = {"google": [{"project": "p"}, {"alias": "other", "project": "q"}]}
    lab.apply({NET: NETWORK, f"{NET}2": NETWORK | {"provider": "google.other"}}, provider=aliases)

    assert {key[2] for key in lab.cloud.objects} == {f"projects/{project}/global/networks/vpc" for project in "pq"}


@pytest.mark.parametrize(
    ("current", "asked", "becomes"),
    [
        (None, None, "1.34.1-gke.1000000"),
        (None, "1.34", "1.34.3-gke.1318000"),
        (None, "1.34.1-gke.1000000", "1.34.1-gke.1000000"),
        ("1.34.3-gke.1318000", "1.35", "1.35.2-gke.1842000"),
        ("1.35.0-gke.1000000", "1.35", "1.35.2-gke.1842000"),
        ("1.35.1-gke.1000000", "1.35", "1.35.1-gke.1000000"),
        ("1.35.1-gke.1000000", "1.35.2-gke.1842000", "1.35.2-gke.1842000"),
        ("1.99.0-gke.1000000", "1.35", "1.99.0-gke.1000000"),
        ("1.34.3-gke.1318000", None, "1.34.3-gke.1318000"),
    ],
)
def test_a_cluster_gets_the_version_that_is_asked_for_where_it_is_newer(
    current: str | None, asked: str | None, becomes: str
) -> None:
    """As the provider compares them: a beginning is its first release, and an older one is never asked of GKE."""
    cluster = {"min_master_version": asked, "release_channel": [{"channel": "REGULAR"}]}
    prior = {"min_master_version": None, "master_version": current} if current else None

    assert versioned(cluster, prior, OFFERED)["master_version"] == becomes


def test_a_version_that_gke_does_not_offer_is_refused() -> None:
    """As it is when a file is older than the version that it names."""
    with pytest.raises(RefusedError, match="is unsupported"):
        versioned({"min_master_version": "1.77", "release_channel": []}, None, OFFERED)
