"""The settings of GitOps: where the objects of clusters are in Git, and who applies them."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.google_names import LABEL
from constructs_lib.specs.limits import refuse, wrong_settings, wrong_text

PLATFORM_LABEL, CLUSTER_LABEL = "inference-platform", "inference-cluster"
"""Labels of a cluster's Secret in Argo CD, by which an ApplicationSet finds the clusters of a platform."""
CONTROLLERS = ("argocd-application-controller", "argocd-server", "argocd-applicationset-controller")
"""Service accounts of Argo CD that ask clusters."""
SIGN_IN_ANNOTATION = "iam.gke.io/gcp-service-account"
"""Annotation by which a service account of a cluster acts as one of Google's."""
SYNC_WAVE = "argocd.argoproj.io/sync-wave"
"""Annotation of each object that Argo CD applies for a platform: when it does."""


@dataclass(frozen=True, kw_only=True)
class ArgoCdSpec:
    """
    Argo CD, which is there already.

    Args:
        cluster: Key of the region whose cluster it runs in.
        namespace: Namespace that it runs in.
        project: Its project for the platform's applications.
    """

    cluster: str
    namespace: str = "argocd"
    project: str = "default"

    def __post_init__(self) -> None:
        must = "be a name of lower case letters, digits and hyphens"
        texts = [
            *wrong_text("namespace", self.namespace, LABEL, must),
            *wrong_text("project", self.project, LABEL, must),
        ]
        refuse([*wrong_settings(self), *texts])


@dataclass(frozen=True, kw_only=True)
class GitOpsSpec:
    """
    The objects of clusters come from Git; Terraform makes the infrastructure alone.

    Args:
        repository: URL of the repository, without credentials.
        revision: Branch, tag or commit.
        path: Folder that holds what `export --gitops` wrote.
        argo_cd: Argo CD in which clusters are registered. Default: none; another tool reads the repository.
    """

    repository: str
    revision: str = "main"
    path: str = "."
    argo_cd: ArgoCdSpec | None = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
