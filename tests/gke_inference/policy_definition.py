"""The definition of GCPBackendPolicy as a cluster has it: that of GKE 1.33, and one that takes scopes for imports."""

from __future__ import annotations

import json
from typing import Any

from tests.checks.crds import merged
from tests.checks.schemas import DATA


def definition(*, takes_scopes: bool) -> dict[str, Any]:
    """Return the CustomResourceDefinition; what takes scopes is what the tests' overlay says of 1.34."""
    held = json.loads((DATA / "crds" / "gcpbackendpolicy.gke-1.33.json").read_text(encoding="utf-8"))
    schema = merged(held["schema"], held["overlay"]) if takes_scopes else held["schema"]
    schema.pop("description", None)
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "GCPBackendPolicy", "plural": "gcpbackendpolicies", "singular": "gcpbackendpolicy"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gcpbackendpolicies.networking.gke.io"},
        "spec": {"group": "networking.gke.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }  # fmt: skip
