"""The container that downloads one revision of a model, and the pod that does so into the bucket, once."""

from __future__ import annotations

from importlib import resources
from typing import Any

from constructs_lib.manifests import gcs_fuse, secrets
from constructs_lib.manifests._objects import without_nulls
from constructs_lib.manifests.network_policies import DOWNLOAD_LABELS
from constructs_lib.specs import KubernetesSecretSpec, ServerSpec, Snapshot, WeightsSpec
from constructs_lib.specs.mounts import MODELS
from constructs_lib.vllm_arguments import WeightsFormat, weights_format

# Only the standard library is used, so any 3.13 does.
IMAGE = "docker.io/library/python:3.13.14-slim"
CONTAINER = "download"
VOLUME = "models"
TOKEN_DIRECTORY = "/var/run/secrets/hugging-face"
TOKEN_FILE = "token"
# Nobody in the image; what it may read and write is said by the volumes.
USER = 65532
# The program's exit code when another try cannot help (licence not accepted, no such revision): fail the Job at once.
FINAL_EXIT_CODE = 3

# The container needs little itself: the sidecar that uploads has its own requests.
RESOURCES = {"requests": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "64Mi"}, "limits": {"memory": "1Gi"}}
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
    Read the program of the container.

    It is an argument, so a changed program is a changed Job, and the Job runs again. It holds no `$(`, which Kubernetes
    would replace in an argument, and no `${` or `%{`, which Terraform would (tested).
    """
    return resources.files("constructs_lib").joinpath("data/download_weights.py").read_text(encoding="utf-8")


def token_volume(token: KubernetesSecretSpec | str) -> dict[str, Any]:
    """
    Return the volume with the Hugging Face token in one file, `TOKEN_FILE`.

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


def download_form(server: ServerSpec) -> WeightsFormat:
    """
    Return which files of a repository *server* reads.

    vLLM and SGLang take one set of weights, of the format that their arguments name (vLLM, LoadConfig; sgl-project/
    sglang, load_config.py); of a custom server nothing is known.
    """
    return "any" if server.kind == "custom" else weights_format(server.extra_args)


def download_containers(weights: WeightsSpec, form: WeightsFormat = "auto") -> list[dict[str, Any]]:
    """
    Return a container for the weights, each adapter and each other repository, which ends at once if it finds all.

    Each needs a volume `VOLUME` to write, and the `token_volume` where the weights have a token. *form*: which files of
    the weights are taken.
    """
    with_token = weights.hugging_face_token is not None
    return [_container(snapshot, form, with_token=with_token) for snapshot in weights.snapshots]


def _container(snapshot: Snapshot, form: WeightsFormat, *, with_token: bool) -> dict[str, Any]:
    env = {
        "MODEL_REPOSITORY": snapshot.repository,
        "MODEL_REVISION": snapshot.revision,
        "TARGET_DIRECTORY": snapshot.path,
        **({"HF_TOKEN_FILE": f"{TOKEN_DIRECTORY}/{TOKEN_FILE}"} if with_token else {}),
        "PYTHONUNBUFFERED": "1",
        "WEIGHTS": snapshot.kind or form,
        **({"FILES": "\n".join(snapshot.files)} if snapshot.files else {}),
    }
    token = [{"name": "token", "mountPath": TOKEN_DIRECTORY, "readOnly": True}] if with_token else []
    return {
        "name": f"{CONTAINER}-{snapshot.name}" if snapshot.name else CONTAINER,
        "image": IMAGE,
        "command": ["python3"],
        "args": ["-c", download_script()],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "resources": RESOURCES,
        "securityContext": CONTAINER_SECURITY,
        # Its last lines say why it failed: `kubectl describe pod` then shows them.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": VOLUME, "mountPath": MODELS}, *token],
    }


def download_pod(
    *,
    weights: WeightsSpec,
    bucket: str,
    service_account: str,
    token: KubernetesSecretSpec | str | None = None,
    form: WeightsFormat = "auto",
) -> dict[str, Any]:
    """
    Return a pod template that downloads the repositories of *weights* to their directories of the bucket.

    Args:
        weights: Repositories and revisions; at least one.
        bucket: Bucket to write.
        service_account: Kubernetes service account that may write the bucket and read a secret of Secret Manager.
        token: Where the token is, see `token_volume`; None where every repository is open to everybody.
        form: Which files of the weights are taken.
    """
    download, *others = download_containers(weights, form)
    tokens = [token_volume(token)] if token else []
    spec = {
        "serviceAccountName": service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": POD_SECURITY,
        "initContainers": others or None,
        "containers": [download],
        "volumes": [gcs_fuse.write_volume(name=VOLUME, bucket=bucket, user=USER), *tokens],
    }
    metadata = {"labels": dict(DOWNLOAD_LABELS), "annotations": gcs_fuse.pod_annotations()}
    made: dict[str, Any] = without_nulls({"metadata": metadata, "spec": spec})
    return made
