"""How a model server gets its weights: from buckets, from Hugging Face, or from its own image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from constructs_lib.manifests import gcs_fuse
from constructs_lib.manifests._objects import gibibytes
from constructs_lib.manifests.weights import USER, VOLUME, download_containers, token_volume
from constructs_lib.specs import KubernetesSecretSpec, WeightsSpec
from constructs_lib.specs.mounts import BUCKETS, MODELS
from constructs_lib.vllm_arguments import WeightsFormat

BUCKET_VOLUMES = rf"{VOLUME}|bucket-[0-9]+"
"""Pattern of the names of the volumes that are buckets, in servers and in downloads."""


@dataclass(frozen=True, kw_only=True)
class ServedWeights:
    """
    What a server's pod has for its weights, as Kubernetes writes it; nothing where its image has them.

    Attributes:
        volumes: What the server reads, and what its download needs.
        mounts: Where the server's container has the volumes that it reads.
        init_containers: What downloads before the server starts.
        annotations: Annotations of the pod for the driver of buckets.
        disk_gib: GiB of the node's disk that the server's own container asks for; none where a sidecar does.
        fs_group: Group that may write the volumes; None for the server's own.
        download_sec: Seconds that the download may take.
    """

    volumes: tuple[dict[str, Any], ...] = ()
    mounts: tuple[dict[str, Any], ...] = ()
    init_containers: tuple[dict[str, Any], ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)
    disk_gib: int = 0
    fs_group: int | None = None
    download_sec: int = 0


def served_weights(
    weights: WeightsSpec | None,
    *,
    bucket: str | None,
    disk_gib: int,
    token: KubernetesSecretSpec | str | None = None,
    form: WeightsFormat = "auto",
) -> ServedWeights:
    """
    Return what the pods of a server have for *weights*.

    A bucket is a directory of the pod; what is read stays on the node's disk. What comes from Hugging Face fills a
    directory of the node by the download program before the server starts, which sees no token: a restarted container
    finds it filled, a new pod downloads again.

    Args:
        weights: The weights; None where the image of a custom server brings them.
        bucket: The platform's bucket, where downloads are in it.
        disk_gib: GiB of the node's disk that hold the weights.
        token: Where the token is, see `token_volume`, for servers that download.
        form: Which files of the weights are downloaded.
    """
    if weights is None or not weights.is_mounted:
        return ServedWeights()
    buckets = {VOLUME: (bucket, MODELS)} if bucket is not None and weights.reads_bucket else {}
    for number, name in enumerate(weights.own_buckets, 1):
        # Numbers, since a bucket's name may have dots and underscores. Two paths of one bucket are one volume.
        buckets[f"bucket-{number}"] = (name, f"{BUCKETS}/{name}")
    downloads, folders = _downloads(weights, token, form) if weights.from_hugging_face else ([], [])
    if downloads and not buckets:
        downloads[0] = _with_disk(downloads[0], disk_gib)
    return ServedWeights(
        volumes=(
            *(
                gcs_fuse.read_volume(name=name, bucket=source, file_cache_gib=disk_gib)
                for name, (source, _) in buckets.items()
            ),
            *folders,
        ),
        mounts=(
            *({"name": name, "mountPath": path, "readOnly": True} for name, (_, path) in buckets.items()),
            *([{"name": VOLUME, "mountPath": MODELS, "readOnly": True}] if downloads else []),
        ),
        init_containers=tuple(downloads),
        annotations=gcs_fuse.pod_annotations(file_cache_gib=disk_gib) if buckets else {},
        disk_gib=0 if buckets else disk_gib,
        fs_group=USER if downloads else None,
        download_sec=weights.download_timeout_minutes * 60 if downloads else 0,
    )


def _downloads(
    weights: WeightsSpec, token: KubernetesSecretSpec | str | None, form: WeightsFormat
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the containers that download onto the node, and their volumes."""
    containers = [_as_nobody(container) for container in download_containers(weights, form)]
    return containers, [{"name": VOLUME, "emptyDir": {}}, *([token_volume(token)] if token else [])]


def _with_disk(container: dict[str, Any], disk_gib: int) -> dict[str, Any]:
    resources = container["resources"]
    requests = {**resources["requests"], "ephemeral-storage": gibibytes(disk_gib)}
    return {**container, "resources": {**resources, "requests": requests}}


def _as_nobody(container: dict[str, Any]) -> dict[str, Any]:
    """Run as the download's own user, where the pod's is the server's."""
    user = {"runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER}
    return {**container, "securityContext": {**container["securityContext"], **user}}
