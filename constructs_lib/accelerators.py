"""TPU and GPU machines: what each has, and what a node pool of them needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from constructs_lib.gke_version import machine_floor
from constructs_lib.gpu_sharing import memory_share, partition_memory_gb, partitions_of, sharing_labels
from constructs_lib.specs import NodePoolSpec

DRA_DRIVER_LABEL = {"cloud.google.com/gke-networking-dra-driver": "true"}
ARCHITECTURE_LABEL = "kubernetes.io/arch"
TPU_TOPOLOGY_LABEL = "cloud.google.com/gke-tpu-topology"
CHOSEN_SSD_GIB = 375
"""Size of one local SSD on machines where their number can be chosen. Source: Google, "About Local SSD disks"."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """
    One machine type.

    Attributes:
        chips: TPU chips or GPUs of one node.
        memory_gb: Memory of one chip as its maker states it: GB for GPUs, GiB for TPUs.
        cpus: CPUs of one node, as GKE's autoscaler counts them.
        host_memory_gib: Memory of one node, which Google writes as GB.
        resource: Name under which pods ask for them, such as `google.com/tpu`.
        label: Node label of the accelerator, with the value `label_value`.
        topologies: TPU slices and the nodes each takes; empty for GPUs.
        workload_policy_topology: Topology of the workload policy that its nodes are made with, alone or together; None
            where it needs none.
        dra_device_class: Device class of its managed DRANET interfaces; None where it has none.
        boot_disk_type: Disk type it boots from.
        local_ssds: Local SSDs that it always comes with; 0 where there is none, or where one may choose.
        local_ssd_gib: Size of all of them together.
        local_ssd_choices: How many one may choose; empty where none can be added, None where any number is taken.
        architecture: What its CPUs run; GKE taints arm64 nodes, and images must be built for it.
        sources: Where these facts are from.
    """

    machine_type: str
    kind: Literal["tpu", "gpu"]
    generation: str
    chips: int
    memory_gb: int
    cpus: int
    host_memory_gib: int
    resource: str
    label: str
    label_value: str
    topologies: Mapping[str, int]
    boot_disk_type: str
    sources: list[str]
    dra_device_class: str | None = None
    workload_policy_topology: str | None = None
    local_ssds: int = 0
    local_ssd_gib: int = 0
    local_ssd_choices: Sequence[int] | None = ()
    architecture: Literal["amd64", "arm64"] = "amd64"
    node_labels: dict[str, str] = field(default_factory=dict)
    note: str | None = None

    @property
    def min_gke_version(self) -> str | None:
        """Lowest GKE that has it with the default GPU driver; None where no source says."""
        return machine_floor(self.machine_type)

    @property
    def partitions(self) -> Mapping[str, int]:
        """Sizes into which each GPU can be divided, each with the number of parts; empty where it cannot."""
        return partitions_of(self.label_value)

    def takes_local_ssds(self, count: int) -> bool:
        """Return whether one may choose *count* local SSDs."""
        return self.local_ssd_choices is None or count in self.local_ssd_choices

    @property
    def single_host_topology(self) -> str | None:
        """The TPU slice that one node is; None for GPUs."""
        return next((topology for topology, nodes in self.topologies.items() if nodes == 1), None)


@cache
def machines() -> Mapping[str, Machine]:
    """Read every machine type that is known, by name."""
    text = resources.files("constructs_lib").joinpath("data/machines.json").read_text(encoding="utf-8")
    return MappingProxyType({entry["machine_type"]: Machine(**entry) for entry in json.loads(text)})


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """
    A node pool in the zones of one region, with everything that follows from its machine type. All known at synth.

    Args:
        spec: What is asked for.
        zones: Number of zones of the region, 1 or more. Where the spec names the pool's own, it becomes their number.

    Raises:
        ValueError: The machine type, its topology or its partition size is not known, and the message lists the known
            ones; or TPUs are to be shared.
    """

    spec: NodePoolSpec
    zones: int

    def __post_init__(self) -> None:
        known = machines()
        if self.spec.machine_type not in known:
            raise ValueError(f"machine_type must be one of {', '.join(sorted(known))}, got '{self.spec.machine_type}'")
        if self.topology is not None and self.topology not in self.machine.topologies:
            allowed = ", ".join(self.machine.topologies) or "none: it is not a TPU"
            raise ValueError(f"topology of {self.spec.machine_type} must be one of {allowed}, got '{self.topology}'")
        if self.zones < 1:
            raise ValueError(f"zones must be 1 or more, got {self.zones}")
        self._check_sharing()
        if self.spec.zones:
            object.__setattr__(self, "zones", len(self.spec.zones))

    def _check_sharing(self) -> None:
        spec, known = self.spec, self.machine.partitions
        if spec.gpu_sharing and self.machine.kind != "gpu":
            raise ValueError(f"gpu_sharing must be left out for {spec.machine_type}, which has no GPU")
        if spec.gpu_partition is not None and spec.gpu_partition not in known:
            allowed = ", ".join(known) or "none: it has no GPU that can be divided"
            raise ValueError(
                f"gpu_partition of {spec.machine_type} must be one of {allowed}, got '{spec.gpu_partition}'"
            )

    @property
    def machine(self) -> Machine:
        """The machine of each node."""
        return machines()[self.spec.machine_type]

    @property
    def topology(self) -> str | None:
        """The TPU slice; None for GPUs."""
        return self.spec.topology or self.machine.single_host_topology

    @property
    def slice_nodes(self) -> int:
        """Nodes of one TPU slice; 1 for single-host slices and GPUs."""
        return self.machine.topologies[self.topology] if self.topology else 1

    @property
    def multi_host(self) -> bool:
        """Whether one slice spans nodes, so that one pod cannot hold it."""
        return self.slice_nodes > 1

    @property
    def grows(self) -> bool:
        """Whether nodes come and go with the pods."""
        return self.spec.autoscaling is not None or self.spec.capacity.grows_from_zero

    @property
    def nodes(self) -> int:
        """Nodes in all zones; where the pool grows, the most there can be."""
        if self.spec.autoscaling:
            return self.spec.autoscaling.max_nodes
        return (self.slice_nodes if self.multi_host else self.spec.nodes_per_zone or 1) * self.zones

    @property
    def min_nodes(self) -> int:
        """Fewest nodes in all zones; as many as `nodes` where the pool does not grow."""
        if self.spec.autoscaling:
            return self.spec.autoscaling.min_nodes
        return 0 if self.spec.capacity.grows_from_zero else self.nodes

    @property
    def location_policy(self) -> Literal["ANY", "BALANCED"]:
        """How a pool that grows chooses zones: machines that are hard to get are taken where there are some."""
        capacity = self.spec.capacity
        default: Literal["ANY", "BALANCED"] = "ANY" if capacity.spot or capacity.grows_from_zero else "BALANCED"
        return (self.spec.autoscaling and self.spec.autoscaling.location_policy) or default

    @property
    def chips(self) -> int:
        """Chips in all nodes."""
        return self.nodes * self.machine.chips

    @property
    def shared(self) -> bool:
        """Whether several pods use one GPU, or one partition each."""
        return self.spec.gpu_sharing is not None or self.spec.gpu_partition is not None

    @property
    def clients(self) -> int:
        """Most pods that use one GPU, or one partition, together."""
        return self.spec.gpu_sharing.max_clients if self.spec.gpu_sharing else 1

    @property
    def devices_per_node(self) -> int:
        """Devices that a node offers to pods: its chips, or as many as sharing makes of them."""
        parts = self.machine.partitions[self.spec.gpu_partition] if self.spec.gpu_partition else 1
        return self.machine.chips * parts * self.clients

    @property
    def most_devices_per_pod(self) -> int:
        """Devices that one pod can use together: no two parts of GPUs work as one."""
        return 1 if self.shared else self.machine.chips

    @property
    def device_memory_gb(self) -> int:
        """Memory, in GB, of what a pod sees as one device: a chip, or a partition. Pods that share it divide it."""
        return partition_memory_gb(self.spec.gpu_partition) if self.spec.gpu_partition else self.machine.memory_gb

    @property
    def gpu_memory_share(self) -> float | None:
        """Share of that memory that an LLM server may plan for; None where no other pod uses the device."""
        return memory_share(self.clients)

    @property
    def host_ipc(self) -> bool:
        """Whether pods need the node's IPC namespace, by which MPS reaches its daemon. Source: Google, NVIDIA MPS."""
        return self.spec.gpu_sharing is not None and self.spec.gpu_sharing.strategy == "mps"

    @property
    def local_ssds(self) -> int:
        """Local SSDs of a node: those that its machine always has, or as many as were chosen."""
        return self.machine.local_ssds or self.spec.local_ssds or 0

    @property
    def local_ssd_gib(self) -> int:
        """Size of all local SSDs of a node together."""
        return self.machine.local_ssd_gib or self.local_ssds * CHOSEN_SSD_GIB

    @property
    def dranet(self) -> bool:
        """Whether the nodes have managed DRANET, the accelerator's own network interfaces; a shared GPU has none."""
        default = self.machine.dra_device_class is not None and not self.shared
        return default if self.spec.dranet is None else self.spec.dranet

    @property
    def compact_placement(self) -> bool:
        """Whether nodes are placed side by side: slices that span nodes, and networks that a policy makes, need it."""
        needed = self.multi_host or self.machine.workload_policy_topology is not None
        return needed if self.spec.compact_placement is None else self.spec.compact_placement

    @property
    def disk_type(self) -> str:
        """Type of the boot disk."""
        return self.spec.disk_type or self.machine.boot_disk_type

    @property
    def node_labels(self) -> dict[str, str]:
        """Labels that the pool must have."""
        return {**self.machine.node_labels, **(DRA_DRIVER_LABEL if self.dranet else {})}

    @property
    def node_selector(self) -> dict[str, str]:
        """Labels by which pods find its nodes."""
        topology = {TPU_TOPOLOGY_LABEL: self.topology} if self.topology else {}
        device = {self.machine.label: self.machine.label_value, **topology, **sharing_labels(self.spec)}
        return {**device, **self.arm_selector}

    @property
    def arm_selector(self) -> dict[str, str]:
        """What a pod must select to get onto Arm nodes: GKE then adds the toleration of their taint."""
        return {ARCHITECTURE_LABEL: "arm64"} if self.machine.architecture == "arm64" else {}

    @property
    def pod_form(self) -> tuple[str, ...]:
        """What a pod's form depends on: two pools with the same can run the same pod."""
        machine = self.machine
        slice_of_tpus = (machine.label_value, self.topology or "") if machine.kind == "tpu" else ()
        interfaces = machine.dra_device_class if self.dranet and machine.dra_device_class else "no DRANET"
        parts = tuple(sharing_labels(self.spec).values())
        return (machine.resource, *slice_of_tpus, *parts, interfaces, machine.architecture)
