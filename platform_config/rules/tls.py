"""Rules about HTTPS: where its certificates come from, what they are for, and its port."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.certificate_pem import certificate_hosts, covers, wrong_certificate
from constructs_lib.specs.tls import HTTPS_PORT
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.rule import Rule, models

MOST_CERTIFICATES = 100
NO_PUBLIC_DOMAINS = ("corp", "home", "internal", "intranet", "lan", "local", "localhost", "private", "test")
"""Last labels that public DNS does not have."""
SECURE = "Google, Secure a Gateway"
MANAGER = "Google, Certificate Manager overview"


def _certificate(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    if tls and not tls.ways:
        message = "must name a certificate for HTTPS, got none"
        fix = "write hosts: [llm.example.com], or one of certificates, certificate_pem and secret_name"
        yield Problem("gateway.tls", message, fix)


def _own_hosts(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    if not tls or not tls.certificate_pem:
        return
    # The spec refuses this too, unless it cannot look at its settings because another one is broken.
    if wrong := wrong_certificate(tls.certificate_pem):
        yield Problem("gateway.tls.certificate_pem", f"must {wrong}", "copy the whole file again")
    elif not certificate_hosts(tls.certificate_pem):
        message = "must be for at least one host name, as an alternative name of the first certificate, got none"
        yield Problem("gateway.tls.certificate_pem", message, "have it issued with subjectAltName, as DNS:<host>")


def _class(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    if tls is None or config.gateway.gateway_class.regional_certificates:
        return
    for way in tls.ways:
        if way != "secret_name":
            given = "a certificate" if way == "certificate_pem" else ", ".join(getattr(tls, way))
            message = f"must be left out for gateway.scope: cross_region, which takes a Secret alone, got {given}"
            fix = "write secret_name, or gateway.scope: regional"
            yield Problem(f"gateway.tls.{way}", message, fix)
    for setting, default in (("min_version", "1.2"), ("profile", "MODERN")):
        if (given := getattr(tls, setting)) != default:
            message = (
                f"must be left out for gateway.scope: cross_region, which takes no regional TLS policy, got {given}"
            )
            yield Problem(f"gateway.tls.{setting}", message, "remove it, or write gateway.scope: regional")


def _domains(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    for index, host in enumerate(tls.hosts if tls else ()):
        if (domain := host.rpartition(".")[2]) in NO_PUBLIC_DOMAINS:
            message = f"should be a host of public DNS, which Google asks, got '{host}': nobody owns .{domain} there"
            fix = "write certificates, certificate_pem or secret_name, with a certificate of your own authority"
            yield Problem(f"gateway.tls.hosts[{index}]", message, fix)


def _port(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    if tls and tls.redirect and tls.port == config.gateway.port:
        message = f"must be another port than gateway.port, which answers HTTP with the redirect, got {tls.port}"
        yield Problem("gateway.tls.port", message, f"write {HTTPS_PORT}, and gateway.port: 80; or redirect: false")


def _redirect(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    if tls and tls.redirect and tls.port != HTTPS_PORT:
        message = f"must be false where HTTPS has another port than {HTTPS_PORT}, got true with port {tls.port}"
        fix = f"write redirect: false, or port: {HTTPS_PORT}"
        yield Problem("gateway.tls.redirect", message, fix)


def _address(config: Config) -> Iterator[Problem]:
    tls, gateway = config.gateway.tls, config.gateway
    if tls and tls.redirect and gateway.gateway_class.multi_cluster and gateway.addresses == "named":
        message = "must be false for named addresses of gateway.scope: cross_region, which take one port each, got true"
        yield Problem("gateway.tls.redirect", message, "write redirect: false, which closes HTTP")


def _count(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    for setting in ("hosts", "certificates"):
        if tls and (count := len(getattr(tls, setting))) > MOST_CERTIFICATES:
            message = f"must name at most {MOST_CERTIFICATES}, got {count}"
            fix = "write *.example.com for all hosts one label below" if setting == "hosts" else "name fewer"
            yield Problem(f"gateway.tls.{setting}", message, fix)


def _covered(config: Config) -> Iterator[Problem]:
    tls = config.gateway.tls
    known = tls.known_hosts if tls else None
    for path, model in models(config) if known else ():
        host = model.spec.address.host if model.spec.address else None
        if host and not any(covers(name, host) for name in known or ()):
            message = (
                f"should be a host that a certificate of gateway.tls is for ({', '.join(known or ())}), got '{host}'"
            )
            fix = "add it to gateway.tls.hosts" if tls and tls.hosts else "take a certificate that is for it too"
            yield Problem(f"{path}.address.host", message, fix)


def _public(config: Config) -> Iterator[Problem]:
    if config.gateway.public and config.gateway.tls is None:
        message = (
            "should be given for a public gateway: prompts, answers and keys cross the internet as plain text, got none"
        )
        yield Problem("gateway.tls", message, "write hosts: [llm.example.com]")


RULES = (
    Rule(
        "TLS-CERTIFICATE",
        "HTTPS has a certificate",
        "HTTP would be redirected to a port at which nobody answers, and a listener without a certificate stops all of "
        "its Gateway.",
        SECURE,
        _certificate,
    ),
    Rule(
        "TLS-OWN-HOST",
        "A certificate of your own is for at least one host name",
        "Clients look at the alternative names alone, and would refuse it for every host.",
        "RFC 9110, section 4.3.4; RFC 5280, section 4.2.1.6",
        _own_hosts,
    ),
    Rule(
        "TLS-DOMAIN",
        "Google makes certificates for hosts of public DNS",
        "Its proof of the domain is read there: for any other host the certificate never becomes active.",
        f"{MANAGER}, domain authorization; ICANN, .INTERNAL; RFC 6761; RFC 6762",
        _domains,
        severity="warning",
    ),
    Rule(
        "TLS-CLASS",
        "The cross-region gateway takes its certificate from a Kubernetes Secret alone",
        "Certificates of Certificate Manager by name, and regional TLS policies, are documented for regional classes "
        "only.",
        f"{SECURE}; Google, GatewayClass capabilities",
        _class,
    ),
    Rule(
        "TLS-PORT",
        "HTTPS has another port than the redirect of HTTP",
        "Two listeners on one port would have two protocols, which the Gateway API refuses.",
        "CRD gateways.gateway.networking.k8s.io, spec.listeners",
        _port,
    ),
    Rule(
        "TLS-REDIRECT",
        "HTTP is only redirected to the port at which HTTPS is",
        "GKE's redirect names no port, so clients go to 443.",
        f"{SECURE}; Google, Deploying Gateways",
        _redirect,
    ),
    Rule(
        "TLS-ADDRESS",
        "A reserved address of the cross-region gateway has one port",
        "Two forwarding rules share an internal address only if it was reserved for that (SHARED_LOADBALANCER_VIP), as "
        "those of regional gateways are; another purpose would replace an address in use.",
        "Google, Set up HTTP-to-HTTPS redirect for internal Application Load Balancers",
        _address,
    ),
    Rule(
        "TLS-COUNT",
        "A gateway has at most 100 certificates",
        "The proxy of a regional load balancer takes no more.",
        f"{MANAGER}; Google, Quotas and limits of Certificate Manager",
        _count,
    ),
    Rule(
        "TLS-HOST",
        "The host of a model's address is one that a certificate is for",
        "Clients refuse the certificate at that host, or never reach the model by another.",
        "RFC 9110, section 4.3.4",
        _covered,
        severity="warning",
    ),
    Rule(
        "TLS-PUBLIC",
        "A public gateway has HTTPS",
        "Whoever is on the way reads prompts, answers and keys.",
        SECURE,
        _public,
        severity="warning",
    ),
)
