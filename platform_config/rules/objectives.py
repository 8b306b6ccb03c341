"""Rules about objectives: that the settings can keep the promise, and that it can be measured."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from constructs_lib.specs.objectives import PERIOD_SEC
from platform_config.errors import Problem
from platform_config.model import Model
from platform_config.rules.rule import Rule, per_model, serving_nodes, serving_plans

HEALTH_CHECKS = "Google, Health checks overview, probe interval and timeout"
LONGEST_DOWNTIME_SEC = 7200
"""More is a promise of hours, likely meant in milliseconds."""
WORKBOOK = "Google, The Site Reliability Workbook, chapter 2"


def _regions_in_use(model: Model) -> list[str]:
    return [key for key in model.regions if model.config.regions[key].capacity_percent > 0]


def _servers(model: Model, key: str) -> tuple[int, int]:
    """Return the fewest and the most servers that region *key* has; none where other rules refuse its pools."""
    if model.autoscaling or model.spec.replicas is not None:
        return model.server_counts(key)
    nodes = serving_nodes(model, key)
    return (nodes.replicas, nodes.replicas) if nodes else (0, 0)


def _detection(at: str, model: Model) -> Iterator[Problem]:
    promised, check = model.spec.objectives.failover_downtime_sec, model.config.gateway.health_check
    if promised is None or promised >= check.detection_sec:
        return
    message = (
        f"must be at least {check.detection_sec}, the seconds in which a dead server is found: interval_sec "
        f"{check.interval_sec} times unhealthy_threshold {check.unhealthy_threshold}, got {promised:g}"
    )
    interval_sec = floor(promised / check.unhealthy_threshold)
    faster = f"interval_sec: {interval_sec}, timeout_sec: {min(interval_sec, check.timeout_sec)}"
    shorter = f"write gateway.health_check: {{{faster}}}, or " if interval_sec else ""
    yield Problem(f"{at}.objectives.failover_downtime_sec", message, f"{shorter}promise {check.detection_sec} or more")


def _slow_detection(at: str, model: Model) -> Iterator[Problem]:
    promised, check = model.spec.objectives.failover_downtime_sec, model.config.gateway.health_check
    longest_sec = check.detection_sec + check.timeout_sec
    if promised is not None and check.detection_sec <= promised < longest_sec:
        message = (
            f"should be at least {longest_sec}, the seconds in which a server that answers nothing is found: "
            f"interval_sec {check.interval_sec} times unhealthy_threshold {check.unhealthy_threshold}, and timeout_sec "
            f"{check.timeout_sec} for the last probe, got {promised:g}"
        )
        fix = f"write a shorter gateway.health_check, or promise {longest_sec} or more"
        yield Problem(f"{at}.objectives.failover_downtime_sec", message, fix)


def _one_region(at: str, model: Model) -> Iterator[Problem]:
    objectives, in_use = model.spec.objectives, _regions_in_use(model)
    for name in ("availability_percent", "failover_downtime_sec"):
        promised = getattr(objectives, name)
        if promised is not None and len(in_use) == 1:
            message = f"should have two regions or more that take requests, got {in_use[0]} alone for {promised:g}"
            fix = "add a region, or leave the promise out: with its only region the model is down"
            yield Problem(f"{at}.objectives.{name}", message, fix)


def _restart(at: str, model: Model) -> Iterator[Problem]:
    objectives, start_sec = model.spec.objectives, model.server.startup_timeout_sec
    budget_sec, promised = objectives.downtime_budget_sec, objectives.availability_percent
    if budget_sec is None or budget_sec >= start_sec:
        return
    if sum(_servers(model, key)[0] for key in _regions_in_use(model)) == 1:
        kept = floor((1 - start_sec / PERIOD_SEC) * 10_000) / 100
        message = (
            f"should be at most {kept:g} with a single server, whose start may take startup_timeout_sec {start_sec} of "
            f"the {budget_sec:g} seconds a month that may fail, got {promised:g}"
        )
        yield Problem(f"{at}.objectives.availability_percent", message, "write replicas: 2, or add a region")


def _spare(at: str, model: Model) -> Iterator[Problem]:
    """Ask what the drill asks before it takes a region down: DRILL-CAPACITY."""
    objectives, in_use = model.spec.objectives, _regions_in_use(model)
    if (objectives.availability_percent, objectives.failover_downtime_sec) == (None, None) or len(in_use) < 2:
        return
    servers = {key: _servers(model, key) for key in in_use}
    largest = max(in_use, key=lambda key: servers[key][0])
    needed, most = servers[largest][0], {key: servers[key][1] for key in in_use if key != largest}
    if max(most.values()) < needed:
        found = ", ".join(f"{key} {count}" for key, count in most.items())
        message = f"should leave a region with {needed} servers when {largest} is lost, as many as it has, got {found}"
        fix = "write autoscaling with max_replicas that high, or give the regions more nodes"
        yield Problem(f"{at}.objectives", message, fix)


def _transient(at: str, model: Model) -> Iterator[Problem]:
    promised = model.spec.objectives.availability_percent
    if promised is None:
        return
    pools = [plan.spec.capacity for key in _regions_in_use(model) for _, plan in serving_plans(model, key)]
    if pools and all(capacity.spot or capacity.flex_start for capacity in pools):
        message = f"should have a region with machines that stay, got spot or flex_start for {promised:g}"
        fix = "give one region a pool with on_demand: true or a reservation"
        yield Problem(f"{at}.objectives.availability_percent", message, fix)


def _milliseconds(at: str, model: Model) -> Iterator[Problem]:
    promised = model.spec.objectives.failover_downtime_sec
    if promised is not None and promised > LONGEST_DOWNTIME_SEC:
        message = f"should be in seconds, got {promised:g}, which is {promised / 3600:.1f} hours"
        yield Problem(f"{at}.objectives.failover_downtime_sec", message, f"did you mean {promised / 1000:g}?")


def _budget(at: str, model: Model) -> Iterator[Problem]:
    objectives = model.spec.objectives
    promised, budget_sec = objectives.failover_downtime_sec, objectives.downtime_budget_sec
    if promised is not None and budget_sec is not None and promised > budget_sec:
        message = (
            f"should be at most {budget_sec:g}, the seconds a month that availability_percent "
            f"{objectives.availability_percent:g} lets fail, got {promised:g}"
        )
        fix = f"write {floor(budget_sec)}, or a lower availability_percent"
        yield Problem(f"{at}.objectives.failover_downtime_sec", message, fix)


RULES = (
    Rule(
        "OBJ-DETECTION",
        "`failover_downtime_sec` is at least the time in which a dead server is found",
        "Until then the load balancer sends requests to it: no failover can be faster.",
        HEALTH_CHECKS,
        per_model(_detection),
    ),
    Rule(
        "OBJ-SLOW-DETECTION",
        "`failover_downtime_sec` leaves time for a last probe that nobody answers",
        "A server whose network is gone refuses no probe: each one waits for its timeout.",
        HEALTH_CHECKS,
        per_model(_slow_detection),
        severity="warning",
    ),
    Rule(
        "OBJ-ONE-REGION",
        "A model that promises availability or a short downtime has two regions that take requests",
        "With one region there is nowhere to fail over to.",
        "this library",
        per_model(_one_region),
        severity="warning",
    ),
    Rule(
        "OBJ-RESTART",
        "A model with a single server promises no more than one restart a month leaves",
        "While it loads its weights nothing answers; node upgrades restart it too.",
        WORKBOOK + "; Google, Standard cluster upgrades",
        per_model(_restart),
        severity="warning",
    ),
    Rule(
        "OBJ-SPARE",
        "A model that promises availability or a short downtime has another region that can carry the largest one",
        "The load balancer fails over at once, to servers that are full: requests wait, or fail.",
        "this library, gke_inference/drill/capacity.py",
        per_model(_spare),
        severity="warning",
    ),
    Rule(
        "OBJ-TRANSIENT",
        "A model that promises availability has a region with machines that stay",
        "Google takes spot machines back when it needs them, which may be in all regions at once; flex-start machines "
        "end after seven days.",
        "Google, Spot VMs in GKE; About flex-start provisioning mode",
        per_model(_transient),
        severity="warning",
    ),
    Rule(
        "OBJ-BUDGET",
        "One failover fits into the month's errors that `availability_percent` allows",
        "A downtime that is within its own promise would break the other one.",
        WORKBOOK,
        per_model(_budget),
        severity="warning",
    ),
    Rule(
        "OBJ-SECONDS",
        "`failover_downtime_sec` is in seconds",
        "A failover takes seconds to minutes; a promise of hours is missed by no drill.",
        "this library",
        per_model(_milliseconds),
        severity="warning",
    ),
)
