"""Does a JSON value fit a Terraform type?"""

from collections.abc import Iterator
from typing import Any

from tests.checks.schemas import hint

Problem = tuple[str, str]
"""The path of an attribute, and what is wrong with it."""

WANTED = {"string": "a string", "number": "a number", "bool": "true or false"}


def is_expression(value: Any) -> bool:
    """Return whether Terraform computes *value*, so that it may be of any type."""
    return isinstance(value, str) and "${" in value.replace("$${", "")


def value_problems(value: Any, type_: Any, path: str) -> Iterator[Problem]:
    """Find what keeps *value* from being of *type_*, with Terraform's own conversions allowed."""
    if value is None or type_ == "dynamic" or is_expression(value):
        return
    if isinstance(type_, str):
        if not _converts(value, type_):
            yield path, f"{shown(value)} is not {WANTED[type_]}"
    elif type_[0] in ("list", "set"):
        if not isinstance(value, list):
            yield path, f"{shown(value)} is not a {type_[0]}; write a JSON array"
            return
        for index, item in enumerate(value):
            yield from value_problems(item, type_[1], f"{path}[{index}]")
    elif not isinstance(value, dict):
        yield path, f"{shown(value)} is not a{'n' if type_[0] == 'object' else ''} {type_[0]}; write a JSON object"
    else:
        yield from _member_problems(value, type_, path)


def _member_problems(value: dict[str, Any], type_: Any, path: str) -> Iterator[Problem]:
    members = type_[1] if type_[0] == "object" else dict.fromkeys(value, type_[1])
    yield from ((f"{path}.{name}", "missing; this attribute is required") for name in members if name not in value)
    for name, item in value.items():
        if name in members:
            yield from value_problems(item, members[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}", f"unknown attribute; {hint(name, members)}"


def _converts(value: Any, type_: str) -> bool:
    """Return whether Terraform converts *value* to this primitive: text and others both ways, no bool to a number."""
    if type_ == "string":
        return isinstance(value, (str, int, float))
    if type_ == "bool":
        return isinstance(value, bool) or value in ("true", "false")
    return not isinstance(value, bool) and (isinstance(value, (int, float)) or _is_number(value))


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def shown(value: Any) -> str:
    """Show *value* in a message: itself when it is short, else its kind."""
    names = {dict: "an object", list: "an array", bool: "a bool"}
    return names.get(type(value)) or repr(value)
