"""The arguments of `google_container_node_pool`: what all pools share, and what accelerators add."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from cdktf_cdktf_provider_google.container_node_pool import (
    ContainerNodePoolNodeConfigGuestAccelerator,
    ContainerNodePoolNodeConfigSecondaryBootDisks,
    ContainerNodePoolNodeConfigTaint,
)

from constructs_lib.accelerators import PoolPlan
from constructs_lib.cluster_settings import SCOPES
from constructs_lib.manifests.compute_class import NODE_LABEL
from constructs_lib.specs import CapacitySpec, GpuSharingSpec, NodePoolSpec
from constructs_lib.specs.node_pool import FLEX_START_MAX_RUN_SEC

if TYPE_CHECKING:
    from constructs_lib.gke_cluster import GkeCluster

NO_DEVICE_PLUGIN = "gke-no-default-nvidia-gpu-device-plugin"


def pool_settings(cluster: GkeCluster, name: str, zones: tuple[str, ...] | None = None) -> dict[str, Any]:
    """
    Return what every pool of *cluster* is made with, in *zones* or in all zones of the cluster.

    It names the cluster by its short name, with project and location: that is what an import of a pool gives, and a
    path in its place would replace the pool (google 7.45.0, resource_container_node_pool.go).

    Each pool says itself whether its nodes are private: the cluster's own setting does not reach pools that exist, and
    the provider sends false for a pool that has another network setting and says nothing (google 7.45.0).
    """
    return {
        "provider": cluster.google,
        "project": cluster.plan.project,
        "name": name,
        "location": cluster.location,
        "cluster": cluster.name_when_made,
        "node_locations": list(zones or cluster.plan.zones),
        "network_config": {"enable_private_nodes": cluster.spec.private_nodes},
        "timeouts": {"create": "60m", "update": "90m", "delete": "60m"},
    }


def node_config(cluster: GkeCluster, *, machine_type: str, disk_gib: int, disk_type: str) -> dict[str, Any]:
    """Return the configuration that the nodes of every pool share."""
    return {
        "machine_type": machine_type,
        "disk_size_gb": disk_gib,
        "disk_type": disk_type,
        "service_account": cluster.plan.node_service_account,
        "oauth_scopes": SCOPES,
        "metadata": {"disable-legacy-endpoints": "true"},
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
    }


def accelerator_config(pool: PoolPlan, compute_class: str | None) -> dict[str, Any]:
    """Return what *pool* adds to the nodes' configuration; with *compute_class* they take pods of that class only."""
    labels = pool.node_labels | _operator_labels(pool.spec) | ({NODE_LABEL: compute_class} if compute_class else {})
    taint = ContainerNodePoolNodeConfigTaint(key=NODE_LABEL, value=compute_class or "", effect="NO_SCHEDULE")
    return {
        "labels": labels or None,
        "taint": [taint] if compute_class else None,
        "shielded_instance_config": {"enable_integrity_monitoring": True},
        **_gpus(pool),
        **_local_ssds(pool),
        **_images(pool.spec),
        **_capacity(pool.spec.capacity),
    }


def accelerator_size(pool: PoolPlan) -> dict[str, Any]:
    """Return a fixed number of nodes, or the bounds between which the autoscaler moves."""
    # No spare accelerators: an upgrade takes one node out at a time.
    upgrade = {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}
    if not pool.grows:
        return {"node_count": pool.nodes // pool.zones, "upgrade_settings": upgrade}
    total: dict[str, Any] = {"total_min_node_count": pool.min_nodes, "total_max_node_count": pool.nodes}
    # A slice that spans nodes comes whole, in one zone, and is bound per zone (vllm-project/ci-infra#545).
    per_zone: dict[str, Any] = {"min_node_count": 0, "max_node_count": pool.slice_nodes}
    bounds = per_zone if pool.multi_host else total
    size = {
        # In each zone; never more than there may be at all.
        "initial_node_count": min(ceil(pool.min_nodes / pool.zones), pool.nodes // pool.zones),
        "autoscaling": bounds | {"location_policy": pool.location_policy},
    }
    return size if pool.spec.capacity.grows_from_zero else size | {"upgrade_settings": upgrade}


def _gpus(pool: PoolPlan) -> dict[str, Any]:
    if pool.machine.kind != "gpu":
        return {}
    gpu = ContainerNodePoolNodeConfigGuestAccelerator(
        type=pool.machine.label_value,
        count=pool.machine.chips,
        gpu_driver_installation_config={"gpu_driver_version": _driver(pool.spec)},
        gpu_partition_size=pool.spec.gpu_partition,
        gpu_sharing_config=_sharing(pool.spec.gpu_sharing),
    )
    return {"guest_accelerator": [gpu]}


def _driver(spec: NodePoolSpec) -> str:
    """Return which driver GKE installs: none where the GPU Operator does."""
    return "INSTALLATION_DISABLED" if spec.gpu_operator else spec.gpu_driver_version or "DEFAULT"


def _operator_labels(spec: NodePoolSpec) -> dict[str, str]:
    """Return the label that keeps GKE's own device plugin away from nodes of the GPU Operator."""
    return {NO_DEVICE_PLUGIN: "true"} if spec.gpu_operator else {}


def _sharing(sharing: GpuSharingSpec | None) -> dict[str, Any] | None:
    """Return the block by which several pods get one GPU, or one partition."""
    if sharing is None:
        return None
    return {"gpu_sharing_strategy": sharing.strategy.upper(), "max_shared_clients_per_gpu": sharing.max_clients}


def _local_ssds(pool: PoolPlan) -> dict[str, Any]:
    """
    Return the block that has all local SSDs hold images, weights and caches instead of the boot disk.

    GKE uses those that a machine always has anyway, and the provider would replace a pool whose configuration does not
    say so at the next plan (hashicorp/terraform-provider-google#17068). Others are there only if the block counts them.
    """
    count = pool.local_ssds
    return {"ephemeral_storage_local_ssd_config": {"local_ssd_count": count}} if count else {}


def _images(spec: NodePoolSpec) -> dict[str, Any]:
    """
    Return how nodes get container images faster: by image streaming, and from a disk that holds some already.

    The provider leaves image streaming as it is where nothing is said (google 7.45.0, tried). Sources: Google, "Use
    Image streaming to pull container images" (Container-Optimized OS only), "Use secondary boot disks to preload data
    or container images".
    """
    if spec.gpu_operator is not None:
        # Its driver is built for Ubuntu alone. Source: NVIDIA/cloud-native-docs, gpu-operator/google-gke.rst.
        return {"image_type": "UBUNTU_CONTAINERD"}
    if not spec.image_streaming:
        return {} if spec.image_streaming is None else {"gcfs_config": {"enabled": False}}
    streaming = {"image_type": "COS_CONTAINERD", "gcfs_config": {"enabled": True}}
    if spec.preloaded_image_disk is None:
        return streaming
    disk = ContainerNodePoolNodeConfigSecondaryBootDisks(
        disk_image=spec.preloaded_image_disk, mode="CONTAINER_IMAGE_CACHE"
    )
    return {**streaming, "secondary_boot_disks": [disk]}


def _capacity(capacity: CapacitySpec) -> dict[str, Any]:
    """Return how the nodes are bought. Pools that grow from zero must not match reservations (GKE refuses it)."""
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
