"""Limits that span settings: a table of rules, each with its reason, its source and its check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules import (
    adapters,
    alerts,
    apigee,
    argument_forms,
    arguments,
    autopilot,
    autoscaling,
    balancing,
    body_routing,
    canaries,
    capacity,
    channels,
    choices,
    client_limits,
    cluster,
    clusters,
    dashboard,
    dns_probes,
    dns_records,
    dns_zone,
    environment,
    existing,
    existing_regions,
    external_dns,
    failover_budget,
    file_cache,
    first_token,
    front,
    gateway,
    gitops,
    gpu_sharing,
    gpu_stack,
    growth,
    guard_rails,
    iap,
    loader,
    logs,
    model_armor,
    models,
    names,
    network,
    nodes,
    objectives,
    outside,
    places,
    pools,
    ranges,
    regional,
    regions,
    remotes,
    server,
    server_image,
    serving,
    shared_pools,
    shutdown,
    storage,
    system,
    text,
    thresholds,
    tls,
    universe,
    webhooks,
    weights,
)
from platform_config.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *text.RULES,
    *names.RULES,
    *regions.RULES,
    *clusters.RULES,
    *regional.RULES,
    *apigee.RULES,
    *places.RULES,
    *network.RULES,
    *ranges.RULES,
    *cluster.RULES,
    *autopilot.RULES,
    *system.RULES,
    *pools.RULES,
    *nodes.RULES,
    *growth.RULES,
    *capacity.RULES,
    *serving.RULES,
    *shared_pools.RULES,
    *gpu_sharing.RULES,
    *choices.RULES,
    *autoscaling.RULES,
    *server.RULES,
    *server_image.RULES,
    *environment.RULES,
    *argument_forms.RULES,
    *arguments.RULES,
    *weights.RULES,
    *loader.RULES,
    *adapters.RULES,
    *file_cache.RULES,
    *storage.RULES,
    *gateway.RULES,
    *balancing.RULES,
    *tls.RULES,
    *client_limits.RULES,
    *iap.RULES,
    *logs.RULES,
    *model_armor.RULES,
    *guard_rails.RULES,
    *models.RULES,
    *canaries.RULES,
    *body_routing.RULES,
    *alerts.RULES,
    *thresholds.RULES,
    *front.RULES,
    *channels.RULES,
    *webhooks.RULES,
    *dashboard.RULES,
    *objectives.RULES,
    *first_token.RULES,
    *universe.RULES,
    *existing.RULES,
    *existing_regions.RULES,
    *dns_zone.RULES,
    *dns_records.RULES,
    *dns_probes.RULES,
    *outside.RULES,
    *gpu_stack.RULES,
    *remotes.RULES,
    *external_dns.RULES,
    *gitops.RULES,
    *failover_budget.RULES,
    *shutdown.RULES,
)

__all__ = ["RULES", "Rule", "check", "check_known"]


def check(config: Config) -> tuple[list[Problem], list[Problem]]:
    """Return what *config* is refused for, and what is allowed but doubtful, in the order of the table."""
    found: dict[str, list[Problem]] = {"error": [], "warning": []}
    for rule in RULES:
        made = (Problem(problem.path, problem.message, problem.fix, rule.id) for problem in rule.check(config))
        found[rule.severity] += dict.fromkeys(made)
    return found["error"], found["warning"]


def check_known(*orders: Config) -> Iterator[Problem]:
    """
    Yield what a config with broken parts is refused for in any case, whatever replaces those parts.

    A rule ends with a TypeError where it needs a broken part; what it found before does not depend on that part. It
    then runs on the next of *orders*.

    Args:
        orders: The same config, with its keys in different orders.
    """
    for rule in RULES:
        for config in orders if rule.severity == "error" else ():
            try:
                for problem in rule.check(config):
                    yield replace(problem, rule=rule.id)
                break
            except TypeError:
                continue
