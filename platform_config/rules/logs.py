"""Rules about what is logged of requests, and what is counted in the logs."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.specs.gateway import DEFAULT_LOG_SAMPLE_PERCENT
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.rules.rule import Rule

FIELDS = ("orca_load_report", "tls.protocol", "tls.cipher")
FAMILIES = ("orca_load_report.", "mtls.")
"""Optional fields of log entries, and how the names of others begin."""
LOGGING = "Google, Internal Application Load Balancer logging and monitoring"


def _fields(config: Config) -> Iterator[Problem]:
    gateway = config.gateway
    if gateway.log_fields and gateway.log_sample_percent == 0:
        message = (
            f"must be left out where gateway.log_sample_percent is 0, since nothing is logged, "
            f"got {len(gateway.log_fields)}"
        )
        fix = f"remove the line, or write gateway.log_sample_percent: {DEFAULT_LOG_SAMPLE_PERCENT}"
        yield Problem("gateway.log_fields", message, fix)


def _names(config: Config) -> Iterator[Problem]:
    for index, name in enumerate(config.gateway.log_fields):
        if name not in FIELDS and not name.startswith(FAMILIES):
            message = f"should be a field that Google documents, got {shown(name)}"
            fix = nearest("orca_load_report" if name.startswith("orca") else name, FIELDS)
            yield Problem(f"gateway.log_fields[{index}]", message, fix)


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
        "LOG-NAMES",
        "Optional fields of log entries are named as Google documents them",
        "A name that the load balancer refuses may keep the whole policy away, with time-out, draining and balancing.",
        f"{LOGGING}, optional fields",
        _names,
        severity="warning",
    ),
    Rule(
        "LOG-METRIC",
        "Errors are counted in logs only where requests are logged",
        "The metric stays empty but for requests that reached no server, and its alert silent.",
        f"{LOGGING}, sampling",
        _unlogged,
        severity="warning",
    ),
)
