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


RULES = (
    Rule(
        "LOG-FIELDS",
        "Optional fields of log entries are named only where requests are logged",
        "The load balancer takes them only with logging on.",
        "Compute API, BackendServiceLogConfig.optionalMode; CRD gcpbackendpolicies.networking.gke.io, logging",
        _fields,
    ),
)
