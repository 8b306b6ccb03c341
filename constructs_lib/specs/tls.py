"""The settings of TLS at the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from constructs_lib.specs.limits import Between, refuse, wrong_settings


@dataclass(frozen=True, kw_only=True)
class TlsSpec:
    """
    HTTPS at the gateway, with a certificate that comes in exactly one of four ways.

    Args:
        hosts: Host names of a certificate that Google makes and renews; it asks DNS whether the domain is yours.
        dns_zone: Managed zone of Cloud DNS in which the record for that is written. Default: an output says the record.
        certificates: Names of certificates of Certificate Manager that exist in each region.
        certificate_pem: A certificate of your own, with its chain.
        private_key_secret: Secret of Secret Manager that holds its private key.
        secret_name: Kubernetes Secret of type kubernetes.io/tls that exists in the namespace.
        min_version: Oldest version of TLS that clients may use.
        profile: Which ciphers they may use.
        port: Port of HTTPS.
        redirect: Answers HTTP with a redirect to HTTPS.
    """

    hosts: tuple[str, ...] = ()
    dns_zone: str | None = None
    certificates: tuple[str, ...] = ()
    certificate_pem: str | None = None
    private_key_secret: str | None = None
    secret_name: str | None = None
    min_version: Literal["1.2", "1.3"] = "1.2"
    profile: Literal["COMPATIBLE", "MODERN", "RESTRICTED"] = "MODERN"
    port: Annotated[int, Between(1, 65535)] = 443
    redirect: bool = True

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
