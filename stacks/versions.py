"""The lowest GKE version that has every feature a region uses."""

from constructs_lib.gke_version import MANAGED_DRANET, MULTI_CLUSTER_INFERENCE_GATEWAY, highest
from stacks.config import Config


def feature_floors(config: Config, key: str) -> dict[str, str]:
    """Each feature that region *key* uses, and the version it came with."""
    floors = {"multi-cluster inference gateway": MULTI_CLUSTER_INFERENCE_GATEWAY}
    for pool in config.pools(key).values():
        if pool.dranet:
            floors["managed DRANET"] = MANAGED_DRANET
        if pool.machine.min_gke_version:
            floors[pool.machine.machine_type] = pool.machine.min_gke_version
    return floors


def version_floor(config: Config, key: str) -> str:
    """The lowest version that the cluster of region *key* may have."""
    return highest(list(feature_floors(config, key).values()))
