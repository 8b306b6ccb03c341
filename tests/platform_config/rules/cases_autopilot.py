"""Cases of the rules about Autopilot clusters."""

from __future__ import annotations

from typing import Any

from tests.platform_config.rules.case import Case, Changes, More, pool

AUTOPILOT: Changes = {"cluster": {"mode": "autopilot"}}
GPUS = "g2-standard-24"


def cluster(**settings: Any) -> Changes:
    """Make the example's clusters Autopilot ones with *settings*."""
    return {"cluster": {"mode": "autopilot", **settings}}


def autopilot(machine_type: str = GPUS, **settings: Any) -> Changes:
    """Give the Autopilot clusters of the example one other pool."""
    return {**AUTOPILOT, **pool(machine_type, **settings)}


CASES: dict[str, Case] = {
    "AUTOPILOT-REGIONAL": Case(
        cluster(control_plane="regional"),
        cluster(control_plane="zonal"),
        "cluster.control_plane: must be regional in an Autopilot cluster, got zonal -> remove the line",
    ),
    "AUTOPILOT-DATAPLANE": Case(
        cluster(dataplane_v2=True),
        cluster(dataplane_v2=False),
        "cluster.dataplane_v2: must be true in an Autopilot cluster, got false -> remove the line",
    ),
    "AUTOPILOT-SYSTEM": Case(
        cluster(release_channel="RAPID"),
        cluster(system_pool={"machine_type": "e2-standard-16"}),
        "cluster.system_pool: must be left out of an Autopilot cluster, which has no system pool, got a map"
        " -> remove the section",
    ),
    "AUTOPILOT-IMAGES": Case(
        autopilot(),
        autopilot(image_streaming=True),
        "node_pools.tpu.image_streaming: must be left out of an Autopilot cluster, which streams images itself, "
        "got true -> remove the line",
    ),
    "AUTOPILOT-DISKS": Case(
        autopilot("a3-ultragpu-8g"),
        autopilot(local_ssds=2, preloaded_image_disk="projects/p/global/images/vllm"),
        [
            "node_pools.tpu.preloaded_image_disk: must be left out of an Autopilot cluster, "
            "got 'projects/p/global/images/vllm' -> remove the line",
            "node_pools.tpu.local_ssds: must be left out of an Autopilot cluster, got 2 -> remove the line",
        ],
    ),
    "AUTOPILOT-DISK-TYPE": Case(
        autopilot(disk_type="pd-ssd"),
        autopilot(disk_type="pd-extreme"),
        "node_pools.tpu.disk_type: must be one of hyperdisk-balanced, pd-balanced, pd-ssd, pd-standard in an Autopilot "
        "cluster, got 'pd-extreme' -> remove the line",
    ),
    "AUTOPILOT-DRIVER": Case(
        autopilot(gpu_driver_version="LATEST"),
        autopilot(gpu_driver_version="INSTALLATION_DISABLED"),
        "node_pools.tpu.gpu_driver_version: must be DEFAULT or LATEST in an Autopilot cluster, "
        "got 'INSTALLATION_DISABLED' -> remove the line",
    ),
    "AUTOPILOT-MPS": Case(
        autopilot(gpu_sharing={"strategy": "time_sharing", "max_clients": 2}),
        autopilot(gpu_sharing={"strategy": "mps", "max_clients": 2}),
        "node_pools.tpu.gpu_sharing.strategy: must be time_sharing in an Autopilot cluster, whose pods may not use the "
        "node's IPC namespace, got 'mps' -> write time_sharing, or gpu_partition",
    ),
    "AUTOPILOT-QUEUED": Case(
        autopilot(capacity={"flex_start": True}),
        autopilot(capacity={"queued": True}),
        "node_pools.tpu.capacity: must not be queued in an Autopilot cluster, got queued: true"
        " -> write flex_start: true, or reservation: <name>",
    ),
    "AUTOPILOT-FEWEST": Case(
        autopilot(autoscaling={"max_nodes": 2}),
        autopilot(autoscaling={"min_nodes": 1, "max_nodes": 2}),
        "node_pools.tpu.autoscaling.min_nodes: must be 0 in an Autopilot cluster, got 1"
        " -> remove the line: nodes stay while servers run on them, so write replicas, or autoscaling.min_replicas",
    ),
    "AUTOPILOT-PLACEMENT": Case(
        autopilot("ct6e-standard-4t"),
        autopilot("a4-highgpu-8g", compact_placement=True),
        "node_pools.tpu.compact_placement: must be false in an Autopilot cluster, got true -> remove the line",
    ),
}

MORE: dict[str, More] = {
    "a slice of several nodes": (
        "AUTOPILOT-PLACEMENT",
        autopilot("ct6e-standard-4t", topology="4x4"),
        [
            "node_pools.tpu.machine_type: must be a machine whose nodes need no placement policy in an Autopilot "
            "cluster, got 'ct6e-standard-4t' and its slice 4x4 of 4 nodes -> choose a slice of one node"
        ],
    ),
    "a machine with a workload policy": (
        "AUTOPILOT-PLACEMENT",
        autopilot("a4x-highgpu-4g", capacity={"reservation": "gb200"}),
        [
            "node_pools.tpu.machine_type: must be a machine whose nodes need no placement policy in an Autopilot "
            "cluster, got 'a4x-highgpu-4g' -> choose another machine, or cluster.mode: standard"
        ],
    ),
    "managed DRANET in an Autopilot cluster": (
        "GKE-FLOOR",
        cluster(gke_version="1.35.1"),
        [
            "cluster.gke_version: must reach 1.35.2-gke.1842000 for managed DRANET in Autopilot clusters, got '1.35.1'"
            " -> write '1.35' or newer, or leave it out"
        ],
    ),
    "shared GPUs in an Autopilot cluster": (
        "GKE-FLOOR",
        {**autopilot(gpu_partition=None, gpu_sharing={"strategy": "time_sharing", "max_clients": 2}),
         **cluster(gke_version="1.34")},
        [
            "cluster.gke_version: must reach 1.35.2-gke.1485000 for shared GPUs in Autopilot clusters, got '1.34'"
            " -> write '1.35' or newer, or leave it out"
        ],
    ),
    "a zonal control plane in a Standard cluster": ("AUTOPILOT-REGIONAL", {"cluster__control_plane": "zonal"}, []),
    "local SSDs in a Standard cluster": ("AUTOPILOT-DISKS", pool(GPUS, local_ssds=2), []),
    "the picker's room without a system pool": (
        "GKE-SYSTEM-ROOM",
        {**AUTOPILOT, "inference_pool__endpoint_picker_replicas": 5},
        [],
    ),
    "several pools of fixed size in an Autopilot cluster": (
        "CHOICE-GROWS",
        {
            **AUTOPILOT,
            "node_pools": {"one": {"machine_type": GPUS}, "two": {"machine_type": GPUS}},
            "models__gemma__node_pools": ["one", "two"],
        },
        [],
    ),
}  # fmt: skip
