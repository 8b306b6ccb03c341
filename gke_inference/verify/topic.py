"""One kind of thing that `verify` looks at, and the findings that a verdict on it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, Status, id_for_model
from gke_inference.verify.verdict import Verdict
from platform_config.config import Config
from platform_config.model import Model
from platform_config.stack_graph import gateway_stack

KEY = "{key}"
"""Stands for the key of a region in the texts of a topic."""
IN_GATEWAY, HOME = "{gateway}", "{home}"
"""Stand for the stack of the gateway, and for the cluster that has it."""
CLUSTER_ROLE = "roles/container.viewer"
"""Reads clusters, and what is in them, custom objects too."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """
    One kind of thing to look at.

    Attributes:
        id: Stable id of its findings.
        needed: What should be there.
        fix: What to do where something is wrong with it.
        stack: The stack that makes it; applied again where it is missing.
        role: Role that may read it.
    """

    id: str
    needed: str
    fix: str
    stack: str
    role: str = CLUSTER_ROLE

    def of_platform(self, config: Config) -> Topic:
        """Return this topic for the platform of *config*, with the stack and the cluster of its gateway."""
        places = {
            IN_GATEWAY: gateway_stack(config, KEY),
            HOME: "the region's cluster" if config.is_regional else "the config cluster",
        }
        fix, stack = self.fix, self.stack
        for place, text in places.items():
            fix, stack = fix.replace(place, text), stack.replace(place, text)
        return replace(self, fix=fix, stack=stack)

    def of_model(self, model: Model) -> Topic:
        """Return this topic for *model*: with several models, its id carries the model's key."""
        made = self.of_platform(model.config)
        return replace(made, id=id_for_model(self.id, model.key, model.config.models))

    def check(self, judge: Callable[[], Verdict], where: str = "") -> Check:
        """
        Return the check of this topic.

        Args:
            judge: Asks and judges; what it finds missing (404) is wrong, another `ApiError` leaves it unknown.
            where: Key of the region; empty for what all regions share.
        """
        ask = partial(self._ask, judge, where)
        return Check(id=self.id, needed=self.needed, role=self.role, ask=ask, where=where)

    def stack_of(self, key: str) -> str:
        """Return the stack that makes it in region *key*."""
        return self.stack.replace(KEY, key or "*")

    def _ask(self, judge: Callable[[], Verdict], where: str) -> list[Finding]:
        fix = self.fix.replace(KEY, where or "*")
        try:
            verdict = judge()
        except ApiError as error:
            if not error.missing:
                raise
            return [self._finding(Status.WRONG, "it is not there", f"apply {self.stack_of(where)}")]
        if not verdict.known:
            return [self._finding(Status.UNKNOWN, verdict.found, fix)]
        if verdict.problems:
            return [self._finding(Status.WRONG, "; ".join(verdict.problems), fix)]
        return [self._finding(Status.GOOD, verdict.found)]

    def _finding(self, status: Status, found: str, fix: str = "") -> Finding:
        return Finding(id=self.id, status=status, found=found, needed=self.needed, fix=fix)
