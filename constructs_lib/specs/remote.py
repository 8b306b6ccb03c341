"""A backend without a cluster: fixed addresses that the gateway reaches by a small proxy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_text
from constructs_lib.specs.model import HOST, AddressSpec

ENDPOINT = rf"(?!\d+(\.\d+)*$){HOST}|((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){{4}}"
"""A host name, or an IPv4 address."""
ADDRESS = r"\d+(\.\d+){3}"


@dataclass(frozen=True, kw_only=True)
class RemoteSpec:
    """
    Servers outside all clusters, such as machines on premises or the far end of an HTTP tunnel.

    A proxy in each cluster sends requests on: a Service without pods gives GKE's load balancers nothing to reach.

    Args:
        endpoints: Host names or IPv4 addresses, all of one kind; names are asked for again as they expire.
        address: Which requests of the gateway are theirs.
        port: Their port.
        tls: Whether they are asked by HTTPS; their certificate is checked.
        host: What is sent as `Host`, and the name of their certificate. Default: the first host name of `endpoints`.
        health_path: Path that answers 200 while they are up; the load balancer asks it through the proxy.
        max_in_flight_requests: How many requests one proxy has at once before a cross-region gateway asks another
            region, 1 and up.
        replicas: Proxies in each region.
        image: Image of Envoy.
    """

    endpoints: tuple[str, ...]
    address: AddressSpec
    port: Annotated[int, Between(1, 65535)] = 443
    tls: bool = True
    host: str | None = None
    health_path: str = "/health"
    max_in_flight_requests: Annotated[int, Between(1, 2147483647)] = 100
    replicas: Annotated[int, Between(1, 100)] = 2
    image: str = "docker.io/envoyproxy/envoy:distroless-v1.36.2"

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *self._wrong_texts(), *self._wrong_endpoints()])

    @property
    def by_name(self) -> bool:
        """Whether the endpoints are host names."""
        return any(_is_name(endpoint) for endpoint in self.endpoints)

    @property
    def sent_host(self) -> str | None:
        """What is sent as `Host`; None for what the client sent."""
        return self.host or next((endpoint for endpoint in self.endpoints if _is_name(endpoint)), None)

    def _wrong_texts(self) -> Iterator[str]:
        must = "be a host name such as farm.example.com"
        yield from wrong_text("host", self.host, HOST, must)
        yield from wrong_text("health_path", self.health_path, r"/[^\s?#]*", "begin with '/'")
        for endpoint in self.endpoints if isinstance(self.endpoints, tuple) else ():
            must = "hold host names or IPv4 addresses, without scheme, port or path"
            yield from wrong_text("endpoints", endpoint, ENDPOINT, must)

    def _wrong_endpoints(self) -> Iterator[str]:
        given = self.endpoints if isinstance(self.endpoints, tuple) else ()
        if isinstance(self.endpoints, tuple) and not given:
            yield "endpoints must name at least one, got none"
        if len({_is_name(endpoint) for endpoint in given}) > 1:
            yield f"endpoints must be all host names or all addresses, got {', '.join(given)}"
        if self.tls and given and not self.by_name and self.host is None:
            yield "host must be given for addresses behind TLS: their certificate is checked for it, got none"


def _is_name(endpoint: str) -> bool:
    return not all(part.isdigit() for part in str(endpoint).split("."))
