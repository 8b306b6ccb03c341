"""Rules about how public addresses are asked whether they are up, and about certificates of DNS names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from constructs_lib.certificate_pem import covers
from constructs_lib.places import places
from platform_config.config import Config
from platform_config.dns_plan import (
    asks_endpoints,
    probe_port,
    probed_model,
    protocol,
    records,
    targets_of,
)
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule
from platform_config.stack_graph import dns_zone_name

POLICIES = "Google, DNS routing policies and health checks"
PROBERS = 3


def _check_settings(config: Config) -> Iterator[Problem]:
    if config.dns is None:
        return
    probe, path = config.dns.health_check, "dns.health_check"
    if probe.timeout_sec > probe.interval_sec:
        message = f"must not be more than interval_sec ({probe.interval_sec}), got {probe.timeout_sec}"
        yield Problem(f"{path}.timeout_sec", message, f"write {probe.interval_sec} or less")
    count = len(set(probe.source_regions))
    if count != PROBERS or len(probe.source_regions) != PROBERS:
        message = f"must be {PROBERS} different regions, got {', '.join(probe.source_regions) or 'none'}"
        yield Problem(f"{path}.source_regions", message, "write [us-east1, europe-west1, asia-southeast1]")
    for index, region in enumerate(probe.source_regions):
        if region not in places().regions and config.universe.api_domain == "googleapis.com":
            message = f"must be a region of Google Cloud, got {shown(region)}"
            yield Problem(f"{path}.source_regions[{index}]", message, "write one such as us-east1")


def _answered(config: Config) -> Iterator[Problem]:
    """Say what of the gateways would answer Google's probes with something else than 200."""
    if config.dns is None or protocol(config) == "TCP" or not config.gateway.gateway_class.public:
        return
    if not any(asks_endpoints(config, record) for _, record, _ in records(config)):
        return
    gateway = config.gateway
    asked = {
        "gateway.apigee": gateway.apigee is not None and gateway.apigee.enabled,
        "gateway.iap": gateway.iap is not None,
        "gateway.body_routing": gateway.body_routing is not None,
    }
    for setting in (setting for setting, there in asked.items() if there):
        message = f"must be TCP with {setting}, which answers a probe without a key or a body with an error, got "
        yield Problem("dns.health_check.protocol", message + protocol(config), "write protocol: TCP")
    limits = gateway.limits
    if limits is not None and limits.allowed_ranges:
        message = f"must be TCP with gateway.client_limits.allowed_ranges, which refuse probes, got {protocol(config)}"
        yield Problem("dns.health_check.protocol", message, "write protocol: TCP")


def _answers_ok(config: Config) -> Iterator[Problem]:
    """Say what of protocol and port the gateways would answer with a redirect, or not at all."""
    tls, dns = config.gateway.tls, config.dns
    asked = [targets_of(config, record) for _, record, _ in records(config) if asks_endpoints(config, record)]
    if dns is None or tls is None or not any(target.is_gateway for targets in asked for target in targets):
        return
    kind, port, path = protocol(config), probe_port(config), "dns.health_check"
    if kind == "HTTP" and port != config.gateway.serving_port:
        message = f"must be HTTPS, as the gateways: HTTP at port {port} is redirected or closed, got HTTP"
        yield Problem(f"{path}.protocol", message, "remove protocol and port")
    elif kind == "HTTP":
        message = f"must be HTTPS at port {port}, which has TLS, got HTTP"
        yield Problem(f"{path}.protocol", message, "remove protocol")
    elif kind == "HTTPS" and port == config.gateway.port:
        message = f"must be {config.gateway.serving_port}, which has TLS, got {port}"
        yield Problem(f"{path}.port", message, "remove port")


def _routed_host(config: Config) -> Iterator[Problem]:
    for path, record, dns in records(config):
        model = probed_model(config, record)
        wanted = model.spec.address.host if model and model.spec.address else None
        if wanted is None or not asks_endpoints(config, record) or protocol(config) == "TCP":
            continue
        sent = dns.health_check.host or record.host
        if sent != wanted:
            message = f"must be {wanted}, by which the gateways find {model.key if model else ''}, got {sent}"
            where = "dns.health_check.host" if dns.health_check.host else f"{path}.host"
            yield Problem(where, message, f"write dns.health_check.host: {wanted}")


def _covered(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    known = tls.known_hosts if tls else None
    for path, record, _ in records(config) if known else ():
        if not any(covers(name, record.host) for name in known or ()):
            message = f"should be a host that a certificate of gateway.tls is for ({', '.join(known or ())}), got "
            fix = "add it to gateway.tls.hosts" if tls and tls.hosts else "take a certificate that is for it too"
            yield Problem(f"{path}.host", message + shown(record.host), fix)


def _unnamed(config: Config) -> Iterator[Problem]:
    tls, dns = config.gateway.tls, config.dns
    if dns is None or tls is None:
        return
    named = Counter(record.host for record in dns.records.values())
    for index, host in enumerate(tls.hosts):
        if host.endswith(f".{dns.zone.domain}") and not host.startswith("*.") and not named[host]:
            message = f"should have a record in dns.records, or clients do not find the gateways, got none for {host}"
            yield Problem(f"gateway.tls.hosts[{index}]", message, f"add a record with host: {host}")


def _proven(config: Config) -> Iterator[Problem]:
    tls, dns = config.gateway.tls, config.dns
    if dns is None or tls is None or dns.zone.visibility != "public":
        return
    inside = [host for host in tls.hosts if host.endswith(f".{dns.zone.domain}")]
    zone = dns_zone_name(config)
    if inside and tls.dns_zone != zone:
        message = f"should be {zone}, where Google looks for the proof of {inside[0]}, got {tls.dns_zone or 'none'}"
        fix = f"write dns_zone: {zone}, unless the proof is written elsewhere"
        yield Problem("gateway.tls.dns_zone", message, fix)


RULES = (
    Rule(
        "DNS-PROOF",
        "The proof of a certificate's host is in the zone that has the host",
        "Google would wait for it, and the apply for Google.",
        "Google, Certificate Manager, DNS authorization",
        _proven,
        severity="warning",
    ),
    Rule(
        "DNS-CHECK",
        "Three regions ask, and each waits no longer than until it asks again",
        "The API takes exactly three.",
        "hashicorp/terraform-provider-google, google_compute_health_check, source_regions",
        _check_settings,
    ),
    Rule(
        "DNS-PROBE",
        "What stands before the models answers a probe with 200",
        "All gateways would count as down, and Cloud DNS would answer as if all were up.",
        POLICIES,
        _answered,
    ),
    Rule(
        "DNS-PROBE-TLS",
        "A probe asks where the gateways serve",
        "A redirect is no 200: all targets would count as down, and no name would fail over.",
        POLICIES,
        _answers_ok,
    ),
    Rule(
        "DNS-PROBE-HOST",
        "A probe sends the host by which the gateway finds the model",
        "It gets 404 for any other, and a gateway that serves counts as down.",
        "Gateway API, HTTPRoute hostnames",
        _routed_host,
    ),
    Rule(
        "DNS-TLS",
        "The host of a record is one that a certificate is for",
        "Clients refuse the certificate at that host.",
        "RFC 9110, section 4.3.4",
        _covered,
        severity="warning",
    ),
    Rule(
        "DNS-UNNAMED",
        "A host with a certificate in the zone has a record",
        "Nobody finds the gateways by it.",
        "by design",
        _unnamed,
        severity="warning",
    ),
)
