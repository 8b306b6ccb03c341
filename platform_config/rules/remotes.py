"""Rules about servers outside all clusters."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule

LOCAL_NAMES = ("localhost", "metadata", "metadata.google.internal", "metadata.goog")
LOCAL_ENDS = (".localhost", ".svc", ".svc.cluster.local", ".cluster.local", ".google.internal")
"""Names of a machine itself, of its metadata server, and of Services of the cluster."""


def _keys(config: Config) -> Iterator[Problem]:
    for key in config.remotes:
        if key in config.models:
            message = f"must be a key that no model has, got '{key}' in both"
            yield Problem(f"remotes.{key}", message, "rename the newer one")


def _addresses(config: Config) -> Iterator[Problem]:
    seen = {str(model.address): f"models.{key}" for key, model in config.models.items() if model.address}
    for key, remote in config.remotes.items():
        if other := seen.get(str(remote.address)):
            message = f"must differ from that of {other}: one of them would get no requests, got the same"
            yield Problem(f"remotes.{key}.address", message, f"write {{path: /{key}}}")
        seen.setdefault(str(remote.address), f"remotes.{key}")


def _discovery(config: Config) -> Iterator[Problem]:
    if config.remotes and not config.is_regional and not config.service_discovery:
        message = f"must be on for {', '.join(config.remotes)}, behind a multi-cluster Service, got false"
        yield Problem("service_discovery", message, "write true")


def _bodies(config: Config) -> Iterator[Problem]:
    routing = config.gateway.body_routing
    for key, remote in config.remotes.items() if routing else ():
        if not (remote.address.path or remote.address.host):
            message = "must have a path or a host beside gateway.body_routing, which writes headers itself, got neither"
            yield Problem(f"remotes.{key}.address", message, f"write {{path: /{key}}}")


def _endpoints(config: Config) -> Iterator[Problem]:
    """Refuse what is not a server of others: a machine's own addresses, the cluster's, and the platform itself."""
    own = {record.host for record in config.dns.records.values()} if config.dns else set()
    own |= set(config.gateway.tls.hosts if config.gateway.tls else ())
    own |= {model.address.host for model in config.models.values() if model.address and model.address.host}
    for key, remote in config.remotes.items():
        for index, endpoint in enumerate(remote.endpoints):
            path = f"remotes.{key}.endpoints[{index}]"
            if _is_local(endpoint):
                message = f"must be a server that is reached by the network, got {shown(endpoint)}"
                yield Problem(path, message, "write the address or the name of the server itself")
            elif endpoint.rstrip(".").lower() in own:
                message = f"must not lead back to the platform's own gateways, got {shown(endpoint)}"
                yield Problem(path, message, "write the name of the server itself")


def _is_local(endpoint: str) -> bool:
    name = endpoint.rstrip(".").lower()
    try:
        address = ip_address(name)
    except ValueError:
        return name in LOCAL_NAMES or name.endswith(LOCAL_ENDS)
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast


def _plain(config: Config) -> Iterator[Problem]:
    for key, remote in config.remotes.items():
        if remote.tls:
            continue
        public = [one for one in remote.endpoints if not _is_private(one)]
        if public:
            message = f"should be true for {', '.join(public)}: prompts would cross the internet in clear, got false"
            yield Problem(f"remotes.{key}.tls", message, "remove it, and give the server a certificate")


def _is_private(endpoint: str) -> bool:
    try:
        return ip_address(endpoint).is_private
    except ValueError:
        return endpoint.endswith((".internal", ".local", ".lan"))


RULES = (
    Rule(
        "REMOTE-LOCAL",
        "A remote is a server outside",
        "Clients would reach the metadata server of a node, or the proxy itself, or go in circles.",
        "Google, About VM metadata; OWASP, Server Side Request Forgery",
        _endpoints,
    ),
    Rule(
        "REMOTE-PLAIN",
        "A remote on the internet is asked by HTTPS",
        "Everybody on the way reads prompts and answers.",
        "by design",
        _plain,
        severity="warning",
    ),
    Rule(
        "REMOTE-KEY",
        "Models and remotes share one set of keys",
        "The names of their routes and policies begin with the key.",
        "by design",
        _keys,
    ),
    Rule(
        "REMOTE-ADDRESS",
        "Each remote has an address of its own",
        "Of two routes with the same match the older one gets all requests.",
        "Gateway API, HTTPRoute rules",
        _addresses,
    ),
    Rule(
        "REMOTE-DISCOVERY",
        "A remote of a cross-region gateway needs multi-cluster Services",
        "Without them no Service is imported, and the route stays without a backend.",
        "Google, Deploying multi-cluster Gateways",
        _discovery,
    ),
    Rule(
        "REMOTE-BODY",
        "Requests of a remote are known by their path or host where bodies are read",
        "A header of the client's may be replaced on the way.",
        "kubernetes-sigs/gateway-api-inference-extension, body-based routing",
        _bodies,
    ),
)
