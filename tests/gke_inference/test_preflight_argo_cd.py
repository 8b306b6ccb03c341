"""`preflight` and Argo CD, which registers the platform's clusters and runs in one of them."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.specs.gitops import CONTROLLERS, SIGN_IN_ANNOTATION
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding
from gke_inference.preflight import check_ids
from gke_inference.preflight.argo_cd import CRD
from gke_inference.preflight.project import permissions
from gke_inference.preflight.target import Target
from tests.configs import GITOPS, config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.preflight_answers import found

EMAIL = "voice-argocd@my-project-id.iam.gserviceaccount.com"
NAMESPACE = "/api/v1/namespaces/argocd"
THERE = {"status": "RUNNING"}


def account(email: str) -> dict[str, Any]:
    """Return a service account that acts as *email*."""
    return {"metadata": {"annotations": {SIGN_IN_ANNOTATION: email}}}


ACCOUNTS = {f"{NAMESPACE}/serviceaccounts/{name}": account(EMAIL) for name in CONTROLLERS}
INSTALLED = {NAMESPACE: {"metadata": {}}, CRD: {"metadata": {}}, **ACCOUNTS}


def look(google: GoogleStandIn, monkeypatch: pytest.MonkeyPatch, there: dict[str, Any], cluster: Any) -> Finding:
    """Return the finding where the cluster has what *there* says."""

    class Inside:
        def get(self, path: str) -> Any:
            if path not in there:
                raise ApiError(status=404, reason="NotFound", message=path)
            if isinstance(there[path], ApiError):
                raise there[path]
            return there[path]

    monkeypatch.setattr(ClusterApi, "of", lambda *_, **__: Inside())
    return found(google, config(GITOPS), **{"container.projects.locations.clusters.get": cluster})["us", "ARGO-CD"]


def without(path: str) -> dict[str, Any]:
    """Return a cluster with Argo CD that lacks what is at *path*."""
    return {at: held for at, held in INSTALLED.items() if at != path}


@pytest.mark.parametrize(
    ("there", "cluster", "status", "said", "fix"),
    [
        (INSTALLED, THERE, "good", f"there, acting as {EMAIL}", ""),
        ({}, Fault(404), "good", "install Argo CD when it is, before workload-gitops", ""),
        (without(NAMESPACE), THERE, "wrong", "there is no namespace argocd", "install Argo CD there"),
        (without(CRD), THERE, "wrong", "applicationsets.argoproj.io", "install Argo CD there"),
        (without(f"{NAMESPACE}/serviceaccounts/{CONTROLLERS[2]}"), THERE, "good", "acting as", ""),
        (
            {**INSTALLED, f"{NAMESPACE}/serviceaccounts/argocd-server": account("other@x.iam.gserviceaccount.com")},
            THERE,
            "wrong",
            f"not acting as {EMAIL}: argocd-server",
            f"annotate serviceaccount argocd-server --overwrite {SIGN_IN_ANNOTATION}={EMAIL}",
        ),
        (
            {**INSTALLED, NAMESPACE: ApiError(status=403, reason="Forbidden", message="no")},
            THERE,
            "unknown",
            "could not be checked",
            "roles/container.viewer",
        ),
    ],
    ids=["there", "no cluster yet", "no namespace", "no kinds", "an installation without one", "other", "denied"],
)
def test_argo_cd_is_there_and_acts_as_the_account_of_the_platform(
    google: GoogleStandIn,
    monkeypatch: pytest.MonkeyPatch,
    there: dict[str, Any],
    cluster: Any,
    status: str,
    said: str,
    fix: str,
) -> None:
    """Else the stack that registers clusters fails, or no cluster lets Argo CD in; what is wrong has a fix."""
    finding = look(google, monkeypatch, there, cluster)

    assert (finding.status.value, said in finding.found, fix in finding.fix) == (status, True, True), finding


def test_it_is_looked_at_only_where_it_runs_and_registers_clusters() -> None:
    """Not with another region alone, and not where another tool reads the repository."""
    alone = {"repository": "https://git.example.com/platform.git"}

    assert "ARGO-CD" in check_ids(config(GITOPS), ("us", "eu"))
    assert "ARGO-CD" not in check_ids(config(GITOPS), ("eu",))
    assert "ARGO-CD" not in check_ids(config(GITOPS, gitops=alone), ("us", "eu"))


def test_the_caller_must_be_able_to_let_argo_cd_in(google: GoogleStandIn) -> None:
    """Its account, who acts as it, and its role in each cluster; none of these where nobody is registered."""
    alone = config(GITOPS, gitops={"repository": "https://git.example.com/platform.git"})
    keys = ("us", "eu")
    more = {*permissions(Target(config=config(GITOPS), keys=keys, google=google.api()))}
    more -= {*permissions(Target(config=alone, keys=keys, google=google.api()))}

    assert more == {
        "container.clusterRoleBindings.create",
        "container.clusterRoles.bind",
        "container.secrets.create",
        "iam.serviceAccounts.setIamPolicy",
    }
