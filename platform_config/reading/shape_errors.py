"""Settings of the wrong shape: where, what is required, what was given, and what was likely meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from platform_config.errors import TOKEN, Location, Problem, nearest, shown, yaml_path
from platform_config.reading.suggestions import suggest_value
from platform_config.reading.yaml_file import Reading
from platform_config.shape import hint_at, is_map, item_of, known_paths, required_of, settings_of

UNKNOWN_KINDS = ("extra_forbidden", "unexpected_keyword_argument")
ANCHOR_KEYS = ("anchors", "anchor", "defaults", "templates", "definitions")
TYPE_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "dict": "a map of keys",
    "dataclass": "a map of settings",
}


def explain_shape_errors(details: list[Any], reading: Reading) -> dict[Location, Problem]:
    """
    Translate what pydantic found into problems, by location; one mistake is one problem.

    Args:
        details: The errors of a `pydantic.ValidationError`.
        reading: What was read from the file.
    """
    unknown = [detail["loc"] for detail in details if detail["type"] in UNKNOWN_KINDS]
    renamed = {place for location in unknown for place in likely_meant(location, reading.settings)}
    found: dict[Location, Problem] = {}
    for detail in details:
        location: Location = detail["loc"]
        is_reported = any(location[:depth] in reading.broken for depth in range(len(location) + 1))
        if is_reported or (detail["type"] == "missing" and location in renamed):
            continue
        if detail["type"] == "value_error":
            found.update(explain_section_error(location, str(detail["ctx"]["error"])))
        elif _is_one_of_many(location, reading.settings):
            found[location[:-1]] = _settings_of_one(location[:-1])
        else:
            found[location] = _shape_problem(detail, reading)
    return found


def explain_section_error(location: Location, message: str) -> Iterator[tuple[Location, Problem]]:
    """
    Yield a problem, with its location, for each line of the *message* of a section that refuses itself.

    A line that begins with the name of a setting belongs to that setting, any other to the section at *location*.
    """
    for line in message.splitlines():
        match = re.match(r"(\w+) (must .*)", line, re.DOTALL)
        place, text = ((*location, match[1]), match[2]) if match else (location, line)
        text, _, fix = TOKEN.sub("hf_...", text).partition(": write ")
        yield place, Problem(yaml_path(place), text, f"write {fix}" if fix else "")


def likely_meant(location: Location, settings: dict[str, Any]) -> Iterator[Location]:
    """Yield the locations that an unknown setting at *location* was likely meant for."""
    name, section = str(location[-1]) if location else "", location[:-1]
    known = settings_of(hint_at(section))
    if not known or name in known or _holds_anchors(location):
        return
    if near := get_close_matches(_snake(name), known, n=1):
        yield (*section, near[0])
    for path in _elsewhere(name):
        yield from _expand(tuple(path.split(".")), settings)


def _expand(path: tuple[str, ...], settings: Any) -> Iterator[Location]:
    """Yield *path* with each key of *settings* in place of `<key>`."""
    if not path:
        yield ()
        return
    first, *rest = path
    names = list(settings) if first == "<key>" and isinstance(settings, dict) else [first]
    for name in names if first != "<key>" or isinstance(settings, dict) else ():
        inner = settings.get(name) if isinstance(settings, dict) else None
        for end in _expand(tuple(rest), inner):
            yield (name, *end)


def _shape_problem(detail: Any, reading: Reading) -> Problem:
    """Return the problem for one error of pydantic."""
    kind, location, got = detail["type"], detail["loc"], detail["input"]
    path, written = yaml_path(location), reading.written.get(location)
    if kind in UNKNOWN_KINDS:
        return Problem(path, f"unknown setting {shown(str(location[-1]))}", _suggest_setting(location))
    if kind == "json_invalid":
        return Problem("", r"must hold whole characters, got half of one: '\ud800'", "write the character itself")
    if kind == "missing":
        return Problem(path, "must be given, got nothing")
    hint = hint_at(location)
    given = written if written and isinstance(got, int | float) and not isinstance(got, bool) else shown(got)
    if kind == "literal_error":
        allowed = [str(choice) for choice in get_args(hint)]
        return Problem(path, f"must be one of {', '.join(allowed)}, got {given}", _suggest_choice(got, allowed))
    sort = kind.split("_")[0]
    required = TYPE_NAMES.get(sort, "something else")
    if sort in ("int", "float") and isinstance(got, str) and re.fullmatch(r"[-+]?[1-9]\d{18,}", got):
        message = f"must be {required} of at most 18 digits, got {len(got.lstrip('+-'))} digits"
        return Problem(path, message, "write a smaller number")
    optional = len(location) > 1 and not settings_of(hint_at(location[:-1]))
    needed = optional or str(location[-1]) in required_of(hint_at(location[:-1]))
    return Problem(
        path, f"must be {required}, got {given}", suggest_value(sort, got, location, written or "", needed=needed)
    )


def _suggest_choice(got: object, allowed: list[str]) -> str:
    if got is None:
        return "remove the line, or write one of them"
    word = got[0] if isinstance(got, list) and len(got) == 1 else got
    same = [choice for choice in allowed if choice.lower() == str(word).lower()]
    return nearest(same[0] if same else str(word), allowed, otherwise="")


def _is_one_of_many(location: Location, settings: Any) -> bool:
    """Return whether *location* is a setting directly below a map of keys: the key is missing."""
    if len(location) < 2 or not is_map(hint_at(location[:-1])):
        return False
    names = settings_of(item_of(hint_at(location[:-1])))
    for part in location[:-1]:
        settings = settings[part]
    return bool(names) and sum(key in names and not isinstance(value, dict) for key, value in settings.items()) > 1


def _settings_of_one(location: Location) -> Problem:
    """Return the problem of a map of keys that holds the settings of one of them."""
    fix = f"write a key of your own below it, such as {_example_key(location)}:, and indent them below that"
    return Problem(yaml_path(location), "must be a map of keys, got the settings of one", fix)


def _example_key(location: Location) -> str:
    return {"regions": "us", "node_pools": "tpu"}.get(str(location[-1]), "first")


def _suggest_setting(location: Location) -> str:
    """Suggest the setting that was meant: one at another place, one of nearly that name, or all there are."""
    name, known = str(location[-1]), settings_of(hint_at(location[:-1]))
    if _holds_anchors(location):
        word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        return f"write 'x-{word}': keys that begin with x- may hold anchors"
    if elsewhere := _elsewhere(name):
        return f"it belongs at {' or '.join(elsewhere)}: check the indentation"
    if near := get_close_matches(_snake(name), known, n=1):
        return f"did you mean '{near[0]}'?"
    leaves = {path.split(".")[-1] for path in known_paths()}
    if near := get_close_matches(_snake(name), leaves, n=1, cutoff=0.8):
        return f"did you mean {' or '.join(_elsewhere(near[0]))}?"
    return nearest("", known)


def _holds_anchors(location: Location) -> bool:
    """Return whether a key at the top is like those that other programs have for anchors."""
    name = str(location[0]) if len(location) == 1 else ""
    return bool(name) and (name.startswith(("_", ".")) or name.lower() in ANCHOR_KEYS)


def _elsewhere(name: str) -> list[str]:
    """Return the paths of all settings with this name."""
    return [path for path in known_paths() if path.split(".")[-1] == name]


def _snake(name: str) -> str:
    """Return MachineType and machine-type as machine_type."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name).lower()
