"""One model of a platform: what is served, by which server, where, and how clients reach it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from constructs_lib.specs.autoscaling import AutoscalingSpec
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text
from constructs_lib.specs.objectives import ObjectivesSpec
from constructs_lib.specs.serving import InferencePoolSpec, ServerSpec
from constructs_lib.specs.weights import WeightsSpec

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
PATH, HOST = r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+", rf"{_LABEL}(\.{_LABEL})*"


@dataclass(frozen=True, kw_only=True)
class AddressSpec:
    """
    Which requests of the gateway are a model's: those that fit all that is given.

    Args:
        path: Prefix of the path, such as `/gemma`; the server gets the path without it.
        host: Host name that clients send, such as `gemma.example.com`, or `gemma` of a private zone.
        headers: Headers with the exact value that each must have.
    """

    path: str | None = None
    host: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        must = "read like /gemma, without a slash at the end"
        path = wrong_text("path", self.path, PATH, must, _write(PATH, _plain_path(self.path)))
        must = "be one host name such as gemma.example.com, without scheme, port or *"
        host = wrong_text("host", self.host, HOST, must, _write(HOST, _plain_host(self.host)))
        refuse([*wrong_settings(self), *path, *host])
        if not (self.path or self.host or self.headers):
            raise ValueError("give at least one of path, host and headers, got none")


def _write(pattern: str, text: str) -> str:
    return f"write {text}" if re.fullmatch(pattern, text) else ""


def _plain_path(text: object) -> str:
    return "/" + "/".join(part for part in str(text).strip().split("/") if part)


def _plain_host(text: object) -> str:
    """Return the host alone, without the scheme and port of a URL; one of its host names for a wildcard."""
    return re.sub(r"^[a-z]+://|[:/].*$", "", str(text).strip().lower()).removesuffix(".").replace("*", "gemma")


@dataclass(frozen=True, kw_only=True)
class TrafficSpec:
    """
    How the load balancer treats one model where it differs from `gateway`.

    Args:
        timeout_sec: Longest request in seconds. Default: `gateway.timeout_sec`.
        max_utilization_percent: KV-cache fill at which requests spill over to the next region, 1 to 100.
        max_in_flight_requests: How many requests one server has at once before others spill over, 1 and up.
        max_requests_per_second: How many requests a second one server gets before others spill over, 1 and up.
    """

    timeout_sec: Annotated[int | None, Between(1, 2147483647)] = None
    max_utilization_percent: Annotated[int | None, Between(1, 100)] = None
    max_in_flight_requests: Annotated[int | None, Between(1, 2147483647)] = None
    # Source: CRD gcpbackendpolicies.networking.gke.io, spec.default.maxRatePerEndpoint.
    max_requests_per_second: Annotated[int | None, Between(1, 1_000_000_000)] = None

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))

    @property
    def limits(self) -> list[str]:
        """The settings that say when a region is full, of those that are given."""
        names = ("max_utilization_percent", "max_in_flight_requests", "max_requests_per_second")
        return [name for name in names if getattr(self, name) is not None]


@dataclass(frozen=True, kw_only=True)
class CanarySpec:
    """
    Another model that answers a part of this one's requests.

    Args:
        model: Key of the other model.
        percent: Share of the requests that it gets, 0 to 100.
    """

    model: str
    percent: Annotated[int, Between(0, 100)]

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """
    One model: its weights and server, where it runs, how it scales, and which requests are its own.

    Args:
        server: The servers that serve it.
        weights: Where its weights come from. Default: none, for a `custom` server whose image brings them.
        served_name: The name that clients send as `model`. Default: the last part of the repository; for weights from
            elsewhere the model's key.
        node_pools: Keys of the pools that it runs on; with several, they are tried in this order when the first has no
            machines. Several models may name one pool. A region uses those that it has. Default: the only pool.
        migrate_back: Moves pods back to an earlier pool when there are machines again; running requests drain.
        regions: Keys of the regions that serve it. Default: all.
        replicas: Pods in each region. Default: as many as the pool holds. Not together with `autoscaling`.
        autoscaling: Lets the number of servers follow the load. Default: a fixed number.
        inference_pool: Pool and endpoint picker of each cluster, in place of those that all models have.
        priorities: Priority of requests by what they send as `x-gateway-inference-objective`; higher goes first when
            the pool is full. Default: `<key>-server-objective` with priority 10.
        objectives: What you promise to its users: alerts follow it, and a drill fails where it is missed.
        address: Which requests are its own. Default: all, for the only model.
        traffic: How the load balancer treats it where it differs from `gateway`.
        canary: Another model that answers a part of its requests.
        drain: Takes the model out of the gateway while its servers run on: the step before its removal.
    """

    server: ServerSpec
    weights: WeightsSpec | None = None
    served_name: str | None = None
    node_pools: tuple[str, ...] = ()
    migrate_back: bool = False
    regions: tuple[str, ...] = ()
    replicas: Annotated[int | None, Between(0, 10_000)] = None
    autoscaling: AutoscalingSpec | None = None
    inference_pool: InferencePoolSpec | None = None
    priorities: dict[str, int] = field(default_factory=dict)
    objectives: ObjectivesSpec = field(default_factory=ObjectivesSpec)
    address: AddressSpec | None = None
    traffic: TrafficSpec = field(default_factory=TrafficSpec)
    canary: CanarySpec | None = None
    drain: bool = False

    def __post_init__(self) -> None:
        refuse(wrong_settings(self))
