"""Which quota a thing is charged to."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.accelerators import PoolPlan


@dataclass(frozen=True)
class Quota:
    """
    One quota of the compute API.

    Attributes:
        metric: Its name.
        family: Dimension and value, such as gpu_family and NVIDIA_H100, of a quota that has one limit for each.
    """

    metric: str
    family: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.metric} ({self.family[1]})" if self.family else self.metric


Choices = tuple[tuple[Quota, ...], ...]
"""What a thing may be charged to: the next one where the first was never granted; each with all names it may have."""

GPUS = {
    "A100 40GB": "NVIDIA_A100", "A100 80GB": "NVIDIA_A100_80GB", "B200": "NVIDIA_B200", "GB200": "NVIDIA_GB200",
    "GB300": "NVIDIA_GB300", "H100 80GB": "NVIDIA_H100", "H100 80GB Mega": "NVIDIA_H100_MEGA",
    "H200 141GB": "NVIDIA_H200", "L4": "NVIDIA_L4", "RTX PRO 6000": "NVIDIA_RTX_PRO_6000",
}  # fmt: skip
"""Generation of a machine to the name that its quotas have. Source: Google, "Allocation quotas", GPU quota."""

TPUS = {
    "v4": ("TPU_PODSLICE_V4", Quota("TPU_PODSLICE_V4")),
    "v5e": ("TPU_LITE_PODSLICE_V5", Quota("TPU_LITE_PODSLICE_V5")),
    "v5p": ("TPU_V5P", Quota("TPU_V5P")),
    "v6e": ("TPU_V6E", Quota("TPUS_PER_TPU_FAMILY", ("tpu_family", "CT6E"))),
    "v7": ("TPU7X", Quota("TPUS_PER_TPU_FAMILY", ("tpu_family", "TPU7X"))),
}
"""
Generation of a machine to the name of its preemptible quota behind `PREEMPTIBLE_`, and to its ordinary quota.

Sources: Google, "Plan TPUs in GKE" and "Allocation quotas", TPU quota, for what each generation is charged to; the enum
of `Quota.metric` in the compute API's discovery document for the metrics of v4 and v5e; Google, "TPU Builders Program
Getting Started Guide", for those of preemptible v5p and v6e. The other two follow from their quotas' ids,
TPU-V5P-per-project-region and PREEMPTIBLE-TPU7X-per-project-region: a metric is spelled as its id.
"""

DISKS = {
    "pd-balanced": "SSD_TOTAL_GB", "pd-ssd": "SSD_TOTAL_GB", "pd-standard": "DISKS_TOTAL_GB",
    "hyperdisk-balanced": "HDB_TOTAL_GB",
}  # fmt: skip
"""Type of a disk to its quota. Source: Google, "Allocation quotas", disk quota."""


def preemptible(pool: PoolPlan) -> bool:
    """Return whether its chips are charged to the preemptible quota first."""
    return pool.spec.capacity.spot or pool.spec.capacity.grows_from_zero


def accelerator_quotas(pool: PoolPlan) -> Choices:
    """
    Return what the chips of *pool* are charged to.

    Spot, flex-start and queued machines use the preemptible quota, or the ordinary one where that was never granted.
    Source: Google, "Compute Engine instances provisioning models".
    """
    generation = pool.machine.generation
    ordinary: tuple[Quota, ...]
    if pool.machine.kind == "gpu":
        gpu = GPUS[generation]
        name = f"{gpu}_GPUS"
        ordinary = (Quota(name), Quota("GPUS_PER_GPU_FAMILY", ("gpu_family", gpu)))
    else:
        name, one = TPUS[generation]
        ordinary = (one,)
    first = [(Quota(f"PREEMPTIBLE_{name}"),)] if preemptible(pool) else []
    return (*first, ordinary)


def cpu_quotas(machine_type: str) -> Choices:
    """
    Return what the vCPUs of a machine without accelerators are charged to.

    Old series have a quota each, new ones share one.

    GPU machines need no quota of CPUs, and no source names one that TPU machines are charged to. Source: Google,
    "Allocation quotas", CPU quota and GPU quota.
    """
    series = machine_type.partition("-")[0].upper()
    if series in ("E2", "N1", "F1", "G1"):
        return ((Quota("CPUS"),),)
    return ((Quota(f"{series}_CPUS"), Quota("CPUS_PER_VM_FAMILY", ("vm_family", series))),)
