"""Cases of the rules about HTTPS, limits of clients and Identity-Aware Proxy."""

from __future__ import annotations

from typing import Any

from tests.certificates import NAMELESS, OWN
from tests.configs import REGIONAL
from tests.platform_config.rules.case import Case, Changes, More

PUBLIC: Changes = {**REGIONAL, "gateway__public": True}
IAP = {"client_id": "123-abc.apps.googleusercontent.com", "secret_name": "iap"}


def tls(base: Changes = REGIONAL, **settings: Any) -> Changes:
    """Return changes that give the gateways of *base* HTTPS, by a Secret where *settings* name no other way."""
    ways = {"hosts", "certificates", "certificate_pem", "secret_name"}
    given = settings if ways & settings.keys() else {"secret_name": "tls", **settings}
    return {**base, "gateway__tls": given}


def own(pem: str) -> Changes:
    """Return changes that give regional gateways a certificate of one's own."""
    return tls(certificate_pem=pem, private_key_secret="key")


CASES: dict[str, Case] = {
    "TLS-CERTIFICATE": Case(
        tls(hosts=["llm.example.com"]),
        {**REGIONAL, "gateway__tls": {"redirect": True}},
        "gateway.tls: must name a certificate for HTTPS, got none"
        " -> write hosts: [llm.example.com], or one of certificates, certificate_pem and secret_name",
    ),
    "TLS-OWN-HOST": Case(
        own(OWN),
        own(NAMELESS),
        "gateway.tls.certificate_pem: must be for at least one host name, as an alternative name of the first "
        "certificate, got none -> have it issued with subjectAltName, as DNS:<host>",
    ),
    "TLS-DOMAIN": Case(
        tls(hosts=["local.example.com"]),
        tls(hosts=["llm.example.com", "llm.internal", "*.prod.lan"]),
        [
            "gateway.tls.hosts[1]: should be a host of public DNS, which Google asks, got 'llm.internal': nobody owns "
            ".internal there -> write certificates, certificate_pem or secret_name, with a certificate of your own "
            "authority",
            "gateway.tls.hosts[2]: should be a host of public DNS, which Google asks, got '*.prod.lan': nobody owns "
            ".lan there -> write certificates, certificate_pem or secret_name, with a certificate of your own "
            "authority",
        ],
    ),
    "TLS-CLASS": Case(
        tls({}),
        tls({}, hosts=["llm.example.com"]),
        "gateway.tls.hosts: must be left out for gateway.scope: cross_region, which takes a Secret alone, got "
        "llm.example.com -> write secret_name, or gateway.scope: regional",
    ),
    "TLS-PORT": Case(
        tls(port=443, redirect=False),
        {**tls(), "gateway__port": 443},
        "gateway.tls.port: must be another port than gateway.port, which answers HTTP with the redirect, got 443"
        " -> write 443, and gateway.port: 80; or redirect: false",
    ),
    "TLS-REDIRECT": Case(
        tls(port=8443, redirect=False),
        tls(port=8443),
        "gateway.tls.redirect: must be false where HTTPS has another port than 443, got true with port 8443"
        " -> write redirect: false, or port: 443",
    ),
    "TLS-ADDRESS": Case(
        tls({}, redirect=False),
        tls({}),
        "gateway.tls.redirect: must be false for named addresses of gateway.scope: cross_region, which take one port "
        "each, got true -> write redirect: false, which closes HTTP",
    ),
    "TLS-COUNT": Case(
        tls(hosts=[f"h{number}.example.com" for number in range(100)]),
        tls(hosts=[f"h{number}.example.com" for number in range(101)]),
        "gateway.tls.hosts: must name at most 100, got 101 -> write *.example.com for all hosts one label below",
    ),
    "TLS-HOST": Case(
        {**tls(hosts=["*.example.com"]), "models__gemma__address": {"host": "gemma.example.com"}},
        {**tls(hosts=["*.example.com"]), "models__gemma__address": {"host": "gemma.llm.example.com"}},
        "models.gemma.address.host: should be a host that a certificate of gateway.tls is for (*.example.com), got "
        "'gemma.llm.example.com' -> add it to gateway.tls.hosts",
    ),
    "TLS-PUBLIC": Case(
        tls(PUBLIC),
        PUBLIC,
        "gateway.tls: should be given for a public gateway: prompts, answers and keys cross the internet as plain "
        "text, got none -> write hosts: [llm.example.com]",
    ),
    "LIMIT-CLASS": Case(
        {**REGIONAL, "gateway__client_limits": {}},
        {"gateway__client_limits": {}},
        "gateway.client_limits: must be left out for gateway.scope: cross_region, whose load balancer takes no such "
        "policy, got some -> remove it, or write gateway.scope: regional",
    ),
    "LIMIT-RANGE": Case(
        {**PUBLIC, "gateway__client_limits": {"allowed_ranges": ["203.0.113.0/24"]}},
        {**PUBLIC, "gateway__client_limits": {"allowed_ranges": ["203.0.113.0/24", "2001:db8::/32", "10.1.0.0/16"]}},
        [
            "gateway.client_limits.allowed_ranges[1]: must be a range of IPv4, as the gateway's address is, got "
            "'2001:db8::/32': no client would match -> write the clients' ranges of IPv4, such as 203.0.113.0/24",
            "gateway.client_limits.allowed_ranges[2]: must be a range of the internet for a public gateway, got the "
            "private '10.1.0.0/16' -> write the clients' ranges behind their NAT, such as 203.0.113.0/24, or remove "
            "public: true",
        ],
    ),
    "LIMIT-ALL": Case(
        {**REGIONAL, "gateway__client_limits": {"allowed_ranges": ["10.0.0.0/8"]}},
        {**PUBLIC, "gateway__client_limits": {"allowed_ranges": ["0.0.0.0/0"]}},
        "gateway.client_limits.allowed_ranges[0]: should be a range of your clients, got '0.0.0.0/0': every address is "
        "in it -> remove allowed_ranges, or narrow it",
    ),
    "LIMIT-OFF": Case(
        PUBLIC,
        {**PUBLIC, "gateway__client_limits": {"enabled": False}},
        "gateway.client_limits.enabled: should be true for a public gateway: any address may send any number of "
        "requests, got false -> remove it, or raise requests_per_minute",
    ),
    "LIMIT-PREVIEW": Case(
        {**REGIONAL, "gateway__client_limits": {"preview": True}},
        {**PUBLIC, "gateway__client_limits": {"preview": True}},
        "gateway.client_limits.preview: should be false once its logs show that no client of yours is refused: nothing "
        "is limited, got true -> remove it when you have looked at the logs",
    ),
    "IAP-CLASS": Case(
        {**tls(), "gateway__iap": IAP},
        {**tls({}), "gateway__iap": IAP},
        "gateway.iap: must be left out for gateway.scope: cross_region, for whose load balancer it is not documented, "
        "got one -> remove it, or write gateway.scope: regional",
    ),
    "IAP-TLS": Case(
        {**tls(), "gateway__iap": IAP},
        {**REGIONAL, "gateway__iap": IAP},
        "gateway.iap: must stand beside gateway.tls: clients send their tokens by HTTPS alone, got HTTP"
        " -> write gateway.tls with hosts: [llm.example.com], or remove it",
    ),
}

