"""Quotas of TPUs and GPUs in `preflight`: which one each generation and way to buy is charged to."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.accelerators import machines
from gke_inference.findings import Finding
from gke_inference.preflight.quota_names import GPUS, TPUS
from tests.configs import ELASTIC, config
from tests.gke_inference.google_discovery import document
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import (
    REGIONAL,
    SERVICE_USAGE,
    family,
    found,
    google,
    metric,
    quotas,
    served,
    service_usage,
)

__all__ = ["google", "served"]

SPOT = {"spot": True}


def tpus(limits: dict[tuple[str, ...], int]) -> dict[str, Any]:
    """Return the quota that TPU families share."""
    return family("TPUS_PER_TPU_FAMILY", limits, "tpu_family")


def of_chips(findings: dict[tuple[str, str], Finding]) -> Finding:
    """Return the one finding about the chips of us."""
    [finding] = [
        one for (where, id_), one in findings.items() if where == "us" and id_[:9] in ("QUOTA-TPU", "QUOTA-GPU")
    ]
    return finding


@pytest.mark.parametrize(
    ("capacity", "metrics", "status", "words"),
    [
        ({"on_demand": True}, [tpus({("CT6E",): 4})], "good", "limit 4, how much is in use is unknown"),
        ({"on_demand": True}, [tpus({("CT6E",): 0, ("CT6E", "asia"): 9})], "wrong", "limit 0"),
        ({"on_demand": True}, [tpus({("CT6E",): -1})], "good", "limit inf"),
        ({"on_demand": True}, [metric("PREEMPTIBLE_TPU_V6E", 9)], "unknown",
         "have no limit of TPUS_PER_TPU_FAMILY (CT6E) in us-east5"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 4)], "good", "limit 4, how much"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 3), tpus({("CT6E",): 9})], "wrong", "limit 3"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 0), tpus({("CT6E",): 9})], "good", "limit 9"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 0), tpus({("CT6E",): 0})], "wrong", "limit 0"),
        (SPOT, [tpus({("CT6E",): 9})], "unknown", "have no limit of PREEMPTIBLE_TPU_V6E or"),
        (SPOT, [tpus({("CT6E",): 0})], "unknown", "have no limit of PREEMPTIBLE_TPU_V6E or"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 64, 0)], "unknown", "have no limit of PREEMPTIBLE_TPU_V6E or"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 64, 0), tpus({("CT6E",): 0})], "wrong", "limit 0"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 64, us_east5_b=3)], "wrong", "limit 3 in us-east5-b, how"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", 3, 64)], "wrong", "limit 3, how"),
        (SPOT, [metric("PREEMPTIBLE_TPU_V6E", -1, 4)], "good", "limit 4 in us-east5-b, how"),
        (SPOT, [], "unknown", "have no limit of PREEMPTIBLE_TPU_V6E or TPUS_PER_TPU_FAMILY (CT6E) in us-east5"),
        ({"flex_start": True}, [metric("PREEMPTIBLE_TPU_V6E", 4)], "good", "limit 4"),
        ({"flex_start": True}, [metric("PREEMPTIBLE_TPU_V6E", 0), tpus({("CT6E",): 0})], "wrong", "limit 0"),
    ],
)  # fmt: skip
def test_v6e_chips_are_charged_by_how_they_are_bought(
    google: GoogleStandIn, capacity: dict[str, Any], metrics: list[dict[str, Any]], status: str, words: str
) -> None:
    """On demand by family; spot and flex-start by the preemptible quota, or the ordinary one where that is none."""
    changes = {"node_pools__tpu__autoscaling": {"min_nodes": 0, "max_nodes": 1}} if "flex_start" in capacity else {}
    platform = config(node_pools__tpu__capacity=capacity, **changes)
    name = "QUOTA-TPU-V6E" if "on_demand" in capacity else "QUOTA-TPU-V6E-PREEMPTIBLE"
    finding = found(google, platform, **{SERVICE_USAGE: service_usage(*metrics)})["us", name]

    assert (finding.status.value, words in finding.found) == (status, True), finding
    assert bool(finding.fix) == (status != "good")


@pytest.mark.parametrize(
    ("machine_type", "capacity", "needed"),
    [
        ("ct5p-hightpu-4t", {"on_demand": True}, "TPU_V5P"),
        ("ct5p-hightpu-4t", SPOT, "PREEMPTIBLE_TPU_V5P"),
        ("tpu7x-standard-4t", {"on_demand": True}, "TPUS_PER_TPU_FAMILY (TPU7X)"),
        ("tpu7x-standard-4t", SPOT, "PREEMPTIBLE_TPU7X"),
    ],
)
@pytest.mark.parametrize(("amount", "status"), [(4, "good"), (3, "wrong")])
def test_each_generation_of_tpus_has_its_quota(
    google: GoogleStandIn, machine_type: str, capacity: dict[str, Any], needed: str, amount: int, status: str
) -> None:
    """Four chips; v5p has a quota of its own, v7 one of the shared quota, however its family is spelled."""
    platform = config(
        node_pools__tpu__machine_type=machine_type,
        node_pools__tpu__topology="2x2x1",
        node_pools__tpu__capacity=capacity,
    )
    known = [metric(name, amount) for name in ("TPU_V5P", "PREEMPTIBLE_TPU_V5P", "PREEMPTIBLE_TPU7X")]
    answers = {SERVICE_USAGE: service_usage(*known, tpus({("tpu7x",): amount}))}
    finding = of_chips(found(google, platform, **answers))

    assert finding.status.value == status
    assert finding.needed.startswith(f"{needed}: "), finding


@pytest.mark.parametrize(
    ("pool", "limits", "metrics", "status", "words"),
    [
        (SPOT, {}, [], "good", "limit 40"),
        (SPOT, {"PREEMPTIBLE_NVIDIA_H100_GPUS": 19}, [], "wrong", "limit 19"),
        (SPOT, {"PREEMPTIBLE_NVIDIA_H100_GPUS": 0}, [("NVIDIA_H100",)], "good", "limit 20, how much"),
        (SPOT, {"PREEMPTIBLE_NVIDIA_H100_GPUS": 0}, [], "unknown", "have no limit of PREEMPTIBLE_NVIDIA_H100_GPUS or"),
        ({"on_demand": True}, {}, [("NVIDIA_H100",)], "good", "limit 20"),
        ({"on_demand": True}, {}, [("NVIDIA_H200",)], "unknown", "GPUS_PER_GPU_FAMILY (NVIDIA_H100) in us-east4"),
        ({"flex_start": True}, {}, [], "good", "limit 40"),
    ],
)
def test_gpus_are_charged_to_the_quota_of_their_kind(
    google: GoogleStandIn, pool: dict[str, Any], limits: dict[str, int], metrics: list[tuple[str, ...]],
    status: str, words: str,
) -> None:  # fmt: skip
    """Ten nodes of two H100s: spot and flex-start by the preemptible quota, or the ordinary one if that is none."""
    families = family("GPUS_PER_GPU_FAMILY", dict.fromkeys(metrics, 20), "gpu_family")
    answers = {
        "compute.regions.get": {"quotas": quotas(REGIONAL | limits)},
        SERVICE_USAGE: service_usage(families),
    }
    finding = of_chips(found(google, config(ELASTIC, node_pools__h100__capacity=pool), **answers))

    assert (finding.status.value, words in finding.found) == (status, True), finding


@pytest.mark.parametrize(("amount", "status"), [(80, "good"), (79, "wrong")])
def test_new_gpus_are_told_by_service_usage(google: GoogleStandIn, amount: int, status: str) -> None:
    """Spot H200s: the compute API does not list their preemptible quota."""
    platform = config(ELASTIC, node_pools__h100__machine_type="a3-ultragpu-8g")
    answers = {SERVICE_USAGE: service_usage(metric("PREEMPTIBLE_NVIDIA_H200_GPUS", amount))}
    finding = of_chips(found(google, platform, **answers))

    assert finding.status.value == status, finding


def test_reserved_chips_need_no_quota(google: GoogleStandIn) -> None:
    """It was charged when the reservation was made; nothing is asked of Service Usage."""
    platform = config(node_pools__tpu__capacity={"reservation": "mine"})
    findings = found(google, platform, **{"compute.reservations.get": Fault(404), SERVICE_USAGE: Fault(403)})

    assert not [id_ for _, id_ in findings if id_.startswith("QUOTA-TPU")]
    assert findings["us", "QUOTA-NEG"].status.value == "good"


def test_every_machine_has_a_quota() -> None:
    """Each generation of TPUs and GPUs that pools can have."""
    known = {"tpu": set(TPUS), "gpu": set(GPUS)}
    assert {kind: {one.generation for one in machines().values() if one.kind == kind} for kind in known} == known


@pytest.mark.parametrize("generation", ["v4", "v5e"])
def test_old_tpus_have_quotas_of_the_compute_api(generation: str) -> None:
    """Its discovery document lists both names."""
    listed = document("compute.v1")["schemas"]["Quota"]["properties"]["metric"]["enum"]
    preemptible, ordinary = TPUS[generation]

    assert {f"PREEMPTIBLE_{preemptible}", ordinary.metric} <= set(listed)
