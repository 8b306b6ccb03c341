"""Rules about Autopilot clusters: what Google decides there, and what their nodes cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from constructs_lib.accelerators import PoolPlan
from constructs_lib.manifests.compute_class import DISK_TYPES
from constructs_lib.specs import NodePoolSpec, SystemPoolSpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule, pool_plans, pool_specs

REMOVE = "remove the line"


def _only_autopilot(check: Callable[[Config], Iterable[Problem]]) -> Callable[[Config], Iterator[Problem]]:
    """Return a check that finds nothing in a platform of Standard clusters."""

    def check_autopilot(config: Config) -> Iterator[Problem]:
        if config.cluster.autopilot:
            yield from check(config)

    return check_autopilot


def _per_pool(check: Callable[[str, NodePoolSpec], Iterable[Problem]]) -> Callable[[Config], Iterator[Problem]]:
    """Return a check that runs *check* for the path and the spec of each pool of an Autopilot platform."""
    return _only_autopilot(
        lambda config: (found for path, _, spec in pool_specs(config) for found in check(path, spec))
    )


def _regional(config: Config) -> Iterator[Problem]:
    if config.cluster.control_plane != "regional":
        message = "must be regional in an Autopilot cluster, got zonal"
        yield Problem("cluster.control_plane", message, REMOVE)


def _dataplane(config: Config) -> Iterator[Problem]:
    if not config.cluster.dataplane_v2:
        yield Problem("cluster.dataplane_v2", "must be true in an Autopilot cluster, got false", REMOVE)


def _system(config: Config) -> Iterator[Problem]:
    if config.cluster.system_pool != SystemPoolSpec():
        message = "must be left out of an Autopilot cluster, which has no system pool, got a map"
        yield Problem("cluster.system_pool", message, "remove the section")


def _left_out(path: str, setting: str, value: object, why: str) -> Problem:
    given = shown(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value
    return Problem(f"{path}.{setting}", f"must be left out of an Autopilot cluster{why}, got {given}", REMOVE)


def _images(path: str, spec: NodePoolSpec) -> Iterator[Problem]:
    if spec.image_streaming is not None:
        yield _left_out(path, "image_streaming", spec.image_streaming, ", which streams images itself")


def _disks(path: str, spec: NodePoolSpec) -> Iterator[Problem]:
    if spec.preloaded_image_disk is not None:
        yield _left_out(path, "preloaded_image_disk", spec.preloaded_image_disk, "")
    if spec.local_ssds is not None:
        yield _left_out(path, "local_ssds", spec.local_ssds, "")


def _disk_type(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.disk_type not in DISK_TYPES:
            message = f"must be one of {', '.join(DISK_TYPES)} in an Autopilot cluster, got {shown(plan.disk_type)}"
            yield Problem(f"{path}.disk_type", message, REMOVE)


def _driver(path: str, spec: NodePoolSpec) -> Iterator[Problem]:
    if spec.gpu_driver_version == "INSTALLATION_DISABLED":
        message = "must be DEFAULT or LATEST in an Autopilot cluster, got 'INSTALLATION_DISABLED'"
        yield Problem(f"{path}.gpu_driver_version", message, REMOVE)


def _shared_ipc(path: str, spec: NodePoolSpec) -> Iterator[Problem]:
    if spec.gpu_sharing and spec.gpu_sharing.strategy == "mps":
        message = "must be time_sharing in an Autopilot cluster, whose pods may not use the node's IPC namespace"
        yield Problem(f"{path}.gpu_sharing.strategy", f"{message}, got 'mps'", "write time_sharing, or gpu_partition")


def _queued(path: str, spec: NodePoolSpec) -> Iterator[Problem]:
    if spec.capacity.queued:
        message = "must not be queued in an Autopilot cluster, got queued: true"
        yield Problem(f"{path}.capacity", message, "write flex_start: true, or reservation: <name>")


def _fewest(path: str, spec: NodePoolSpec) -> Iterator[Problem]:
    if spec.autoscaling and spec.autoscaling.min_nodes:
        message = f"must be 0 in an Autopilot cluster, got {spec.autoscaling.min_nodes}"
        fix = "remove the line: nodes stay while servers run on them, so write replicas, or autoscaling.min_replicas"
        yield Problem(f"{path}.autoscaling.min_nodes", message, fix)


def _placement(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.compact_placement:
            yield _placed(path, plan)


def _placed(path: str, plan: PoolPlan) -> Problem:
    if plan.spec.compact_placement:
        return Problem(f"{path}.compact_placement", "must be false in an Autopilot cluster, got true", REMOVE)
    name = plan.machine.machine_type
    slice_ = f" and its slice {plan.topology} of {plan.slice_nodes} nodes" if plan.multi_host else ""
    message = (
        f"must be a machine whose nodes need no placement policy in an Autopilot cluster, got {shown(name)}{slice_}"
    )
    fix = "choose a slice of one node" if plan.multi_host else "choose another machine, or cluster.mode: standard"
    return Problem(f"{path}.machine_type", message, fix)


COMPARED = "Google, Compare features in GKE Autopilot and Standard"
RULES = (
    Rule(
        "AUTOPILOT-REGIONAL",
        "An Autopilot cluster has a regional control plane",
        "GKE makes no zonal one.",
        COMPARED,
        _only_autopilot(_regional),
    ),
    Rule(
        "AUTOPILOT-DATAPLANE",
        "An Autopilot cluster has Dataplane V2",
        "It is always on.",
        COMPARED,
        _only_autopilot(_dataplane),
    ),
    Rule(
        "AUTOPILOT-SYSTEM",
        "An Autopilot cluster has no system pool",
        "Google makes nodes for what needs no accelerator, as large as its pods ask for.",
        COMPARED,
        _only_autopilot(_system),
    ),
    Rule(
        "AUTOPILOT-IMAGES",
        "Image streaming is no setting of an Autopilot cluster",
        "It is always on.",
        "Google, Use Image streaming to pull container images, requirements",
        _per_pool(_images),
    ),
    Rule(
        "AUTOPILOT-DISKS",
        "The nodes of an Autopilot cluster have no further disks of their own choice",
        "Disks that hold images need an allowlist in the cluster, and local SSDs need pods that select them: neither "
        "is made here. Machines that always have local SSDs keep them.",
        "Google, Use secondary boot disks to preload data or container images; Provision ephemeral storage with local "
        "SSDs; this library",
        _per_pool(_disks),
    ),
    Rule(
        "AUTOPILOT-DISK-TYPE",
        "The boot disk is of a type that a ComputeClass can ask for",
        "The API server refuses the class.",
        "GoogleCloudPlatform/compute-class-api, Storage.bootDiskType",
        _only_autopilot(_disk_type),
    ),
    Rule(
        "AUTOPILOT-DRIVER",
        "GKE installs the GPU driver in an Autopilot cluster",
        "Whatever else installs one needs a privileged pod, which Autopilot refuses.",
        "Google, Security measures in Autopilot",
        _per_pool(_driver),
    ),
    Rule(
        "AUTOPILOT-MPS",
        "No pods share a GPU by MPS in an Autopilot cluster",
        "MPS needs the node's IPC namespace, and admission answers: enabling hostIPC is not allowed in Autopilot.",
        "CrowdStrike/falcon-helm#310; Google, Share GPUs with multiple workloads using NVIDIA MPS",
        _per_pool(_shared_ipc),
    ),
    Rule(
        "AUTOPILOT-QUEUED",
        "No pool of an Autopilot cluster is queued",
        "A ComputeClass has flex-start and reservations, but no queued provisioning.",
        "GoogleCloudPlatform/compute-class-api, Priority",
        _per_pool(_queued),
    ),
    Rule(
        "AUTOPILOT-FEWEST",
        "A pool of an Autopilot cluster has no fewest nodes",
        "Nodes come and go with the pods.",
        "Google, About custom compute classes",
        _per_pool(_fewest),
    ),
    Rule(
        "AUTOPILOT-PLACEMENT",
        "No nodes of an Autopilot cluster are placed together",
        "A ComputeClass takes the name of a policy in one zone, which is not made here.",
        "GoogleCloudPlatform/compute-class-api, Placement; this library",
        _only_autopilot(_placement),
    ),
)
