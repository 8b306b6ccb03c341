"""Rules about what is logged of requests, and what is counted in the logs."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.specs.gateway import DEFAULT_LOG_SAMPLE_PERCENT
from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.rule import Rule


def _fields(config: Config) -> Iterator[Problem]:
    gateway = config.gateway
    if gateway.log_fields and gateway.log_sample_percent == 0:
        message = (
            f"must be left out where gateway.log_sample_percent is 0, since nothing is logged, "
            f"got {len(gateway.log_fields)}"
        )
        fix = f"remove the line, or write gateway.log_sample_percent: {DEFAULT_LOG_SAMPLE_PERCENT}"
        yield Problem("gateway.log_fields", message, fix)


def _unlogged(config: Config) -> Iterator[Problem]:
    if config.observability.log_metrics and config.gateway.log_sample_percent == 0:
        message = (
            "should be above 0 where observability.log_metrics counts errors of the load balancer, since requests "
            "that reached a server are then in no log, got 0"
        )
        fix = f"write {DEFAULT_LOG_SAMPLE_PERCENT}, or observability.log_metrics: false"
        yield Problem("gateway.log_sample_percent", message, fix)


RULES = (
    Rule(
        "LOG-FIELDS",
        "Optional fields of log entries are named only where requests are logged",
        "The load balancer takes them only with logging on.",
        "Compute API, BackendServiceLogConfig.optionalMode; CRD gcpbackendpolicies.networking.gke.io, logging",
        _fields,
    ),
    Rule(
        "LOG-METRIC",
        "Errors are counted in logs only where requests are logged",
        "The metric stays empty but for requests that reached no server, and its alert silent.",
        "Google, Internal Application Load Balancer logging and monitoring, sampling",
        _unlogged,
        severity="warning",
    ),
)
