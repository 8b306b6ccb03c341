"""How a model server gets its weights: from a bucket, from Hugging Face, or from its own image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from constructs_lib.manifests import gcs_fuse
from constructs_lib.manifests._objects import gibibytes
from constructs_lib.manifests.weights import USER, download_containers, token_volume
from constructs_lib.specs import KubernetesSecretSpec, WeightsSpec
from constructs_lib.vllm_arguments import WeightsFormat

VOLUME = "models"


@dataclass(frozen=True, kw_only=True)
class ServedWeights:
    """
    What a server's pod has for its weights, as Kubernetes writes it.

    Attributes:
        volumes: The volume `models`, and what its download needs; none where the image has the weights.
        init_containers: What downloads before the server starts.
        annotations: Annotations of the pod for the bucket's driver.
        disk_gib: GiB of the node's disk that the server's own container asks for; none where a sidecar does.
        fs_group: Group that may write the volumes; None for the server's own.
        download_sec: Seconds that the download may take.
    """

    volumes: tuple[dict[str, Any], ...]
    init_containers: tuple[dict[str, Any], ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)
    disk_gib: int = 0
    fs_group: int | None = None
    download_sec: int = 0


def from_bucket(*, bucket: str, disk_gib: int) -> ServedWeights:
    """Mount the bucket as a directory; what is read stays on *disk_gib* GiB of the node's disk."""
    return ServedWeights(
        volumes=(gcs_fuse.read_volume(name=VOLUME, bucket=bucket, file_cache_gib=disk_gib),),
        annotations=gcs_fuse.pod_annotations(file_cache_gib=disk_gib),
    )


def from_hugging_face(
    *, weights: WeightsSpec, token: KubernetesSecretSpec | str | None, disk_gib: int, form: WeightsFormat = "auto"
) -> ServedWeights:
    """
    Fill a directory of the node by the download program before the server starts; the server sees no token.

    A restarted container finds it filled, a new pod downloads again. *disk_gib* GiB of the node's disk are asked for;
    *form* says which of two formats is taken.
    """
    downloads = [_as_nobody(container) for container in download_containers(weights, form)]
    resources = downloads[0]["resources"]
    downloads[0]["resources"] = {
        **resources,
        "requests": {**resources["requests"], "ephemeral-storage": gibibytes(disk_gib)},
    }
    return ServedWeights(
        volumes=({"name": VOLUME, "emptyDir": {}}, *((token_volume(token),) if token else ())),
        init_containers=tuple(downloads),
        disk_gib=disk_gib,
        fs_group=USER,
        download_sec=weights.download_timeout_minutes * 60,
    )


def in_image() -> ServedWeights:
    """Mount nothing: the image has the weights."""
    return ServedWeights(volumes=())


def _as_nobody(container: dict[str, Any]) -> dict[str, Any]:
    """Run as the download's own user, where the pod's is the server's."""
    user = {"runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER}
    return {**container, "securityContext": {**container["securityContext"], **user}}
