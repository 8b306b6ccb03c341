"""The settings of the one gateway in front of all regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DEFAULT_SPILL_OVER_PERCENT = 60
"""Where Google says to start. Source: Google, "Set up the multi-cluster GKE Inference Gateway"."""


@dataclass(frozen=True, kw_only=True)
class HealthCheckSpec:
    """
    How the load balancer finds out that a model server is gone: after interval times threshold seconds.

    Args:
        interval_sec: Seconds between probes, 1 to 300.
        timeout_sec: Seconds to wait for an answer; not more than the interval.
        healthy_threshold: Good answers in a row that bring a server back, 1 to 10.
        unhealthy_threshold: Bad answers in a row that take a server out, 1 to 10.
        path: Path that vLLM answers when it is ready.
    """

    interval_sec: int = 5
    timeout_sec: int = 5
    healthy_threshold: int = 2
    unhealthy_threshold: int = 2
    path: str = "/health"

    def __post_init__(self) -> None:
        for name in ("interval_sec", "timeout_sec"):
            if not 1 <= getattr(self, name) <= 300:
                raise ValueError(f"{name} must be between 1 and 300, got {getattr(self, name)}")
        for name in ("healthy_threshold", "unhealthy_threshold"):
            if not 1 <= getattr(self, name) <= 10:
                raise ValueError(f"{name} must be between 1 and 10, got {getattr(self, name)}")
        if not self.path.startswith("/"):
            raise ValueError(f"path must start with '/', got '{self.path}'")

    @property
    def detection_sec(self) -> int:
        """Seconds until a dead server gets no more requests."""
        return self.interval_sec * self.unhealthy_threshold


@dataclass(frozen=True, kw_only=True)
class GatewaySpec:
    """
    One internal address per region, one route to the pools of all regions.

    Args:
        port: Port of the listener.
        addresses: `named` reserves an address per region that outlives the gateway; `ephemeral` lets Google choose.
        regions: Keys of the regions that get an address. Default: all.
        timeout_sec: Longest request in seconds; twice the slowest usual one is a good start.
        draining_sec: Seconds for running requests to end when a server is taken out, 0 to 3600.
        max_utilization_percent: KV-cache fill at which requests spill over to the next region, 1 to 100. Default: 60.
        max_in_flight_requests: Balances by requests instead: how many one server has at once before others spill over,
            1 and up. Not together with `max_utilization_percent`.
        log_sample_percent: Share of requests that are logged, 0 to 100.
        health_check: How dead servers are found; the kubelet asks in the same way whether a server is ready.
    """

    port: int = 80
    addresses: Literal["named", "ephemeral"] = "named"
    regions: tuple[str, ...] = ()
    timeout_sec: int = 600
    draining_sec: int = 120
    max_utilization_percent: int | None = None
    max_in_flight_requests: int | None = None
    log_sample_percent: float = 1.0
    health_check: HealthCheckSpec = field(default_factory=HealthCheckSpec)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("port", 1, 65535),
            ("timeout_sec", 1, 2147483647),
            ("draining_sec", 0, 3600),
            ("max_utilization_percent", 1, 100),
            ("max_in_flight_requests", 1, 2147483647),
            ("log_sample_percent", 0, 100),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} must be between {low} and {high}, got {value}")

    @property
    def spill_over_percent(self) -> int | None:
        """KV-cache fill at which requests spill over; None where requests are counted instead."""
        return None if self.max_in_flight_requests else self.max_utilization_percent or DEFAULT_SPILL_OVER_PERCENT

    @property
    def spills_over_at(self) -> str:
        """When a region is full, in words."""
        if self.max_in_flight_requests:
            return f"{self.max_in_flight_requests} requests at once per server"
        return f"{self.spill_over_percent} % of the KV cache"
