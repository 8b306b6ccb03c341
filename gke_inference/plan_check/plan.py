"""One stack's plan as `terraform show -json` prints it, without any value that is sensitive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

FORMAT = "1."
"""How the format versions begin that this reads. Source: Terraform, JSON Output Format, format_version."""
NO_OP = ("no-op",)
ACTIONS = {*NO_OP, "create", "read", "update", "delete", "forget"}
"""All that a plan may do to a resource. Source: Terraform, JSON Output Format, change representation."""
Values = dict[str, Any]


class NotAPlanError(Exception):
    """A file that is not the JSON of a plan; its text says what it is."""


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


def read_plan(stack: str, text: str) -> Plan:
    """
    Return the plan of *stack* from the output of `terraform show -json PLANFILE`.

    Raises:
        NotAPlanError: It is something else.
    """
    document, version = _document(text, "terraform show -json PLANFILE")
    if version.startswith(FORMAT) and "configuration" not in document:
        raise NotAPlanError("must be a plan, got a state: name the plan file, `terraform show -json PLANFILE`")
    if not version.startswith(FORMAT):
        return Plan(stack=stack, version=version)
    try:
        changed = {one.address: one for one in _changes(stack, document)}
        kept = [one for one in _state(stack, document) if one.address not in changed]
        return Plan(
            stack=stack,
            version=version,
            resources=(*changed.values(), *kept),
            errored=bool(document.get("errored", False)),
            complete=bool(document.get("complete", True)),
            applyable=bool(document.get("applyable", True)),
            made=_time(document.get("timestamp")),
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise NotAPlanError("must be a whole plan, got one with parts that are missing or of another shape") from None


def read_state(stack: str, text: str) -> Plan:
    """
    Return what is there of *stack*, as a plan that changes nothing, from the output of `terraform show -json`.

    Raises:
        NotAPlanError: It is something else.
    """
    document, version = _document(text, "terraform show -json")
    if "configuration" in document or "planned_values" in document:
        raise NotAPlanError("must be a state, got a plan: run `terraform show -json` without a file")
    held = _state(stack, {"prior_state": document}) if version.startswith(FORMAT) else ()
    try:
        return Plan(stack=stack, version=version, resources=tuple(held), is_state=True)
    except (KeyError, TypeError, AttributeError):
        raise NotAPlanError("must be a whole state, got one with parts that are missing or of another shape") from None


def _document(text: str, command: str) -> tuple[Values, str]:
    """Return the JSON document and its format version."""
    try:
        document = json.loads(text)
    except ValueError:
        raise NotAPlanError(f"must be the output of `{command}`, got no JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("format_version"), str):
        raise NotAPlanError(f"must be the output of `{command}`, got other JSON")
    return document, document["format_version"]


def _changes(stack: str, document: Values) -> Iterator[Resource]:
    for one in _part(document, "resource_changes", list):
        # A deposed object is what a replacement left behind: another one is there already.
        if one["mode"] != "managed" or "deposed" in one:
            continue
        change = one["change"]
        yield Resource(
            stack=stack,
            address=_part(one, "address", str),
            kind=_part(one, "type", str),
            actions=_actions(change["actions"]),
            reason=one.get("action_reason") or "",
            importing=bool(change.get("importing")),
            replaced_for=tuple(".".join(map(str, path)) for path in change.get("replace_paths") or ()),
            before=_shown(change.get("before"), change.get("before_sensitive")),
            after=_shown(change.get("after"), change.get("after_sensitive")),
        )


def _state(stack: str, document: Values) -> Iterator[Resource]:
    """Yield what is in the state: a plan with `-target` or `-refresh-only` lists fewer changes."""
    modules = [_part(_part(_part(document, "prior_state", dict), "values", dict), "root_module", dict)]
    while modules:
        module = modules.pop()
        modules += _part(module, "child_modules", list)
        for one in _part(module, "resources", list):
            if one["mode"] == "managed" and "deposed_key" not in one:
                held = _shown(one["values"], one.get("sensitive_values"))
                yield Resource(
                    stack=stack,
                    address=_part(one, "address", str),
                    kind=_part(one, "type", str),
                    before=held,
                    after=held,
                )


def _part(value: Values, key: str, kind: type) -> Any:
    """Return a part of *value*, empty where it is left out; a TypeError where it is of another kind."""
    part = value.get(key)
    if part is not None and not isinstance(part, kind):
        raise TypeError
    return kind() if part is None else part


def _actions(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or not ACTIONS.issuperset(given):
        raise ValueError
    return tuple(given)


def _shown(value: Values | None, sensitive: Any) -> Values:
    """Return *value* without what is sensitive; the terraform_data of an empty input counts as there too."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError
    return _without(value, sensitive) or {"": None}


def _without(value: Any, sensitive: Any) -> Any:
    if sensitive is True:
        return None
    if isinstance(value, dict):
        marks: Mapping[str, Any] = sensitive if isinstance(sensitive, dict) else {}
        return {key: _without(inner, marks.get(key)) for key, inner in value.items()}
    if isinstance(value, list):
        listed = sensitive if isinstance(sensitive, list) else []
        return [_without(inner, listed[number] if number < len(listed) else None) for number, inner in enumerate(value)]
    return value


def _time(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    # Python 3.10 does not read the Z.
    made = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return made if made.tzinfo else made.replace(tzinfo=timezone.utc)
