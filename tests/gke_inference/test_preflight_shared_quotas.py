"""Quotas in `preflight` that several pools are charged to, and those of several zones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.configs import ELASTIC, config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.preflight_answers import REGIONAL, SERVICE_USAGE, family, found, metric, quotas, service_usage

L4, CHEAP_L4 = "QUOTA-GPU-L4", "QUOTA-GPU-L4-PREEMPTIBLE"
POOL: dict[str, Any] = {"machine_type": "g2-standard-96"}
TWO_POOLS: dict[str, Any] = {
    "node_pools": {"a": POOL, "b": POOL | {"capacity": {"spot": True}}},
    "models__llama__node_pools": ["a"], "models__llama__autoscaling": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ({"NVIDIA_L4_GPUS": 8, "PREEMPTIBLE_NVIDIA_L4_GPUS": 8}, ("good", "good")),
        ({"NVIDIA_L4_GPUS": 8, "PREEMPTIBLE_NVIDIA_L4_GPUS": 0}, ("wrong", "wrong")),
        ({"NVIDIA_L4_GPUS": 16, "PREEMPTIBLE_NVIDIA_L4_GPUS": 0}, ("good", "good")),
        ({"NVIDIA_L4_GPUS": 7, "PREEMPTIBLE_NVIDIA_L4_GPUS": 8}, ("wrong", "good")),
    ],
)
def test_what_two_pools_are_charged_is_counted_together(
    google: GoogleStandIn, limits: dict[str, int], status: tuple[str, str]
) -> None:
    """Eight GPUs on demand and eight spot ones, which use the ordinary quota where theirs was never granted."""
    answers = {"compute.regions.get": {"quotas": quotas(REGIONAL | limits)}}
    findings = found(google, config(ELASTIC, **TWO_POOLS), **answers)

    assert (findings["us", L4].status.value, findings["us", CHEAP_L4].status.value) == status


def test_both_findings_tell_the_sum(google: GoogleStandIn) -> None:
    """Of the quota that is charged."""
    limits = {"NVIDIA_L4_GPUS": 8, "PREEMPTIBLE_NVIDIA_L4_GPUS": 0}
    answers = {"compute.regions.get": {"quotas": quotas(REGIONAL | limits)}}
    findings = found(google, config(ELASTIC, **TWO_POOLS), **answers)

    for id_ in (L4, CHEAP_L4):
        assert findings["us", id_].needed == "NVIDIA_L4_GPUS: 16 GPUs free in us-east4"


ZONES = {"regions__us__zones": ["us-east5-a", "us-east5-b"]}
GROWS = {"node_pools__tpu__autoscaling": {"min_nodes": 1, "max_nodes": 2}}


@pytest.mark.parametrize(
    ("changes", "zones", "status", "words"),
    [
        ({}, {"us_east5_a": 4, "us_east5_b": 4}, "good", "limit 8 in us-east5-a and us-east5-b"),
        ({}, {"us_east5_a": 8, "us_east5_b": 3}, "wrong", "limit 6 in us-east5-a and us-east5-b"),
        (GROWS, {"us_east5_a": 8, "us_east5_b": 0}, "good", "limit 8 in us-east5-a and us-east5-b"),
        (GROWS, {"us_east5_a": 7, "us_east5_b": 0}, "wrong", "limit 7 in us-east5-a and us-east5-b"),
    ],
)
def test_each_zone_has_its_limit(
    google: GoogleStandIn, changes: dict[str, Any], zones: dict[str, int], status: str, words: str
) -> None:
    """Two nodes of four chips: one in each zone, or wherever there is room where the pool grows."""
    platform = config(node_pools__tpu__capacity={"spot": True}, **ZONES, **changes)
    granted = metric("PREEMPTIBLE_TPU_V6E", 64, **zones)
    finding = found(google, platform, **{SERVICE_USAGE: service_usage(granted)})["us", "QUOTA-TPU-V6E-PREEMPTIBLE"]

    assert (finding.status.value, words in finding.found) == (status, True), finding


def test_a_quota_of_zones_alone_counts(google: GoogleStandIn) -> None:
    """Some projects have no limit of the region beside it."""
    platform = config(
        node_pools__tpu__machine_type="ct5p-hightpu-4t", node_pools__tpu__topology="2x2x1",
        node_pools__tpu__capacity={"on_demand": True},
    )  # fmt: skip
    granted = metric("TPU_V5P", 64, 3)
    granted["consumerQuotaLimits"].pop()
    finding = found(google, platform, **{SERVICE_USAGE: service_usage(granted)})["us", "QUOTA-TPU-V5P"]

    assert (finding.status.value, finding.found) == ("wrong", "limit 3 in us-east5-b, how much is in use is unknown")


def test_no_two_findings_have_one_id(google: GoogleStandIn) -> None:
    """Whatever a region is made of."""
    pools = TWO_POOLS["node_pools"] | {"c": {"machine_type": "a3-highgpu-8g"}}
    chips = family("GPUS_PER_GPU_FAMILY", {("NVIDIA_H100",): 99}, "gpu_family")
    findings = found(
        google, config(ELASTIC, **(TWO_POOLS | {"node_pools": pools})), **{SERVICE_USAGE: service_usage(chips)}
    )

    assert {L4, CHEAP_L4, "QUOTA-GPU-H100-80GB"} <= {id_ for where, id_ in findings if where == "us"}
