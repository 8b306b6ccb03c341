"""What no plan may do to a platform that serves: a table of rules, each with its reason, its source and its check."""

from __future__ import annotations

from gke_inference.plan_check.rule import Rule
from gke_inference.plan_check.rules import access, drain, gateway, keep, network, order, whole_plan

RULES: tuple[Rule, ...] = (
    *whole_plan.RULES,
    *keep.RULES,
    *network.RULES,
    *gateway.RULES,
    *drain.RULES,
    *order.RULES,
    *access.RULES,
)

__all__ = ["RULES", "Rule"]
