"""A bucket as a directory of a pod, by GKE's Cloud Storage FUSE driver."""

from __future__ import annotations

from typing import Any

from constructs_lib.manifests._objects import without_nulls

DRIVER = "gcsfuse.csi.storage.gke.io"
# The driver's own default; what it writes as a stream needs no disk.
WRITE_DISK_GIB = 5
# More than the driver's 256 MiB: chunks that are fetched in parallel are in memory, and where memory is short the
# container that asked for least is killed first, and the mount with it.
MEMORY_GIB = 1
CPUS = 0.25


def read_volume(*, name: str, bucket: str, file_cache_gib: int) -> dict[str, Any]:
    """
    Return a read-only volume whose files are copied to the node's disk while they are read.

    `implicit-dirs` shows directories that exist only in object names. Files are fetched in parallel chunks into the
    cache, also when they are read in ranges as safetensors are: without it 50 GB take an hour, with it minutes
    (marin-community/marin#1208, vllm-project/vllm#23115).
    """
    return _volume(
        name=name,
        bucket=bucket,
        mount_options=("implicit-dirs", "file-cache:enable-parallel-downloads:true"),
        read_only=True,
        file_cache_gib=file_cache_gib,
    )


def write_volume(*, name: str, bucket: str, user: int) -> dict[str, Any]:
    """
    Return a volume that user number *user* may write; it is root's otherwise (driver, authentication.md).

    Files written from start to end are streamed to the bucket without a copy on disk (default from GKE
    1.33.2-gke.4655000) and appear when they are closed.
    """
    owner = (f"uid={user}", f"gid={user}", "file-mode=664", "dir-mode=775")
    return _volume(name=name, bucket=bucket, mount_options=("implicit-dirs", *owner), read_only=None)


def pod_annotations(*, file_cache_gib: int | None = None) -> dict[str, str]:
    """
    Return the pod's annotations for the driver: inject the sidecar, and let it use what it needs.

    `0` means no limit; a request that is not written is the driver's default. The cache is on an emptyDir, which counts
    as the sidecar's ephemeral storage: its limit must be above the cache size (driver, troubleshooting.md), and without
    a request near it the scheduler reserves 5 GiB only.
    """
    return {
        "gke-gcsfuse/volumes": "true",
        "gke-gcsfuse/cpu-request": f"{1000 * CPUS:.0f}m",
        "gke-gcsfuse/memory-request": f"{MEMORY_GIB}Gi",
        "gke-gcsfuse/ephemeral-storage-request": f"{file_cache_gib or WRITE_DISK_GIB}Gi",
        "gke-gcsfuse/cpu-limit": "0",
        "gke-gcsfuse/memory-limit": "0",
        "gke-gcsfuse/ephemeral-storage-limit": "0",
    }


def _volume(
    *,
    name: str,
    bucket: str,
    mount_options: tuple[str, ...],
    read_only: bool | None,
    file_cache_gib: int | None = None,
) -> dict[str, Any]:
    cached = file_cache_gib is not None
    attributes = {
        "bucketName": bucket,
        "mountOptions": ",".join(mount_options),
        "fileCacheCapacity": f"{file_cache_gib}Gi" if cached else None,
        "fileCacheForRangeRead": "true" if cached else None,
    }
    volume = {"name": name, "csi": {"driver": DRIVER, "readOnly": read_only, "volumeAttributes": attributes}}
    made: dict[str, Any] = without_nulls(volume)
    return made
