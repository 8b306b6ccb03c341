"""The settings of the model servers' autoscaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class AutoscalingSpec:
    """
    How many servers run in each region, by how full they are: an LLM's KV cache, or a custom server's metric.

    Args:
        max_replicas: Most pods in each region; the pools must hold them.
        min_replicas: Fewest pods in each region, 1 or more: nothing wakes a region that has none.
        target_percent: Fill of the KV cache at which pods are added. Below `gateway.max_utilization_percent`, so that
            a region grows before its requests spill over. The gauge goes from 0 to 1: 50 asks for 0.5.
        metric_source: `native`: GKE hands each pod's gauge to the autoscaler, from 1.35.1-gke.1396000 on. `pods`: the
            same gauge through the custom metrics adapter. `external`: the endpoint picker's average of the pool,
            through the adapter. Default: `native`, or `pods` where `cluster.gke_version` is older.
        scale_up_window_sec: Seconds of which the lowest target counts before pods are added, 0 to 3600.
        scale_down_window_sec: Seconds of which the highest target counts before pods are taken away, 0 to 3600.
        scale_down_pods_per_minute: Most pods that are taken away in a minute.
    """

    max_replicas: Annotated[int, Between(1, 10_000)]
    min_replicas: Annotated[int, Between(0, 10_000)] = 1
    # At 100 a cache is full, and there is nothing left to wait for.
    target_percent: Annotated[int, Between(1, 99)] = 45
    metric_source: Literal["native", "pods", "external"] | None = None
    # Source of the windows: Kubernetes API, HPAScalingRules.stabilizationWindowSeconds.
    scale_up_window_sec: Annotated[int, Between(0, 3600)] = 15
    scale_down_window_sec: Annotated[int, Between(0, 3600)] = 300
    scale_down_pods_per_minute: Annotated[int, Between(1, 1000)] = 1

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
        if self.max_replicas < self.min_replicas:
            raise ValueError(
                f"max_replicas must be at least min_replicas ({self.min_replicas}), got {self.max_replicas}"
            )
