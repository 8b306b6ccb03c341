"""The node pool of a cluster for everything that needs no accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf_cdktf_provider_google.container_node_pool import ContainerNodePool
from constructs import Construct

from constructs_lib.google_names import CLUSTER_LENGTH, report_wrong, wrong_word
from constructs_lib.node_settings import node_config, pool_settings
from constructs_lib.specs import SystemPoolSpec
from constructs_lib.specs.limits import refuse

if TYPE_CHECKING:
    from constructs_lib.gke_cluster import GkeCluster


class SystemPool(Construct):
    """
    A pool of nodes without accelerators that grows between the bounds of its spec.

    `GkeCluster.add_system_pool` makes one.

    Args:
        cluster: The cluster; the pool is in its zones and uses its provider.
        name: Name of the pool, at most 40 characters.
        spec: Machine type, which must be given, nodes in each zone, and the boot disk in GiB.

    Raises:
        ValueError: GKE takes no pool called *name*, or the spec has no machine type.

    Attributes:
        name: The pool's name (known at synth).
        id: The pool's path in the GKE API (known after apply).
        pool: The resource, for what comes after it (known at synth).
    """

    def __init__(self, scope: Construct, id_: str, *, cluster: GkeCluster, name: str, spec: SystemPoolSpec) -> None:
        problems = [*report_wrong("name", name, wrong_word(name, CLUSTER_LENGTH))]
        if spec.machine_type is None:
            problems.append("machine_type must be given, got none")
        refuse(problems)
        super().__init__(scope, id_)
        self.name = name
        self.pool = ContainerNodePool(
            self,
            "Default",
            **pool_settings(cluster, name),
            initial_node_count=spec.min_nodes_per_zone,
            autoscaling={"min_node_count": spec.min_nodes_per_zone, "max_node_count": spec.max_nodes_per_zone},
            management={"auto_repair": True, "auto_upgrade": True},
            upgrade_settings={"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
            node_config={
                **node_config(
                    cluster, machine_type=str(spec.machine_type), disk_gib=spec.disk_gib, disk_type="pd-balanced"
                ),
                "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
            },
            # The autoscaler owns the size after the first apply.
            lifecycle={
                "ignore_changes": ["initial_node_count"],
                "replace_triggered_by": cluster.replaced_with or None,
            },
        )
        self.id = self.pool.id
