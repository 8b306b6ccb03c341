"""One stack's plan: what is there, and what would be done to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

FORMAT = "1."
"""How the format versions begin that this reads. Source: Terraform, JSON Output Format, format_version."""
NO_OP = ("no-op",)
Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """
    One managed resource of a stack: what is there, and what the plan does to it.

    Attributes:
        stack: Id of its stack.
        address: Its address in the stack.
        kind: Its type, such as `google_container_cluster`.
        actions: What is done to it, in order; `no-op` for nothing.
        reason: Why it is deleted or replaced; empty in a plan that destroys the stack.
        importing: Whether the plan imports it.
        replaced_for: Settings that cannot change in place.
        before: What is there, without sensitive values; empty where nothing is.
        after: What will be there, as far as it is known; empty where nothing will be.
    """

    stack: str
    address: str
    kind: str
    actions: tuple[str, ...] = NO_OP
    reason: str = ""
    importing: bool = False
    replaced_for: tuple[str, ...] = ()
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Stack and address, as `--allow` takes them."""
        return f"{self.stack}/{self.address}"

    @property
    def is_there(self) -> bool:
        """Whether the state holds it."""
        return bool(self.before)

    @property
    def is_replaced(self) -> bool:
        """Whether it is deleted, and another one made in its place."""
        return "delete" in self.actions and "create" in self.actions

    @property
    def is_forgotten(self) -> bool:
        """Whether it leaves the state and stays in the cloud."""
        return "forget" in self.actions

    @property
    def is_removed(self) -> bool:
        """Whether it is deleted because the configuration does not have it; not by a plan that destroys the stack."""
        return self.actions == ("delete",) and bool(self.reason)

    @property
    def goes(self) -> bool:
        """Whether what is there will not be, by a change of the configuration."""
        return self.is_replaced or self.is_removed

    @property
    def manifest(self) -> Values:
        """The Kubernetes object that is there; empty where it is no `kubernetes_manifest`."""
        found = self.before.get("manifest") if self.kind == "kubernetes_manifest" else None
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """Its name in the cloud, without the project; the address where it has none."""
        found = self.before.get("membership_id") or self.before.get("name")
        return str(found).rpartition("/")[2] if found else self.address

    @property
    def object_name(self) -> str:
        """Name of the Kubernetes object; the address where it has none."""
        return str(at(self.manifest, "metadata", "name") or self.address)

    def is_object(self, kind: str) -> bool:
        """Return whether it is a Kubernetes object of *kind* that is there."""
        return self.manifest.get("kind") == kind


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    The plan of one stack.

    Attributes:
        stack: Id of the stack.
        version: Version of the plan's format.
        resources: All that is there or is made.
        errored: Whether Terraform ended with an error while it planned.
        complete: Whether all changes are in it.
        applyable: Whether Terraform would apply it.
        made: When it was made; None where it does not say.
        is_state: Whether it is no plan, and only shows what is there.
    """

    stack: str
    version: str
    resources: tuple[Resource, ...] = ()
    errored: bool = False
    complete: bool = True
    applyable: bool = True
    made: datetime | None = None
    is_state: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the format is one that this reads."""
        return self.version.startswith(FORMAT)

    @cached_property
    def destroys(self) -> bool:
        """Whether it was made with `-destroy`: no other plan deletes without a reason."""
        return any(one.actions == ("delete",) and not one.reason for one in self.resources)

    @cached_property
    def is_empty(self) -> bool:
        """Whether nothing is there and nothing is made: the stack has been destroyed."""
        return self.is_readable and not self.errored and not self.resources

    @property
    def has_changes(self) -> bool:
        """Whether it changes any resource."""
        return any(one.actions != NO_OP for one in self.resources)


def at(value: Any, *path: str) -> Any:
    """Return what is at *path* of nested values; None where that is nothing. Of a list of blocks the first counts."""
    for key in path:
        inner = value[0] if isinstance(value, list) and value else value
        value = inner.get(key) if isinstance(inner, dict) else None
    return value


def gateway_addresses(manifest: Values) -> set[str]:
    """Return the addresses that a Gateway has by name, each with its path."""
    listed = at(manifest, "spec", "addresses")
    return {str(name) for one in (listed if isinstance(listed, list) else ()) if (name := at(one, "value"))}
