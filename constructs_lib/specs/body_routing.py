"""The settings of routing by the `model` field of a request's body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class BodyRoutingSpec:
    """
    Sends each request to the model that its body names.

    A model without an address is then found by its served name or that of an adapter in the field `model`. Each body is
    held in memory until it is whole, and must be JSON; a request that names no model of the platform gets 404.

    Args:
        chart_version: Version of the upstream chart `body-based-routing`: v1.3.1, v1.4.0 or v1.5.0.
        replicas: Pods that read the bodies, in each region; while none runs, no request with a body is answered.
    """

    chart_version: str = "v1.5.0"
    replicas: Annotated[int, Between(1, 100)] = 2

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
