"""The shape of a config: which settings exist, and of what type."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from platform_config.config import Config
from platform_config.errors import Location


def setting_paths(hint: Any = Config, prefix: str = "") -> Iterator[str]:
    """Yield the path of every setting below *hint*, with `<key>` for keys that the user chooses."""
    for name, inner in settings_of(hint).items():
        yield f"{prefix}{name}"
        key = "<key>." if is_map(inner) else ""
        yield from setting_paths(item_of(inner) if key else inner, f"{prefix}{name}.{key}")


@cache
def known_paths() -> tuple[str, ...]:
    """Return the path of every setting of a config."""
    return tuple(setting_paths())


def hint_at(location: Location) -> Any:
    """Return the type of the setting at *location*, without its `| None`."""
    hint: Any = Config
    for part in location:
        settings = settings_of(hint)
        hint = settings.get(str(part)) if settings else item_of(hint)
    return bare(hint)


def settings_of(hint: Any) -> dict[str, Any]:
    """Return the settings of a section with their types; none for a type that is not a section."""
    hint = bare(hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return {name: field.annotation for name, field in hint.model_fields.items()}
    return _hints(hint) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else {}


@cache
def _hints(section: Any) -> dict[str, Any]:
    return get_type_hints(section)


def defaults_of(hint: Any) -> dict[str, Any]:
    """Return the defaults of a section's settings, without those that must be given."""
    return _defaults(bare(hint))


@cache
def _defaults(section: Any) -> dict[str, Any]:
    if isinstance(section, type) and issubclass(section, BaseModel):
        return {
            name: field.get_default(call_default_factory=True)
            for name, field in section.model_fields.items()
            if not field.is_required()
        }
    made = {}
    for field in dataclasses.fields(section):
        if field.default is not dataclasses.MISSING:
            made[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            made[field.name] = field.default_factory()
    return made


def required_of(hint: Any) -> list[str]:
    """Return the settings of a section that must be given."""
    return [name for name in settings_of(hint) if name not in defaults_of(hint)]


def bare(hint: Any) -> Any:
    """Return *hint* without its `| None`."""
    args = get_args(hint)
    return next(arg for arg in args if arg is not NoneType) if NoneType in args else hint


def is_map(hint: Any) -> bool:
    """Return whether *hint* is a map whose keys the user chooses."""
    return get_origin(bare(hint)) is dict


def is_list(hint: Any) -> bool:
    """Return whether *hint* is a list."""
    return get_origin(bare(hint)) is tuple


def item_of(hint: Any) -> Any:
    """Return the type of the items of a list or the values of a map."""
    args = get_args(bare(hint))
    return args[1] if is_map(hint) else (args or (None,))[0]
