"""Node pools of a cluster: one for the system, any number of accelerators."""

from __future__ import annotations

from typing import Any

from cdktf import DataResource, ITerraformDependable, Postcondition
from cdktf_cdktf_provider_google.compute_resource_policy import ComputeResourcePolicy
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster
from cdktf_cdktf_provider_google.container_node_pool import ContainerNodePool
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib import accelerator_nodes
from constructs_lib.accelerators import PoolPlan
from constructs_lib.cluster_plan import ClusterPlan
from constructs_lib.manifests.compute_class import NODE_LABEL
from constructs_lib.specs import ClusterSpec

TIMEOUTS = {"create": "60m", "update": "90m", "delete": "60m"}


class NodePool(Construct):
    """
    One pool of one cluster. Made by `GkeCluster.add_system_pool` and `GkeCluster.add_accelerator_pool`.

    Args:
        google: Provider of the project.
        name: Name of the pool.
        cluster: The cluster; the pool follows its location.
        plan: Where the cluster is.
        private_nodes: Whether the nodes have no public address. The cluster's own setting does not reach pools that are
            there, and beside any other setting of its network a pool that says nothing is made public
            (hashicorp/terraform-provider-google 7.45.0 then sends false).
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
        private_nodes: bool,
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
            network_config={"enable_private_nodes": private_nodes},
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
        spec: ClusterSpec,
        machine_type: str,
    ) -> NodePool:
        """A pool of ordinary nodes that grows between the bounds of *spec*."""
        size = spec.system_pool
        settings = {
            "initial_node_count": size.min_nodes_per_zone,
            "autoscaling": {"min_node_count": size.min_nodes_per_zone, "max_node_count": size.max_nodes_per_zone},
            "management": {"auto_repair": True, "auto_upgrade": True},
            "upgrade_settings": {"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
            "node_config": {
                **_node_config(plan, machine_type, size.disk_gib, "pd-balanced"),
                "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
            },
            # The autoscaler owns the size after the first apply.
            "lifecycle": {"ignore_changes": ["initial_node_count"]},
        }
        return cls(
            scope,
            id_,
            google=google,
            name=name,
            cluster=cluster,
            plan=plan,
            private_nodes=spec.private_nodes,
            settings=settings,
        )

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
        spec: ClusterSpec,
        pool: PoolPlan,
        compute_class: str | None = None,
        after: ITerraformDependable,
    ) -> NodePool:
        """A pool of TPU or GPU nodes, as its machine needs it; with *compute_class* for pods of that class only."""
        config = _node_config(plan, pool.machine.machine_type, pool.spec.disk_gib, pool.disk_type)
        config |= accelerator_nodes.node_config(pool, compute_class)
        settings = {
            **accelerator_nodes.size(pool, len(plan.zones)),
            "node_config": config,
            "placement_policy": _placement(scope, id_, google, name, plan, pool),
            # GKE refuses to repair flex-start nodes (cluster-toolkit, gke-node-pool preconditions).
            "management": {"auto_repair": not pool.spec.capacity.flex_start, "auto_upgrade": True},
            "lifecycle": _lifecycle(name, pool, compute_class) | {"replace_triggered_by": [_shape(scope, name, pool)]},
            "depends_on": [after],
        }
        if pool.spec.capacity.queued:
            settings["queued_provisioning"] = {"enabled": True}
        made = cls(
            scope,
            id_,
            google=google,
            name=name,
            cluster=cluster,
            plan=plan,
            private_nodes=spec.private_nodes,
            settings=settings,
        )
        if pool.dranet:
            # The binding is older than the argument: see provider_versions.GOOGLE.
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


def _shape(scope: Construct, name: str, pool: PoolPlan) -> str:
    """
    What makes another pool of it. The provider would change a machine type in place, and never send a topology.

    Source: google 7.45.0, resource_container_node_pool.go: `tpu_topology` is read on create alone; a GPU's type and
    count are force-new, a TPU's machine type is not, although its slice and labels follow from it.
    """
    shape = {"machine_type": pool.machine.machine_type, "topology": pool.topology or ""}
    made = DataResource(scope, f"shape-{name}", input=shape)
    return f"terraform_data.{made.friendly_unique_id}"


def _lifecycle(name: str, pool: PoolPlan, compute_class: str | None) -> dict[str, Any]:
    """GKE adds labels of its own for the accelerator and the DRA driver; they are not ours to remove."""
    ignored = ["node_config[0].labels", *(["initial_node_count"] if pool.grows else [])]
    if compute_class is None:
        return {"ignore_changes": ignored}
    # So a pool that is there already would keep the labels it has, and its class would never find it.
    member = Postcondition(
        condition=f'${{lookup(self.node_config[0].labels, "{NODE_LABEL}", "") == "{compute_class}"}}',
        error_message=f"{name} was made before it joined the compute class {compute_class}, and the labels of a pool "
        f"stay as they are: give it another key.",
    )
    return {"ignore_changes": ignored, "postcondition": [member]}


def _placement(
    scope: Construct, id_: str, google: GoogleProvider, name: str, plan: ClusterPlan, pool: PoolPlan
) -> dict[str, Any] | None:
    """
    Side by side where a slice spans nodes; a topology on a single-host slice is refused by GKE.

    Ironwood and A4X take a workload policy instead. Sources: AI-Hypercomputer/xpk#825 (single host),
    vllm-project/ci-infra#547 (Ironwood), Google, "Create a custom AI-optimized GKE cluster which uses A4X".
    """
    if not pool.compact_placement:
        return None
    topology = pool.topology if pool.machine.generation == "v7" else pool.machine.workload_policy_topology
    if topology is None:
        return {"type": "COMPACT", "tpu_topology": pool.topology}
    policy = ComputeResourcePolicy(
        scope,
        f"placement-{name}",
        provider=google,
        project=plan.project,
        name=f"{plan.name}-{name}",
        region=plan.region,
        workload_policy={"type": "HIGH_THROUGHPUT", "accelerator_topology": topology},
    )
    return {"type": "", "policy_name": policy.name}
