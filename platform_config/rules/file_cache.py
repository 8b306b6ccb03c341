"""Rules about the room that weights need on a node."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.model_server import OWN_FILES_GIB
from constructs_lib.node_room import disk_left_gib, local_ssds_left_gib
from platform_config.errors import Problem
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model, serving_nodes

BESIDE = f", less {OWN_FILES_GIB} GiB for the server's own files"


def _cache_disk(at: str, model: Model) -> Iterator[Problem]:
    for path, plan, pods in _nodes(model) if model.file_cache_gib else ():
        needed, disk = (model.file_cache_gib + OWN_FILES_GIB) * pods, plan.spec.disk_gib
        left = disk_left_gib(disk)
        if plan.local_ssds:
            yield from _cache_ssd(at, model, plan, pods)
            continue
        if needed <= left:
            continue
        enough = next((size for size in range(10, 65536, 10) if disk_left_gib(size) >= needed), 65536)
        if model.server.file_cache_gib:
            most = _most_cache(left, pods)
            write = f"write {most}, or" if most else "write"
            message = f"must be at most {most}, what GKE leaves of {disk} GiB of disk{_share(pods)}{BESIDE}"
            got = f", got {model.server.file_cache_gib}"
            yield Problem(f"{at}.server.file_cache_gib", message + got, f"{write} {path}.disk_gib: {enough}")
        else:
            message = f"must leave {needed} GiB for the weights and the server's own files, got {disk}"
            fix = f"write {enough}, or a smaller {at}.server.file_cache_gib"
            yield Problem(f"{path}.disk_gib", f"{message} of which GKE leaves {left}", fix)


def _cache_ssd(at: str, model: Model, plan: PoolPlan, pods: int) -> Iterator[Problem]:
    machine, cache = plan.machine, model.file_cache_gib
    most = _most_cache(local_ssds_left_gib(plan.local_ssds, plan.local_ssd_gib), pods)
    if cache > most:
        where = f"the {plan.local_ssd_gib} GiB of local SSD of {machine.machine_type}{_share(pods)}{BESIDE}"
        message = f"must be at most {most}, what GKE leaves of {where}, got {cache}"
        fix = f"write {most}" if model.server.file_cache_gib else "choose a larger machine"
        yield Problem(f"{at}.server.file_cache_gib", message, fix)


def _most_cache(left_gib: int, pods: int) -> int:
    return max(0, left_gib // pods - OWN_FILES_GIB)


def _share(pods: int) -> str:
    return f" to each of the {pods} pods of a node" if pods > 1 else ""


def _nodes(model: Model) -> Iterator[tuple[str, PoolPlan, int]]:
    """Yield path, plan and pods per node of each pool that the model server may run on."""
    for key in model.regions:
        nodes = serving_nodes(model, key)
        for path, plan in nodes.pools.items() if nodes else ():
            yield path, plan, max(1, nodes.pods_per_node(plan) if nodes else 1)


def _cache_small(at: str, model: Model) -> Iterator[Problem]:
    given, weights = model.server.file_cache_gib, model.weights.mounted_gib if model.weights else 0
    if given and given < weights:
        message = f"should be at least {weights}, the size of the weights, got {given}"
        yield Problem(f"{at}.server.file_cache_gib", message, "remove the line")


def _cache_idle(at: str, model: Model) -> Iterator[Problem]:
    given = model.server.file_cache_gib
    if given is not None and not (model.weights and model.weights.is_mounted):
        message = f"must be left out where the image has the weights, got {given}"
        yield Problem(f"{at}.server.file_cache_gib", message, "remove the line")


RULES = (
    Rule(
        "CACHE-DISK",
        "The weights and own files of a node's pods fit on the disk that GKE leaves them",
        "The pods ask for that much disk: without it they stay pending, or are evicted while they load the weights.",
        "Google, Plan GKE node sizes; GoogleCloudPlatform/gcs-fuse-csi-driver, troubleshooting.md",
        per_model(_cache_disk),
    ),
    Rule(
        "CACHE-SMALL",
        "The file cache holds all weights",
        "The cache drops files while others are read: each start reads the bucket again.",
        "GoogleCloudPlatform/gcs-fuse-csi-driver, file cache",
        per_model(_cache_small),
        severity="warning",
    ),
    Rule(
        "CACHE-IDLE",
        "There is a file cache only where weights are read from outside of the image",
        "No disk is asked for then, whatever the setting says.",
        "this library",
        per_model(_cache_idle),
    ),
)
