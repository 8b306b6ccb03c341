"""What a data source makes of a resource: its types are its own, and fewer things are in it."""

from __future__ import annotations

from typing import Any

from tests.rig.schemas import UNKNOWN
from tests.rig.wire import Message

TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "bool": (bool,)}


def fitted(attributes: Message, held: Message) -> Message:
    """Return what a data source with these *attributes* has of the resource *held*; what does not fit is unknown."""
    return {name: _fit(attributes[name]["type"], value) for name, value in held.items() if name in attributes}


def _fit(type_: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(type_, str):
        return value if isinstance(value, TYPES[type_]) else UNKNOWN
    container, member = type_
    if container == "object":
        return {name: _fit(inner, value.get(name)) for name, inner in member.items()}
    if container == "map":
        return {name: _fit(member, inner) for name, inner in value.items()}
    return [_fit(member, inner) for inner in value]
