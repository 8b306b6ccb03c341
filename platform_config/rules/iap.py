"""Rules about Identity-Aware Proxy in front of the models."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.rule import Rule


def _class(config: Config) -> Iterator[Problem]:
    if config.gateway.iap and not config.gateway.gateway_class.iap:
        message = (
            "must be left out for gateway.scope: cross_region, for whose load balancer it is not documented, got one"
        )
        yield Problem("gateway.iap", message, "remove it, or write gateway.scope: regional")


def _tls(config: Config) -> Iterator[Problem]:
    if config.gateway.iap and config.gateway.tls is None:
        message = "must stand beside gateway.tls: clients send their tokens by HTTPS alone, got HTTP"
        yield Problem("gateway.iap", message, "write gateway.tls with hosts: [llm.example.com], or remove it")


RULES = (
    Rule(
        "IAP-CLASS",
        "Only regional gateways ask for a Google identity",
        "Identity-Aware Proxy is documented for global and for regional backend services; those of the cross-region "
        "internal load balancer are neither in its list nor in Terraform's.",
        "Google, Setting up an external Application Load Balancer with IAP; hashicorp/terraform-provider-google, "
        "google_iap_web_region_backend_service_iam",
        _class,
    ),
    Rule(
        "IAP-TLS",
        "Identity-Aware Proxy stands behind HTTPS",
        "A token on plain HTTP can be read and sent again by whoever is on the way.",
        "Google, Identity-Aware Proxy overview; Google, Secure a Gateway",
        _tls,
    ),
)
