"""How urgent the requests of a pool are, and the CRD that lets one say so."""

from __future__ import annotations

import json
from importlib import resources

from constructs_lib.manifests._objects import Manifest, manifest

GROUP = "inference.networking.x-k8s.io"
POOL_GROUP = "inference.networking.k8s.io"
CRD_NAME = f"inferenceobjectives.{GROUP}"


def inference_objective(*, name: str, namespace: str, pool: str, priority: int) -> Manifest:
    """
    Return a priority for requests with the header `x-gateway-inference-objective: <name>`; others have 0.

    Args:
        name: Name of the objective.
        namespace: Namespace of the pool: it cannot be another.
        pool: Name of the InferencePool.
        priority: Higher goes first when the pool is full; may be negative.
    """
    spec = {"priority": priority, "poolRef": {"group": POOL_GROUP, "kind": "InferencePool", "name": pool}}
    return manifest(f"{GROUP}/v1alpha2", "InferenceObjective", name=name, namespace=namespace, spec=spec)


def inference_objective_crd() -> Manifest:
    """
    Read the CRD of InferenceObjective, which GKE does not install (it does install InferencePool's).

    That of gateway-api-inference-extension v1.5.0 (Apache-2.0), the last release that has it, without `status`.
    """
    file = resources.files("constructs_lib").joinpath("data/inferenceobjective-crd.json")
    crd: Manifest = json.loads(file.read_text(encoding="utf-8"))
    return crd
