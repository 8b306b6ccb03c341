"""Cases of the rules about shared GPUs, and about what the nodes of a pool have."""

from __future__ import annotations

from constructs_lib.accelerators import machines
from tests.platform_config.rules.case import OTHER, Case, Changes, More, choices, growing, pool

TWO_ZONES = {"regions__us__zones": ["us-east5-a", "us-east5-b"]}
ABLE = ", ".join(name for name, machine in machines().items() if machine.partitions)
SLICE = {"machine_type": "ct6e-standard-4t", "topology": "4x4"}
DISK = "projects/my-project-id/global/images/vllm-1"


def sharing(clients: int = 2, strategy: str = "time_sharing") -> Changes:
    """Return settings that let *clients* pods use a GPU."""
    return {"gpu_sharing": {"strategy": strategy, "max_clients": clients}}


CASES: dict[str, Case] = {
    "GPU-SHARE": Case(
        pool("g2-standard-48", **sharing()),
        pool(**sharing(), gpu_partition="1g.10gb"),
        [
            "node_pools.tpu.gpu_sharing: must be left out for ct6e-standard-4t, which has TPUs, got a map"
            " -> remove it, or choose a machine with GPUs",
            "node_pools.tpu.gpu_partition: must be left out for ct6e-standard-4t, which has TPUs, got '1g.10gb'"
            " -> remove it, or choose a machine with GPUs",
        ],
    ),
    "GPU-MIG": Case(
        pool("g4-standard-48", gpu_partition="1g.24gb"),
        pool("g2-standard-8", gpu_partition="1g.5gb"),
        "node_pools.tpu.gpu_partition: must be left out for g2-standard-8: GKE does not divide its GPUs, nvidia-l4, "
        f"got '1g.5gb' -> write gpu_sharing instead, or choose one of {ABLE}",
    ),
    "GPU-PARTITION": Case(
        pool("a3-highgpu-8g", gpu_partition="1g.20gb"),
        pool("a2-highgpu-1g", gpu_partition="1g.10gb"),
        "node_pools.tpu.gpu_partition: must be one of 1g.5gb, 2g.10gb, 3g.20gb, 7g.40gb for a2-highgpu-1g, "
        "got '1g.10gb' -> did you mean '2g.10gb'?",
    ),
    "GPU-DRANET": Case(
        pool("a4-highgpu-8g", gpu_partition="1g.45gb"),
        pool("a4-highgpu-8g", gpu_partition="1g.45gb", dranet=True),
        "node_pools.tpu.dranet: must be false where GPUs are shared, got true -> remove the line",
    ),
    "GPU-PARALLEL": Case(
        {**pool("g2-standard-48", **sharing()), "models__gemma__server__tensor_parallel_size": 1},
        {**pool("g2-standard-48", **sharing()), "models__gemma__server__tensor_parallel_size": 2},
        "models.gemma.server.tensor_parallel_size: must be 1 on the shared GPUs of node_pools.tpu, got 2"
        " -> remove the line, or use a pool with whole GPUs",
    ),
    "GPU-ROOM": Case(
        pool("g2-standard-8", **sharing(5)),
        pool("g2-standard-8", **sharing(6)),
        "node_pools.tpu.gpu_sharing.max_clients: must leave each pod a CPU and a GiB of memory: a node of "
        "g2-standard-8 has room for 5, got 6 -> write 5, or choose a larger machine",
    ),
    "GPU-MEMORY": Case(
        {**pool("g2-standard-48", **sharing()), "models__gemma__server__gpu_memory_percent": 45},
        {**pool("g2-standard-48", **sharing()), "models__gemma__server__gpu_memory_percent": 46},
        "models.gemma.server.gpu_memory_percent: must be at most 45, a pod's part of a GPU of node_pools.tpu, got 46"
        " -> remove the line: its part is planned for",
    ),
    "GPU-DRIVER": Case(
        pool("g2-standard-48", **sharing(), gpu_driver_version="LATEST"),
        pool("g2-standard-48", **sharing(), gpu_driver_version="INSTALLATION_DISABLED"),
        "node_pools.tpu.gpu_driver_version: should be DEFAULT or LATEST where GPUs are shared, "
        "got 'INSTALLATION_DISABLED' -> remove the line, or make sure that your own installer divides the GPUs and "
        "starts MPS as GKE's does",
    ),
    "POOL-LOCAL-SSD": Case(
        pool("g2-standard-48", local_ssds=4),
        pool("g2-standard-48", local_ssds=2),
        "node_pools.tpu.local_ssds: must be 4 for g2-standard-48, got 2 -> write 4",
    ),
    "POOL-ZONES": Case(
        {**TWO_ZONES, "regions__us__node_pools": {"other": {**OTHER["other"], "zones": ["us-east5-a"]}}},
        {**TWO_ZONES, "regions__us__node_pools": {"other": {**OTHER["other"], "zones": ["us-east5-b", "us-east5-c"]}}},
        "regions.us.node_pools.other.zones[1]: must be one of us-east5-a, us-east5-b, the zones of region us, "
        "got 'us-east5-c' -> did you mean 'us-east5-b'?",
    ),
    "POOL-IMAGE-DISK": Case(
        pool(image_streaming=True, preloaded_image_disk=DISK),
        pool(image_streaming=True, preloaded_image_disk="global/images/vllm-1"),
        "node_pools.tpu.preloaded_image_disk: must be projects/<project>/global/images/<name>, "
        "got 'global/images/vllm-1' -> `gcloud compute images list` shows them",
    ),
    "POOL-IMAGE-STREAMING": Case(
        pool(image_streaming=True, preloaded_image_disk=DISK),
        pool(preloaded_image_disk=DISK),
        "node_pools.tpu.image_streaming: must be true with preloaded_image_disk, got nothing"
        " -> write image_streaming: true",
    ),
}

