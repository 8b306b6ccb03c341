"""Who reaches the gateways, and how, as lines of the summary."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config

PLAIN = "whoever is on the network between clients and gateway can read prompts, answers and keys"


def gateway_summary(config: Config) -> Iterator[str]:
    """Yield what the gateways are, who reaches them, whether by HTTPS, and what stands before the models."""
    kind = config.gateway.gateway_class
    yield f"{kind.title[0].upper()}{kind.title[1:]} ({kind.name})."
    where = "The internet reaches the gateways" if kind.public else "Clients inside the VPC reach the gateways"
    where = where if config.is_regional else where.replace("gateways", "gateway")
    yield f"{where} by {_protocol(config)}."
    if guards := list(_guards(config)):
        yield f"Before the models: {'; '.join(guards)}."


def _protocol(config: Config) -> str:
    tls = config.gateway.tls
    if tls is None:
        return f"HTTP alone: {PLAIN}"
    hosts = f", for {', '.join(tls.known_hosts)}" if tls.known_hosts else ""
    version = f" with TLS {tls.min_version} or newer" if config.gateway.gateway_class.regional_certificates else ""
    return f"HTTPS{version}{hosts}; HTTP is {'redirected' if tls.redirect else 'closed'}"


def _guards(config: Config) -> Iterator[str]:
    limits = config.gateway.limits
    if limits is not None:
        ranges = f" of {', '.join(limits.allowed_ranges)}" if limits.allowed_ranges else ""
        preview = ", which is logged and not enforced" if limits.preview else ""
        yield (
            f"{limits.requests_per_minute} requests a minute for each client address{ranges}, of at most "
            f"{limits.max_body_mib} MiB{preview}"
        )
    if config.gateway.iap is not None:
        yield "Identity-Aware Proxy"
