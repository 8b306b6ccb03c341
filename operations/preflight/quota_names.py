"""Which quota a machine is charged to."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.accelerators import PoolPlan


@dataclass(frozen=True)
class Quota:
    """
    One quota of the compute API.

    Attributes:
        metric: Its name. Without a family it is among the quotas of regions.get or projects.get.
        family: Dimension and value, such as gpu_family and NVIDIA_H100, of a quota that only Service Usage tells.
    """

    metric: str
    family: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.metric} ({self.family[1]})" if self.family else self.metric


GPUS = {
    "A100 40GB": "NVIDIA_A100", "A100 80GB": "NVIDIA_A100_80GB", "B200": "NVIDIA_B200", "GB200": "NVIDIA_GB200",
    "GB300": "NVIDIA_GB300", "H100 80GB": "NVIDIA_H100", "H100 80GB Mega": "NVIDIA_H100_MEGA",
    "H200 141GB": "NVIDIA_H200", "L4": "NVIDIA_L4", "RTX PRO 6000": "NVIDIA_RTX_PRO_6000",
}  # fmt: skip
"""Generation of a machine to the name that its quotas have. Source: Google, "Allocation quotas", GPU quota."""

TPUS = {"v4": "TPU_PODSLICE_V4", "v5e": "TPU_LITE_PODSLICE_V5"}
"""TPUs with a quota of their own. Source: the enum of `Quota.metric` in the compute API's discovery document."""
TPU_FAMILIES = {"v5p": "CT5P", "v6e": "CT6E", "v7": "TPU7X"}
"""Source: Google, "Plan TPUs in GKE", ensure that you have quota."""


def accelerator_quotas(pool: PoolPlan) -> tuple[Quota, ...]:
    """
    What the chips of *pool* are charged to.

    Spot, flex-start and queued machines use the preemptible quota, or the ordinary one where that was never granted.
    Source: Google, "Compute Engine instances provisioning models".
    """
    capacity = pool.spec.capacity
    preemptible = capacity.spot or capacity.grows_from_zero
    generation = pool.machine.generation
    if pool.machine.kind == "gpu":
        gpu = GPUS[generation]
        named, family = Quota(f"{gpu}_GPUS"), Quota("GPUS_PER_GPU_FAMILY", ("gpu_family", gpu))
        return (Quota(f"PREEMPTIBLE_{gpu}_GPUS"), named, family) if preemptible else (named, family)
    if generation in TPUS:
        tpu = TPUS[generation]
        return (Quota(f"PREEMPTIBLE_{tpu}"), Quota(tpu)) if preemptible else (Quota(tpu),)
    # No document names the metric of preemptible TPUs of these families, so nothing is said of them.
    return () if preemptible else (Quota("TPUS_PER_TPU_FAMILY", ("tpu_family", TPU_FAMILIES[generation])),)


def cpu_metric(machine_type: str) -> str:
    """The quota of a machine's vCPUs: most series have one of their own. Source: Google, "Allocation quotas"."""
    series = machine_type.partition("-")[0].upper()
    return "CPUS" if series in ("E2", "N1", "F1", "G1") else f"{series}_CPUS"
