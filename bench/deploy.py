"""How long a first deploy takes if each step takes what it takes in the GKE codelab, by the real graph of stacks."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from bench.goals import Outcome
from bench.runs import EXAMPLE, ROOT
from platform_config.stack_graph import (
    CLUSTER_STACKS,
    FLEET_STACK,
    GATEWAY_STACK,
    LOAD_STACK,
    NETWORK_STACK,
    SERVING_STACKS,
    WEIGHTS_STACK,
)

MINUTES = {
    NETWORK_STACK: 4,
    CLUSTER_STACKS: 12,
    FLEET_STACK: 4,
    WEIGHTS_STACK: 8,
    LOAD_STACK: 8,
    "model": 8,
    GATEWAY_STACK: 9,
}
"""The codelab's own times, the middle of each range it gives; it does these one after the other. Steps that it does not
have (gates, charts) count nothing: they are short, and nobody has measured them on Google Cloud."""
SERIAL = sum(minutes for step, minutes in MINUTES.items() if step != LOAD_STACK)
"""Minutes of the codelab, which downloads once, in a cluster."""
SHARES = {"job": 0.75, "cloud_run": 0.65}
"""What the longest path may be of that, by who downloads the weights."""


def outcomes(*, quick: bool) -> Iterator[Outcome]:
    """Compare the longest path through the stacks of the example with the codelab's serial order, by each loader."""
    del quick
    for loader, share in SHARES.items():
        path = longest(with_models(dependencies(loader)))
        minutes = sum(map(minutes_of, path))
        steps = " -> ".join(f"{step} {minutes_of(step)}" for step in path if minutes_of(step))
        measured = f"{minutes} of {SERIAL} minutes ({minutes / SERIAL:.0%}): {steps}"
        name = f"first deploy, longest path, loader {loader}"
        yield Outcome(name, f"at most {share:.0%} of serial", measured, minutes <= share * SERIAL)


def dependencies(loader: str) -> dict[str, list[str]]:
    """Return what each stack of the example waits for, as synthesized with this *loader* of its weights."""
    with tempfile.TemporaryDirectory() as folder:
        settings = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
        for model in settings["models"].values():
            model["weights"]["loader"] = loader
        (config := Path(folder) / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        return _synthesized(config, Path(folder) / "out")


def _synthesized(config: Path, outdir: Path) -> dict[str, list[str]]:
    settings = {**os.environ, "INFERENCE_CONFIG": str(config), "CDKTF_OUTDIR": str(outdir)}
    subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=settings, check=True, capture_output=True)
    stacks = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]
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
