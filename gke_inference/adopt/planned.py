"""What the stacks of a synth would make, with references resolved as far as a synth knows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gke_inference.adopt.google_types import ACCOUNT, DASHBOARD, IMPORTABLE
from platform_config.config import Config

REFERENCE = re.compile(r"\$\{([a-z0-9_]+)\.([\w-]+)\.([a-z_]+)\}")


@dataclass(frozen=True, kw_only=True)
class PlannedResource:
    """
    A resource of a stack, before any plan.

    Attributes:
        stack: Id of its stack.
        type: Its Terraform type, such as `google_compute_network`.
        name: Its name in Terraform.
        values: Its arguments; what only an apply knows is left as the reference that it was.
        constructs: Ids of the constructs around it, from the stack down.
    """

    stack: str
    type: str
    name: str
    values: Mapping[str, Any] = field(repr=False)
    constructs: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Its Terraform address in its stack."""
        return f"{self.type}.{self.name}"


def planned_resources(config: Config, outdir: Path) -> Iterator[PlannedResource]:
    """Yield every resource of each stack that the synth of *config* at *outdir* lists, in the order of its manifest."""
    stacks = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    for stack, about in stacks.items():
        document = json.loads((outdir / about["synthesizedStackPath"]).read_text(encoding="utf-8"))
        resources = document.get("resource", {})
        for type_, named in resources.items():
            for name, values in named.items():
                known = _resolved(values, resources)
                if type_ == ACCOUNT:
                    known["email"] = config.universe.service_account(known["account_id"], known["project"])
                if type_ == DASHBOARD:
                    known["display_name"] = json.loads(known["dashboard_json"])["displayName"]
                constructs = tuple(values["//"]["metadata"]["path"].split("/"))
                yield PlannedResource(stack=stack, type=type_, name=name, values=known, constructs=constructs)


def _resolved(value: Any, resources: Mapping[str, Any]) -> Any:
    """Return *value* with each reference to one of *resources* replaced by what a synth knows of it."""
    if isinstance(value, dict):
        return {name: _resolved(inner, resources) for name, inner in value.items() if name != "//"}
    if isinstance(value, list):
        return [_resolved(inner, resources) for inner in value]
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: _known(found, resources), value)
    return value


def _known(reference: re.Match[str], resources: Mapping[str, Any]) -> str:
    """Return what *reference* stands for, or the reference itself."""
    type_, name, attribute = reference.groups()
    values = resources.get(type_, {}).get(name)
    if values is None:
        return reference[0]
    if attribute == "id" and type_ in IMPORTABLE:
        return IMPORTABLE[type_].path_of(_resolved(values, resources))
    if isinstance(values.get(attribute), str):
        return str(_resolved(values[attribute], resources))
    return reference[0]
