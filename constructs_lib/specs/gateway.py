"""The settings of the one gateway in front of all regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


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
        max_utilization_percent: KV-cache fill at which requests spill over to the next region, 1 to 100.
        log_sample_percent: Share of requests that are logged, 0 to 100.
        health_check: How dead servers are found.
    """

    port: int = 80
    addresses: Literal["named", "ephemeral"] = "named"
    regions: tuple[str, ...] = ()
    timeout_sec: int = 600
    draining_sec: int = 120
    max_utilization_percent: int = 60
    log_sample_percent: float = 1.0
    health_check: HealthCheckSpec = field(default_factory=HealthCheckSpec)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("port", 1, 65535),
            ("timeout_sec", 1, 2147483647),
            ("draining_sec", 0, 3600),
            ("max_utilization_percent", 1, 100),
            ("log_sample_percent", 0, 100),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be between {low} and {high}, got {getattr(self, name)}")
