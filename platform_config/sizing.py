"""Sizes that a config leaves to the platform: the system nodes' machine, and the servers' file cache."""

import math

from constructs_lib.inferencepool_chart import endpoint_picker_requests
from platform_config.config import Config

MACHINES = (("e2-standard-4", 4, 16), ("e2-standard-8", 8, 32), ("e2-standard-16", 16, 64), ("e2-standard-32", 32, 128))
"""Name, vCPU and memory in GiB."""
SYSTEM_CPU = 1.5
"""vCPU of one node that GKE's own pods and the node itself use, rounded up."""
SYSTEM_MEMORY_GIB = 5


def system_machine_type(config: Config) -> str:
    """
    Return the machine type of the system nodes: as given, or the smallest that fits.

    One endpoint picker of the chosen chart version must fit beside GKE's own pods. If a second replica does not fit
    too, the pool grows by a node.
    """
    if config.cluster.system_pool.machine_type:
        return config.cluster.system_pool.machine_type
    cpu, memory_gib = endpoint_picker_requests(config.inference_pool.chart_version)
    return next(
        name for name, cpus, gib in MACHINES if cpus >= cpu + SYSTEM_CPU and gib >= memory_gib + SYSTEM_MEMORY_GIB
    )


def file_cache_gib(config: Config) -> int:
    """Return the GiB of a node's disk that cache the weights: as given, or the weights and a tenth."""
    return config.model_server.file_cache_gib or math.ceil(config.model.weights_gib * 11 / 10)
