"""Rules about pools that grow: bounds that fit the machine and the way it is bought."""

from __future__ import annotations

from collections.abc import Iterator

from platform_config.config import Config
from platform_config.errors import Problem
from platform_config.rules.rule import Rule, pool_plans, pool_specs


def _one_size(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        if spec.autoscaling and spec.nodes_per_zone is not None:
            message = f"must be left out with autoscaling, got {spec.nodes_per_zone}"
            yield Problem(f"{path}.nodes_per_zone", message, "remove the line: min_nodes and max_nodes decide")


def _slice(config: Config) -> Iterator[Problem]:
    for path, plan in pool_plans(config):
        if plan.spec.autoscaling and plan.multi_host:
            message = (
                f"must be left out for a slice of {plan.slice_nodes} nodes, which is added and removed whole, got a map"
            )
            yield Problem(f"{path}.autoscaling", message, "write capacity: {flex_start: true} to have it when needed")


def _from_none(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        if spec.autoscaling and spec.autoscaling.min_nodes and spec.capacity.grows_from_zero:
            message = f"must be 0 for {' and '.join(spec.capacity.modes)}, got {spec.autoscaling.min_nodes}"
            yield Problem(f"{path}.autoscaling.min_nodes", message, "remove the line")


RULES = (
    Rule(
        "POOL-ONE-SIZE",
        "A pool has a fixed size or grows",
        "Two sizes contradict each other.",
        "GKE API, NodePool.initialNodeCount and NodePool.autoscaling",
        _one_size,
    ),
    Rule(
        "POOL-GROW-SLICE",
        "Slices that span nodes do not grow node by node",
        "GKE removes no single node of a slice: it has all of its nodes or none.",
        "Google, Plan TPUs in GKE; GKE API, NodePoolAutoscaling",
        _slice,
    ),
    Rule(
        "POOL-GROW-ZERO",
        "Flex-start and queued pools grow from none",
        "Their nodes come only when pods ask for them.",
        "Google, About flex-start provisioning mode",
        _from_none,
    ),
)
