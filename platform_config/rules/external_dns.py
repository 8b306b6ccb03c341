"""Rules about ExternalDNS: which zone it may write to."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule


def _zone(config: Config) -> Iterator[Problem]:
    if config.external_dns is not None and config.dns is None:
        message = "must stand beside dns, below whose zone its own is, got no dns"
        yield Problem("external_dns", message, "write dns: {zone: {domain: ai.example.com}}")


def _outside(config: Config) -> Iterator[Problem]:
    zone = config.dns.zone.domain if config.dns else None
    hosts = [record.host for record in config.dns.records.values()] if config.dns else []
    for key, cluster in config.outside.items():
        given = cluster.external_dns
        if given is None:
            continue
        path = f"outside.{key}.external_dns.domain"
        if zone is not None and given.domain == zone:
            message = f"must end below {zone}, whose records with a policy it would fail at, got {shown(given.domain)}"
            yield Problem(path, message, f"write {key}.{zone}")
        for host in hosts:
            if host == given.domain or host.endswith(f".{given.domain}"):
                message = f"must not hold {host}, whose record has a policy, got {shown(given.domain)}"
                yield Problem(path, message, f"write apps.{given.domain}")


RULES = (
    Rule(
        "EXT-DNS-ZONE",
        "ExternalDNS writes to a zone of its own, below that of the platform",
        "It knows no routing policy: at a record that has one all its changes fail.",
        "kubernetes-sigs/external-dns#5129",
        _zone,
    ),
    Rule(
        "EXT-DNS-FILTER",
        "What it may write to outside holds no record with a routing policy",
        "It would fail at it, and write none of its other names.",
        "kubernetes-sigs/external-dns#5129",
        _outside,
    ),
)
