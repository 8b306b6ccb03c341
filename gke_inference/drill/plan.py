"""What a drill is asked to do, and the states it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import ceil
from typing import Any, Literal, get_args

from gke_inference.openai import Endpoint

Means = Literal["replicas", "drain", "cordon"]
MEANS: tuple[Means, ...] = get_args(Means)
Sender = Literal["pod", "here"]
SENDERS: tuple[Sender, ...] = get_args(Sender)
SPARE_SEC = 600
"""For the pod to come up, and for all that is not planned."""


class State(IntEnum):
    """What is up and what is down."""

    BASELINE = 1
    OUTAGE = 2
    DOUBLE_OUTAGE = 3
    SECOND_RECOVERY = 4
    RECOVERY = 5

    @property
    def title(self) -> str:
        """The state for people."""
        return f"{self.value} {self.name.lower().replace('_', ' ')}"


@dataclass(frozen=True, kw_only=True)
class DrillPlan:
    """
    One drill.

    Attributes:
        endpoint: Where requests go and what they ask; without an address until it has been looked up.
        sender: From where they are sent: a pod in the region's cluster, or this machine.
        region: Key of the region that is taken down.
        second: Key of a region that is taken down as well, while the first is; None for none.
        means: How a region is taken down.
        region_names: What answers call each region, by key.
        rate_per_sec: Requests sent per second, however many still run.
        baseline_sec: Length of the state before the outage.
        outage_sec: Length of each outage.
        recovery_sec: How long a region may take to answer again.
        slow_sec: A good answer that takes longer is counted as slow.
        max_downtime_sec: Longest downtime that is still good.
        max_error_rate: Failed requests per request, 0 to 1, that are still good.
        restore_timeout_sec: How long restoring is tried again where it does not work.
    """

    endpoint: Endpoint
    sender: Sender
    region: str
    second: str | None
    means: Means
    region_names: Mapping[str, str]
    rate_per_sec: float
    baseline_sec: float
    outage_sec: float
    recovery_sec: float
    slow_sec: float
    max_downtime_sec: float
    max_error_rate: float
    restore_timeout_sec: float

    @property
    def judged(self) -> tuple[State, ...]:
        """The states whose failures count: with every region down by order, failures are no fault of the platform."""
        none_left = self.second is not None and len(self.region_names) == 2
        return (State.OUTAGE, State.RECOVERY) if none_left else tuple(State)[1:]

    @property
    def taken_down(self) -> tuple[str, ...]:
        """Keys of the regions that are taken down, the first one first."""
        return (self.region, self.second) if self.second else (self.region,)

    @property
    def longest_sec(self) -> int:
        """How long it may take at most, so that nothing of it outlives it."""
        outages = 2 if self.second else 1
        states = self.baseline_sec + outages * (self.outage_sec + self.recovery_sec)
        return ceil(states + self.restore_timeout_sec + self.endpoint.timeout_sec) + SPARE_SEC

    def shown(self) -> dict[str, Any]:
        """The plan as it is printed: without the token."""
        return {
            "url": self.endpoint.url,
            "model": self.endpoint.model,
            "sender": self.sender,
            "region": self.region,
            "second_region": self.second,
            "means": self.means,
            "rate_per_sec": self.rate_per_sec,
            "baseline_sec": self.baseline_sec,
            "outage_sec": self.outage_sec,
            "recovery_sec": self.recovery_sec,
            "slow_sec": self.slow_sec,
            "timeout_sec": self.endpoint.timeout_sec,
            "max_downtime_sec": self.max_downtime_sec,
            "max_error_rate": self.max_error_rate,
            "restore_timeout_sec": self.restore_timeout_sec,
        }
