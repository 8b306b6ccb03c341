"""The settings of Cloud Armor: who may call the gateway, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class ClientLimitsSpec:
    """
    A Cloud Armor policy in front of the servers.

    Args:
        enabled: false takes it away.
        requests_per_minute: Requests that one client address may send in a minute.
        allowed_ranges: Address ranges of clients. Default: all.
        max_body_mib: Largest body of a request, in MiB.
        preview: Logs what would be refused, and refuses nothing.
    """

    enabled: bool = True
    requests_per_minute: Annotated[int, Between(1, 1_000_000)] = 600
    allowed_ranges: tuple[str, ...] = ()
    max_body_mib: Annotated[int, Between(1, 1024)] = 10
    preview: bool = False

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
