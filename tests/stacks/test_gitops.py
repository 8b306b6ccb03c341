"""Argo CD and the clusters of a platform: how it is registered there, what it may write, and that no secret is held."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from platform_config.config import Config
from platform_config.stack_graph import GITOPS_STACK, base_stack
from tests.configs import GITOPS, config
from tests.conftest import Platforms
from tests.secure import broken
from tests.synthesized import Synthesized, synthesize

SECRET, BINDING = "kubernetes_secret_v1", "kubernetes_cluster_role_binding_v1"
EMAIL = "voice-argocd@my-project-id.iam.gserviceaccount.com"
KUBERNETES, HELM = "kubernetes_", "helm_"


@pytest.fixture
def from_git(every_platform: Platforms) -> tuple[Config, Synthesized]:
    """Return the platform of tests/variants/gitops.yaml, and its stacks."""
    return every_platform["gitops"]


def test_argo_cd_writes_to_the_clusters_of_the_platform_alone(from_git: tuple[Config, Synthesized]) -> None:
    """It is cluster-admin in each of them; in the project it has one role, which writes nothing."""
    config, app = from_git
    bindings = {
        stack: list(document["resource"][BINDING].values())
        for stack, document in app.stacks.items()
        if BINDING in document.get("resource", {})
    }
    roles = [grant["role"] for grant in app.all("google_project_iam_member") if "argo-cd" in grant["member"]]

    assert set(bindings) == {base_stack(key) for key in config.regions}
    for [binding] in bindings.values():
        assert binding["role_ref"]["name"] == "cluster-admin"
        assert [(one["kind"], one["name"]) for one in binding["subject"]] == [("User", EMAIL)]
    assert roles == ["roles/container.viewer"]


def test_terraform_has_nothing_else_in_clusters(from_git: tuple[Config, Synthesized]) -> None:
    """All else comes from Git; the stacks of workloads keep what Google has."""
    _, app = from_git
    made = {
        (stack, kind)
        for stack, document in app.stacks.items()
        for kind in document.get("resource", {})
        if kind.startswith((KUBERNETES, HELM))
    }

    assert made == {(GITOPS_STACK, SECRET), (base_stack("us"), BINDING), (base_stack("eu"), BINDING)}


def test_another_tool_needs_no_account_and_no_role(tmp_path: Path) -> None:
    """Without `argo_cd` no cluster is registered, and nobody is let in."""
    app = synthesize(config(GITOPS, gitops={"repository": "https://git.example.com/platform.git"}), tmp_path)

    assert GITOPS_STACK not in app.stacks
    assert [app.all(kind) for kind in (SECRET, BINDING)] == [[], []]
    assert not any("argocd" in json.dumps(account) for account in app.all("google_service_account"))


def secret(app: Synthesized) -> dict[str, Any]:
    """Return one of the Secrets, to change."""
    return copy.deepcopy(app.all(SECRET)[0])


def test_a_cluster_is_registered_without_a_secret(from_git: tuple[Config, Synthesized]) -> None:
    """Its name, its DNS endpoint, and a program that signs in as Argo CD itself."""
    config, app = from_git

    assert len(app.all(SECRET)) == len(config.regions)
    assert [problem for one in app.all(SECRET) for problem in broken(config, SECRET, one)] == []
    assert "bearerToken" not in json.dumps(app.stacks[GITOPS_STACK])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"config": json.dumps({"bearerToken": "x", "tlsClientConfig": {"insecure": False}})}, "more than how Argo CD"),
        ({"config": json.dumps({"username": "x", "password": "y"})}, "more than how Argo CD"),
        ({"token": "x"}, "promised name, server and config"),
        ({"server": "https://admin:x@10.0.0.1"}, "promised an https:// address"),
        ({"server": "http://10.0.0.1"}, "promised an https:// address"),
    ],
)
def test_a_secret_that_holds_one_is_found(
    data: dict[str, str], problem: str, from_git: tuple[Config, Synthesized]
) -> None:
    """A token, a password, a key of another name, a user in the address."""
    config, app = from_git
    changed = secret(app)
    changed["data"] |= data

    assert any(problem in found for found in broken(config, SECRET, changed))


def test_any_other_secret_is_found(from_git: tuple[Config, Synthesized]) -> None:
    """One that is no cluster of Argo CD, and any in a platform whose objects Terraform applies."""
    of_git, app = from_git
    other = secret(app)
    other["metadata"]["labels"] = {}

    assert any("none but those" in found for found in broken(of_git, SECRET, other))
    assert any("none but those" in found for found in broken(config(), SECRET, secret(app)))


def test_anybody_else_as_cluster_admin_is_found(from_git: tuple[Config, Synthesized]) -> None:
    """The role is Argo CD's alone."""
    of_git, app = from_git
    other = copy.deepcopy(app.all(BINDING)[0])
    other["subject"][0]["name"] = "somebody@example.com"

    assert broken(of_git, BINDING, other) == [f"{BINDING}: somebody@example.com is cluster-admin"]
