"""Settings of the wrong shape: where, what is required, what was given, and what was likely meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from constructs_lib.specs.limits import MASKED, SECRET, masked
from platform_config.config import Config
from platform_config.errors import REVOKE, Location, Problem, nearest, shown, yaml_path
from platform_config.reading.suggestions import OTHER_CHOICES, suggest_value
from platform_config.reading.unknown_settings import fits, likely_meant, suggest_setting
from platform_config.reading.yaml_file import Reading
from platform_config.shape import bare, defaults_of, hint_at, is_list, is_map, item_of, required_of, settings_of

UNKNOWN_KINDS = ("extra_forbidden", "unexpected_keyword_argument")
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
    meant = {place for location in unknown for place in likely_meant(location, reading.settings)}
    renamed = {place[: depth + 1] for place in meant for depth in range(len(place))}
    found: dict[Location, Problem] = {}
    for detail in details:
        location: Location = detail["loc"]
        is_reported = any(location[:depth] in reading.broken for depth in range(len(location) + 1))
        if is_reported or (detail["type"] == "missing" and location in renamed):
            continue
        if detail["type"] == "value_error":
            found.update(explain_section_error(location, str(detail["ctx"]["error"])))
        elif without_key := _settings_without_key(location, reading.settings):
            found.update(without_key)
        else:
            found[location] = _shape_problem(detail, reading)
    return found


def explain_empty_settings(given: Any, hint: Any = Config, location: Location = ()) -> Iterator[Problem]:
    """
    Yield a problem for each optional list or text below *given* that is written and empty.

    It would stand for the default, such as every region, where its author meant none. A list whose default is nothing
    may be empty: that is another value. What must be given, the items of a list and the values of a map have rules of
    their own.
    """
    if is_map(hint) and isinstance(given, dict):
        for key, inner in given.items():
            yield from explain_empty_settings(inner, item_of(hint), (*location, key))
    elif isinstance(given, dict):
        needed = required_of(hint) if settings_of(hint) else []
        defaults = defaults_of(hint) if settings_of(hint) else {}
        for name, inner in settings_of(hint).items():
            place, value = (*location, name), given.get(name)
            no_items = value == [] and is_list(inner) and defaults.get(name) is not None
            if (no_items or (value == "" and bare(inner) is str)) and name not in needed:
                message = f"must not be empty, got {'a list without items' if value == [] else shown(value)}"
                yield Problem(yaml_path(place), message, "remove the line: its default is used")
            else:
                yield from explain_empty_settings(value, inner, place)


def explain_section_error(location: Location, message: str) -> Iterator[tuple[Location, Problem]]:
    """
    Yield a problem, with its location, for each line of the *message* of a section that refuses itself.

    A line that begins with the name of a setting belongs to that setting, any other to the section at *location*.
    """
    for line in message.splitlines():
        match = re.match(r"(\w+) (must .*)", line, re.DOTALL)
        place, text = ((*location, match[1]), match[2]) if match else (location, line)
        text, _, fix = masked(text).partition(": write ")
        found = MASKED.search(text)
        is_known = found is not None and (found[1] == "hf_" or not fix)
        yield place, Problem(yaml_path(place), text, REVOKE if is_known else f"write {fix}" if fix else "")


def _shape_problem(detail: Any, reading: Reading) -> Problem:
    """Return the problem for one error of pydantic."""
    kind, location, got = detail["type"], detail["loc"], detail["input"]
    path, written = yaml_path(location), reading.written.get(location)
    if kind in UNKNOWN_KINDS:
        return Problem(path, f"unknown setting {shown(str(location[-1]))}", suggest_setting(location, got))
    if kind == "json_invalid":
        return Problem("", r"must hold whole characters, got half of one: '\ud800'", "write the character itself")
    if kind == "missing":
        return Problem(path, "must be given, got nothing")
    hint = hint_at(location)
    given = written if written and isinstance(got, int | float) and not isinstance(got, bool) else shown(got)
    if isinstance(got, str) and SECRET.search(got):
        return Problem(path, f"must be {TYPE_NAMES.get(kind.split('_')[0], 'something else')}, got {given}", REVOKE)
    if kind == "literal_error":
        allowed = [str(choice) for choice in get_args(hint)]
        if isinstance(got, float) and str(got) in allowed:
            quoted = ", ".join(f"'{choice}'" for choice in allowed)
            fix = f'put it in quotes: {location[-1]}: "{got}"'
            return Problem(path, f"must be one of {quoted}, got the number {given}", fix)
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
    plain = str(word).lower().replace("-", "_")
    same = [choice for choice in allowed if choice.lower() == plain]
    same = same or [choice for choice in allowed if choice.lower().startswith(f"{plain}_")]
    meant = same[0] if same else OTHER_CHOICES.get(plain, str(word))
    if not get_close_matches(meant, allowed, cutoff=0.7):
        fixes = {"custom": "write custom", "existing": "write existing, and the id of a channel that was made by hand"}
        return next((fix for choice, fix in fixes.items() if choice in allowed), "")
    return nearest(meant, allowed, otherwise="")


def _settings_without_key(location: Location, settings: Any) -> dict[Location, Problem]:
    """Return the problem of a map of keys around *location* that holds settings of one of them; empty without such."""
    for depth, part in enumerate(location):
        place = location[:depth]
        if is_map(hint_at(place)) and (stray := _stray_settings(hint_at(place), settings)):
            if set(settings) == set(stray):
                return {place: _settings_of_one(place)}
            return {(*place, name): _setting_beside(place, name, list(settings), stray) for name in stray}
        settings = settings.get(part) if isinstance(settings, dict) else None
    return {}


def _stray_settings(hint: Any, given: Any) -> list[str]:
    """Return the keys of a map that are settings of one of its sections; none where they can be keys as well."""
    names = settings_of(item_of(hint)) if isinstance(given, dict) else {}
    own = [key for key in given if key in names] if names else []
    plain = [key for key in own if not isinstance(given[key], dict)]
    maps = [key for key in own if fits(names[key], given[key]) and not fits(item_of(hint), given[key])]
    return [key for key in own if key in plain or key in maps] if maps or len(plain) > 1 else []


def _settings_of_one(location: Location) -> Problem:
    """Return the problem of a map of keys that holds the settings of one of them."""
    fix = f"write a key of your own below it, such as {_example_key(location)}:, and indent them below that"
    return Problem(yaml_path(location), "must be a map of keys, got the settings of one", fix)


def _setting_beside(location: Location, name: str, keys: list[str], stray: list[str]) -> Problem:
    """Return the problem of a setting that stands beside the key that it belongs to."""
    others = [key for key in keys if key not in stray]
    owner = next((key for key in reversed(keys[: keys.index(name)]) if key in others), others[0])
    message = f"must be a setting of one key, got it beside {' and '.join(map(shown, others))}"
    return Problem(yaml_path((*location, name)), message, f"indent it below {shown(owner)[1:-1]}")


def _example_key(location: Location) -> str:
    return {"regions": "us", "node_pools": "tpu", "models": "gemma"}.get(str(location[-1]), "first")
