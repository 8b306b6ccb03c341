"""Rules about servers outside all clusters."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.rule import Rule


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


RULES = (
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
