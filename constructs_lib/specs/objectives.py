"""What the owner of a model promises to its users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings

FIRST_TOKEN_PERCENT = 95.0
"""Share of requests whose first token comes in time, where a config promises a time alone."""
PERIOD_SEC = 30 * 86_400
"""The time over which shares of requests are promised: 30 days."""


@dataclass(frozen=True, kw_only=True)
class ObjectivesSpec:
    """
    What the owner of a model promises to its users: alerts follow it, and a drill fails where it is missed.

    With `observability.alerting: false` the drill alone looks at it.

    Args:
        availability_percent: Share of requests that are answered without an error of the platform, over 30 days,
            50 to 99.99. Default: no such promise.
        first_token_sec: Longest time to the first token in seconds. One of the bounds by which the server counts its
            times. Default: no such promise.
        first_token_percent: Share of requests, over 30 days, whose first token comes within `first_token_sec`,
            50 to 99.99. Default: 95.
        failover_downtime_sec: Longest time in seconds in which every request fails when a region does. Default: no such
            promise.
    """

    availability_percent: Annotated[float | None, Between(50, 99.99)] = None
    first_token_sec: Annotated[float | None, Between(0.001, 2560)] = None
    first_token_percent: Annotated[float | None, Between(50, 99.99)] = None
    failover_downtime_sec: Annotated[float | None, Between(1, 86_400)] = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))

    @property
    def is_promised(self) -> bool:
        """Whether anything is promised that alerts watch."""
        return self.availability_percent is not None or self.first_token_sec is not None

    @property
    def first_token_share_percent(self) -> float:
        """Share of requests whose first token comes within `first_token_sec`."""
        return FIRST_TOKEN_PERCENT if self.first_token_percent is None else self.first_token_percent

    @property
    def downtime_budget_sec(self) -> float | None:
        """Seconds of the 30 days in which all requests may fail; None without a promise of availability."""
        if self.availability_percent is None:
            return None
        return round((100 - self.availability_percent) / 100 * PERIOD_SEC, 3)
