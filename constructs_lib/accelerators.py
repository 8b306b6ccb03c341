"""TPU and GPU machines: what each has, and what a node pool of them needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from constructs_lib.specs import NodePoolSpec

DRA_DRIVER_LABEL = {"cloud.google.com/gke-networking-dra-driver": "true"}
TPU_TOPOLOGY_LABEL = "cloud.google.com/gke-tpu-topology"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """
    One machine type.

    Attributes:
        chips: TPU chips or GPUs of one node.
        resource: Name under which pods ask for them, such as `google.com/tpu`.
        label: Node label that tells the accelerator, with `label_value`.
        topologies: TPU slices and the nodes each takes; empty for GPUs.
        dra_device_class: Device class of its managed DRANET interfaces; None where it has none.
        boot_disk_type: Disk type it boots from.
        sources: Where these facts are from.
    """

    machine_type: str
    kind: Literal["tpu", "gpu"]
    generation: str
    chips: int
    resource: str
    label: str
    label_value: str
    topologies: Mapping[str, int]
    boot_disk_type: str
    sources: list[str]
    dra_device_class: str | None = None
    min_gke_version: str | None = None
    node_labels: dict[str, str] = field(default_factory=dict)
    note: str | None = None

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
        nodes: Nodes in all zones.
        node_labels: Labels that the pool must have.
        node_selector: Labels by which pods find it.
    """

    spec: NodePoolSpec
    machine: Machine
    topology: str | None
    slice_nodes: int
    nodes: int
    dranet: bool
    compact_placement: bool
    disk_type: str

    @property
    def multi_host(self) -> bool:
        """Whether one slice spans nodes, so that one pod cannot hold it."""
        return self.slice_nodes > 1

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
        return {self.machine.label: self.machine.label_value, **topology}


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
    return PoolPlan(
        spec=spec,
        machine=machine,
        topology=topology,
        slice_nodes=slice_nodes,
        nodes=(slice_nodes if slice_nodes > 1 else spec.nodes_per_zone) * zones,
        dranet=machine.dra_device_class is not None if spec.dranet is None else spec.dranet,
        compact_placement=slice_nodes > 1 if spec.compact_placement is None else spec.compact_placement,
        disk_type=spec.disk_type or machine.boot_disk_type,
    )
