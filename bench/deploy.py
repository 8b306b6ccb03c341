"""How long a first deploy takes if each step takes what it takes in the GKE codelab, by the real graph of stacks."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.goals import Outcome
from bench.runs import EXAMPLE, ROOT
from platform_config.stack_graph import (
    CLUSTER_STACKS,
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    SERVING_STACKS,
    WEIGHTS_STACK,
)

MINUTES = {
    NETWORK_STACK: 4,
    CLUSTER_STACKS: 12,
    FLEET_STACK: 4,
    WEIGHTS_STACK: 8,
    "model": 8,
    GATEWAY_STACK: 9,
}
"""The codelab's own times, the middle of each range it gives; it does these one after the other. Steps that it does not
have (gates, charts) count nothing: they are short, and nobody has measured them on Google Cloud."""
SHARE = 0.75


def outcomes(*, quick: bool) -> Iterator[Outcome]:
    """Compare the longest path through the stacks of the example with the codelab's serial order."""
    del quick
    graph = with_models(dependencies())
    path = longest(graph)
    minutes, serial = sum(map(minutes_of, path)), sum(MINUTES.values())
    steps = " -> ".join(f"{step} {minutes_of(step)}" for step in path if minutes_of(step))
    measured = f"{minutes} of {serial} minutes ({minutes / serial:.0%}): {steps}"
    yield Outcome("first deploy, longest path", f"at most {SHARE:.0%} of serial", measured, minutes <= SHARE * serial)


def dependencies() -> dict[str, list[str]]:
    """Return what each stack of the example waits for, as synthesized."""
    with tempfile.TemporaryDirectory() as outdir:
        settings = {**os.environ, "INFERENCE_CONFIG": str(EXAMPLE), "CDKTF_OUTDIR": outdir}
        subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=settings, check=True, capture_output=True)
        stacks = json.loads((Path(outdir) / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    return {name: stack["dependencies"] for name, stack in stacks.items()}


def with_models(graph: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return *graph* with the start of each model server, for which no stack waits, after its serving stack."""
    servers = [stack for stack in graph if stack.startswith(SERVING_STACKS)]
    return graph | {server.replace(SERVING_STACKS, "model-"): [server] for server in servers}


def minutes_of(step: str) -> int:
    """Return the minutes of a step; 0 for those that the codelab does not have."""
    return next((minutes for prefix, minutes in MINUTES.items() if step.startswith(prefix)), 0)


def longest(graph: dict[str, list[str]]) -> list[str]:
    """Return the steps that decide when everything is up, first to last."""

    @cache
    def until(step: str) -> tuple[int, tuple[str, ...]]:
        minutes, path = max((until(need) for need in graph[step]), default=(0, ()))
        return minutes + minutes_of(step), (*path, step)

    return list(max(until(step) for step in graph)[1])
