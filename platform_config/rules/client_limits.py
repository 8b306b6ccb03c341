"""Rules about who may call a gateway, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule

EXAMPLE_RANGE = "203.0.113.0/24"
PRIVATE_RANGES = tuple(
    map(
        IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")
    )
)
"""Sources: RFC 1918, RFC 6598, RFC 1122, RFC 3927."""


def _class(config: Config) -> Iterator[Problem]:
    limits = config.gateway.client_limits
    if limits and limits.enabled and not config.gateway.gateway_class.cloud_armor:
        message = "must be left out for gateway.scope: cross_region, whose load balancer takes no such policy, got some"
        yield Problem("gateway.client_limits", message, "remove it, or write gateway.scope: regional")


def _off(config: Config) -> Iterator[Problem]:
    if config.gateway.public and config.gateway.limits is None:
        message = "should be true for a public gateway: any address may send any number of requests, got false"
        yield Problem("gateway.client_limits.enabled", message, "remove it, or raise requests_per_minute")


def _preview(config: Config) -> Iterator[Problem]:
    limits = config.gateway.limits
    if limits and limits.preview and config.gateway.public:
        message = "should be false once its logs show that no client of yours is refused: nothing is limited, got true"
        yield Problem("gateway.client_limits.preview", message, "remove it when you have looked at the logs")


def _reachable(config: Config) -> Iterator[Problem]:
    limits = config.gateway.limits
    for index, text in enumerate(limits.allowed_ranges if limits and config.gateway.public else ()):
        network, path = ip_network(text), f"gateway.client_limits.allowed_ranges[{index}]"
        if network.version == 6:
            message = f"must be a range of IPv4, as the gateway's address is, got {shown(text)}: no client would match"
            yield Problem(path, message, f"write the clients' ranges of IPv4, such as {EXAMPLE_RANGE}")
        elif any(network.subnet_of(private) for private in PRIVATE_RANGES):
            message = f"must be a range of the internet for a public gateway, got the private {shown(text)}"
            fix = f"write the clients' ranges behind their NAT, such as {EXAMPLE_RANGE}, or remove public: true"
            yield Problem(path, message, fix)


def _all(config: Config) -> Iterator[Problem]:
    limits = config.gateway.limits
    for index, text in enumerate(limits.allowed_ranges if limits else ()):
        if ip_network(text).prefixlen == 0:
            message = f"should be a range of your clients, got {shown(text)}: every address is in it"
            yield Problem(
                f"gateway.client_limits.allowed_ranges[{index}]", message, "remove allowed_ranges, or narrow it"
            )


RULES = (
    Rule(
        "LIMIT-CLASS",
        "Only regional gateways have limits of clients",
        "Cloud Armor's list of load balancers has the regional internal one, and no cross-region internal one.",
        "Google, Cloud Armor security policy overview",
        _class,
    ),
    Rule(
        "LIMIT-RANGE",
        "The clients of a public gateway come from IPv4 addresses of the internet",
        "Its address is one of IPv4, and nobody calls it from a private one: all others are answered with 403.",
        "RFC 1918; RFC 6598; Google, Cloud Armor security policy overview",
        _reachable,
    ),
    Rule(
        "LIMIT-ALL",
        "`allowed_ranges` leaves somebody out",
        "A range of every address reads like a limit, and is none.",
        "Google, Cloud Armor security policy overview",
        _all,
        severity="warning",
    ),
    Rule(
        "LIMIT-OFF",
        "A public gateway limits its clients",
        "One client can take all servers of a region, and pay for it with nothing.",
        "Google, Cloud Armor rate limiting overview",
        _off,
        severity="warning",
    ),
    Rule(
        "LIMIT-PREVIEW",
        "The limits of a public gateway are in force",
        "A rule in preview is logged, and refuses nothing.",
        "Google, Cloud Armor security policy overview, preview mode",
        _preview,
        severity="warning",
    ),
)
