"""The settings of ExternalDNS, which writes names of Services and HTTPRoutes into a zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from constructs_lib.specs.dns import DOMAIN_LABEL
from constructs_lib.specs.limits import refuse, wrong_settings, wrong_text

Source = Literal["service", "ingress", "gateway-httproute", "gateway-grpcroute"]


@dataclass(frozen=True, kw_only=True)
class ExternalDnsSpec:
    """
    ExternalDNS in each cluster, for names of Services and routes of your own.

    The names of region `us` end with `us.<subdomain>.<domain of the zone>`: no cluster can write a name of another, nor
    a record with a routing policy.

    Args:
        subdomain: Label of the zone below `dns.zone.domain` that it may write to; a zone of its own.
        chart_version: Version of the chart external-dns.
        sources: What it reads: `service`, `ingress`, `gateway-httproute`, `gateway-grpcroute`.
        policy: `upsert-only` deletes nothing; `sync` deletes names whose object is gone.
    """

    subdomain: str
    chart_version: str = "1.21.1"
    sources: tuple[Source, ...] = ("service", "gateway-httproute")
    policy: Literal["upsert-only", "sync"] = "upsert-only"

    def __post_init__(self) -> None:
        must = "be one label such as apps"
        refuse([*wrong_settings(self), *wrong_text("subdomain", self.subdomain, DOMAIN_LABEL, must)])


@dataclass(frozen=True, kw_only=True)
class OutsideExternalDnsSpec:
    """
    ExternalDNS in a cluster of others, with credentials that are there already.

    Args:
        provider: Whose DNS it writes to.
        secret: Secret of the cluster that holds the credentials, in the platform's namespace.
        domain: What the names that it may write end with.
        chart_version: Version of the chart external-dns.
        policy: `upsert-only` deletes nothing; `sync` deletes names whose object is gone.
    """

    provider: Literal["google", "alibabacloud", "cloudflare"]
    secret: str
    domain: str
    chart_version: str = "1.21.1"
    policy: Literal["upsert-only", "sync"] = "upsert-only"

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
