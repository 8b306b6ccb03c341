"""What a pod says to get its accelerators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
        node_selector: Labels of the nodes, such as the TPU type and its topology.
        tolerations: Further taints to tolerate, as Kubernetes writes them.
    """

    resource: str
    count: int
    node_selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, str], ...] = ()

    def resources(self, claims: tuple[str, ...] = ()) -> dict[str, Any]:
        """The `resources` of the container, with the names of its DRA claims. The limit is the request too."""
        named = [{"name": claim} for claim in claims]
        return {"limits": {self.resource: str(self.count)}, "claims": named or None}
