"""The settings of Identity-Aware Proxy at the gateway."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.specs.limits import refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class IapSpec:
    """
    Has Identity-Aware Proxy ask each request for a Google identity.

    Args:
        client_id: Client ID of an OAuth client.
        secret_name: Kubernetes Secret in the namespace whose one key `client_secret` holds the client's secret.
    """

    client_id: str
    secret_name: str

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
