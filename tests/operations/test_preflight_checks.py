"""Each check of `preflight`, where what it looks for stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from operations.findings import Finding
from operations.preflight import all_checks
from operations.preflight.check import Subject
from stacks.config import Config
from tests.configs import ELASTIC, config
from tests.operations.google_stand_in import Fault, GoogleStandIn
from tests.operations.preflight_answers import GLOBAL, REGIONAL, answer_all_good, family, quotas

VPC = "https://www.googleapis.com/compute/v1/projects/my-project-id/global/networks/gemma-vpc"
OURS = {"autoCreateSubnetworks": False, "routingConfig": {"routingMode": "GLOBAL"}}
OFF = "Compute Engine API has not been used in project 123456 before or it is disabled."
CLUSTERS = "container.projects.locations.clusters.get"
FAMILIES = "serviceusage.services.consumerQuotaMetrics.get"


@pytest.fixture(scope="module")
def served() -> Iterator[GoogleStandIn]:
    """One address for all tests here: to read a discovery document anew for each takes longest."""
    with GoogleStandIn().serving() as stand_in:
        yield stand_in


@pytest.fixture
def google(served: GoogleStandIn) -> GoogleStandIn:
    """Google; `found` fills in its answers."""
    served.answers.clear()
    served.faults.clear()
    return served


def found(google: GoogleStandIn, platform: Config, /, **changed: Any) -> dict[tuple[str, str], Finding]:
    """What the checks find by region and id, when the answers in *changed* are other ones; without Hugging Face."""
    subject = Subject(config=platform, keys=tuple(platform.regions), google=google.api())
    answer_all_good(google, subject)
    for method, answer in changed.items():
        if isinstance(answer, Fault):
            google.faults[method] = answer
        else:
            google.answers[method] = answer
    checks = [check for check in all_checks(subject) if not check.id.startswith(("MODEL", "CHART", "IMAGE"))]
    findings = {(finding.where, finding.id): finding for check in checks for finding in check.findings()}
    assert not google.problems, google.problems
    return findings


def subnet(name: str, network: str = VPC, purpose: str = "PRIVATE", cidr: str = "192.168.0.0/24") -> dict[str, Any]:
    """A list with one subnet."""
    return {"items": [{"name": name, "network": network, "purpose": purpose, "ipCidrRange": cidr}]}


def machine_elsewhere(params: dict[str, Any], body: Any) -> dict[str, Any]:
    """TPUs are not in us-east5-b."""
    if params["machineType"].startswith("ct6e") and params["zone"] == "us-east5-b":
        raise Fault(404)
    return {"name": params["machineType"], "guestCpus": 8}


def region(**limits: int) -> dict[str, Any]:
    """Quotas of a region."""
    return {"quotas": quotas(REGIONAL | limits)}


def channel(default: str, *others: str) -> dict[str, Any]:
    """The regular channel with these versions."""
    one = {"channel": "REGULAR", "defaultVersion": default, "validVersions": [default, *others]}
    return {"channels": [one]}


CASES: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("", "PROJECT", {"cloudresourcemanager.projects.get": Fault(404)}, "wrong", "is not there"),
    ("", "PROJECT", {"cloudresourcemanager.projects.get": Fault(403)}, "unknown", "or the caller may not see it"),
    ("", "PROJECT", {"cloudresourcemanager.projects.get": {"name": "projects/1", "state": "DELETE_REQUESTED"}},
     "wrong", "DELETE_REQUESTED"),
    ("", "PERMISSIONS",
     {"cloudresourcemanager.projects.testIamPermissions": lambda _, body: {"permissions": body["permissions"][1:]}},
     "wrong", "1 are missing: compute.addresses.createInternal"),
    ("", "APIS", {"serviceusage.services.batchGet": {"services": []}}, "good", "0 of 12 are on, an apply turns on"),
    ("", "APIS", {"serviceusage.services.batchGet": Fault(403, OFF)}, "wrong", "Service Usage itself is off"),
    ("", "APIS", {"serviceusage.services.batchGet": Fault(403)}, "unknown", "could not be told"),
    ("", "NETWORK", {"compute.networks.get": Fault(403, OFF)}, "unknown", "it is disabled"),
    ("", "QUOTA-NETWORKS", {"compute.projects.get": {"quotas": quotas(GLOBAL, NETWORKS=15)}}, "wrong", "15 in use"),
    ("us", "QUOTA-CPU", {"compute.regions.get": region(CPUS=10)}, "wrong", "limit 10, 0 in use"),
    ("us", "QUOTA-ADDRESS", {"compute.regions.get": region(INTERNAL_ADDRESSES=0)}, "wrong", "limit 0"),
    ("us", "QUOTA-TPU", {}, "good", "limit 8, how much is in use is not told"),
    ("us", "QUOTA-TPU", {FAMILIES: family("TPUS_PER_TPU_FAMILY", {("CT6E",): 0, ("CT6E", "asia"): 9}, "tpu_family")},
     "wrong", "limit 0"),
    ("us", "QUOTA-TPU", {FAMILIES: family("TPUS_PER_TPU_FAMILY", {("CT6E",): -1}, "tpu_family")}, "good", "limit inf"),
    ("us", "QUOTA-TPU", {FAMILIES: Fault(404)}, "unknown", "tell no limit of TPUS_PER_TPU_FAMILY (CT6E) in us-east5"),
    ("us", "QUOTA-CPU", {CLUSTERS: Fault(403, OFF)}, "good", "limit 200"),
    ("us", "QUOTA", {FAMILIES: Fault(403)}, "unknown", "could not be told"),
    ("us", "QUOTA-CPU", {"compute.regions.get": {"quotas": quotas(REGIONAL, CPUS=190)}, CLUSTERS: {"name": "x"}},
     "unknown", "some of it by this platform"),
    ("us", "MACHINE-ct6e-standard-4t",
     {"compute.machineTypes.get": machine_elsewhere,
      "compute.machineTypes.aggregatedList": {"items": {
          "zones/us-east5-a": {"machineTypes": [{}]}, "zones/us-east4-a": {"machineTypes": [{}]},
          "zones/us-east5-c": {},
      }}}, "wrong", "not in us-east5-b; us-east5 has it in us-east5-a"),
    ("us", "MACHINE-ct6e-standard-4t",
     {"compute.machineTypes.get": machine_elsewhere, "compute.machineTypes.aggregatedList": {}}, "wrong",
     "no zone of us-east5 has"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": channel("1.33.5-gke.1")}, "wrong",
     "1.34, which is not offered; the newest is 1.33.5-gke.1"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": channel("1.33.5-gke.1", "1.34.1-gke.99")},
     "wrong", "1.34.1-gke.99; the newest"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": channel("1.33.5-gke.1", "1.34.9-gke.1")},
     "good", "1.34.9-gke.1 would be taken"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": {}}, "wrong", "the newest is nothing"),
    ("", "NETWORK-VPC", {"compute.networks.get": {"autoCreateSubnetworks": True}}, "wrong", "automatic subnets"),
    ("", "NETWORK-VPC", {"compute.networks.get": OURS}, "good", "custom subnets and GLOBAL routing"),
    ("us", "NETWORK-SUBNETS", {"compute.subnetworks.list": subnet("gemma-nodes-us", f"{VPC}-2")}, "wrong",
     "gemma-nodes-us is in the network gemma-vpc-2"),
    ("us", "NETWORK-SUBNETS", {"compute.subnetworks.list": subnet("gemma-nodes-us")}, "wrong", "has 192.168.0.0/24"),
    ("us", "NETWORK-PROXY", {"compute.subnetworks.list": subnet("p", purpose="REGIONAL_MANAGED_PROXY")}, "wrong",
     "p (REGIONAL_MANAGED_PROXY)"),
    ("us", "NETWORK-PROXY", {"compute.subnetworks.list": subnet("gemma-proxy-us", purpose="GLOBAL_MANAGED_PROXY")},
     "good", "none"),
    ("us", "NETWORK-RANGES", {"compute.subnetworks.list": subnet("old", cidr="10.2.0.0/24")}, "wrong",
     "overlaps old 10.2.0.0/24"),
    ("us", "NETWORK-RANGES", {"compute.subnetworks.list": subnet("old", f"{VPC}-2", cidr="10.2.0.0/24")}, "good",
     "free"),
    ("us", "NETWORK-RANGES",
     {"compute.networks.get": OURS | {"peerings": [{"name": "office"}]},
      "compute.networks.listPeeringRoutes": {"items": [{"destRange": "10.2.0.0/16"}, {"destRange": "fd00::/64"}]}},
     "wrong", "overlaps office 10.2.0.0/16"),
    ("", "FLEET-FEATURE",
     {"gkehub.projects.locations.features.get": {"spec": {"multiclusteringress": {
         "configMembership": "projects/123456/locations/global/memberships/gemma-us"}}}}, "good", "on, with gemma-us"),
    ("", "FLEET-FEATURE",
     {"gkehub.projects.locations.features.get": {"spec": {"multiclusteringress": {
         "configMembership": "projects/123456/locations/us-west1/memberships/other"}}}}, "wrong", "on, with other"),
    ("us", "FLEET-MEMBER",
     {"gkehub.projects.locations.memberships.get": {"endpoint": {"gkeCluster": {
         "resourceLink": "//container.googleapis.com/projects/p/locations/us-west1/clusters/other"}}}}, "wrong",
     "there, of locations/us-west1/clusters/other"),
    ("us", "FLEET-MEMBER",
     {"gkehub.projects.locations.memberships.get": {"endpoint": {"gkeCluster": {
         "resourceLink": "//container.googleapis.com/projects/p/locations/us-east5/clusters/gemma-us"}}}}, "good",
     "there, of this cluster"),
    ("", "SECRET", {"secretmanager.projects.secrets.versions.list": Fault(404)}, "wrong", "there is no hugging"),
    ("", "SECRET", {"secretmanager.projects.secrets.versions.list": {}}, "wrong", "no enabled version"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "id_", "changed", "status", "words"), CASES)
def test_each_check_tells_what_it_found(
    google: GoogleStandIn, where: str, id_: str, changed: dict[str, Any], status: str, words: str
) -> None:
    """Its status, in words; what is not good comes with a fix."""
    finding = found(google, config(), **changed)[where, id_]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert bool(finding.fix) == (status != "good")


@pytest.mark.parametrize(
    ("pool", "limits", "families", "status", "words"),
    [
        ({"spot": True}, {}, {}, "good", "limit 40"),
        ({"spot": True}, {"PREEMPTIBLE_NVIDIA_H100_GPUS": 19}, {}, "wrong", "limit 19"),
        ({"spot": True}, {"PREEMPTIBLE_NVIDIA_H100_GPUS": 0}, {("NVIDIA_H100",): 20}, "good", "limit 20, how much"),
        ({"spot": True}, {"PREEMPTIBLE_NVIDIA_H100_GPUS": 0}, {}, "wrong", "limit 0"),
        ({"on_demand": True}, {}, {("NVIDIA_H100", "us-east4"): 16, ("NVIDIA_H100",): 90}, "wrong", "limit 16"),
        ({"flex_start": True}, {}, {}, "good", "limit 40"),
    ],
)
def test_gpus_are_charged_to_the_quota_of_their_kind(
    google: GoogleStandIn, pool: dict[str, Any], limits: dict[str, int], families: dict[tuple[str, ...], int],
    status: str, words: str,
) -> None:  # fmt: skip
    """Ten nodes of two H100s: spot and flex-start by the preemptible quota, or the ordinary one if that is none."""
    answers = {
        "compute.regions.get": region(**limits),
        FAMILIES: family("GPUS_PER_GPU_FAMILY", families, "gpu_family"),
    }
    finding = found(google, config(ELASTIC, node_pools__h100__capacity=pool), **answers)["us", "QUOTA-GPU"]

    assert (finding.status.value, words in finding.found) == (status, True), finding


RESERVED: dict[str, Any] = {
    "status": "READY",
    "specificReservationRequired": True,
    "specificReservation": {"count": "2", "inUseCount": "1", "instanceProperties": {"machineType": "ct6e-standard-4t"}},
}


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (RESERVED, "good", "READY, 2 ct6e-standard-4t, 1 in use"),
        (Fault(404), "wrong", "there is no mine in us-east5-b"),
        (RESERVED | {"status": "DELETING"}, "wrong", "DELETING"),
        (RESERVED | {"specificReservationRequired": False}, "wrong", "taken by any machine that matches"),
        (RESERVED | {"specificReservation": RESERVED["specificReservation"] | {"inUseCount": "2"}},
         "wrong", "2 in use"),
        (RESERVED | {"specificReservation": {"count": "2", "instanceProperties": {"machineType": "ct6e-standard-8t"}}},
         "wrong", "2 ct6e-standard-8t"),
        ({"status": "READY", "aggregateReservation": {}}, "unknown", "could not be told"),
    ],
)  # fmt: skip
def test_a_reservation_must_hold_the_pool(google: GoogleStandIn, answer: Any, status: str, words: str) -> None:
    """Its machine type, its free count, and that only those that name it take from it; no quota is asked for."""
    platform = config(node_pools__tpu__capacity={"reservation": "mine"})
    findings = found(google, platform, **{"compute.reservations.get": answer})
    finding = findings["us", "RESERVATION-tpu"]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert ("us", "QUOTA-TPU") not in findings


def test_a_quota_that_no_api_is_known_to_tell_is_unknown(google: GoogleStandIn) -> None:
    """Spot TPUs v6e; the finding says where to look."""
    finding = found(google, config(node_pools__tpu__capacity={"spot": True}))["us", "QUOTA-TPU"]

    assert finding.status.value == "unknown"
    assert "iam-admin/quotas" in finding.fix


def test_an_answer_that_makes_no_sense_is_unknown(google: GoogleStandIn) -> None:
    """And no traceback."""
    finding = found(google, config(), **{"compute.machineTypes.get": {"name": "x"}})["us", "QUOTA"]

    assert (finding.status.value, "could not be read" in finding.found) == ("unknown", True)