MORE: dict[str, More] = {
    "MPS on each partition": (
        "GPU-PARTITION",
        pool("a3-highgpu-8g", gpu_partition="1g.10gb", **sharing(4, "mps")),
        [],
    ),
    "a partition that the device plugin does not know": (
        "GPU-PARTITION",
        pool("a2-highgpu-1g", gpu_partition="4g.20gb"),
        [
            "node_pools.tpu.gpu_partition: must be one of 1g.5gb, 2g.10gb, 3g.20gb, 7g.40gb for a2-highgpu-1g, "
            "got '4g.20gb' -> did you mean '3g.20gb'?"
        ],
    ),
    "partitions need no smaller machine": ("GPU-ROOM", pool("a2-highgpu-1g", gpu_partition="1g.5gb"), []),
    "more partitions than the node has CPUs for": (
        "GPU-ROOM",
        pool("a2-highgpu-1g", gpu_partition="1g.5gb", **sharing(2)),
        [
            "node_pools.tpu.gpu_sharing.max_clients: must leave each pod a CPU and a GiB of memory: a node of "
            "a2-highgpu-1g has room for 8, got 14 -> choose a larger machine"
        ],
    ),
    "a custom server that needs more than a partition": (
        "SRV-GPU-MEMORY",
        {
            **pool("a2-highgpu-1g", gpu_partition="1g.5gb"),
            "models__gemma__server": {
                "image": "ghcr.io/remsky/kokoro-fastapi-gpu:v0.2.4",
                "kind": "custom",
                "port": 8880,
                "health_path": "/health",
                "gpu_memory_gib": 6,
            },
        },
        [
            "models.gemma.server.gpu_memory_gib: must be at most 5, the memory of a pod's chip of node_pools.tpu, got 6"
            " -> choose a larger machine, or correct the number"
        ],
    ),
    "a share of memory on whole GPUs": (
        "GPU-MEMORY",
        {**pool("g2-standard-48"), "models__gemma__server__gpu_memory_percent": 95},
        [],
    ),
    "a split that does not divide shared GPUs is reported once": (
        "SRV-PARALLEL",
        {**pool("g2-standard-48", **sharing()), "models__gemma__server__tensor_parallel_size": 3},
        [],
    ),
    "weights that fit the GPU, but not the part of it": (
        "SRV-MEMORY",
        {**pool("a2-ultragpu-1g", **sharing()), "models__gemma__weights__size_gib": 40},
        [
            "node_pools.tpu.machine_type: must hold 40 GiB of weights in 45% of the memory of a pod's chip, "
            "got 'a2-ultragpu-1g' with 80 GB -> choose a larger machine, or correct models.gemma.weights.size_gib"
        ],
    ),
    "weights that do not fit a partition": (
        "SRV-MEMORY",
        {**pool("a2-ultragpu-1g", gpu_partition="2g.20gb"), "models__gemma__weights__size_gib": 19},
        [
            "node_pools.tpu.machine_type: must hold 19 GiB of weights in 90% of the memory of a pod's chip, "
            "got 'a2-ultragpu-1g' with 20 GB -> choose a larger machine, or correct models.gemma.weights.size_gib"
        ],
    ),
    "GPUs of a fallback that are shared by others": (
        "CHOICE-POD",
        choices(a=growing("g2-standard-8", **sharing()), b=growing("g2-standard-8", **sharing(3))),
        [
            "node_pools.b.machine_type: must be a machine on which the pods of node_pools.a can run "
            "(nvidia.com/gpu, time-sharing, 2, no DRANET, amd64), got 'g2-standard-8' "
            "(nvidia.com/gpu, time-sharing, 3, no DRANET, amd64) -> choose another machine, "
            "or remove the pool from the list"
        ],
    ),
    "local SSDs of a machine that always has them": (
        "POOL-LOCAL-SSD",
        pool("a3-highgpu-8g", local_ssds=16),
        [
            "node_pools.tpu.local_ssds: must be left out for a3-highgpu-8g, which always has 16, got 16"
            " -> remove the line"
        ],
    ),
    "local SSDs of a TPU": (
        "POOL-LOCAL-SSD",
        pool(local_ssds=1),
        [
            "node_pools.tpu.local_ssds: must be left out for ct6e-standard-4t, which takes none, got 1"
            " -> remove the line"
        ],
    ),
    "any number on G4": ("POOL-LOCAL-SSD", pool("g4-standard-48", local_ssds=4), []),
    "a cache that fits the local SSD that was chosen": (
        "CACHE-DISK",
        {**pool("g2-standard-48", local_ssds=4, disk_gib=50), "models__gemma__server__file_cache_gib": 100},
        [],
    ),
    "zones of a pool that several regions have": (
        "POOL-ZONES",
        pool(zones=["us-east5-b"]),
        [
            "node_pools.tpu.zones[0]: must be one of europe-west4-a, the zones of region eu, got 'us-east5-b'"
            " -> add it to regions.eu.zones, or give the pool under the node_pools of each region"
        ],
    ),
    "a zone of a pool named twice": (
        "POOL-ZONES",
        {"regions__us__node_pools": {"other": {**OTHER["other"], "zones": ["us-east5-b", "us-east5-b"]}}},
        ["regions.us.node_pools.other.zones: must name each zone once, got 'us-east5-b' again -> keep one"],
    ),
    "a slice in one of two zones": (
        "POOL-PLACEMENT-ZONE",
        {**TWO_ZONES, "regions__us__node_pools": {"tpu": {**SLICE, "zones": ["us-east5-b"]}}},
        [],
    ),
    "a slice in two zones of its own": (
        "POOL-PLACEMENT-ZONE",
        {
            "regions__us__zones": ["us-east5-a", "us-east5-b", "us-east5-c"],
            "regions__us__node_pools": {"tpu": {**SLICE, "zones": ["us-east5-a", "us-east5-b"]}},
        },
        [
            "regions.us.node_pools.tpu.zones: must name one zone for pool tpu, whose nodes are placed together, "
            "got us-east5-a, us-east5-b -> keep one zone, or change regions.us.node_pools.tpu.topology"
        ],
    ),
    "a machine that only the pool's own zone has": (
        "PLACE-MACHINE",
        {
            "regions__eu__zones": ["europe-west4-a", "europe-west4-b"],
            "regions__eu__node_pools": {"tpu": {"machine_type": "ct6e-standard-4t", "zones": ["europe-west4-a"]}},
        },
        [],
    ),
}
