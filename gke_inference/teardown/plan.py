"""The way down through what a synth wrote, once it is sure that it is the synth of this config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from gke_inference.synth.stale_stacks import stale_stacks
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import NETWORK_STACK, needed_stacks, state_place


@dataclass(frozen=True, kw_only=True)
class WayDown:
    """
    The stacks of a platform, in the order in which they go.

    Attributes:
        outdir: Folder of the synth.
        stacks: Those that nobody needs first.
        needs: The stacks that each one needs.
        stale: Stacks of the same platform that an older config had; their folders are there, and in no order.
    """

    outdir: Path
    stacks: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]
    stale: tuple[str, ...] = ()

    def folder(self, stack: str) -> Path:
        """The root module of *stack*."""
        return self.outdir / "stacks" / stack

    def users(self, stack: str) -> tuple[str, ...]:
        """The stacks that need *stack*, which therefore go before it."""
        return tuple(user for user in self.stacks if stack in self.needs[user])


def way_down(config: Config, outdir: Path) -> WayDown:
    """
    The reverse of the way up.

    Raises:
        ValueError: *outdir* is not the synth of *config*, or is none at all.
    """
    try:
        manifest = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))
        network = json.loads((outdir / "stacks" / NETWORK_STACK / "cdk.tf.json").read_text(encoding="utf-8"))
        needs = {name: frozenset(stack["dependencies"]) for name, stack in manifest["stacks"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = error.strerror if isinstance(error, OSError) else "what is there cannot be read"
        raise ValueError(f"must be a folder that `make synth` wrote: {found}") from None
    for what, wanted, found in _compared(config, needs, network):
        if wanted != found:
            raise ValueError(f"must be the synth of this config: {what} is {found}, the config says {wanted}")
    stale = tuple(
        stack.name
        for stack in stale_stacks(outdir)
        if stack.applied is not False and stack.state == state_place(config, stack.name)
    )
    return WayDown(outdir=outdir, stacks=_order(needs), needs=needs, stale=stale)


def _compared(config: Config, needs: Mapping[str, Any], network: Any) -> list[tuple[str, str, str]]:
    """What tells one platform's synth from another's, as the config has it and as it was found."""
    [vpc, *_] = network.get("resource", {}).get("google_compute_network", {}).values() or [{}]
    backend = network.get("terraform", {}).get("backend", {})
    state = backend.get("gcs", backend.get("local", {}))
    in_bucket = f"gs://{state.get('bucket')}/{state.get('prefix')}"
    return [
        ("the project", config.project, str(vpc.get("project", "not there"))),
        ("the network", Names(config).network, str(vpc.get("name", "not there"))),
        ("the place of the state", state_place(config, NETWORK_STACK), str(state.get("path", in_bucket))),
        ("the list of stacks", ", ".join(sorted(needed_stacks(config))), ", ".join(sorted(needs))),
    ]


def _order(needs: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Users first; of stacks that could go together those of workloads do, and the order is always the same."""
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError:
        raise ValueError("must be a folder that `make synth` wrote: its stacks need each other in a circle") from None
    up: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        up += ready
        sorter.done(*ready)
    return tuple(reversed(up))
