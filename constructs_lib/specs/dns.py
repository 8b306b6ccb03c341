"""The settings of names in DNS: a zone, names that lead to several regions, and endpoints of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.google_names import WORD
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text
from constructs_lib.specs.model import HOST

RoutingPolicy = Literal["failover", "geo", "weighted"]
DOMAIN_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
IPV4 = r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}"
NO_DOT = "be a domain such as ai.example.com, without a dot at the end"


@dataclass(frozen=True, kw_only=True)
class ZoneSpec:
    """
    A managed zone of Cloud DNS.

    Args:
        domain: What the names of the zone end with, such as `ai.example.com`.
        name: Name of the zone in the project. Default: `<platform>-zone`.
        existing: The zone is there, and only the platform's records are made in it.
        visibility: `private` answers in the platform's network alone; `public` answers everybody.
        dnssec: Signs the answers of a public zone that the platform makes.
        certificate_authorities: Who may issue certificates for names of a public zone that the platform makes: one CAA
            record. None for no such record.
    """

    domain: str
    name: str | None = None
    existing: bool = False
    visibility: Literal["private", "public"] = "private"
    dnssec: bool = True
    certificate_authorities: tuple[str, ...] = ("pki.goog",)

    def __post_init__(self) -> None:
        fix = f"write {self.domain.rstrip('.')}" if str(self.domain).endswith(".") else ""
        texts = [
            *wrong_text("domain", self.domain, HOST, NO_DOT, fix),
            *wrong_text("name", self.name, WORD, "be a name of lower case letters, digits and hyphens"),
        ]
        refuse([*wrong_settings(self), *texts])


@dataclass(frozen=True, kw_only=True)
class RecordSpec:
    """
    A name whose answer depends on what is up, and on who asks.

    Args:
        host: The name, such as `llm.ai.example.com`.
        policy: `failover` answers with the primary targets while one of them is up, else with the nearest other;
            `geo` answers with the nearest target that is up; `weighted` with one by chance.
        model: Key of the model that it leads to. Default: all, at every gateway.
        targets: Keys of regions, clusters outside and external endpoints. Default: every one that serves the model.
        primary: For `failover`: keys of the targets that answer while one of them is up.
        weights: For `weighted`: share of each target, 0 to 1000, by its key. Default: the same for all.
        geofence: For `geo`: answers with the nearest target even where it is down. For `failover`: the same for its
            backup.
        trickle_percent: For `failover`: share of answers that name the backup at all times, 0 to 100; 100 drains the
            primary targets.
        ttl_sec: Seconds that resolvers and clients keep an answer.
    """

    host: str
    policy: RoutingPolicy = "failover"
    model: str | None = None
    targets: tuple[str, ...] = ()
    primary: tuple[str, ...] = ()
    weights: dict[str, int] = field(default_factory=dict)
    geofence: bool = False
    trickle_percent: Annotated[int, Between(0, 100)] = 0
    ttl_sec: Annotated[int, Between(0, 86_400)] = 30

    def __post_init__(self) -> None:
        fix = f"write {self.host.rstrip('.')}" if str(self.host).endswith(".") else ""
        refuse([*wrong_settings(self), *wrong_text("host", self.host, HOST, NO_DOT, fix)])


@dataclass(frozen=True, kw_only=True)
class DnsHealthCheckSpec:
    """
    How Google asks public addresses whether they are up. Internal gateways need none: load balancers say so themselves.

    Args:
        protocol: `HTTP`, `HTTPS` or `TCP`. Default: HTTPS where the gateway has TLS.
        port: Port. Default: that of the gateway.
        host: What is sent as `Host`: an Ingress finds its servers by it. Default: the record's host.
        path: Path that answers 200. Default: one of the model that the record leads to, which its gateway lets through.
        interval_sec: Seconds between two probes of one prober, 30 to 300.
        timeout_sec: Seconds to wait for an answer.
        unhealthy_threshold: Bad answers in a row that take an address out, 1 to 10.
        healthy_threshold: Good answers in a row that bring it back, 1 to 10.
        source_regions: The three Google Cloud regions that ask.
    """

    protocol: Literal["HTTP", "HTTPS", "TCP"] | None = None
    port: Annotated[int | None, Between(1, 65535)] = None
    host: str | None = None
    path: str | None = None
    interval_sec: Annotated[int, Between(30, 300)] = 30
    timeout_sec: Annotated[int, Between(1, 300)] = 5
    unhealthy_threshold: Annotated[int, Between(1, 10)] = 2
    healthy_threshold: Annotated[int, Between(1, 10)] = 2
    source_regions: tuple[str, ...] = ("us-east1", "europe-west1", "asia-southeast1")

    def __post_init__(self) -> None:
        texts = [
            *wrong_text("host", self.host, HOST, NO_DOT),
            *wrong_text("path", self.path, r"/[^\s]*", "begin with '/'"),
        ]
        refuse([*wrong_settings(self), *texts])


@dataclass(frozen=True, kw_only=True)
class ExternalEndpointSpec:
    """
    A public address that serves the same as the platform, wherever it is.

    Args:
        address: Its IPv4 address. Cloud DNS takes no name here: put a static address in front of one.
        near: Google Cloud region that it is nearest to, for the policy `geo`, and as a backup of `failover`.
    """

    address: str
    near: str | None = None

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *wrong_address(self.address)])


@dataclass(frozen=True, kw_only=True)
class DnsSpec:
    """
    Names of Cloud DNS that lead to the platform's gateways, and to what serves the same elsewhere.

    Args:
        zone: The zone of all names.
        records: Names with a routing policy, by a key that you choose.
        health_check: How public addresses are asked.
        external_endpoints: Public addresses that serve the same, by a key that you choose; clusters under `outside`
            that have an address need no entry.
    """

    zone: ZoneSpec
    records: dict[str, RecordSpec] = field(default_factory=dict)
    health_check: DnsHealthCheckSpec = field(default_factory=DnsHealthCheckSpec)
    external_endpoints: dict[str, ExternalEndpointSpec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


def wrong_address(address: str | None) -> Iterator[str]:
    """Yield what is wrong with an IPv4 *address*; None is right."""
    yield from wrong_text("address", address, IPV4, "be an IPv4 address such as 203.0.113.7")
