"""What kinds of clusters there are beside GKE, and what each has of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.manifests.accelerator import Accelerator
from constructs_lib.specs import HealthCheckSpec, OutsideModelSpec, OutsideSpec
from constructs_lib.specs.outside import Preset

NVIDIA_GPU = "nvidia.com/gpu"
ACK_LABEL, ACK_MEMORY, ACK_CORES = "ack.node.gpu.schedule", "aliyun.com/gpu-mem", "aliyun.com/gpu-core.percentage"
"""Source: Alibaba Cloud, "Enable scheduling features"."""
ALB = "alb.ingress.kubernetes.io"
MOST_ALB_INTERVAL_SEC = 50
"""Source: Alibaba Cloud, "ALB Ingress", annotations."""
HAMI_SCHEDULER, HAMI_LABEL = "hami-scheduler", {"gpu": "on"}
HAMI_GPU, HAMI_MEMORY, HAMI_CORES = "hami.nvidia.com/gpu", "hami.nvidia.com/gpumem", "hami.nvidia.com/gpucores"
"""Names of its own: under NVIDIA's, both device plugins would register (Project-HAMi/HAMi#646)."""
NVIDIA_RUNTIME = "nvidia"


@dataclass(frozen=True, kw_only=True)
class OutsidePreset:
    """
    One kind of cluster.

    Attributes:
        title: What it is called.
        ingress_class: Its IngressClass; None where each cluster has another.
        runtime_class: RuntimeClass of pods with GPUs; None for the cluster's own.
        source: Where this is from.
        notes: What else is worth knowing.
    """

    title: str
    ingress_class: str | None = None
    runtime_class: str | None = None
    source: str
    notes: str = ""


PRESETS: Mapping[Preset, OutsidePreset] = {
    "ack": OutsidePreset(
        title="Alibaba Cloud ACK",
        ingress_class="alb",
        source="Alibaba Cloud, ALB Ingress; Enable scheduling features",
        notes="the IngressClass names an AlbConfig with vSwitches in two zones, which you make",
    ),
    "vks": OutsidePreset(
        title="VNG Cloud VKS",
        ingress_class="nginx",
        source="VNG Cloud, Ingress for an Application Load Balancer; seed 004",
        notes="ingress-nginx is retired: a newer controller has another class",
    ),
    "rke2": OutsidePreset(
        title="RKE2",
        source="rancher/rke2-docs, networking/networking_services",
        notes="clusters from 1.36 on have Traefik (traefik), older ones ingress-nginx (nginx)",
    ),
    "k3s": OutsidePreset(
        title="K3s",
        ingress_class="traefik",
        runtime_class=NVIDIA_RUNTIME,
        source="k3s-io/docs, advanced.md",
        notes="without --default-runtime, pods with GPUs must name the RuntimeClass",
    ),
    "plain": OutsidePreset(title="Kubernetes", source="Kubernetes, Ingress"),
}


def ingress_class(cluster: OutsideSpec) -> str | None:
    """Return the IngressClass of the servers in *cluster*: as given, or that of its preset; None where neither is."""
    return cluster.ingress_class or PRESETS[cluster.preset].ingress_class


@dataclass(frozen=True, kw_only=True)
class OutsidePods:
    """
    How pods with GPUs run in one cluster outside.

    Args:
        cluster: The cluster.
    """

    cluster: OutsideSpec

    @property
    def node_selector(self) -> dict[str, str]:
        """Labels of the nodes with GPUs: those that the way of sharing needs, and the cluster's own."""
        sharing = {ACK_LABEL: self.cluster.gpu_sharing} if self.cluster.gpu_sharing else {}
        return {**sharing, **(HAMI_LABEL if self.cluster.hami else {}), **self.cluster.node_selector}

    def accelerator(self, model: OutsideModelSpec) -> Accelerator:
        """Return what a pod of *model* says to get its GPUs, or its part of one."""
        common: dict[str, Any] = {"cpus": model.cpus, "memory_gib": model.memory_gib}
        if not model.gpus:
            return Accelerator(resource="", count=0, node_selector=self.cluster.node_selector, **common)
        preset = PRESETS[self.cluster.preset]
        if self.cluster.hami is not None:
            return Accelerator(
                resource=HAMI_GPU,
                count=model.gpus,
                more=_parts(model, memory=HAMI_MEMORY, unit=1024, cores=HAMI_CORES),
                node_selector=self.node_selector,
                runtime_class=NVIDIA_RUNTIME,
                scheduler=HAMI_SCHEDULER,
                **common,
            )
        if self.cluster.gpu_sharing not in (None, "default"):
            cores = ACK_CORES if self.cluster.gpu_sharing == "core_mem" else ""
            parts = _parts(model, memory=ACK_MEMORY, unit=1, cores=cores)
            return Accelerator(resource="", count=0, more=parts, node_selector=self.node_selector, **common)
        return Accelerator(
            resource=NVIDIA_GPU,
            count=model.gpus,
            node_selector=self.node_selector,
            runtime_class=preset.runtime_class,
            **common,
        )


def _parts(model: OutsideModelSpec, *, memory: str, unit: int, cores: str) -> dict[str, str]:
    """Return the parts of a GPU that a pod gets; *unit* is how many of the resource are a GiB."""
    asked = {memory: model.gpu_memory_gib and model.gpu_memory_gib * unit, cores: model.gpu_cores_percent}
    return {name: str(count) for name, count in asked.items() if name and count}


def ingress_annotations(cluster: OutsideSpec, *, path: str, health_check: HealthCheckSpec) -> dict[str, str]:
    """
    Return the annotations of an Ingress: how its load balancer asks servers at *path*, and the cluster's own.

    Alibaba's asks by HEAD where nothing else is set, which servers in Python answer with 405.
    """
    if cluster.preset != "ack":
        return dict(cluster.ingress_annotations)
    asked = {
        "enabled": "true",
        "path": path,
        "protocol": "HTTP",
        "method": "GET",
        "httpcode": "http_2xx",
        "interval-seconds": str(min(health_check.interval_sec, MOST_ALB_INTERVAL_SEC)),
        "timeout-seconds": str(health_check.timeout_sec),
        "healthy-threshold-count": str(max(2, health_check.healthy_threshold)),
        "unhealthy-threshold-count": str(max(2, health_check.unhealthy_threshold)),
    }
    return {**{f"{ALB}/healthcheck-{name}": value for name, value in asked.items()}, **cluster.ingress_annotations}
