"""The order in which the stacks of a synth are destroyed, once it is certain that it is the synth of this config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from gke_inference.synth.stale_stacks import stale_stacks
from gke_inference.terraform import program
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import (
    APIGEE_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    needed_stacks,
    stack_folder,
    state_place,
)

NETWORK_TYPE = "google_compute_network"
CLUSTER_TYPE = "google_container_cluster"
Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DestroyOrder:
    """
    The stacks of a platform, in the order in which they are destroyed.

    Attributes:
        outdir: Folder of the synth.
        stacks: Stack ids; those that no other stack needs come first.
        needs: The stacks that each one needs.
        stale: Stacks of the same platform that an older config had; their folders are there, and they have no order.
        documents: The Terraform JSON of each stack.
    """

    outdir: Path
    stacks: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]
    stale: tuple[str, ...] = ()
    documents: Mapping[str, Document] = field(repr=False)

    def folder(self, stack: str) -> Path:
        """Return the root module of *stack*."""
        return stack_folder(self.outdir, stack)

    def dependents(self, stack: str) -> tuple[str, ...]:
        """
        Return the stacks that need *stack*, which therefore are destroyed before it.

        The stack that watches and that of Apigee's organization, which uses no network, are not among them: where one
        cannot be destroyed, what costs more still is.
        """
        alone = (OBSERVABILITY_STACK, APIGEE_STACK)
        return tuple(other for other in self.stacks if stack in self.needs[other] and other not in alone)

    def kept(self, stack: str) -> frozenset[str]:
        """Return the addresses of what Terraform itself refuses to destroy, by the synth of *stack*."""
        named = self.documents.get(stack, {}).get("resource", {})
        return frozenset(
            f"{type_}.{name}"
            for type_, blocks in named.items()
            for name, block in blocks.items()
            if block.get("lifecycle", {}).get("prevent_destroy")
        )

    def import_command(self, stack: str, type_: str, path: str) -> str:
        """
        Return the command that brings what is at *path* back into the state of *stack*.

        Its address is that of the only resource of *type_* in the synth of *stack*.
        """
        [name] = self.documents[stack]["resource"][type_]
        return f"{program()} -chdir={self.folder(stack)} import {type_}.{name} {path}"


def read_order(config: Config, outdir: Path) -> DestroyOrder:
    """
    Return the order of the stacks in *outdir*: the reverse of the order in which they are applied.

    Raises:
        ValueError: *outdir* is not the synth of *config*, or is no synth.
    """
    try:
        manifest = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))
        needs = {stack: frozenset(entry["dependencies"]) for stack, entry in manifest["stacks"].items()}
        documents = {stack: _document(outdir, stack) for stack in needs}
        differences = _compare(config, needs, documents.get(NETWORK_STACK, {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = error.strerror if isinstance(error, OSError) else "what is there cannot be read"
        raise ValueError(f"must be a folder that `make synth` wrote: {found}") from None
    for what, wanted, found in differences:
        if wanted != found:
            raise ValueError(f"must be the synth of this config: {what} is {found}, the config says {wanted}")
    stale = tuple(
        stack.name
        for stack in stale_stacks(outdir)
        if stack.applied is not False and stack.state == state_place(config, stack.name)
    )
    return DestroyOrder(outdir=outdir, stacks=_sort(needs), needs=needs, stale=stale, documents=documents)


def _document(outdir: Path, stack: str) -> Document:
    document: Document = json.loads((stack_folder(outdir, stack) / "cdk.tf.json").read_text(encoding="utf-8"))
    return document


def _compare(config: Config, needs: Mapping[str, Any], network: Document) -> list[tuple[str, str, str]]:
    """Return what differs between the synths of two platforms: what it is, its value by the config, and as found."""
    # An existing network is looked up by a data source of the same type.
    vpcs = [block for kind in ("resource", "data") for block in network.get(kind, {}).get(NETWORK_TYPE, {}).values()]
    [vpc, *_] = vpcs or [{}]
    [google, *_] = network.get("provider", {}).get("google", [{}])
    backend = network.get("terraform", {}).get("backend", {})
    state = backend.get("gcs", backend.get("local", {}))
    names, in_bucket = Names(config), f"gs://{state.get('bucket')}/{state.get('prefix')}"
    return [
        ("the project", config.project, str(google.get("project", "not there"))),
        ("the network", names.network, str(vpc.get("name", "not there"))),
        ("the project of the network", names.network_project, str(vpc.get("project", "not there"))),
        ("the place of the state", state_place(config, NETWORK_STACK), str(state.get("path", in_bucket))),
        ("the list of stacks", ", ".join(sorted(needed_stacks(config))), ", ".join(sorted(needs))),
    ]


def _sort(needs: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """
    Return dependents first; of stacks that could go together, workloads first, and always in the same order.

    The stack that watches goes before all others, so that a teardown alerts nobody.
    """
    watches = {OBSERVABILITY_STACK: frozenset(needs) - {OBSERVABILITY_STACK}} if OBSERVABILITY_STACK in needs else {}
    sorter = TopologicalSorter({**needs, **watches})
    try:
        sorter.prepare()
    except CycleError:
        raise ValueError("must be a folder that `make synth` wrote: its stacks need each other in a circle") from None
    applied: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        applied += ready
        sorter.done(*ready)
    return tuple(reversed(applied))
