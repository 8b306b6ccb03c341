"""TPU and GPU machines: what each has, and what a node pool of them needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from constructs_lib.gke_version import machine_floor
from constructs_lib.specs import NodePoolSpec

DRA_DRIVER_LABEL = {"cloud.google.com/gke-networking-dra-driver": "true"}
ARCHITECTURE_LABEL = "kubernetes.io/arch"
TPU_TOPOLOGY_LABEL = "cloud.google.com/gke-tpu-topology"


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
        label: Node label that tells the accelerator, with `label_value`.
        topologies: TPU slices and the nodes each takes; empty for GPUs.
        workload_policy_topology: Topology of the workload policy that its nodes are made with, alone or together; None
            where it needs none.
        dra_device_class: Device class of its managed DRANET interfaces; None where it has none.
        boot_disk_type: Disk type it boots from.
        local_ssds: Local SSDs that it always comes with; 0 where there is none, or where one may choose.
        local_ssd_gib: Size of all of them together.
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
    architecture: Literal["amd64", "arm64"] = "amd64"
    node_labels: dict[str, str] = field(default_factory=dict)
    note: str | None = None

    @property
    def min_gke_version(self) -> str | None:
        """Lowest GKE that has it with the default GPU driver; None where no source says."""
        return machine_floor(self.machine_type)

    @property
    def single_host_topology(self) -> str | None:
        """The TPU slice that one node is; None for GPUs."""
        return next((topology for topology, nodes in self.topologies.items() if nodes == 1), None)


@cache
def machines() -> Mapping[str, Machine]:
    """Every machine type that is known, by name."""
    text = resources.files("constructs_lib").joinpath("data/machines.json").read_text(encoding="utf-8")
    return MappingProxyType({entry["machine_type"]: Machine(**entry) for entry in json.loads(text)})


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """
    A node pool with everything that its machine type decides. Known at synth.

    Attributes:
        slice_nodes: Nodes of one TPU slice; 1 for single-host slices and GPUs.
        nodes: Nodes in all zones; where the pool grows, the most there can be.
        min_nodes: Fewest nodes in all zones; as many as `nodes` where the pool does not grow.
        node_labels: Labels that the pool must have.
        node_selector: Labels by which pods find it.
    """

    spec: NodePoolSpec
    machine: Machine
    topology: str | None
    slice_nodes: int
    nodes: int
    min_nodes: int
    dranet: bool
    compact_placement: bool
    disk_type: str

    @property
    def multi_host(self) -> bool:
        """Whether one slice spans nodes, so that one pod cannot hold it."""
        return self.slice_nodes > 1

    @property
    def grows(self) -> bool:
        """Whether nodes come and go with the pods."""
        return self.spec.autoscaling is not None or self.spec.capacity.grows_from_zero

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
    def node_labels(self) -> dict[str, str]:
        """Labels that the pool must have."""
        return {**self.machine.node_labels, **(DRA_DRIVER_LABEL if self.dranet else {})}

    @property
    def node_selector(self) -> dict[str, str]:
        """Labels by which pods find its nodes."""
        topology = {TPU_TOPOLOGY_LABEL: self.topology} if self.topology else {}
        return {self.machine.label: self.machine.label_value, **topology, **self.arm_selector}

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
        return (machine.resource, *slice_of_tpus, interfaces, machine.architecture)


def plan_pool(spec: NodePoolSpec, zones: int) -> PoolPlan:
    """
    What *spec* becomes in *zones* zones.

    Raises:
        ValueError: Where the machine type or its topology is not known; the message lists the known ones.
    """
    machine = machines().get(spec.machine_type)
    if machine is None:
        raise ValueError(f"machine_type must be one of {', '.join(sorted(machines()))}, got '{spec.machine_type}'")
    topology = spec.topology or machine.single_host_topology
    if topology is not None and topology not in machine.topologies:
        allowed = ", ".join(machine.topologies) or "none: it is not a TPU"
        raise ValueError(f"topology of {spec.machine_type} must be one of {allowed}, got '{topology}'")
    slice_nodes = machine.topologies[topology] if topology else 1
    fewest, most = _nodes(spec, slice_nodes, zones)
    return PoolPlan(
        spec=spec,
        machine=machine,
        topology=topology,
        slice_nodes=slice_nodes,
        nodes=most,
        min_nodes=fewest,
        dranet=machine.dra_device_class is not None if spec.dranet is None else spec.dranet,
        compact_placement=_needs_placement(machine, slice_nodes)
        if spec.compact_placement is None
        else spec.compact_placement,
        disk_type=spec.disk_type or machine.boot_disk_type,
    )


def _nodes(spec: NodePoolSpec, slice_nodes: int, zones: int) -> tuple[int, int]:
    """Fewest and most nodes in all *zones* zones."""
    most = (slice_nodes if slice_nodes > 1 else spec.nodes_per_zone or 1) * zones
    if spec.autoscaling:
        return spec.autoscaling.min_nodes, spec.autoscaling.max_nodes
    return (0 if spec.capacity.grows_from_zero else most), most


def _needs_placement(machine: Machine, slice_nodes: int) -> bool:
    """Slices that span nodes, and machines whose own network is made by a policy."""
    return slice_nodes > 1 or machine.workload_policy_topology is not None
