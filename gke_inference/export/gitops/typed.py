"""Typed resources of the Kubernetes provider as the objects that they are in a cluster."""

from __future__ import annotations

import re
from typing import Any

KINDS = {
    "kubernetes_namespace_v1": ("v1", "Namespace"),
    "kubernetes_service_account_v1": ("v1", "ServiceAccount"),
    "kubernetes_job_v1": ("batch/v1", "Job"),
    "kubernetes_role_v1": ("rbac.authorization.k8s.io/v1", "Role"),
    "kubernetes_role_binding_v1": ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    "kubernetes_cluster_role_v1": ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    "kubernetes_cluster_role_binding_v1": ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
}
"""API version and kind of each type that the stacks have."""
META = ("//", "provider", "depends_on", "lifecycle", "timeouts", "wait_for_completion")
"""Arguments that are Terraform's own."""
LISTS = (
    *("containers", "initContainers", "volumes", "volumeMounts"),
    *("ports", "tolerations", "rules", "subjects"),
)
PLURALS = {re.sub(r"([A-Z])", r"_\1", name).lower().removesuffix("s"): name for name in LISTS}
"""Blocks that the provider names in the singular, with the lists that they are in Kubernetes."""
DATA = ("labels", "annotations", "limits", "requests", "volume_attributes", "match_labels", "node_selector", "data")
"""Maps whose keys are a user's."""
NUMBERS = ("run_as_user", "run_as_group", "fs_group")
"""What the provider takes as text, and Kubernetes as a number."""


def object_of(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the object that the resource of type *kind* with *body* is in its cluster."""
    api_version, name = KINDS[kind]
    inner = {key: value for key, value in body.items() if key not in META}
    return {"apiVersion": api_version, "kind": name, **_converted(inner)}


def _converted(value: Any) -> Any:
    if isinstance(value, list):
        return [_converted(item) for item in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for key, inner in value.items():
        name = PLURALS.get(key) or re.sub(r"_(\w)", lambda found: found[1].upper(), key)
        if key in PLURALS and isinstance(inner, dict):
            made[name] = [_converted(inner)]
        else:
            made[name] = inner if key in DATA else int(inner) if key in NUMBERS else _converted(inner)
    return made
