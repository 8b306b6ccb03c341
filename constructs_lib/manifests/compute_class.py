"""An ordered list of nodes that pods are given: existing node pools, or machines that Autopilot makes nodes of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.specs import CapacitySpec, NodePoolSpec
from constructs_lib.specs.node_pool import FLEX_START_MAX_RUN_SEC

NODE_LABEL = "cloud.google.com/compute-class"
CRD_NAME = "computeclasses.cloud.google.com"
DISK_TYPES = ("hyperdisk-balanced", "pd-balanced", "pd-ssd", "pd-standard")
"""Boot disks of nodes that a class makes. Source: GoogleCloudPlatform/compute-class-api, storage.bootDiskType."""


def compute_class(*, name: str, node_pools: Sequence[str], migrate_back: bool = False) -> Manifest:
    """
    Return a class *name* whose pods get nodes of *node_pools*, an earlier one before a later one.

    Args:
        name: Name of the class; it belongs to the whole cluster.
        node_pools: Names of existing pools that carry `NODE_LABEL` as label and as taint.
        migrate_back: Moves pods to an earlier pool when it has machines again.
    """
    priorities = [{"nodepools": [pool]} for pool in node_pools]
    return _class(name, priorities, migrate_back=migrate_back, makes_nodes=False)


def machine_class(
    *, name: str, pools: Sequence[PoolPlan], zones: Sequence[str], migrate_back: bool = False
) -> Manifest:
    """
    Return a class *name* for whose pods GKE makes nodes as *pools* describe them, an earlier one before a later one.

    Each names its accelerator: Autopilot refuses pods with GPUs of a class without (GoogleCloudPlatform/ai-on-gke#983).

    Args:
        name: Name of the class; it belongs to the whole cluster.
        pools: The machines; all with managed DRANET, or none.
        zones: Zones of the nodes, where a pool has none of its own.
        migrate_back: Moves pods to an earlier choice when it has machines again.
    """
    priorities = [_machine(pool, zones) for pool in pools]
    interfaces = {"dra": {"networking": {"enabled": True}}} if any(pool.dranet for pool in pools) else None
    return _class(name, priorities, migrate_back=migrate_back, makes_nodes=True, node_pool_config=interfaces)


def toleration(name: str) -> dict[str, str]:
    """Return what a pod of the class *name* tolerates: the taint of the class's pools."""
    return {"key": NODE_LABEL, "operator": "Equal", "value": name, "effect": "NoSchedule"}


def _class(
    name: str,
    priorities: list[dict[str, Any]],
    *,
    migrate_back: bool,
    makes_nodes: bool,
    node_pool_config: dict[str, Any] | None = None,
) -> Manifest:
    spec = {
        "priorities": priorities,
        "whenUnsatisfiable": "DoNotScaleUp",
        "nodePoolAutoCreation": {"enabled": makes_nodes},
        "activeMigration": {"optimizeRulePriority": migrate_back},
        "nodePoolConfig": node_pool_config,
    }
    return manifest("cloud.google.com/v1", "ComputeClass", name=name, spec=spec)


def _machine(pool: PoolPlan, zones: Sequence[str]) -> dict[str, Any]:
    """Return the rule of one pool. Type, number and topology of TPU chips are one machine, which no rule names too."""
    machine, spec = pool.machine, pool.spec
    gpus = machine.kind == "gpu"
    return {
        "machineType": machine.machine_type if gpus else None,
        "gpu": _gpus(pool) if gpus else None,
        "tpu": None if gpus else {"type": machine.label_value, "count": machine.chips, "topology": pool.topology},
        "location": {"zones": list(spec.zones or zones), "locationPolicy": pool.location_policy},
        "storage": {"bootDiskType": pool.disk_type, "bootDiskSize": spec.disk_gib},
        "acceleratorNetworkProfile": "auto" if pool.dranet else None,
        **_capacity(spec.capacity),
    }


def _gpus(pool: PoolPlan) -> dict[str, Any]:
    return {
        "type": pool.machine.label_value,
        "count": pool.machine.chips,
        "driverVersion": (pool.spec.gpu_driver_version or "DEFAULT").lower(),
        "gpuSharing": _sharing(pool.spec) if pool.shared else None,
    }


def _sharing(spec: NodePoolSpec) -> dict[str, Any]:
    sharing = spec.gpu_sharing
    return {
        "sharingStrategy": sharing.strategy.upper() if sharing else None,
        "maxSharedClientsPerGPU": sharing.max_clients if sharing else None,
        "gpuPartitionSize": spec.gpu_partition,
    }


def _capacity(capacity: CapacitySpec) -> dict[str, Any]:
    if capacity.reservation:
        return {"reservations": {"affinity": "Specific", "specific": [_reservation(capacity.reservation)]}}
    if capacity.flex_start:
        return {"flexStart": {"enabled": True}, "maxRunDurationSeconds": FLEX_START_MAX_RUN_SEC}
    return {"spot": True} if capacity.spot else {}


def _reservation(path: str) -> dict[str, Any]:
    """Return a reservation by its name or path, `projects/P/reservations/R/reservationBlocks/B`, in its parts."""
    place, _, block = path.partition("/reservationBlocks/")
    project, _, name = place.removeprefix("projects/").rpartition("/reservations/")
    return {"name": name, "project": project or None, "reservationBlock": {"name": block} if block else None}
