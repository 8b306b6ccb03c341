"""From a YAML file to a config that holds, or to everything that is wrong with it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

from stacks.config import Config
from stacks.errors import TOKEN, ConfigError, Location, Problem, nearest, shown, yaml_path
from stacks.rules import check
from stacks.yaml_file import read


def load(path: Path) -> Config:
    """
    Read *path*.

    Raises:
        ConfigError: With every problem: of the text, of the shape, and, once the shape holds, of the rules.
    """
    data, problems = read(path)
    try:
        # As JSON, strictly: a number is no text, text is no number, and nothing but true is true.
        config = Config.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        problems += [_shape_problem(detail) for detail in error.errors(include_url=False)]
    else:
        problems += check(config)[0]
    if problems:
        raise ConfigError(str(path), problems)
    return config


def setting_paths(hint: Any = Config, prefix: str = "") -> Iterator[str]:
    """Path of every setting below *hint*, with `<key>` for keys that are the user's own."""
    for name, inner in _settings(hint).items():
        yield f"{prefix}{name}"
        key = "<key>." if _is_map(inner) else ""
        yield from setting_paths(_item(inner) if key else inner, f"{prefix}{name}.{key}")


def _shape_problem(detail: Any) -> Problem:
    """One of pydantic's findings in the user's words."""
    kind, location, got = detail["type"], detail["loc"], detail["input"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return _unknown_setting(location)
    if kind == "value_error":
        return _broken_invariant(location, str(detail["ctx"]["error"]), got)
    if kind == "json_invalid":
        return Problem("", r"must hold whole characters, got half of one: '\ud800'", "write the character itself")
    if kind == "missing":
        return Problem(yaml_path(location), "must be given, got nothing")
    if kind == "literal_error":
        allowed = [str(choice) for choice in get_args(_hint_at(location))]
        message = f"must be one of {', '.join(allowed)}, got {shown(got)}"
        return Problem(yaml_path(location), message, nearest(str(got), allowed, otherwise=""))
    words, fix = _type_words(kind.split("_")[0], got)
    return Problem(yaml_path(location), f"must be {words}, got {shown(got)}" if words else detail["msg"], fix)


def _type_words(kind: str, got: object) -> tuple[str, str]:
    """What a type is called, and how to get it from *got*."""
    section = "remove the key, or indent its settings below it" if got is None else ""
    return {
        "int": ("a whole number", ""),
        "float": ("a number", ""),
        "bool": ("true or false", ""),
        "string": ("text", "put it in quotes" if isinstance(got, bool | int | float) else ""),
        "tuple": ("a list", f"write [{shown(got)}]" if isinstance(got, str) else ""),
        "dict": ("a map of keys", section),
        "dataclass": ("a map of settings", section),
    }.get(kind, ("", ""))


def _unknown_setting(location: Location) -> Problem:
    name, known = str(location[-1]), _settings(_hint_at(location[:-1]))
    elsewhere = [path for path in setting_paths() if path.split(".")[-1] == name]
    lost = f"it belongs at {' or '.join(elsewhere)}: check the indentation" if elsewhere else None
    return Problem(yaml_path(location), f"unknown setting {shown(name)}", nearest(name, known, otherwise=lost))


def _broken_invariant(location: Location, message: str, got: object) -> Problem:
    """A spec's own message; where it begins with one of the spec's settings, that becomes the path's end."""
    match = re.match(r"(\w+) (must .*)", message, re.DOTALL)
    if match and isinstance(got, dict):
        location, message = (*location, match[1]), match[2]
    return Problem(yaml_path(location), TOKEN.sub("hf_...", message))


def _hint_at(location: Location) -> Any:
    hint: Any = Config
    for part in location:
        settings = _settings(hint)
        hint = settings.get(str(part)) if settings else _item(hint)
    return _bare(hint)


def _settings(hint: Any) -> dict[str, Any]:
    """The settings of a section, with their types; none for anything that is not a section."""
    hint = _bare(hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return {name: field.annotation for name, field in hint.model_fields.items()}
    return get_type_hints(hint) if dataclasses.is_dataclass(hint) else {}


def _bare(hint: Any) -> Any:
    """*hint* without its `| None`."""
    args = get_args(hint)
    return next(arg for arg in args if arg is not NoneType) if NoneType in args else hint


def _is_map(hint: Any) -> bool:
    return get_origin(_bare(hint)) is dict


def _item(hint: Any) -> Any:
    """What a list or a map holds."""
    args = get_args(_bare(hint))
    return args[1] if _is_map(hint) else (args or (None,))[0]
