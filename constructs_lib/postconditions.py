"""A stop of a plan where something that was read does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdktf import Postcondition


def refuse_unless(conditions: Mapping[str, str]) -> dict[str, Any]:
    """
    Return the `lifecycle` of a data source that stops what depends on it unless all of *conditions* hold.

    Terraform reports each that does not hold. It does not stop a destroy for them.

    Args:
        conditions: What is reported, by the expression that must be true; `self` in it is what was read.
    """
    checks = [
        Postcondition(condition=f"${{{condition}}}", error_message=f"{message}.")
        for condition, message in conditions.items()
    ]
    return {"postcondition": checks}


def ends_with(value: str, suffix: str) -> str:
    """Return the expression that *value*, which may be null, ends with *suffix*: APIs return full addresses."""
    return f'try(endswith({value}, "{suffix}"), false)'


def shown(value: str) -> str:
    """Return *value*, an expression that may be null or fail, as a part of a message."""
    return f'${{try(coalesce({value}), "none")}}'
