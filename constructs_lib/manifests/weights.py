"""The pod that downloads a model's weights into the bucket, once."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

from constructs_lib.manifests import gcs_fuse, secrets
from constructs_lib.manifests._objects import without_nulls
from constructs_lib.specs import KubernetesSecretSpec, ModelSpec

# Only the standard library is used, so any 3.13 does.
IMAGE = "docker.io/library/python:3.13.14-slim"
CONTAINER = "download"
MODELS = "/models"
TOKEN_DIRECTORY = "/var/run/secrets/hugging-face"
TOKEN_FILE = "token"
# Nobody in the image; what it may read and write is said by the volumes.
USER = 65532
# The program's exit code when another try cannot help (licence not accepted, no such revision): fail the Job at once.
FINAL_EXIT_CODE = 3

# The container needs little itself: the sidecar that uploads has its own requests.
RESOURCES = {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}
POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def download_script() -> str:
    """
    The program of the container.

    It is an argument, so a changed program is a changed Job, and the Job runs again. It holds no `$(`, which Kubernetes
    would replace in an argument, and no `${` or `%{`, which Terraform would (tested).
    """
    return resources.files("constructs_lib").joinpath("data/download_weights.py").read_text(encoding="utf-8")


def token_volume(token: KubernetesSecretSpec | str) -> dict[str, Any]:
    """
    The volume with the Hugging Face token in one file, `TOKEN_FILE`.

    Args:
        token: A Secret of the namespace, or the name of a SecretProviderClass whose path is `TOKEN_FILE`.
    """
    if isinstance(token, str):
        return secrets.secret_volume(name="token", provider_class=token)
    # 0440: the group that owns the volume (`fsGroup`) is the container's.
    secret = {
        "secretName": token.name,
        "items": [{"key": token.key, "path": TOKEN_FILE}],
        "defaultMode": 0o440,
    }
    return {"name": "token", "secret": secret}


@dataclass(frozen=True, kw_only=True)
class DownloadPod:
    """
    The parts of the download Job's pod, written as Kubernetes writes them, for a Job to be made of.

    Attributes:
        service_account: Kubernetes service account that may write the bucket.
        args: Arguments of `python3`.
        env: Environment of the container; no secret is in it.
        volumes: The bucket and the token.
        annotations: What the bucket's driver is told.
    """

    service_account: str
    args: tuple[str, ...]
    env: dict[str, str]
    volumes: tuple[dict[str, Any], ...]
    annotations: dict[str, str]
    image: str = IMAGE
    command: tuple[str, ...] = ("python3",)

    @property
    def volume_mounts(self) -> list[dict[str, Any]]:
        """The bucket to write, the token to read."""
        return [
            {"name": "models", "mountPath": MODELS},
            {"name": "token", "mountPath": TOKEN_DIRECTORY, "readOnly": True},
        ]

    def template(self) -> dict[str, Any]:
        """The pod template."""
        container = {
            "name": CONTAINER,
            "image": self.image,
            "command": list(self.command),
            "args": list(self.args),
            "env": [{"name": key, "value": value} for key, value in self.env.items()],
            "resources": RESOURCES,
            "securityContext": CONTAINER_SECURITY,
            # Its last lines say why it failed: `kubectl describe pod` then shows them.
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": self.volume_mounts,
        }
        spec = {
            "serviceAccountName": self.service_account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "securityContext": POD_SECURITY,
            "containers": [container],
            "volumes": list(self.volumes),
        }
        made: dict[str, Any] = without_nulls({"metadata": {"annotations": self.annotations}, "spec": spec})
        return made


def download_pod(
    *, model: ModelSpec, bucket: str, service_account: str, token: KubernetesSecretSpec | str
) -> DownloadPod:
    """
    Downloads `model` at its revision to `model.directory` of the bucket, or finds it there and ends at once.

    Args:
        model: Repository and revision.
        bucket: Bucket to write.
        service_account: Kubernetes service account that may write the bucket and read a secret of Secret Manager.
        token: Where the token is, see `token_volume`.
    """
    env = {
        "MODEL_REPOSITORY": model.repository,
        "MODEL_REVISION": model.revision,
        "TARGET_DIRECTORY": f"{MODELS}/{model.directory}",
        "HF_TOKEN_FILE": f"{TOKEN_DIRECTORY}/{TOKEN_FILE}",
        "PYTHONUNBUFFERED": "1",
    }
    return DownloadPod(
        service_account=service_account,
        args=("-c", download_script()),
        env=env,
        volumes=(gcs_fuse.write_volume(name="models", bucket=bucket, user=USER), token_volume(token)),
        annotations=gcs_fuse.pod_annotations(),
    )
