"""Quotas in `preflight`: what is asked of each, and what is found where there is too little."""

from __future__ import annotations

from typing import Any

import pytest

from tests.configs import config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import (
    GLOBAL,
    REGIONAL,
    SERVICE_USAGE,
    family,
    found,
    metric,
    quotas,
    service_usage,
)

CLUSTERS = "container.projects.locations.clusters.get"
OFF = "Compute Engine API has not been used in project 123456 before or it is disabled."


def region(**limits: int) -> dict[str, Any]:
    """Return a region with these limits."""
    return {"compute.regions.get": {"quotas": quotas(REGIONAL | limits)}}


def project(**limits: int) -> dict[str, Any]:
    """Return a project with these limits."""
    return {"compute.projects.get": {"quotas": quotas(GLOBAL | limits)}}


CASES: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("", "QUOTA-ALL-CPUS", project(CPUS_ALL_REGIONS=48), "good", "limit 48, 0 in use"),
    ("", "QUOTA-ALL-CPUS", project(CPUS_ALL_REGIONS=47), "wrong", "limit 47"),
    ("", "QUOTA-ALL-GPUS", project(GPUS_ALL_REGIONS=0), "wrong", "limit 0"),
    ("", "QUOTA-ALL-GPUS", {"compute.projects.get": {"quotas": quotas(GLOBAL, GPUS_ALL_REGIONS=100)}}, "good",
     "limit 100, 100 in use"),
    ("", "QUOTA-NETWORKS", {}, "good", "limit 15"),
    ("", "QUOTA-NETWORKS", {"compute.projects.get": {"quotas": quotas(GLOBAL, NETWORKS=15)}}, "wrong", "15 in use"),
    ("", "QUOTA-BACKEND-SERVICES", project(GLOBAL_INTERNAL_MANAGED_BACKEND_SERVICES=1), "good", "limit 1"),
    ("", "QUOTA-BACKEND-SERVICES", project(GLOBAL_INTERNAL_MANAGED_BACKEND_SERVICES=0), "wrong", "limit 0"),
    ("", "QUOTA-HEALTH-CHECKS", project(HEALTH_CHECKS=1), "good", "limit 1"),
    ("", "QUOTA-HEALTH-CHECKS", {"compute.projects.get": {"quotas": quotas(GLOBAL, HEALTH_CHECKS=75)}}, "wrong",
     "75 in use"),
    ("", "QUOTA-TARGET-PROXIES", project(TARGET_HTTP_PROXIES=1), "good", "limit 1"),
    ("", "QUOTA-TARGET-PROXIES", project(TARGET_HTTP_PROXIES=0), "wrong", "limit 0"),
    ("", "QUOTA-URL-MAPS", project(URL_MAPS=1), "good", "limit 1"),
    ("", "QUOTA-URL-MAPS", project(URL_MAPS=0), "wrong", "limit 0"),
    ("us", "QUOTA-CPU", region(CPUS=24), "good", "limit 24, 0 in use"),
    ("us", "QUOTA-CPU", region(CPUS=23), "wrong", "limit 23, 0 in use"),
    ("us", "QUOTA-CPU", {CLUSTERS: Fault(403, OFF)}, "good", "limit 200"),
    ("us", "QUOTA-CPU", {"compute.regions.get": {"quotas": quotas(REGIONAL, CPUS=190)}, CLUSTERS: {"name": "x"}},
     "unknown", "some of it by this platform"),
    ("us", "QUOTA-ADDRESS", region(INTERNAL_ADDRESSES=1), "good", "limit 1"),
    ("us", "QUOTA-ADDRESS", region(INTERNAL_ADDRESSES=0), "wrong", "limit 0"),
    ("us", "QUOTA-NEG", region(NETWORK_ENDPOINT_GROUPS=1), "good", "limit 1"),
    ("us", "QUOTA-NEG", {"compute.regions.get": {"quotas": quotas(REGIONAL, NETWORK_ENDPOINT_GROUPS=100)}}, "wrong",
     "100 in use"),
    ("us", "QUOTA-DISK-SSD", region(SSD_TOTAL_GB=300), "good", "limit 300"),
    ("us", "QUOTA-DISK-SSD", region(SSD_TOTAL_GB=299), "wrong", "limit 299"),
    ("us", "QUOTA-DISK-HDB", region(HDB_TOTAL_GB=200), "good", "limit 200"),
    ("us", "QUOTA-DISK-HDB", region(HDB_TOTAL_GB=199), "wrong", "limit 199"),
    ("us", "QUOTA-TPU-V6E", {SERVICE_USAGE: Fault(403)}, "unknown", "could not be checked"),
    ("us", "QUOTA-CPU", {SERVICE_USAGE: Fault(403)}, "good", "limit 200"),
    ("us", "QUOTA", {"compute.machineTypes.get": {"name": "x"}}, "unknown", "the answer cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "id_", "changed", "status", "words"), CASES)
def test_what_the_example_asks_must_be_free(
    google: GoogleStandIn, where: str, id_: str, changed: dict[str, Any], status: str, words: str
) -> None:
    """Three system nodes of eight vCPUs and one TPU node per region, one gateway; what is not good comes with a fix."""
    finding = found(google, config(), **changed)[where, id_]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert bool(finding.fix) == (status != "good")


@pytest.mark.parametrize(("limit", "status"), [(3, "good"), (2, "wrong")])
def test_each_zone_has_a_network_endpoint_group(google: GoogleStandIn, limit: int, status: str) -> None:
    """Three zones of one region, with one port each: three groups."""
    platform = config(regions__us__zones=["us-east5-a", "us-east5-b", "us-east5-c"])
    finding = found(google, platform, **region(NETWORK_ENDPOINT_GROUPS=limit))["us", "QUOTA-NEG"]

    assert (finding.status.value, finding.needed) == (
        status, "NETWORK_ENDPOINT_GROUPS: 3 network endpoint groups free in us-east5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("machine_type", "limits", "families", "status", "words"),
    [
        ("n2-standard-8", {"N2_CPUS": 24}, {}, "good", "limit 24, 0 in use"),
        ("n2-standard-8", {"N2_CPUS": 23}, {}, "wrong", "limit 23, 0 in use"),
        ("c4-standard-8", {}, {("C4",): 0, ("C4", "us-east5"): 24}, "good", "limit 24, how much"),
        ("c4-standard-8", {}, {("C4",): 99, ("C4", "us-east5"): 23}, "wrong", "limit 23"),
        ("c4-standard-8", {}, {("N4",): 99}, "unknown", "have no limit of C4_CPUS or CPUS_PER_VM_FAMILY (C4)"),
    ],
)
def test_cpus_are_charged_to_the_quota_of_their_series(
    google: GoogleStandIn, machine_type: str, limits: dict[str, int], families: dict[tuple[str, ...], int],
    status: str, words: str,
) -> None:  # fmt: skip
    """Old series have a quota each, which the compute API lists; new ones are listed by Service Usage, by family."""
    platform = config(cluster__system_pool__machine_type=machine_type)
    answers = {SERVICE_USAGE: service_usage(family("CPUS_PER_VM_FAMILY", families, "vm_family"))}
    finding = found(google, platform, **region(**limits), **answers)["us", "QUOTA-CPU"]

    assert (finding.status.value, words in finding.found) == (status, True), finding


def test_a_machine_type_that_is_not_there_hides_no_quota(google: GoogleStandIn) -> None:
    """Its vCPUs cannot be counted; MACHINE reports why, and all other quotas are reported as before."""
    answers = {"compute.machineTypes.get": Fault(404), "compute.machineTypes.aggregatedList": {}}
    findings = found(google, config(), **answers)

    assert findings["us", "MACHINE-e2-standard-8"].status.value == "wrong"
    assert ("us", "QUOTA-CPU") not in findings
    assert ("", "QUOTA-ALL-CPUS") not in findings
    assert findings["us", "QUOTA-NEG"].status.value == "good"


def test_addresses_of_nodes_count_where_nodes_have_them(google: GoogleStandIn) -> None:
    """Three system nodes and one TPU node."""
    platform = config(cluster__private_nodes=False)
    few, enough = (
        found(google, platform, **region(IN_USE_ADDRESSES=limit))["us", "QUOTA-NODE-ADDRESS"] for limit in (3, 4)
    )

    assert (few.status.value, enough.status.value) == ("wrong", "good")


def test_a_limit_of_service_usage_counts_for_its_region(google: GoogleStandIn) -> None:
    """What is granted in one region is not granted in another."""
    platform = config(node_pools__tpu__capacity={"spot": True})
    ordinary = family("TPUS_PER_TPU_FAMILY", {("CT6E",): 0}, "tpu_family")
    granted = service_usage(metric("PREEMPTIBLE_TPU_V6E", 0, us_east5=4), ordinary)
    findings = found(google, platform, **{SERVICE_USAGE: granted})

    assert findings["us", "QUOTA-TPU-V6E-PREEMPTIBLE"].status.value == "good"
    assert findings["eu", "QUOTA-TPU-V6E-PREEMPTIBLE"].status.value == "wrong"


def test_an_autopilot_cluster_asks_for_accelerators_and_their_disks_alone(google: GoogleStandIn) -> None:
    """It has no system pool: neither its machine, nor its vCPUs and disks are looked for."""
    findings = found(google, config(cluster__mode="autopilot"))
    looked = {id_ for where, id_ in findings if where == "us" and id_.startswith(("QUOTA", "MACHINE"))}

    assert looked == {"MACHINE-ct6e-standard-4t", "QUOTA-ADDRESS", "QUOTA-DISK-HDB", "QUOTA-NEG", "QUOTA-TPU-V6E"}
    assert ("", "QUOTA-ALL-CPUS") not in findings
    assert {findings["us", id_].status.value for id_ in looked} == {"good"}
