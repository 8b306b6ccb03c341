"""Rules about weights: where they come from, where they lie, and the room they need on a node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import floor

from stacks.config import Config
from stacks.errors import Problem, shown
from stacks.rules.rule import Rule, serving_plan
from stacks.sizing import file_cache_gib

FILE_SYSTEM_SHARE = 0.9425
"""A 100 GB boot disk shows 98831908 KiB."""
SECRET_NAME = r"[A-Za-z0-9_-]{1,255}"
OBJECT_NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"


def disk_leaves_gib(disk_gib: int) -> int:
    """
    GiB of a boot disk that GKE leaves to pods: nine tenths of the file system less what GKE reserves.

    It reserves the smallest of half the disk, 6 GiB and 35 % of it, 100 GiB. Source: Google, "Plan GKE node sizes".
    """
    reserved = min(0.5 * disk_gib, 6 + 0.35 * disk_gib, 100)
    return max(0, floor(0.9 * FILE_SYSTEM_SHARE * disk_gib - reserved))


def _cache_disk(config: Config) -> Iterator[Problem]:
    cache = file_cache_gib(config)
    for path, disk in _disks(config):
        left = disk_leaves_gib(disk)
        if cache <= left:
            continue
        enough = next((size for size in range(10, 65536, 10) if disk_leaves_gib(size) >= cache), 65536)
        if config.model_server.file_cache_gib:
            message = f"must be at most {left}, what GKE leaves of {disk} GiB of disk, got {cache}"
            yield Problem("model_server.file_cache_gib", message, f"write {left}, or {path}.disk_gib: {enough}")
        else:
            message = f"must leave {cache} GiB for the file cache, got {disk} of which GKE leaves {left}"
            yield Problem(f"{path}.disk_gib", message, f"write {enough}, or a smaller model_server.file_cache_gib")


def _disks(config: Config) -> Iterator[tuple[str, int]]:
    for key in config.regions:
        if serving := serving_plan(config, key):
            yield serving[0], serving[1].spec.disk_gib


def _cache_small(config: Config) -> Iterator[Problem]:
    given, weights = config.model_server.file_cache_gib, config.model.weights_gib
    if given and given < weights:
        message = f"should be at least {weights}, the size of the weights, got {given}"
        yield Problem("model_server.file_cache_gib", message, "remove the line")


def _secret(config: Config) -> Iterator[Problem]:
    token, path = config.model.hugging_face_token, "model.hugging_face_token"
    if token.secret_manager is not None and not re.fullmatch(SECRET_NAME, token.secret_manager):
        message = f"must be a secret's name of letters, digits, _ and -, got {shown(token.secret_manager)}"
        name = token.secret_manager.removesuffix("/versions/latest").split("/")[-1]
        fix = f"write '{name}'" if re.fullmatch(SECRET_NAME, name) else "`gcloud secrets list` shows them"
        yield Problem(f"{path}.secret_manager", message, fix)
    secret = token.kubernetes_secret
    if secret and not re.fullmatch(OBJECT_NAME, secret.name):
        message = f"must be a Secret's name of lower case letters, digits, - and ., got {shown(secret.name)}"
        yield Problem(f"{path}.kubernetes_secret.name", message, "`kubectl get secrets` shows them")
    if secret and not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", secret.key):
        message = f"must be a key of letters, digits, ., _ and -, got {shown(secret.key)}"
        yield Problem(f"{path}.kubernetes_secret.key", message, "`kubectl describe secret` shows them")


def _long_download(config: Config) -> Iterator[Problem]:
    minutes = config.model.download_timeout_minutes
    if config.kubernetes_auth == "token" and minutes > 60:
        message = f"should be at most 60 with kubernetes_auth: token, got {minutes}"
        yield Problem("model.download_timeout_minutes", message, "write kubernetes_auth: exec")


RULES = (
    Rule(
        "CACHE-DISK",
        "The file cache fits in what GKE leaves of the boot disk",
        "A cache that outgrows the disk has the pods evicted while they load the weights.",
        "Google, Plan GKE node sizes; GoogleCloudPlatform/gcs-fuse-csi-driver, troubleshooting.md",
        _cache_disk,
    ),
    Rule(
        "MODEL-SECRET",
        "The token's secret is given by its name",
        "The add-on builds the path itself; a path or a token in its place is not found.",
        "Google, Secret Manager, Create a secret; Kubernetes, Secrets",
        _secret,
    ),
    Rule(
        "CACHE-SMALL",
        "The file cache holds all weights",
        "Files are thrown out while others are read: each start reads the bucket again.",
        "GoogleCloudPlatform/gcs-fuse-csi-driver, file cache",
        _cache_small,
        severity="warning",
    ),
    Rule(
        "MODEL-DOWNLOAD-60",
        "A download that may take over an hour uses `kubernetes_auth: exec`",
        "The token of the apply ends after an hour, and the apply with it.",
        "hashicorp/terraform-provider-kubernetes, Using the provider with GKE",
        _long_download,
        severity="warning",
    ),
)
