"""A secret of Secret Manager as a file in a pod, by GKE's Secret Manager add-on: never copied into the cluster."""

from __future__ import annotations

import json
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest

# The add-on's own driver and provider; the self-installed ones are `secrets-store.csi.k8s.io` and `gcp`.
DRIVER = "secrets-store-gke.csi.k8s.io"
PROVIDER = "gke"


def secret_provider_class(
    *, name: str, namespace: str, project: str, secret: str, path: str, version: str = "latest"
) -> Manifest:
    """
    Say which secret to mount, and under which file name. The object holds the secret's name, never its value.

    Args:
        name: Name of the object, for `secret_volume`.
        namespace: Namespace of the pods.
        project: Project that has the secret.
        secret: Name of the secret; the pod's service account needs roles/secretmanager.secretAccessor on it.
        path: File name in the volume.
        version: Version of the secret.
    """
    resource = f"projects/{project}/secrets/{secret}/versions/{version}"
    # The driver wants YAML text in a string; a JSON string is a YAML string.
    text = f"- resourceName: {json.dumps(resource)}\n  path: {json.dumps(path)}\n"
    return manifest(
        "secrets-store.csi.x-k8s.io/v1",
        "SecretProviderClass",
        name=name,
        namespace=namespace,
        spec={"provider": PROVIDER, "parameters": {"secrets": text}},
    )


def secret_volume(*, name: str, provider_class: str) -> dict[str, Any]:
    """Return the pod volume *name* with the files of the SecretProviderClass *provider_class*."""
    attributes = {"secretProviderClass": provider_class}
    return {"name": name, "csi": {"driver": DRIVER, "readOnly": True, "volumeAttributes": attributes}}
