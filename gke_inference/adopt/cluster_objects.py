"""Which objects of the platform exist in its clusters already, made by kubectl, helm or a lost state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from constructs_lib.specs.gitops import SYNC_WAVE
from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.importable import value_at
from gke_inference.adopt.planned import PlannedResource
from gke_inference.api_error import ApiError, remedy
from gke_inference.cluster_api import ClusterApi
from gke_inference.live_platform import Clusters
from platform_config.config import Config
from platform_config.stack_graph import cluster_key

MANIFEST, RELEASE, NAMESPACE = "kubernetes_manifest", "helm_release", "kubernetes_namespace_v1"
TYPED = {
    NAMESPACE: ("v1", "Namespace"),
    "kubernetes_cluster_role_binding_v1": ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    "kubernetes_cluster_role_v1": ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    "kubernetes_config_map_v1": ("v1", "ConfigMap"),
    "kubernetes_job_v1": ("batch/v1", "Job"),
    "kubernetes_role_binding_v1": ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    "kubernetes_role_v1": ("rbac.authorization.k8s.io/v1", "Role"),
    "kubernetes_service_account_v1": ("v1", "ServiceAccount"),
}
"""By type in Terraform: the object that it makes. Annotations are not here: a create sets them whoever had them."""
RELEASE_NAME = "meta.helm.sh/release-name"
"""Annotation of each object of a release. Source: helm, "Labels and Annotations". Deployments are asked for it, since
helm keeps a release in a Secret, and no secret is read here. What Argo CD renders has it too, and is no release: helm
makes one of it when it is applied."""


def judge_objects(config: Config, clusters: Clusters, resources: Iterable[PlannedResource]) -> Iterator[Found]:
    """
    Yield what exists of the objects among *resources*, cluster by cluster.

    Args:
        config: The platform.
        clusters: The API of each region's cluster.
        resources: What the stacks would make.
    """
    by_cluster: dict[str, list[PlannedResource]] = {}
    for one in resources:
        key = cluster_key(config, one.stack)
        if key and (one.type in TYPED or one.type in (MANIFEST, RELEASE)):
            by_cluster.setdefault(key, []).append(one)
    for key, planned in by_cluster.items():
        try:
            yield from _own_namespace(config, key, list(_judge(clusters(key), key, planned)))
        except ApiError as error:
            if not error.missing and not error.turned_off:
                why = f"{error.summary}; {remedy(error, 'roles/container.viewer')}"
                yield Found(verdict=Verdict.UNKNOWN, noun="objects", path=f"cluster of {key}", where=key, why=why)


def _judge(api: ClusterApi, key: str, planned: Iterable[PlannedResource]) -> Iterator[Found]:
    """Yield what exists of the *planned* objects in the cluster of region *key*."""
    for one in planned:
        version, kind, namespace, name = _identity(one)
        there = (
            _has_release(api, namespace, name)
            if one.type == RELEASE
            else _has_object(api, version, kind, namespace, name)
        )
        if there:
            place = f"{namespace}/{name}" if namespace else name
            id_ = _manifest_id(version, kind, namespace, name) if one.type == MANIFEST else place
            yield Found(
                verdict=Verdict.ADOPTED, noun=kind, path=place, where=key, stack=one.stack, address=one.address,
                import_id=id_,
            )  # fmt: skip


def _own_namespace(config: Config, key: str, found: list[Found]) -> Iterator[Found]:
    """
    Yield what was *found*, without the namespace where nothing in it is the platform's.

    A destroy of the platform deletes a namespace that it adopted, with all that is in it.
    """
    others = [one for one in found if one.path.startswith(f"{config.namespace}/")]
    for one in found:
        if one.noun != "Namespace" or others:
            yield one
        else:
            why = "it has no object of the platform, so it is somebody else's"
            settings = {"existing.namespace": True}
            yield Found(
                verdict=Verdict.EXISTING, noun=one.noun, path=one.path, where=key, why=why, settings=settings
            )  # fmt: skip


def _identity(planned: PlannedResource) -> tuple[str, str, str, str]:
    """Return API version, kind, namespace and name; a release has the kind `release`."""
    values = planned.values
    if planned.type == RELEASE:
        return "", "release", values["namespace"], values["name"]
    version, kind = TYPED.get(planned.type) or (values["manifest"]["apiVersion"], values["manifest"]["kind"])
    metadata: Any = value_at(values, "manifest.metadata" if planned.type == MANIFEST else "metadata")
    return version, kind, metadata.get("namespace", ""), metadata["name"]


def _has_object(api: ClusterApi, version: str, kind: str, namespace: str, name: str) -> bool:
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = f"/namespaces/{namespace}" if namespace else ""
    return _answers(api, f"{root}{inside}/{plural(kind)}/{name}") is not None


def _has_release(api: ClusterApi, namespace: str, name: str) -> bool:
    found = _answers(api, f"/apis/apps/v1/namespaces/{namespace}/deployments") or {}
    annotations = (one["metadata"].get("annotations", {}) for one in found.get("items", ()))
    return any(held.get(RELEASE_NAME) == name and SYNC_WAVE not in held for held in annotations)


def _answers(api: ClusterApi, path: str) -> Mapping[str, Any] | None:
    """Return what is at *path*; None where there is none, or no such kind."""
    try:
        return api.get(path)
    except ApiError as error:
        if error.missing:
            return None
        raise


def _manifest_id(version: str, kind: str, namespace: str, name: str) -> str:
    parts = {"apiVersion": version, "kind": kind, "namespace": namespace, "name": name}
    return ",".join(f"{part}={value}" for part, value in parts.items() if value)


def plural(kind: str) -> str:
    """Return the name of the resource of *kind*, as the API's paths have it. Source: Kubernetes, API conventions."""
    word = kind.lower()
    if re.search("[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"
