"""The settings of routing by the `model` field of a request's body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class BodyRoutingSpec:
    """
    Sends each request to the model that its body names.

    Args:
        chart_version: Version of the upstream chart `body-based-routing`.
        replicas: Pods that read the bodies, in each region.
    """

    chart_version: str = "v1.5.0"
    replicas: Annotated[int, Between(1, 100)] = 2

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
