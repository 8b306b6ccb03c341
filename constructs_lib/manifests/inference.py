"""How urgent the requests of a pool are, and the CRD that lets one say so."""

from __future__ import annotations

import json
from importlib import resources

from constructs_lib.manifests._objects import Manifest, manifest

POOL_GROUP = "inference.networking.k8s.io"
GROUP = "inference.networking.x-k8s.io"
"""Group of the objectives that pickers of the inferencepool chart read."""
ROUTER_GROUP = "llm-d.ai"
"""
Group of those that pickers of llm-d-router read: where its CRD is installed, they read no others
(llm-d/llm-d-router v0.10.0, pkg/epp/server/controller_config.go).
"""
FILES = {GROUP: "inferenceobjective-crd.json", ROUTER_GROUP: "llm-d-inferenceobjective-crd.json"}


def inference_objective(*, name: str, namespace: str, pool: str, priority: int, group: str = GROUP) -> Manifest:
    """
    Return a priority for requests with the header `x-gateway-inference-objective: <name>`; others have 0.

    Args:
        name: Name of the objective.
        namespace: Namespace of the pool: it cannot be another.
        pool: Name of the InferencePool.
        priority: Higher goes first when the pool is full; may be negative.
        group: API group of the objective, by the chart of its picker.
    """
    spec = {"priority": priority, "poolRef": {"group": POOL_GROUP, "kind": "InferencePool", "name": pool}}
    return manifest(f"{group}/v1alpha2", "InferenceObjective", name=name, namespace=namespace, spec=spec)


def inference_objective_crd(group: str = GROUP) -> Manifest:
    """
    Read the CRD of InferenceObjective of *group*, which GKE does not install (it does install InferencePool's).

    That of gateway-api-inference-extension v1.5.0 (Apache-2.0), the last release that has it, or of llm-d-router
    v0.10.0 (Apache-2.0); without `status`.
    """
    file = resources.files("constructs_lib").joinpath(f"data/{FILES[group]}")
    crd: Manifest = json.loads(file.read_text(encoding="utf-8"))
    return crd
