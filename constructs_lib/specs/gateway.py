"""The settings of the one gateway in front of all regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from constructs_lib.gateway_class import GatewayClass, gateway_class
from constructs_lib.specs.apigee import ApigeeSpec
from constructs_lib.specs.body_routing import BodyRoutingSpec
from constructs_lib.specs.client_limits import ClientLimitsSpec
from constructs_lib.specs.iap import IapSpec
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text
from constructs_lib.specs.model import PATH
from constructs_lib.specs.model_armor import ModelArmorSpec
from constructs_lib.specs.tls import TlsSpec

DEFAULT_SPILL_OVER_PERCENT = 60
"""Where Google says to start. Source: Google, "Set up the multi-cluster GKE Inference Gateway"."""
DEFAULT_LOG_SAMPLE_PERCENT = 1.0
LEAST_LOG_PERCENT = 0.0001
"""One request in a million: the API counts in millionths, and less would be none."""
MOST_RULES = 16
"""Source: CRD httproutes.gateway.networking.k8s.io, spec.rules."""
LOG_FIELD = r"[a-z]([-_.a-z0-9]{0,61}[a-z0-9])?"
MOST_LOG_FIELDS = 30
"""Source of both: CRD gcpbackendpolicies.networking.gke.io (GKE 1.33), logging.optionalFields."""


@dataclass(frozen=True, kw_only=True)
class HealthCheckSpec:
    """
    How the load balancer finds out that a model server is gone: after interval times threshold seconds.

    Args:
        interval_sec: Seconds between probes, 1 to 300.
        timeout_sec: Seconds to wait for an answer; not more than the interval.
        healthy_threshold: Good answers in a row that bring a server back, 1 to 10.
        unhealthy_threshold: Bad answers in a row that take a server out, 1 to 10.
    """

    # Source: CRD healthcheckpolicies.networking.gke.io, spec.default.
    interval_sec: Annotated[int, Between(1, 300)] = 5
    timeout_sec: Annotated[int, Between(1, 300)] = 5
    healthy_threshold: Annotated[int, Between(1, 10)] = 2
    unhealthy_threshold: Annotated[int, Between(1, 10)] = 2

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))

    @property
    def detection_sec(self) -> int:
        """Seconds until a dead server gets no more requests."""
        return self.interval_sec * self.unhealthy_threshold


@dataclass(frozen=True, kw_only=True)
class GatewaySpec:
    """
    The entry for clients: an address in each region, and a route to each model.

    Args:
        scope: `cross_region` is one gateway, whose requests go to the nearest region with room. `regional` is a gateway
            in each region, on the servers of that region alone, with what Google offers for regional gateways alone.
        public: Gives regional gateways addresses that the internet reaches, in place of addresses of the VPC.
        paths: Prefixes of the servers' paths that clients may ask for; what else a server has, such as its metrics, is
            then for pods of its cluster alone. Default: with `model_armor` those that it screens, and `/v1/models`;
            else `/v1` of vLLM and SGLang behind a public gateway, and every path of any other.
        port: Port of the listener.
        addresses: `named` reserves an address per region that outlives the gateway; `ephemeral` lets Google choose.
        regions: Keys of the regions that get an address. Default: all.
        timeout_sec: Longest request in seconds; twice the slowest usual one is a good start.
        draining_sec: Seconds for running requests to end when a server is taken out, 0 to 3600.
        max_utilization_percent: KV-cache fill at which requests spill over to the next region, 1 to 100. Default: 60.
        max_in_flight_requests: Balances by requests instead: how many one server has at once before others spill over,
            1 and up. Not together with `max_utilization_percent`.
        log_sample_percent: Share of requests that are logged: 0 for none, or 0.0001 to 100. Logs are paid for by their
            size: at 1000 requests a second, 1 percent is 26 million entries a month, and 100 percent 2.6 billion.
        log_fields: Names of fields that an entry has only when asked for, such as `tls.cipher`; at most 30.
        health_check: How dead servers are found; the kubelet asks in the same way whether a server is ready.
        tls: HTTPS. Default: HTTP alone.
        client_limits: Who may call, and how often, by Cloud Armor. Default: no limits, and for public gateways the
            section's own.
        model_armor: Screens prompts and answers. Default: no.
        apigee: Asks each request for a key. Default: no.
        iap: Asks each request for a Google identity. Default: no.
        body_routing: Sends each request to the model that its body names. Default: by address.
    """

    scope: Literal["cross_region", "regional"] = "cross_region"
    public: bool = False
    paths: tuple[str, ...] | None = None
    port: Annotated[int, Between(1, 65535)] = 80
    addresses: Literal["named", "ephemeral"] = "named"
    regions: tuple[str, ...] = ()
    # Source of these five: CRD gcpbackendpolicies.networking.gke.io, spec.default.
    timeout_sec: Annotated[int, Between(1, 2147483647)] = 600
    draining_sec: Annotated[int, Between(0, 3600)] = 120
    max_utilization_percent: Annotated[int | None, Between(1, 100)] = None
    max_in_flight_requests: Annotated[int | None, Between(1, 2147483647)] = None
    log_sample_percent: Annotated[float, Between(LEAST_LOG_PERCENT, 100, or_zero=True)] = DEFAULT_LOG_SAMPLE_PERCENT
    log_fields: tuple[str, ...] = ()
    health_check: HealthCheckSpec = field(default_factory=HealthCheckSpec)
    tls: TlsSpec | None = None
    client_limits: ClientLimitsSpec | None = None
    model_armor: ModelArmorSpec | None = None
    apigee: ApigeeSpec | None = None
    iap: IapSpec | None = None
    body_routing: BodyRoutingSpec | None = None

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *_wrong_paths(self.paths), *_wrong_log_fields(self.log_fields)])

    @property
    def gateway_class(self) -> GatewayClass:
        """The class of its Gateways, which follows from `scope` and `public`."""
        return gateway_class(scope=self.scope, public=self.public)

    @property
    def serving_port(self) -> int:
        """The port that models are served at: of HTTPS where there is TLS."""
        return self.tls.port if self.tls else self.port

    @property
    def limits(self) -> ClientLimitsSpec | None:
        """Who may call and how often: what is given, the default for a public gateway, None where there is no limit."""
        given = self.client_limits or (ClientLimitsSpec() if self.public else None)
        return given if given and given.enabled else None


def _wrong_paths(paths: tuple[str, ...] | None) -> Iterator[str]:
    """Yield what is wrong with the prefixes of *paths* that clients may ask for, each of which is a rule of a route."""
    given = paths if isinstance(paths, tuple) else ()
    if isinstance(paths, tuple) and not 1 <= len(given) <= MOST_RULES:
        yield f"paths must have 1 to {MOST_RULES} prefixes, got {len(given)}"
    for path in given:
        yield from wrong_text("paths", path, PATH, "hold paths such as /v1, without a slash at the end")
    yield from (f"paths must name each path once, got '{path}' again" for path in sorted(_repeated(given)))


def _wrong_log_fields(fields: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the names of optional *fields* of log entries."""
    given = fields if isinstance(fields, tuple) else ()
    if len(given) > MOST_LOG_FIELDS:
        yield f"log_fields must be at most {MOST_LOG_FIELDS}, got {len(given)}"
    must = "hold names of 1 to 63 lower case letters, digits, -, _ and ., such as 'tls.cipher'"
    for name in given:
        yield from wrong_text("log_fields", name, LOG_FIELD, must)
    yield from (f"log_fields must name each field once, got '{name}' again" for name in sorted(_repeated(given)))


def _repeated(names: tuple[str, ...]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
