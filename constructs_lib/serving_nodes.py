"""Where a model server may run: one pool, or an ordered list of them, and what a pod takes of a node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.accelerator import Accelerator
from constructs_lib.manifests.compute_class import NODE_LABEL, toleration
from constructs_lib.node_room import cpus_left, memory_left_gib

POOL_LABEL = "cloud.google.com/gke-nodepool"
"""Carried by each node of GKE, with the name of its pool: two pools may have the same machines."""
# What a pod asks for of its share, so that sidecars and DaemonSets of others fit beside it. Nobody else competes for
# the CPUs; memory that was not asked for makes a pod the first to be evicted.
CPU_SHARE, MEMORY_SHARE = 0.5, 0.8


@dataclass(frozen=True, kw_only=True)
class ServingNodes:
    """
    The pools of one cluster that the model server may run on, the first choice first. Known at synth.

    All choices run the same pod, so it asks for as many chips as the smallest of them has, or for as many as the model
    is split over. TPUs are handed out by the whole node; GPUs one by one, and then a node can hold several pods. Of a
    GPU that is shared a pod gets one part.

    Attributes:
        pools: The choices by their key, in order.
        tensor_parallel_size: Chips over which a pod splits the model; None for all that it asks for.
        cpus: CPUs that a pod asks for; None for half of its share of the node.
        memory_gib: GiB of memory that a pod asks for; None for four fifths of its share of the node.
        compute_class: Name of the ComputeClass that holds the order; None where there is one choice.
    """

    pools: Mapping[str, PoolPlan]
    tensor_parallel_size: int | None = None
    cpus: int | None = None
    memory_gib: int | None = None
    compute_class: str | None = None

    def wrong_for_serving(self) -> Iterator[str]:
        """Yield why the model server cannot run on these pools, one line for each reason."""
        if not self.pools:
            yield "nodes must have at least one pool, got none"
            return
        if len(self.pools) > 1 and self.compute_class is None:
            yield f"nodes must name a compute class for {len(self.pools)} pools, got none"
        for key, pool in self.pools.items():
            if pool.multi_host:
                yield f"nodes must be slices of one node, got {pool.topology} in {key}"
            elif pool.shared and self.split != 1:
                yield f"tensor_parallel_size must be 1 on the shared GPUs of {key}, got {self.split}"
            elif self.split < 1 or pool.machine.chips % self.split:
                chips = f"the {pool.machine.chips} chips of a node of {key}"
                yield f"tensor_parallel_size must divide {chips}, got {self.split}"
            if pool.pod_form != self.first.pod_form:
                yield f"nodes must run the same pod, got other accelerators in {key} than in the first pool"

    @property
    def first(self) -> PoolPlan:
        """The first choice."""
        return next(iter(self.pools.values()))

    @property
    def chips_per_pod(self) -> int:
        """TPU chips or GPUs that a pod asks for; of shared GPUs one part."""
        smallest = min(pool.most_devices_per_pod for pool in self.pools.values())
        return (self.tensor_parallel_size or smallest) if self.first.machine.kind == "gpu" else smallest

    @property
    def split(self) -> int:
        """Chips over which a pod splits the model."""
        return self.tensor_parallel_size or self.chips_per_pod

    def pods_per_node(self, pool: PoolPlan) -> int:
        """Return how many pods a node of *pool* holds."""
        return pool.devices_per_node // self.chips_per_pod

    @property
    def gpu_memory_share(self) -> float | None:
        """Share of a GPU's memory that an LLM server may plan for on whichever choice; None where it has it alone."""
        return min((pool.gpu_memory_share for pool in self.pools.values() if pool.gpu_memory_share), default=None)

    @property
    def host_ipc(self) -> bool:
        """Whether a pod needs the node's IPC namespace on some choice."""
        return any(pool.host_ipc for pool in self.pools.values())

    @property
    def own_driver(self) -> bool:
        """Whether something of the user's own installs the GPU driver on some choice."""
        specs = [pool.spec for pool in self.pools.values()]
        return any(spec.gpu_operator or spec.gpu_driver_version == "INSTALLATION_DISABLED" for spec in specs)

    @property
    def cpus_per_pod(self) -> float:
        """CPUs that each pod can have, on whichever choice."""
        return min(cpus_left(pool.machine.cpus) / self.pods_per_node(pool) for pool in self.pools.values())

    @property
    def memory_gib_per_pod(self) -> float:
        """GiB of memory that each pod can have, on whichever choice."""
        return min(
            memory_left_gib(pool.machine.host_memory_gib) / self.pods_per_node(pool) for pool in self.pools.values()
        )

    @property
    def replicas(self) -> int:
        """Pods that fill the first choice."""
        return self.first.nodes * self.pods_per_node(self.first)

    @property
    def most_replicas(self) -> int:
        """Pods that all choices hold together."""
        return sum(pool.nodes * self.pods_per_node(pool) for pool in self.pools.values())

    @property
    def accelerator(self) -> Accelerator:
        """What a pod asks for to get its chips, on whichever choice."""
        return Accelerator(
            resource=self.first.machine.resource,
            count=self.chips_per_pod,
            cpus=self.cpus or max(1, floor(self.cpus_per_pod * CPU_SHARE)),
            memory_gib=self.memory_gib or max(1, floor(self.memory_gib_per_pod * MEMORY_SHARE)),
            node_selector=self._node_selector(),
            tolerations=(toleration(self.compute_class),) if self.compute_class else (),
            host_ipc=self.host_ipc,
            gpu_memory_share=self.gpu_memory_share,
        )

    def _node_selector(self) -> dict[str, str]:
        """Return the pool and its labels, or the class; TPU pods name their slice in any case, or GKE refuses them."""
        if self.compute_class is None:
            return {POOL_LABEL: next(iter(self.pools)), **self.first.node_selector}
        needed = self.first.node_selector if self.first.machine.kind == "tpu" else self.first.arm_selector
        return {NODE_LABEL: self.compute_class, **needed}
