"""Node pools of a cluster: one for the system, any number of accelerators."""

from __future__ import annotations

from typing import Any

from cdktf_cdktf_provider_google.compute_resource_policy import ComputeResourcePolicy
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster
from cdktf_cdktf_provider_google.container_node_pool import (
    ContainerNodePool,
    ContainerNodePoolNodeConfigGuestAccelerator,
)
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.accelerators import PoolPlan
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.specs import CapacitySpec, SystemPoolSpec

FLEX_START_MAX_RUN_SEC = 7 * 24 * 3600
"""The longest that Dynamic Workload Scheduler runs a node. Source: Google, "About flex-start provisioning mode"."""
TIMEOUTS = {"create": "60m", "update": "90m", "delete": "60m"}


class NodePool(Construct):
    """
    One pool of one cluster. Made by `GkeCluster.add_system_pool` and `GkeCluster.add_accelerator_pool`.

    Args:
        google: Provider of the project.
        name: Name of the pool.
        cluster: The cluster; the pool follows its location.
        plan: Where the cluster is.
        settings: What this kind of pool adds: size, node configuration, placement.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        name: str,
        cluster: ContainerCluster,
        plan: ClusterPlan,
        settings: dict[str, Any],
    ) -> None:
        super().__init__(scope, id_)
        self.pool = ContainerNodePool(
            self,
            "Default",
            provider=google,
            project=plan.project,
            name=name,
            cluster=cluster.id,
            node_locations=list(plan.zones),
            timeouts=TIMEOUTS,
            **settings,
        )

    @classmethod
    def for_system(
        cls,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        name: str,
        cluster: ContainerCluster,
        plan: ClusterPlan,
        spec: SystemPoolSpec,
        machine_type: str,
    ) -> NodePool:
        """A pool of ordinary nodes that grows between the bounds of *spec*."""
        settings = {
            "initial_node_count": spec.min_nodes_per_zone,
            "autoscaling": {"min_node_count": spec.min_nodes_per_zone, "max_node_count": spec.max_nodes_per_zone},
            "management": {"auto_repair": True, "auto_upgrade": True},
            "upgrade_settings": {"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
            "node_config": {
                **_node_config(plan, machine_type, spec.disk_gib, "pd-balanced"),
                "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
            },
            # The autoscaler owns the size after the first apply.
            "lifecycle": {"ignore_changes": ["initial_node_count"]},
        }
        return cls(scope, id_, google=google, name=name, cluster=cluster, plan=plan, settings=settings)

    @classmethod
    def for_accelerators(
        cls,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        name: str,
        cluster: ContainerCluster,
        plan: ClusterPlan,
        pool: PoolPlan,
    ) -> NodePool:
        """A pool of TPU or GPU nodes, as its machine type needs it."""
        config = _node_config(plan, pool.machine.machine_type, pool.spec.disk_gib, pool.disk_type)
        config |= {
            "labels": pool.node_labels or None,
            "shielded_instance_config": {"enable_integrity_monitoring": True},
        }
        config |= _gpus(pool) | _capacity(pool.spec.capacity)
        settings = {
            **_size(pool, len(plan.zones)),
            "node_config": config,
            "placement_policy": _placement(scope, id_, google, name, plan, pool),
            # GKE refuses to repair flex-start nodes (cluster-toolkit, gke-node-pool preconditions).
            "management": {"auto_repair": not pool.spec.capacity.flex_start, "auto_upgrade": True},
            # GKE adds labels of its own for the accelerator and the DRA driver; they are not ours to remove.
            "lifecycle": {"ignore_changes": ["node_config[0].labels"]},
        }
        if pool.spec.capacity.queued:
            settings["queued_provisioning"] = {"enabled": True}
        made = cls(scope, id_, google=google, name=name, cluster=cluster, plan=plan, settings=settings)
        if pool.dranet:
            # The binding is older than the argument: provider 7.31 has it, the classes are of 6.50.
            made.pool.add_override("network_config.accelerator_network_profile", "auto")
        return made


def _node_config(plan: ClusterPlan, machine_type: str, disk_gib: int, disk_type: str) -> dict[str, Any]:
    return {
        "machine_type": machine_type,
        "disk_size_gb": disk_gib,
        "disk_type": disk_type,
        "service_account": plan.node_service_account,
        # Scopes limit nothing here: the service account's roles do.
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "metadata": {"disable-legacy-endpoints": "true"},
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
    }


def _gpus(pool: PoolPlan) -> dict[str, Any]:
    if pool.machine.kind != "gpu":
        return {}
    gpu = ContainerNodePoolNodeConfigGuestAccelerator(
        type=pool.machine.label_value,
        count=pool.machine.chips,
        gpu_driver_installation_config={"gpu_driver_version": "DEFAULT"},
    )
    return {"guest_accelerator": [gpu]}


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


def _size(pool: PoolPlan, zones: int) -> dict[str, Any]:
    """A fixed number of nodes, or from none to that number where capacity is waited for."""
    if pool.spec.capacity.grows_from_zero:
        total: dict[str, Any] = {"total_min_node_count": 0, "total_max_node_count": pool.nodes}
        # A slice that spans nodes comes whole, in one zone, and is bound per zone (vllm-project/ci-infra#545).
        per_zone: dict[str, Any] = {"min_node_count": 0, "max_node_count": pool.slice_nodes}
        bounds = per_zone if pool.multi_host else total
        return {"initial_node_count": 0, "autoscaling": bounds | {"location_policy": "ANY"}}
    # No spare accelerators: an upgrade takes one node out at a time.
    upgrade = {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}
    return {"node_count": pool.nodes // zones, "upgrade_settings": upgrade}


def _placement(
    scope: Construct, id_: str, google: GoogleProvider, name: str, plan: ClusterPlan, pool: PoolPlan
) -> dict[str, Any] | None:
    """
    Side by side where a slice spans nodes; a topology on a single-host slice is refused by GKE.

    Sources: AI-Hypercomputer/xpk#825 (single host), vllm-project/ci-infra#547 (Ironwood takes a workload policy).
    """
    if not pool.compact_placement:
        return None
    if pool.machine.generation != "v7":
        return {"type": "COMPACT", "tpu_topology": pool.topology}
    policy = ComputeResourcePolicy(
        scope,
        f"placement-{name}",
        provider=google,
        project=plan.project,
        name=f"{plan.name}-{name}",
        region=plan.region,
        workload_policy={"type": "HIGH_THROUGHPUT", "accelerator_topology": pool.topology},
    )
    return {"type": "", "policy_name": policy.name}