_CLASS = "must be left out for gateway.scope: cross_region, which"
_SECRET = f"{_CLASS} takes a Secret alone, got"
_INSTEAD = " -> write secret_name, or gateway.scope: regional"
_POLICY = f"{_CLASS} takes no regional TLS policy, got"
MORE: dict[str, More] = {
    "private clients of an internal gateway": (
        "LIMIT-RANGE", {**REGIONAL, "gateway__client_limits": {"allowed_ranges": ["10.0.0.0/8"]}}, [],
    ),
    "limits that are off keep nobody out": (
        "LIMIT-RANGE",
        {**PUBLIC, "gateway__client_limits": {"enabled": False, "allowed_ranges": ["::/0"]}},
        [],
    ),
    "certificates by name, across regions": (
        "TLS-CLASS", tls({}, certificates=["llm"]), [f"gateway.tls.certificates: {_SECRET} llm{_INSTEAD}"],
    ),
    "a certificate of one's own, across regions": (
        "TLS-CLASS",
        tls({}, certificate_pem=OWN, private_key_secret="key"),
        [f"gateway.tls.certificate_pem: {_SECRET} a certificate{_INSTEAD}"],
    ),
    "a TLS policy, across regions": (
        "TLS-CLASS",
        tls({}, min_version="1.3", profile="RESTRICTED"),
        [
            f"gateway.tls.min_version: {_POLICY} 1.3 -> remove it, or write gateway.scope: regional",
            f"gateway.tls.profile: {_POLICY} RESTRICTED -> remove it, or write gateway.scope: regional",
        ],
    ),
    "an address of the region's own, for both ports": ("TLS-ADDRESS", tls(), []),
    "an address that Google chooses": ("TLS-ADDRESS", {**tls({}), "gateway__addresses": "ephemeral"}, []),
    "limits that are off, across regions": ("LIMIT-CLASS", {"gateway__client_limits": {"enabled": False}}, []),
    "more certificates by name than a proxy takes": (
        "TLS-COUNT",
        tls(certificates=[f"c{number}" for number in range(101)]),
        ["gateway.tls.certificates: must name at most 100, got 101 -> name fewer"],
    ),
    "a host that one's own certificate is not for": (
        "TLS-HOST",
        {**own(OWN), "models__gemma__address": {"host": "gemma"}},
        [
            "models.gemma.address.host: should be a host that a certificate of gateway.tls is for (llm.example.com, "
            "*.example.org), got 'gemma' -> take a certificate that is for it too",
        ],
    ),
    "a host of certificates that only Google knows": (
        "TLS-HOST", {**tls(certificates=["llm"]), "models__gemma__address": {"host": "gemma"}}, [],
    ),
}  # fmt: skip
