"""What a node leaves to pods: GKE keeps a part of its CPUs, memory and disk, and runs pods of its own on it."""

from __future__ import annotations

from math import floor, inf

FILE_SYSTEM_SHARE = 0.9425
"""A 100 GB boot disk shows 98831908 KiB."""
KERNEL_SHARE = 0.03
"""Memory that a node does not show, rounded up: 2.4 % of 16 GiB (cluster-autoscaler, config/os-reserved.yaml)."""
EVICTION_GIB = 0.1
"""Free memory at which the kubelet evicts pods."""
DAEMONS_CPUS, DAEMONS_MEMORY_GIB = 1, 2
"""
For GKE's own pods on each node. They asked for 0.45 CPU and 656 MiB in 2024 (2i2c-org/infrastructure#4131); collectors
of metrics and drivers of accelerators, buckets and secrets come to that.
"""
CPU_BRACKETS = ((1, 0.06), (2, 0.01), (4, 0.005), (inf, 0.0025))
MEMORY_BRACKETS = ((4, 0.25), (8, 0.2), (16, 0.1), (128, 0.06), (inf, 0.02))
"""
What GKE keeps: of each part up to so much, this share. From GKE 1.37 on it keeps less.

Sources: Google, "Plan GKE node sizes"; GoogleCloudPlatform/cluster-autoscaler 7d25050, pkg/cloudprovider/gke.
"""


def cpus_left(cpus: int) -> float:
    """Return the CPUs that a machine with *cpus* leaves to pods that are not GKE's own."""
    return cpus - _kept(cpus, CPU_BRACKETS) - DAEMONS_CPUS


def memory_left_gib(memory_gib: int) -> float:
    """Return the GiB of memory that a machine with *memory_gib* leaves to pods that are not GKE's own."""
    shown = memory_gib * (1 - KERNEL_SHARE)
    return shown - _kept(memory_gib, MEMORY_BRACKETS) - EVICTION_GIB - DAEMONS_MEMORY_GIB


def disk_left_gib(disk_gib: int) -> int:
    """
    Return the GiB of a boot disk that are left to pods: nine tenths of the file system less what GKE reserves.

    It reserves the smallest of half the disk, 6 GiB and 35 % of it, 100 GiB. Source: Google, "Plan GKE node sizes".
    """
    reserved = min(0.5 * disk_gib, 6 + 0.35 * disk_gib, 100)
    return max(0, floor(0.9 * FILE_SYSTEM_SHARE * disk_gib - reserved))


def local_ssds_left_gib(count: int, total_gib: int) -> int:
    """
    Return the GiB of *count* local SSDs that are left to pods: nine tenths less 50, 75 or 100 GiB of GKE's.

    Source: Google, "Plan GKE node sizes", ephemeral storage backed by local SSDs.
    """
    return max(0, floor(0.9 * total_gib - (50, 75, 100)[min(count, 3) - 1]))


def _kept(capacity: float, brackets: tuple[tuple[float, float], ...]) -> float:
    kept, start = 0.0, 0.0
    for end, share in brackets:
        kept += max(0.0, min(capacity, end) - start) * share
        start = end
    return kept
