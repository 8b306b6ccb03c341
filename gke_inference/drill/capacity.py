"""Whether the regions that are left can carry the load of a region that goes down, model by model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.drill.plan import DrillPlan
from gke_inference.drill.preconditions import unknown
from gke_inference.findings import Finding, Status, id_for_model
from gke_inference.live_platform import LivePlatform
from platform_config.model import Model


def check_capacity(platform: LivePlatform, plan: DrillPlan, key: str, *, even_if_overloaded: bool) -> Iterator[Finding]:
    """
    Check that region *key* serves, and that for each model that goes down another region could carry its load.

    Args:
        platform: The live platform.
        plan: The drill; the regions that it takes down before *key* go on being down, and their load counts too.
        key: Key of the region that is to be taken down.
        even_if_overloaded: Accept that no region can.

    With regional gateways no other region is asked to.
    """
    if plan.is_regional:
        yield from _check_servers(platform, plan, key)
        return
    down = plan.regions_down[: plan.regions_down.index(key)]
    for model in plan.models_down:
        if key in Model(platform.config, model).regions:
            room = _Room(platform, key, model, down, asked=model == plan.model, even_if_overloaded=even_if_overloaded)
            for finding in room.findings():
                yield replace(finding, id=id_for_model(finding.id, model, plan.models_down))


def _check_servers(platform: LivePlatform, plan: DrillPlan, key: str) -> Iterator[Finding]:
    """Check that the models that go down in region *key* are up there; of the first one it must be so."""
    for model in plan.models_down:
        if key not in Model(platform.config, model).regions:
            continue
        try:
            ready = platform.ready_servers(key, model)
        except ApiError as error:
            yield unknown("DRILL-REGION", key, error)
            return
        if ready or model == plan.model:
            yield Finding(
                id=id_for_model("DRILL-REGION", model, plan.models_down), where=key,
                status=Status.GOOD if ready else Status.UNKNOWN, found=f"{ready} model servers are ready",
                needed="more than 0: else there is nothing to take down", fix="" if ready else "bring the region up",
            )  # fmt: skip


class _Room:
    """What one model has in the region that goes down, and in the others."""

    def __init__(
        self, platform: LivePlatform, key: str, model: str, down: Sequence[str], *, asked: bool,
        even_if_overloaded: bool,
    ) -> None:  # fmt: skip
        self.platform, self.key, self.model, self.asked = platform, key, model, asked
        self.even_if_overloaded = even_if_overloaded
        regions = Model(platform.config, model).regions
        self.down = [region for region in down if region in regions]
        self.others = [other for other in regions if other not in (key, *down)]

    def findings(self) -> Iterator[Finding]:
        try:
            policy = self.platform.policy(self.model)
        except ApiError as error:
            yield unknown("DRILL-POLICY", self.platform.config.config_region, error)
            return
        needed = 0.0
        for region in (self.key, *self.down):
            try:
                ready = self.platform.ready_servers(region, self.model)
            except ApiError as error:
                yield unknown("DRILL-REGION", region, error)
                return
            usable = _usable(ready, self.platform.capacity_percent(region, policy))
            if region == self.key and not usable and not self.asked:
                return  # It is down there already, so nothing of it goes down.
            needed += usable
            if region == self.key:
                yield _check_region(region, ready, usable)
        # Where the drill takes down the last region that is left, that is what --double asks for.
        if self.others or not self.down:
            yield self._check_others(needed, policy)

    def _check_others(self, needed: float, policy: dict[str, Any]) -> Finding:
        found, best, no_answer = self._look_at(self.others, policy)
        enough = best >= needed or self.even_if_overloaded
        status = Status.GOOD if enough else Status.UNKNOWN if no_answer else Status.WRONG
        accepted = " (--even-if-overloaded)" if best < needed and self.even_if_overloaded else ""
        fix = "add model servers there, take away the drain, or accept failures with --even-if-overloaded"
        return Finding(
            id="DRILL-CAPACITY",
            status=status,
            where=self.key,
            found=f"servers in use of the regions that are left: {'; '.join(found) or 'no other serves it'}{accepted}",
            needed=f"one with at least {needed:g}, as many as go down",
            fix="" if enough else fix,
        )

    def _look_at(self, regions: Iterable[str], policy: dict[str, Any]) -> tuple[list[str], float, bool]:
        """Return what each of *regions* has, the most that one has, and whether one did not answer."""
        found: list[str] = []
        best, no_answer = 0.0, False
        for region in regions:
            try:
                ready = self.platform.ready_servers(region, self.model)
            except ApiError as error:
                found.append(f"{region}: no answer ({error})")
                no_answer = True
                continue
            capacity = self.platform.config.regions[region].capacity_percent
            percent = min(capacity, self.platform.capacity_percent(region, policy))
            best = max(best, _usable(ready, percent))
            found.append(f"{region}: {_usable(ready, percent):g} ({ready} ready, {percent} % of the capacity used)")
        return found, best, no_answer


def _check_region(key: str, ready: int, usable: float) -> Finding:
    return Finding(
        id="DRILL-REGION",
        status=Status.GOOD if usable else Status.UNKNOWN,
        where=key,
        found=f"{ready} model servers are ready, the gateway uses as much as {usable:g}",
        needed="more than 0: nothing fails over from a region that does not serve",
        fix="" if usable else "bring the region up, and take away its drain (capacity_percent)",
    )


def _usable(ready: int, percent: int) -> float:
    return ready * percent / 100
