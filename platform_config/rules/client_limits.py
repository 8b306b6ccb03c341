"""Rules about who may call a gateway, and how often."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.rule import Rule


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


RULES = (
    Rule(
        "LIMIT-CLASS",
        "Only regional gateways have limits of clients",
        "Cloud Armor's list of load balancers has the regional internal one, and no cross-region internal one.",
        "Google, Cloud Armor security policy overview",
        _class,
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
