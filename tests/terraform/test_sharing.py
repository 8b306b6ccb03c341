"""Pools with shared GPUs, own zones, local SSDs and streamed images: made, settled, changed one by one, destroyed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platform_config.stack_graph import NETWORK_STACK, cluster_stack
from tests.configs import config
from tests.terraform.configs import freed
from tests.terraform.world import World

MPS = {"strategy": "mps", "max_clients": 2}
POOLS: dict[str, dict[str, Any]] = {
    "whole": {"machine_type": "g2-standard-8"},
    "time": {"machine_type": "g2-standard-48", "gpu_sharing": {"strategy": "time_sharing", "max_clients": 3}},
    "mps": {"machine_type": "g2-standard-8", "gpu_sharing": MPS, "zones": ["us-east5-a"]},
    "parts": {"machine_type": "a3-highgpu-8g", "gpu_partition": "1g.10gb", "gpu_sharing": MPS},
    "disks": {
        "machine_type": "g2-standard-24",
        "local_ssds": 2,
        "image_streaming": True,
        "preloaded_image_disk": "projects/my-project-id/global/images/vllm-1",
    },
}
STACKS = [NETWORK_STACK, cluster_stack("us")]


def pools(**changes: Any) -> dict[str, Any]:
    """Return a platform of one region with these pools, some of them changed."""
    return {
        "regions__eu": None,
        "regions__us__zones": ["us-east5-a", "us-east5-b"],
        "node_pools": {key: {**pool, **changes.get(key, {})} for key, pool in POOLS.items()},
        "cluster__deletion_protection": False,
    }


def pool(key: str) -> str:
    """Return the address of a pool."""
    return f"google_container_node_pool.cluster_pool-{key}"


def test_pools_with_shared_gpus_are_made_settled_changed_and_destroyed(tmp_path: Path) -> None:
    """A second plan is empty; a change reaches its own pool and no other; nothing is left at the end."""
    world = World(tmp_path)
    world.use(config(**pools()))
    world.deploy(STACKS)
    settled = world.unsettled(STACKS)
    changed = {"time": {"gpu_sharing": MPS}, "mps": {"zones": ["us-east5-b"]}, "disks": {"image_streaming": True}}
    world.use(config(**pools(**changed)))
    plan = world.folder(cluster_stack("us")).plan()
    world.use(freed(config(**pools())))
    world.deploy(STACKS)
    world.destroy(STACKS)
    left = world.rig.cloud.objects
    world.stop()

    assert settled == []
    assert {address: actions for address, actions in plan.items() if actions != ("no-op",)} == {
        next(address for address in plan if address.startswith(pool("time"))): ("delete", "create"),
        next(address for address in plan if address.startswith(pool("mps"))): ("update",),
    }
    assert left == {}
