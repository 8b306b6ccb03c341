"""Argo CD: is it in the cluster that the config names, and may it sign in as the account that reaches the others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib.specs import ArgoCdSpec
from constructs_lib.specs.gitops import CONTROLLERS, SIGN_IN_ANNOTATION
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding, good, judge
from gke_inference.preflight.target import Target
from platform_config.stack_graph import GITOPS_STACK

ID = "ARGO-CD"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applicationsets.argoproj.io"


def checks(target: Target) -> Iterator[Check]:
    """Yield one where clusters are registered, and the cluster with Argo CD is among those to check."""
    argo = target.config.gitops.argo_cd if target.config.gitops else None
    if argo is not None and argo.cluster in target.keys:
        yield Check(
            id=ID, needed=_needed(argo), where=argo.cluster,
            role="roles/container.viewer", ask=partial(_argo_cd, target, argo),
        )  # fmt: skip


def _needed(argo: ArgoCdSpec) -> str:
    return f"Argo CD in the namespace {argo.namespace}, whose service accounts act as the platform's"


def _argo_cd(target: Target, argo: ArgoCdSpec) -> Iterator[Finding]:
    if not target.has_cluster(argo.cluster):
        when = f"the cluster is not there yet: install Argo CD when it is, before {GITOPS_STACK}"
        yield good(ID, when, _needed(argo))
        return
    cluster = ClusterApi.of(target.google, target.names.cluster_path(argo.cluster))
    namespace, email = f"/api/v1/namespaces/{argo.namespace}", target.names.argo_cd_service_account_email
    install = f"install Argo CD there, before {GITOPS_STACK} is applied"
    problems = {}
    if not _is_there(cluster, namespace):
        problems[f"there is no namespace {argo.namespace}"] = install
    elif not _is_there(cluster, CRD):
        problems["there is no CustomResourceDefinition applicationsets.argoproj.io"] = install
    else:
        others = [name for name in CONTROLLERS if not _acts_as(cluster, f"{namespace}/serviceaccounts/{name}", email)]
        if others:
            fix = f"kubectl -n {argo.namespace} annotate serviceaccount {' '.join(others)} --overwrite "
            fix += f"{SIGN_IN_ANNOTATION}={email}, and restart their pods"
            problems[f"not acting as {email}: {', '.join(others)}"] = fix
    yield judge(ID, f"there, acting as {email}", _needed(argo), problems)


def _is_there(cluster: ClusterApi, path: str) -> bool:
    try:
        return bool(cluster.get(path))
    except ApiError as error:
        if error.missing:
            return False
        raise


def _acts_as(cluster: ClusterApi, path: str, email: str) -> bool:
    """Return whether the service account at *path* acts as *email*; a name that an installation lacks is left out."""
    try:
        annotations = cluster.get(path)["metadata"].get("annotations", {})
        return bool(annotations.get(SIGN_IN_ANNOTATION) == email)
    except ApiError as error:
        if error.missing:
            return True
        raise
