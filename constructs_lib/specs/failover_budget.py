"""What the loss of a region may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class FailoverBudgetSpec:
    """
    What the loss of a region may cost its clients: a synth warns where settings cannot meet it, and a drill fails.

    Args:
        downtime_sec: Longest time in seconds in which a client gets no answer, 1 to 3600.
        error_percent: Largest share of requests that fail while it lasts, 0 to 100. Default: no such bound.
    """

    downtime_sec: Annotated[int, Between(1, 3600)]
    error_percent: Annotated[float | None, Between(0, 100)] = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
