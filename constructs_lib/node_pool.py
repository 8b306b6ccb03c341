"""An accelerator pool of a cluster: TPU or GPU nodes, as their machine needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cdktf import Postcondition
from cdktf_cdktf_provider_google.compute_resource_policy import ComputeResourcePolicy
from cdktf_cdktf_provider_google.container_node_pool import ContainerNodePool
from constructs import Construct

from constructs_lib.accelerators import PoolPlan
from constructs_lib.google_names import CLUSTER_LENGTH, report_wrong, wrong_word
from constructs_lib.manifests.compute_class import NODE_LABEL
from constructs_lib.node_settings import accelerator_config, accelerator_size, node_config, pool_settings
from constructs_lib.specs import NodePoolSpec
from constructs_lib.specs.limits import refuse
from constructs_lib.terraform_data import TerraformData

if TYPE_CHECKING:
    from constructs_lib.gke_cluster import GkeCluster


class NodePool(Construct):
    """
    A pool of TPU or GPU nodes, with the placement policy and the network interfaces that its machine needs.

    `GkeCluster.add_accelerator_pool` makes one. It is made or changed once the cluster's version has every feature in
    use. Managed DRANET needs a newer google provider than the bindings pin: call `provider_versions.pin_google`.

    Args:
        cluster: The cluster; the pool is in its zones, or in those of them that the spec names, and uses its provider.
        name: Name of the pool, at most 40 characters.
        spec: Machine type, slice, size, capacity and disk.
        compute_class: Name of the ComputeClass whose pods alone may run on the nodes. Default: any pods may.

    Raises:
        ValueError: GKE takes no pool called *name*; the machine type, its topology or its partition size is not known;
            the spec chooses no capacity or two, a fixed size beside autoscaling, zones that the cluster does not have,
            local SSDs that the machine does not take, shared GPUs with managed DRANET, or a disk of images without
            image streaming; or the pool has managed DRANET and the cluster no Dataplane V2.

    Attributes:
        name: The pool's name (known at synth).
        id: The pool's path in the GKE API (known after apply).
        plan: What follows from the spec in the cluster's zones: machine, nodes, labels (known at synth).
        pool: The resource, for what comes after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        cluster: GkeCluster,
        name: str,
        spec: NodePoolSpec,
        compute_class: str | None = None,
    ) -> None:
        plan = PoolPlan(spec=spec, zones=len(cluster.plan.zones))
        refuse([*report_wrong("name", name, wrong_word(name, CLUSTER_LENGTH)), *_wrong_settings(plan, cluster)])
        super().__init__(scope, id_)
        self.name = name
        self.plan = plan
        config = node_config(
            cluster, machine_type=spec.machine_type, disk_gib=spec.disk_gib, disk_type=plan.disk_type
        ) | accelerator_config(plan, compute_class)
        replaced_with = [*cluster.replaced_with, _shape(scope, name, plan)]
        self.pool = ContainerNodePool(
            self,
            "Default",
            **pool_settings(cluster, name, spec.zones),
            **accelerator_size(plan),
            node_config=config,
            placement_policy=_placement(scope, cluster, name, plan),
            queued_provisioning={"enabled": True} if spec.capacity.queued else None,
            # GKE refuses to repair flex-start nodes (cluster-toolkit, gke-node-pool preconditions).
            management={"auto_repair": not spec.capacity.flex_start, "auto_upgrade": True},
            lifecycle={**_lifecycle(name, plan, compute_class), "replace_triggered_by": replaced_with},
            depends_on=[cluster.version_checked],
        )
        if plan.dranet:
            # The binding is older than the argument: see provider_versions.GOOGLE.
            self.pool.add_override("network_config.accelerator_network_profile", "auto")
        self.id = self.pool.id


