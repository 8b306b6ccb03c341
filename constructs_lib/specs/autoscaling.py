"""The settings of the model servers' autoscaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class AutoscalingSpec:
    """
    How many model servers run in each region, by how full their KV caches are.

    Args:
        max_replicas: Most pods in each region; the pools must hold them.
        min_replicas: Fewest pods in each region.
        target_percent: Fill of the KV cache at which pods are added. Below `gateway.max_utilization_percent`, so that
            a region grows before its requests spill over. The gauge goes from 0 to 1: 50 asks for 0.5.
        metric_source: `native`: GKE hands each pod's gauge to the autoscaler, from 1.35.1-gke.1396000 on. `pods`: the
            same gauge through the custom metrics adapter. `external`: the endpoint picker's average of the pool,
            through the adapter. Default: `native`, or `pods` where `cluster.gke_version` is older.
        install_adapter: Installs Google's adapter, which `pods` and `external` need; default: yes. false where the
            clusters have it already. KEDA and prometheus-adapter do not know its metrics: `native` goes beside them.
        scale_up_window_sec: Seconds of which the lowest wish counts before pods are added, 0 to 3600.
        scale_down_window_sec: Seconds of which the highest wish counts before pods are taken away, 0 to 3600.
        scale_down_pods_per_minute: Most pods that are taken away in a minute.
    """

    max_replicas: int
    min_replicas: int = 1
    target_percent: int = 45
    metric_source: Literal["native", "pods", "external"] | None = None
    install_adapter: bool | None = None
    scale_up_window_sec: int = 15
    scale_down_window_sec: int = 300
    scale_down_pods_per_minute: int = 1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("min_replicas", 1, 10_000),
            ("target_percent", 1, 99),
            ("scale_up_window_sec", 0, 3600),
            ("scale_down_window_sec", 0, 3600),
            ("scale_down_pods_per_minute", 1, 1000),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, got {getattr(self, name)}")
        if self.max_replicas < self.min_replicas:
            raise ValueError(
                f"max_replicas must be at least min_replicas ({self.min_replicas}), got {self.max_replicas}"
            )
