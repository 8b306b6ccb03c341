"""Each check of `preflight`, where what it looks for stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.configs import config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import found

OFF = "Compute Engine API has not been used in project 123456 before or it is disabled."


def machine_elsewhere(params: dict[str, Any], body: Any) -> dict[str, Any]:
    """Answer that us-east5-b has no TPUs."""
    if params["machineType"].startswith("ct6e") and params["zone"] == "us-east5-b":
        raise Fault(404)
    return {"name": params["machineType"], "guestCpus": 8}


def channel(default: str, *others: str) -> dict[str, Any]:
    """Return the regular channel with these versions."""
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
    ("", "APIS", {"serviceusage.services.batchGet": {"services": []}}, "good", "0 of 13 are on, an apply turns on"),
    ("", "APIS", {"serviceusage.services.batchGet": Fault(403, OFF)}, "wrong", "Service Usage itself is off"),
    ("", "APIS", {"serviceusage.services.batchGet": Fault(403)}, "unknown", "could not be checked"),
    ("", "NETWORK", {"compute.networks.get": Fault(403, OFF)}, "unknown", "it is disabled"),
    ("us", "MACHINE-ct6e-standard-4t",
     {"compute.machineTypes.get": machine_elsewhere,
      "compute.machineTypes.aggregatedList": {"items": {
          "zones/us-east5-a": {"machineTypes": [{}]}, "zones/us-east4-a": {"machineTypes": [{}]},
          "zones/us-east5-c": {},
      }}}, "wrong", "not in us-east5-b; us-east5 has it in us-east5-a"),
    ("us", "MACHINE-ct6e-standard-4t",
     {"compute.machineTypes.get": machine_elsewhere, "compute.machineTypes.aggregatedList": {}}, "wrong",
     "no zone of us-east5 has"),
    ("us", "PLACE", {"compute.regions.get": Fault(404)}, "wrong", "there is no region us-east5"),
    ("us", "PLACE",
     {"compute.zones.get": Fault(404), "compute.regions.get": {"quotas": [], "zones": ["https://x/zones/us-east5-a"]}},
     "wrong", "there is no zone us-east5-b"),
    ("us", "PLACE", {"compute.zones.get": Fault(403)}, "unknown", "could not be checked"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": channel("1.33.5-gke.1")}, "wrong",
     "1.34, which is not offered; the newest is 1.33.5-gke.1"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": channel("1.33.5-gke.1", "1.34.1-gke.99")},
     "wrong", "1.34.1-gke.99; the newest"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": channel("1.33.5-gke.1", "1.34.9-gke.1")},
     "good", "1.34.9-gke.1 would be taken; the load balancer's custom metric may need 1.35.1-gke.1396000: docs/versi"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": channel("1.35.1-gke.1396000")},
     "good", "1.35.1-gke.1396000 would be taken"),
    ("us", "VERSION", {"container.projects.locations.getServerConfig": {}}, "wrong", "the newest is nothing"),
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


def test_an_answer_that_makes_no_sense_is_unknown(google: GoogleStandIn) -> None:
    """And no traceback."""
    finding = found(google, config(), **{"compute.machineTypes.get": {"name": "x"}})["us", "QUOTA"]

    assert (finding.status.value, "the answer cannot be read" in finding.found) == ("unknown", True)