def _wrong_settings(plan: PoolPlan, cluster: GkeCluster) -> Iterator[str]:
    """Yield what is wrong with the settings of *plan* in *cluster*, one line for each."""
    spec, growth = plan.spec, plan.spec.autoscaling
    if spec.capacity.wrong_mode:
        yield f"capacity {spec.capacity.wrong_mode}"
    if plan.dranet and not cluster.spec.dataplane_v2:
        yield "dataplane_v2 must be true for managed DRANET, got false"
    if growth and spec.nodes_per_zone is not None:
        yield f"nodes_per_zone must not be given beside autoscaling, got {spec.nodes_per_zone}"
    if growth and plan.multi_host:
        yield f"autoscaling must not be given for a slice of {plan.slice_nodes} nodes, which comes and goes whole"
    if growth and growth.min_nodes and spec.capacity.grows_from_zero:
        yield f"min_nodes must be 0 for {' and '.join(spec.capacity.modes)}, got {growth.min_nodes}"
    if unknown := [zone for zone in spec.zones or () if zone not in cluster.plan.zones]:
        yield f"zones must be some of {', '.join(cluster.plan.zones)}, got {', '.join(unknown)}"
    if plan.shared and plan.dranet:
        yield "dranet must not be true where GPUs are shared"
    if spec.local_ssds is not None and not plan.machine.takes_local_ssds(spec.local_ssds):
        yield f"local_ssds must be a number that {spec.machine_type} takes, got {spec.local_ssds}"
    if spec.preloaded_image_disk and not spec.image_streaming:
        yield "image_streaming must be true for preloaded_image_disk"


def _shape(scope: Construct, name: str, plan: PoolPlan) -> str:
    """
    Return the address of what makes another pool of it when it changes: machine type and topology.

    The provider would change a machine type in place, and never send a topology. Source: google 7.45.0,
    resource_container_node_pool.go: `tpu_topology` is read on create alone; a GPU's type and count are force-new, a
    TPU's machine type is not, although its slice and labels follow from it.
    """
    shape = {"machine_type": plan.machine.machine_type, "topology": plan.topology or ""}
    resource = TerraformData(scope, f"shape-{name}", value=shape)
    return f"terraform_data.{resource.friendly_unique_id}"


def _lifecycle(name: str, plan: PoolPlan, compute_class: str | None) -> dict[str, Any]:
    """Return the lifecycle: GKE adds labels of its own for the accelerator and the DRA driver, which stay."""
    ignored = ["node_config[0].labels", *(["initial_node_count"] if plan.grows else [])]
    if compute_class is None:
        return {"ignore_changes": ignored}
    # So a pool that is there already would keep the labels it has, and its class would never find it.
    member = Postcondition(
        condition=f'${{lookup(self.node_config[0].labels, "{NODE_LABEL}", "") == "{compute_class}"}}',
        error_message=f"{name} was made before it joined the compute class {compute_class}, and the labels of a pool "
        f"stay as they are: give it another key.",
    )
    return {"ignore_changes": ignored, "postcondition": [member]}


def _placement(scope: Construct, cluster: GkeCluster, name: str, plan: PoolPlan) -> dict[str, Any] | None:
    """
    Place nodes side by side where a slice spans them; GKE refuses a topology on a single-host slice.

    Ironwood and A4X take a workload policy instead. Sources: AI-Hypercomputer/xpk#825 (single host),
    vllm-project/ci-infra#547 (Ironwood), Google, "Create a custom AI-optimized GKE cluster which uses A4X".
    """
    if not plan.compact_placement:
        return None
    topology = plan.topology if plan.machine.generation == "v7" else plan.machine.workload_policy_topology
    if topology is None:
        return {"type": "COMPACT", "tpu_topology": plan.topology}
    policy = ComputeResourcePolicy(
        scope,
        f"placement-{name}",
        provider=cluster.google,
        project=cluster.plan.project,
        name=f"{cluster.plan.name}-{name}",
        region=cluster.plan.region,
        workload_policy={"type": "HIGH_THROUGHPUT", "accelerator_topology": topology},
    )
    return {"type": "", "policy_name": policy.name}
