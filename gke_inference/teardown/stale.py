"""Stacks that an older config had: they go by no order of the last synth, and hold on to what others need."""

from __future__ import annotations

from gke_inference.findings import Finding, Status
from gke_inference.teardown.plan import WayDown
from gke_inference.teardown.states import States
from platform_config.pages import REMOVE_A_REGION
from platform_config.stack_graph import WEIGHTS_STACK, region_key

NEEDED = "each stack with something in its state is in the synth"


def stale_findings(way: WayDown, states: States) -> list[Finding]:
    """Each of them that has something in its state, with the way to take it along."""
    return [
        Finding(
            id="STALE", status=Status.WRONG, needed=NEEDED,
            found=f"{stack} is of an older config, and its state holds {len(states[stack])} resources",
            fix=f"put what it was made from back into the config{_key(stack)} and run `make synth`: then it goes with "
            f"the rest. Or destroy it by hand first: {REMOVE_A_REGION}",
        )
        for stack in way.stale
        if states.get(stack)
    ]  # fmt: skip


def stale_problems(way: WayDown, states: States) -> list[str]:
    """The same, where something is to be destroyed: told before anything is gone."""
    return [f"{one.found}\n    fix: {one.fix}" for one in stale_findings(way, states)]


def _key(stack: str) -> str:
    key = region_key(stack)
    return f" (regions.{key})" if key else " (bucket)" if stack == WEIGHTS_STACK else ""
