"""Secrets of Secret Manager as files."""

import yaml

from constructs_lib.manifests.secrets import secret_provider_class, secret_volume
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import NAMESPACE


def test_a_provider_class_names_the_secret_and_its_file() -> None:
    """The driver reads YAML text with the version's full name."""
    made = secret_provider_class(
        name="token", namespace=NAMESPACE, project="my-project-id", secret="hugging-face-token", path="token"
    )

    assert made["spec"]["provider"] == "gke"
    assert yaml.safe_load(made["spec"]["parameters"]["secrets"]) == [
        {"resourceName": "projects/my-project-id/secrets/hugging-face-token/versions/latest", "path": "token"}
    ]
    assert problems(made) == []


def test_a_version_can_be_pinned() -> None:
    """Instead of the latest."""
    made = secret_provider_class(name="token", namespace=NAMESPACE, project="p", secret="s", path="token", version="3")

    assert "projects/p/secrets/s/versions/3" in made["spec"]["parameters"]["secrets"]


def test_the_volume_is_the_add_ons_own() -> None:
    """GKE's driver has another name than the one people install themselves."""
    assert secret_volume(name="token", provider_class="gemma-token") == {
        "name": "token",
        "csi": {
            "driver": "secrets-store-gke.csi.k8s.io",
            "readOnly": True,
            "volumeAttributes": {"secretProviderClass": "gemma-token"},
        },
    }
