"""Rules about the zone of DNS names: who sees it, and which addresses and keys it may lead to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from platform_config.config import Config
from platform_config.dns_plan import (
    known_targets,
    records,
)
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule

POLICIES = "Google, DNS routing policies and health checks"
CONFIGURE = "Google, Configure DNS routing policies"
PROVIDER = "hashicorp/terraform-provider-google 7.45.0"


def _zone_name(config: Config) -> Iterator[Problem]:
    zone = config.dns.zone if config.dns else None
    if zone and zone.existing and zone.name is None:
        fix = "write the name that `gcloud dns managed-zones list` shows"
        yield Problem("dns.zone.name", "must be given for a zone that exists, got none", fix)


def _kinds(config: Config) -> Iterator[Problem]:
    if config.dns is None:
        return
    private = config.dns.zone.visibility == "private"
    public = config.gateway.gateway_class.public
    if private and public:
        message = "must be public for gateway.public: true, whose addresses a private zone cannot check, got private"
        yield Problem("dns.zone.visibility", message, "write visibility: public")
    if not private and not public and any(one.is_gateway for one in known_targets(config).values()):
        message = "must be private for gateways inside the VPC, which a public zone cannot check, got public"
        fix = "write visibility: private; or gateway.scope: regional and gateway.public: true"
        yield Problem("dns.zone.visibility", message, fix)
    for path, given in _addresses(config) if private else ():
        message = f"must be left out for a private zone, which checks internal load balancers alone, got {given}"
        yield Problem(path, message, "write dns.zone.visibility: public, and gateway.public: true")


def _addresses(config: Config) -> Iterator[tuple[str, str]]:
    """Yield path and text of each public address that a name may lead to."""
    for key, endpoint in (config.dns.external_endpoints if config.dns else {}).items():
        yield f"dns.external_endpoints.{key}.address", endpoint.address
    for key, cluster in config.outside.items():
        if cluster.address is not None:
            yield f"outside.{key}.address", cluster.address


def _public_addresses(config: Config) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, given in _addresses(config):
        if config.dns and config.dns.zone.visibility == "public" and not _is_global(given):
            message = f"must be an address of the internet, which Google can ask, got {given}"
            yield Problem(path, message, "write the address that clients outside reach")
        if given in seen:
            yield Problem(path, f"must differ from {seen[given]}, got {given} in both", "remove one of the two")
        seen.setdefault(given, path)


def _is_global(address: str) -> bool:
    """Return whether *address* is one of the internet; addresses of documentation stand for such in examples."""
    parsed = ipaddress.ip_address(address)
    examples = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    return parsed.is_global or any(parsed in ipaddress.ip_network(known) for known in examples)


def _keys(config: Config) -> Iterator[Problem]:
    given: dict[str, Mapping[str, Any]] = {"regions": config.regions, "outside": config.outside}
    given["dns.external_endpoints"] = config.dns.external_endpoints if config.dns else {}
    seen: dict[str, str] = {}
    for section, keys in given.items():
        for key in keys:
            if key in seen:
                message = f"must be a key that {seen[key]} does not have, got '{key}' in both"
                yield Problem(f"{section}.{key}", message, "choose another key for the newer one")
            seen.setdefault(key, section)


def _named(config: Config) -> Iterator[Problem]:
    if config.dns and config.dns.records and config.gateway.addresses != "named":
        message = "must be named for dns.records, which lead to addresses that outlive a gateway, got ephemeral"
        yield Problem("gateway.addresses", message, "write addresses: named, or remove the line")


def _hosts(config: Config) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, record, dns in records(config):
        domain, host = dns.zone.domain, record.host
        if host != domain and not host.endswith(f".{domain}"):
            fix = f"write {host.split('.')[0]}.{domain}"
            yield Problem(f"{path}.host", f"must be a name of the zone {domain}, got {shown(host)}", fix)
        sub = config.external_dns.subdomain if config.external_dns else None
        if sub and (host == f"{sub}.{domain}" or host.endswith(f".{sub}.{domain}")):
            message = f"must not be below {sub}.{domain}, which is a zone of ExternalDNS alone, got {shown(host)}"
            name = host.split(".")[0]
            rename = "rename external_dns.subdomain" if name == sub else f"write {name}.{domain}"
            yield Problem(f"{path}.host", message, rename)
        if host in seen:
            message = f"must differ from that of {seen[host]}, got {shown(host)} in both"
            yield Problem(f"{path}.host", message, "make one record of the two, or choose another name")
        seen.setdefault(host, path)


RULES = (
    Rule(
        "DNS-ZONE",
        "A zone that exists is named",
        "The platform would look for a zone with a name that it would have given itself.",
        "by design",
        _zone_name,
    ),
    Rule(
        "DNS-KIND",
        "A private zone leads to internal gateways, a public one to public addresses",
        "Cloud DNS checks internal load balancers in private zones alone, and public addresses in public zones; others "
        "would be answered although they are down, or are refused (internalLoadBalancerDisallowedInPublicZone).",
        f"{POLICIES}; hashicorp/terraform-provider-google#13269",
        _kinds,
    ),
    Rule(
        "DNS-PUBLIC-ADDRESS",
        "What Google asks is an address of the internet, each once",
        "Its probers reach no private address: the target would never be up.",
        CONFIGURE,
        _public_addresses,
    ),
    Rule(
        "DNS-KEY",
        "Regions, clusters outside and external endpoints share one set of keys",
        "A record names its targets by their keys.",
        "by design",
        _keys,
    ),
    Rule(
        "DNS-NAMED",
        "Records lead to reserved addresses",
        "An address that Google chose goes with its gateway, and the record would lead to somebody else's.",
        "by design",
        _named,
    ),
    Rule(
        "DNS-HOST",
        "Each record has a name of its own in the zone",
        "Creating a record replaces one of that name that is there.",
        f"{PROVIDER}, resource_dns_record_set.go",
        _hosts,
    ),
)
