"""Reads what `terraform show -json` prints of a plan or a state, without any value that is sensitive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from gke_inference.plan_check.plan import FORMAT, NO_OP, Plan, Resource, Values

ACTIONS = {*NO_OP, "create", "read", "update", "delete", "forget"}
"""All that a plan may do to a resource. Source: Terraform, JSON Output Format, change representation."""


class NotAPlanError(Exception):
    """A file that is not the JSON of a plan; its text says what it is."""


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
    except (ValueError, RecursionError):
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
