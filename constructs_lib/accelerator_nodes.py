"""What the nodes of an accelerator pool are told: their devices, disks, labels, how they are bought, how many."""

from __future__ import annotations

from math import ceil
from typing import Any

from cdktf_cdktf_provider_google.container_node_pool import (
    ContainerNodePoolNodeConfigGuestAccelerator,
    ContainerNodePoolNodeConfigTaint,
)

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.compute_class import NODE_LABEL
from constructs_lib.specs import CapacitySpec

FLEX_START_MAX_RUN_SEC = 7 * 24 * 3600
"""The longest that Dynamic Workload Scheduler runs a node. Source: Google, "About flex-start provisioning mode"."""


def node_config(pool: PoolPlan, compute_class: str | None) -> dict[str, Any]:
    """What *pool* adds to the configuration of any node; with *compute_class* it takes pods of that class only."""
    labels = pool.node_labels | ({NODE_LABEL: compute_class} if compute_class else {})
    taint = ContainerNodePoolNodeConfigTaint(key=NODE_LABEL, value=compute_class or "", effect="NO_SCHEDULE")
    return {
        "labels": labels or None,
        "taint": [taint] if compute_class else None,
        "shielded_instance_config": {"enable_integrity_monitoring": True},
        **_gpus(pool),
        **_local_ssds(pool),
        **_capacity(pool.spec.capacity),
    }


def size(pool: PoolPlan, zones: int) -> dict[str, Any]:
    """A fixed number of nodes, or bounds between which the autoscaler moves."""
    # No spare accelerators: an upgrade takes one node out at a time.
    upgrade = {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}
    if not pool.grows:
        return {"node_count": pool.nodes // zones, "upgrade_settings": upgrade}
    total: dict[str, Any] = {"total_min_node_count": pool.min_nodes, "total_max_node_count": pool.nodes}
    # A slice that spans nodes comes whole, in one zone, and is bound per zone (vllm-project/ci-infra#545).
    per_zone: dict[str, Any] = {"min_node_count": 0, "max_node_count": pool.slice_nodes}
    bounds = per_zone if pool.multi_host else total
    made = {
        # In each zone; never more than there may be at all.
        "initial_node_count": min(ceil(pool.min_nodes / zones), pool.nodes // zones),
        "autoscaling": bounds | {"location_policy": pool.location_policy},
    }
    return made if pool.spec.capacity.grows_from_zero else made | {"upgrade_settings": upgrade}


def _gpus(pool: PoolPlan) -> dict[str, Any]:
    if pool.machine.kind != "gpu":
        return {}
    gpu = ContainerNodePoolNodeConfigGuestAccelerator(
        type=pool.machine.label_value,
        count=pool.machine.chips,
        gpu_driver_installation_config={"gpu_driver_version": pool.spec.gpu_driver_version or "DEFAULT"},
    )
    return {"guest_accelerator": [gpu]}


def _local_ssds(pool: PoolPlan) -> dict[str, Any]:
    """
    The machine's own SSDs, all of them, hold images, weights and caches instead of the boot disk.

    GKE uses them anyway, and the provider would replace a pool whose configuration does not say so at the next plan
    (hashicorp/terraform-provider-google#17068).
    """
    count = pool.machine.local_ssds
    return {"ephemeral_storage_local_ssd_config": {"local_ssd_count": count}} if count else {}


def _capacity(capacity: CapacitySpec) -> dict[str, Any]:
    """How the nodes are bought. Pools that grow from zero must not match reservations (GKE refuses it)."""
    if capacity.reservation:
        return {
            "reservation_affinity": {
                "consume_reservation_type": "SPECIFIC_RESERVATION",
                "key": "compute.googleapis.com/reservation-name",
                "values": [capacity.reservation],
            }
        }
    if capacity.spot:
        return {"spot": True}
    if capacity.grows_from_zero:
        no_reservation = {"reservation_affinity": {"consume_reservation_type": "NO_RESERVATION"}}
        max_run = {"max_run_duration": f"{FLEX_START_MAX_RUN_SEC}s"}
        return no_reservation | ({"flex_start": True} | max_run if capacity.flex_start else {})
    return {}
