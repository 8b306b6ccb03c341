"""Rules about what the loss of a region may cost."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.dns_plan import detection_sec, leave_sec, never_leaves, records
from platform_config.errors import Problem
from platform_config.rules.dns_records import LEAST_TTL_SEC
from platform_config.rules.rule import Rule


def _detection(config: Config) -> Iterator[Problem]:
    if config.failover_budget is None:
        return
    given, path = config.failover_budget.downtime_sec, "failover_budget.downtime_sec"
    slowest = max(
        ((detection_sec(config, record), where) for where, record, _ in records(config)),
        default=(config.gateway.health_check.detection_sec, "gateway.health_check"),
    )
    if given < slowest[0]:
        message = f"must be at least {slowest[0]}, the seconds until {slowest[1]} sees a dead region, got {given}"
        fix = "lower interval_sec or unhealthy_threshold of its health check"
        yield Problem(path, message, f"write {slowest[0]} or more, or {fix}")


def _fenced(config: Config) -> Iterator[Problem]:
    for path, record, _ in records(config) if config.failover_budget else ():
        if never_leaves(record):
            message = "must be left out beside failover_budget: its clients stay at a target that is down, got true"
            yield Problem(f"{path}.geofence", message, "remove it, or failover_budget")


def _met(config: Config) -> Iterator[Problem]:
    if config.failover_budget is None:
        return
    given = config.failover_budget.downtime_sec
    for path, record, _ in records(config):
        detection, leave = detection_sec(config, record), leave_sec(config, record)
        if detection <= given < leave:
            message = (
                f"should be at least {leave}, when the last client of {path} leaves a dead target ({detection} s "
                f"until it counts as down, {record.ttl_sec} s of TTL), got {given}"
            )
            shorter = f", or ttl_sec: {given - detection}" if given - detection >= LEAST_TTL_SEC else ""
            fix = f"write downtime_sec: {leave}{shorter}"
            yield Problem("failover_budget.downtime_sec", message, fix)


RULES = (
    Rule(
        "BUDGET-DETECTION",
        "The budget of a failover is not below what its detection alone takes",
        "No setting of DNS or of servers could meet it.",
        "interval x threshold of the health check",
        _detection,
    ),
    Rule(
        "BUDGET-FENCE",
        "Clients of a name leave a target that is down, where a failover has a budget",
        "Inside a fence there is no failover.",
        "Google, DNS routing policies and health checks, geofencing",
        _fenced,
    ),
    Rule(
        "BUDGET-MET",
        "The settings can meet the budget of a failover",
        "A drill would miss it.",
        "interval x threshold of the health check, and the TTL",
        _met,
        severity="warning",
    ),
)
