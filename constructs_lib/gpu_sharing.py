"""Several pods on one GPU: partitions, time-sharing and MPS, as GKE has them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from constructs_lib.specs import NodePoolSpec

STRATEGY_LABEL = "cloud.google.com/gke-gpu-sharing-strategy"
CLIENTS_LABEL = "cloud.google.com/gke-max-shared-clients-per-gpu"
PARTITION_LABEL = "cloud.google.com/gke-gpu-partition-size"
LLM_MEMORY_PERMILLE = 900
"""Of the memory of a GPU, what LLM servers plan for by default: vLLM's `--gpu-memory-utilization` of 0.9."""


@cache
def partition_data() -> Mapping[str, Any]:
    """Read the table of partitions, with its sources."""
    text = resources.files("constructs_lib").joinpath("data/gpu_partitions.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(text))


def partitions_of(accelerator: str) -> Mapping[str, int]:
    """Return the partition sizes of the GPU *accelerator*, such as `nvidia-l4`, each with how many one GPU has."""
    sizes: dict[str, int] = partition_data()["partitions"].get(accelerator, {})
    return MappingProxyType(sizes)


def partition_memory_gb(size: str) -> int:
    """Return the memory of a partition, in GB, which is in the name of its size."""
    found = re.search(r"\.(\d+)gb", size)
    if found is None:
        raise ValueError(f"gpu_partition must be a size such as 1g.10gb, got '{size}'")
    return int(found[1])


def memory_share(clients: int) -> float | None:
    """
    Return the share of a GPU's memory that each of *clients* LLM servers may plan for; None for one alone.

    Time-sharing limits no memory: a server that takes more leaves the next one without. With MPS the device plugin
    limits each to an equal part (`CUDA_MPS_PINNED_DEVICE_MEM_LIMIT`), and a server that plans for more fails.
    """
    return LLM_MEMORY_PERMILLE // clients / 1000 if clients > 1 else None


def sharing_labels(spec: NodePoolSpec) -> dict[str, str]:
    """Return the labels that GKE gives to nodes whose GPUs are divided; a pod selects all of them."""
    labels = {}
    if spec.gpu_sharing:
        labels[STRATEGY_LABEL] = spec.gpu_sharing.strategy.replace("_", "-")
        labels[CLIENTS_LABEL] = str(spec.gpu_sharing.max_clients)
    if spec.gpu_partition:
        labels[PARTITION_LABEL] = spec.gpu_partition
    return labels
