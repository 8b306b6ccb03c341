"""What a case is, and the changes of the example that several share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from platform_config.rules import check
from tests.configs import changed, config

Changes = dict[str, Any]
More = tuple[str, Changes, list[str]]
"""A rule, changes of the example, and the problems that the rule reports."""


@dataclass(frozen=True)
class Case:
    """
    What a rule accepts and what it refuses: two changes of the example.

    Attributes:
        passing: Changes that the rule lets pass.
        failing: Changes that it stops.
        expected: Each problem that the rule then reports, with its fix after ` -> `.
    """

    passing: Changes
    failing: Changes
    expected: str | list[str]


def reported(rule: str, changes: Changes) -> list[str]:
    """Return what *rule* reports about the example with *changes*."""
    found = [problem for some in check(config(**changes)) for problem in some]
    return [f"{problem.path}: {problem.message} -> {problem.fix}" for problem in found if problem.rule == rule]


def pool(machine_type: str = "ct6e-standard-4t", **settings: Any) -> Changes:
    """Return changes that give the example one other pool."""
    return {"node_pools": {"tpu": {"machine_type": machine_type, **settings}}}


def growing(machine_type: str = "ct6e-standard-4t", max_nodes: int = 2, **settings: Any) -> Changes:
    """Return the settings of a pool with up to *max_nodes* nodes."""
    return {"machine_type": machine_type, "autoscaling": {"max_nodes": max_nodes}, **settings}


def choices(**pools: Changes) -> Changes:
    """Make pools that the model server takes in this order."""
    return {"node_pools": pools, "models__gemma__node_pools": list(pools)}


def beside(**settings: Any) -> Changes:
    """Add a model `llama` to the example, which has the weights and servers of `gemma` and *settings* of its own."""
    llama = {**changed()["models"]["gemma"], "served_name": "llama", "address": {"path": "/llama"}}
    return {"models__gemma__address": {"path": "/gemma"}, "models__llama": {**llama, **settings}}


def regions(count: int, **settings: Any) -> Changes:
    """Make as many regions as *count*, in place of the example's."""
    one = {"number": 0, "region": "us-east0", "zones": ["us-east0-b"], "config_cluster": True}
    return {
        f"r{n}": {**one, "number": n, "region": f"us-east{n}", "zones": [f"us-east{n}-b"], "config_cluster": n == 0}
        | settings
        for n in range(count)
    }


def cidrs(**given: str) -> Changes:
    """Give ranges by hand for `eu`, far from the others."""
    ranges = {"nodes": "10.96.0.0/20", "pods": "10.97.0.0/16", "services": "10.98.0.0/20", "proxy": "10.99.0.0/23"}
    return {"regions__eu__cidrs": {**ranges, **given}}


OTHER: Changes = {"other": {"machine_type": "ct6e-standard-1t"}}
