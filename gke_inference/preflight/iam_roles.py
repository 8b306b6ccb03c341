"""Which roles a project grants itself, and what its agents are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gke_inference.preflight.target import Target


def granted(policy: Mapping[str, Any], member: str) -> set[str]:
    """Return the roles that *policy* gives *member*; those under a condition do not count."""
    bindings = [entry for entry in policy.get("bindings", []) if "condition" not in entry]
    return {str(entry["role"]) for entry in bindings if member in entry.get("members", [])}


def project_policy(target: Target, project: str) -> dict[str, Any]:
    """
    Return the policy of *project*: what folders and the organization grant is not in it.

    Raises:
        ApiError: The caller may not read it.
    """
    return target.google.call(
        "cloudresourcemanager", "v3", "projects.getIamPolicy", resource=f"projects/{project}", body={}
    )


def missing_roles(target: Target, project: str, member: str, roles: Iterable[str]) -> list[str]:
    """Return those of *roles* that *project* itself does not grant *member*, in their order."""
    given = granted(project_policy(target, project), member)
    return [role for role in roles if role not in given]


def project_number(target: Target) -> str:
    """Return the number of the platform's project, which the addresses of Google's agents contain."""
    found = target.google.call("cloudresourcemanager", "v3", "projects.get", name=f"projects/{target.project}")
    return str(found["name"]).rpartition("/")[2]
