"""What a pod says to get its accelerators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.manifests._objects import gibibytes


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """
    The chips of one pod and the nodes that have them.

    GKE taints accelerator nodes (`google.com/tpu=present:NoSchedule`, `nvidia.com/gpu=present:NoSchedule`) and its
    admission plugin ExtendedResourceToleration lets every pod through that asks for the resource: no toleration of
    these taints is needed here, only of those that a platform adds itself.

    Args:
        resource: Resource name, such as `google.com/tpu`.
        count: Chips of one pod; a TPU pod takes all chips of its node.
        cpus: CPUs that it asks for with them.
        memory_gib: GiB of memory that it asks for with them.
        node_selector: Labels of the nodes, such as the TPU type and its topology.
        tolerations: Further taints to tolerate, as Kubernetes writes them.
        host_ipc: Whether the pod needs the node's IPC namespace, as MPS does.
        gpu_memory_share: Share of a GPU's memory that an LLM server may plan for, 0 to 1, where other pods use the GPU
            too; None where none do.
        more: Further resources of a pod, such as parts of a GPU's memory, by their name.
        runtime_class: RuntimeClass of the pod; None for the cluster's own.
        scheduler: Scheduler of the pod; None for the cluster's own.
        annotations: Annotations of the pod.
    """

    resource: str
    count: int
    cpus: int
    memory_gib: int
    node_selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, str], ...] = ()
    host_ipc: bool = False
    gpu_memory_share: float | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    runtime_class: str | None = None
    scheduler: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    def resources(self, *, disk_gib: int, claims: tuple[str, ...] = ()) -> dict[str, Any]:
        """
        Return the container's `resources`, with *disk_gib* of the node's disk and the names of its DRA claims.

        Chips are in both: the API server adds what is limited to what is requested, and Terraform takes that for drift.
        """
        chips = ({self.resource: str(self.count)} if self.count else {}) | dict(self.more)
        asked = {"cpu": str(self.cpus), "memory": gibibytes(self.memory_gib), "ephemeral-storage": gibibytes(disk_gib)}
        named = [{"name": claim} for claim in claims]
        return {"requests": asked | chips, "limits": chips or None, "claims": named or None}
