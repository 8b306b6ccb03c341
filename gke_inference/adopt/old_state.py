"""The state of who made the resources until now: which addresses it must forget, so that one state has each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.google_types import IMPORTABLE
from gke_inference.adopt.planned import PlannedResource
from gke_inference.terraform import program
from platform_config.errors import ConfigError, Problem

GRANT = "google_project_iam_member"
HOW = "write it with `terraform show -json > FILE` in the folder of the old configuration"


@dataclass(frozen=True, kw_only=True)
class OldResource:
    """
    A resource in the old state.

    Attributes:
        address: Its address there.
        type: Its type.
        values: Its arguments and attributes; some may be secret.
    """

    address: str
    type: str
    values: Mapping[str, Any] = field(repr=False)

    @property
    def path(self) -> str:
        """Its full name in Google's API; empty for a type that is not imported."""
        try:
            return IMPORTABLE[self.type].path_of(self.values) if self.type in IMPORTABLE else ""
        except KeyError:
            return ""


def read_old_state(file: Path) -> list[OldResource]:
    """
    Return the resources in the *file* that `terraform show -json` wrote, those of modules too.

    Raises:
        ConfigError: It cannot be read, or is another file.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return list(_resources(document["values"]["root_module"]))
    except OSError as error:
        raise ConfigError(str(file), [Problem("", f"cannot be read: {error.strerror}", HOW)]) from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ConfigError(str(file), [Problem("", "must be the JSON of a Terraform state", HOW)]) from None


def _resources(module: Mapping[str, Any]) -> Iterator[OldResource]:
    for one in module.get("resources", ()):
        if one["mode"] == "managed":
            yield OldResource(address=one["address"], type=one["type"], values=one["values"])
    for inner in module.get("child_modules", ()):
        yield from _resources(inner)


def forgotten(
    old: Sequence[OldResource], found: Iterable[Found], planned: Iterable[PlannedResource]
) -> tuple[OldResource, ...]:
    """
    Return those of the *old* resources that the platform's states will have: the adopted ones, and grants of both.

    Two states with one resource undo each other's changes, and a destroy of either takes it from both.
    """
    adopted = {one.path for one in found if one.verdict is Verdict.ADOPTED}
    grants = {(one.values["role"], str(one.values["member"])) for one in planned if one.type == GRANT}
    return tuple(one for one in old if one.path in adopted or _is_granted(one, grants))


def _is_granted(one: OldResource, grants: Iterable[tuple[str, str]]) -> bool:
    """Return whether the platform makes the same grant; the address of an agent of Google is known after an apply."""
    if one.type != GRANT:
        return False
    role, member = one.values["role"], str(one.values["member"])
    agent = "@gcp-sa-" in member
    return any(role == other and (member == who or (agent and "${" in who)) for other, who in grants)


def forget_command(resources: Iterable[OldResource]) -> str:
    """Return the command that makes the old state forget *resources*, which stay as they are."""
    return shlex.join([program(), "state", "rm", *(one.address for one in resources)])
