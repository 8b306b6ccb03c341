"""An ordered list of node pools that pods are given nodes from: the first that has machines wins."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.manifests._objects import Manifest, manifest

NODE_LABEL = "cloud.google.com/compute-class"
CRD_NAME = "computeclasses.cloud.google.com"


def compute_class(*, name: str, node_pools: Sequence[str], migrate_back: bool = False) -> Manifest:
    """
    Return a class *name* whose pods get nodes of *node_pools*, an earlier one before a later one.

    Args:
        name: Name of the class; it belongs to the whole cluster.
        node_pools: Names of existing pools that carry `NODE_LABEL` as label and as taint.
        migrate_back: Moves pods to an earlier pool when it has machines again.
    """
    spec = {
        "priorities": [{"nodepools": [pool]} for pool in node_pools],
        "whenUnsatisfiable": "DoNotScaleUp",
        "nodePoolAutoCreation": {"enabled": False},
        "activeMigration": {"optimizeRulePriority": migrate_back},
    }
    return manifest("cloud.google.com/v1", "ComputeClass", name=name, spec=spec)


def toleration(name: str) -> dict[str, str]:
    """Return what a pod of the class *name* tolerates: the taint of the class's pools."""
    return {"key": NODE_LABEL, "operator": "Equal", "value": name, "effect": "NoSchedule"}
