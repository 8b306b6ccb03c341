"""The fix for a value of the wrong type: what was likely meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from constructs_lib.specs.limits import SECRET, masked, number_limits
from constructs_lib.vllm_arguments import split_arguments
from platform_config.errors import Location, shown
from platform_config.shape import bare, hint_at, item_of, required_of, settings_of

YES, NO = ("yes", "y", "on", "true"), ("no", "n", "off", "false")
SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
GIB = {"ki": 2**-20, "mi": 2**-10, "m": 2**-10, "gi": 1, "g": 1, "ti": 1024, "t": 1024}
UNITS: dict[str, tuple[str, dict[str, float]]] = {
    "sec": ("seconds", SECONDS),
    "minutes": ("minutes", {unit: seconds / 60 for unit, seconds in SECONDS.items()}),
    "minute": ("minutes", {}),
    "hours": ("hours", {unit: seconds / 3600 for unit, seconds in SECONDS.items()}),
    "days": ("days", {unit: seconds / 86400 for unit, seconds in SECONDS.items()}),
    "gib": ("GiB", GIB),
    "percent": ("percent", {"%": 1}),
}
"""By the last part of a setting's name: what the setting counts, and how much of that each other unit is."""

OTHER_CHOICES: Mapping[str, str] = {
    "mail": "email",
    "webhook_basicauth": "webhook",
    "webhook_tokenauth": "webhook",
    **dict.fromkeys(("page", "p1", "sev1", "high", "fatal", "emergency"), "critical"),
    **dict.fromkeys(("p2", "sev2", "medium", "major"), "error"),
    **dict.fromkeys(("p3", "p4", "sev3", "info", "low", "minor", "notice", "ticket", "warn"), "warning"),
}
"""What other tools call a choice: kinds of channels, and severities."""


def suggest_value(sort: str, got: Any, location: Location, written: str, *, needed: bool) -> str:
    """
    Suggest what to write instead; empty where that is not clear.

    Args:
        sort: The required type, as pydantic names it: `int`, `bool`, `tuple` and so on.
        got: The value that was given.
        location: The setting.
        written: The text behind the setting's key, for a value that is None.
        needed: Whether the setting must be given.
    """
    if got is None:
        return _suggest_for_nothing(sort, location, written, needed=needed)
    if isinstance(got, list) and len(got) == 1 and sort in ("int", "float", "bool", "string") and _is_plain(got[0]):
        return f"write {_as_yaml(got[0])} without brackets or hyphen"
    suggest = {"int": _number, "float": _number, "bool": _boolean, "string": _text, "tuple": _list}.get(sort, _section)
    return suggest(got, location)


def _suggest_for_nothing(sort: str, location: Location, written: str, *, needed: bool) -> str:
    """Suggest what to do with a key that has no value."""
    if written[:1] in ("#", "&", "!"):
        return f"put text that begins with {written[0]} in quotes"
    if sort in ("dict", "dataclass"):
        names = required_of(hint_at(location)) if sort == "dataclass" else []
        least = f": {', '.join(names)} at least" if names and needed else ""
        return f"indent its settings below it{least}" if needed else "remove the key, or indent its settings below it"
    return "write it behind the colon" if needed else "remove the line, or write it behind the colon"


def _whole_numbers(got: float, location: Location) -> str:
    """Suggest the whole numbers beside *got* that the setting may be."""
    section: Any = hint_at(location[:-1])
    limits = number_limits(section).get(str(location[-1])) if settings_of(section) else None
    beside = [str(number) for number in (int(got), int(got) + 1) if limits is None or limits.allows(number)]
    return f"write {' or '.join(beside)}" if beside else ""


def _number(got: Any, location: Location) -> str:
    """Suggest a number."""
    name = str(location[-1])
    if isinstance(got, float):
        if name.endswith("_percent") and 0 < got < 1:
            return f"write {got * 100:.0f}: it counts percent"
        return f"write {got:.0f}" if got.is_integer() else _whole_numbers(got, location)
    if not isinstance(got, str):
        return ""
    text = got.strip()
    if re.fullmatch(r"[-+]?(0|[1-9]\d{0,17})(\.\d+)?", text):
        number = _number(float(text), location) if "." in text and hint_at(location) is int else ""
        return number or f"write {text.lstrip('+')} without quotes"
    if re.fullmatch(r"0[xob][0-9a-fA-F]+", text, re.IGNORECASE):
        try:
            return f"write {int(text, 0)}"
        except ValueError:
            return ""
    if re.fullmatch(r"0\d+", text):
        return f"write {text.lstrip('0') or '0'} without the zero before it"
    if re.fullmatch(r"\d{1,3}([_, ]\d{3})+", text):
        return f"write {re.sub(r'[_, ]', '', text)}"
    if hint_at(location) is float and re.fullmatch(r"\d+,\d{1,2}", text):
        return f"write {text.replace(',', '.')}, with a point"
    return _with_unit(text, location)


def _with_unit(text: str, location: Location) -> str:
    """Suggest a number without its unit, converted to what the setting counts."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-zA-Z%]+)", text)
    if not parts or re.sub(r"\d+(?:\.\d+)?\s*[a-zA-Z%]+\s*", "", text):
        return ""
    what, units = UNITS.get(str(location[-1]).rsplit("_", 1)[-1], ("", {}))
    if not what and len(parts) == 1 and parts[0][1].lower() == "k":
        return f"write {float(parts[0][0]) * 1024:.0f} or {float(parts[0][0]) * 1000:.0f}, whichever is meant"
    total = 0.0
    for number, unit in parts:
        size = units.get(_unit(unit))
        if size is None:
            return f"write the number alone{f': it counts {what}' if what else ''}"
        total += float(number) * size
    if not total.is_integer() and hint_at(location) is int:
        return f"write {int(total)} or {int(total) + 1}: it counts {what}"
    return f"write {total:g}: it counts {what}" if total < 10**6 else f"write {total:.0f}: it counts {what}"


def _unit(text: str) -> str:
    """Return `GiB`, `GB`, `hours` and the like in their short form."""
    word = text.lower()
    longs = {"seconds": "s", "second": "s", "secs": "s", "minutes": "m", "minute": "m", "mins": "m", "hours": "h"}
    longs |= {"hour": "h", "hr": "h", "hrs": "h", "days": "d", "day": "d", "weeks": "w", "week": "w", "percent": "%"}
    return longs.get(word, word.removesuffix("b") if len(word) > 1 else word)


def _boolean(got: Any, _: Location) -> str:
    """Suggest true or false."""
    word = str(got).lower()
    if word in YES or got == 1:
        return "write true"
    return "write false" if word in NO or got == 0 else ""


def _text(got: Any, location: Location) -> str:
    """Suggest a text."""
    if location == ("project",) and isinstance(got, int) and not isinstance(got, bool):
        return "write the project ID, not its number: `gcloud projects list` shows it"
    if isinstance(got, dict) and list(got) == ["secret_manager"] and isinstance(got["secret_manager"], str):
        return f"write {_as_yaml(masked(got['secret_manager']))}"
    return "put it in quotes" if isinstance(got, bool | int | float) else "write one text"


def _list(got: Any, location: Location) -> str:
    """Suggest a list."""
    if isinstance(got, dict):
        return "write its values alone, each behind '- '"
    if not isinstance(got, str):
        return f"write [{_as_yaml(got)}]"
    text = got.strip()
    if text.startswith("--") or (text.startswith("-") and location[-1] == "extra_args"):
        parts = split_arguments(text)
    elif re.fullmatch(r"-\s*[^-\s].*", text):
        return f"write a space behind the hyphen: '- {text[1:].strip()}'"
    else:
        parts = [part for part in re.split(r"[,\s]+", text.strip("[]")) if part]
    return f"write [{', '.join(map(shown, parts))}]"


def _section(got: Any, location: Location) -> str:
    """Suggest a map in place of a list or a value."""
    names = settings_of(hint_at(location))
    if joined := re.fullmatch(r"([^:{]+):\{(.*)", str(location[-1])):
        return f"write a space behind the colon: '{joined[1]}: {{{joined[2]}: {got}'"
    if names.get("enabled") is bool and (switch := _boolean(got, location)):
        return f"write {{enabled: {switch.removeprefix('write ')}}}"
    if isinstance(got, list) and len(got) == 1 and names.get(str(got[0])) is bool:
        got = got[0]
    inner = settings_of(item_of(hint_at(location)))
    if isinstance(got, list):
        return _list_for_map(got, set(inner), is_section=bool(names))
    needed = required_of(hint_at(location)) if names else []
    if isinstance(got, str) and names.get(got) is bool:
        return f"write {{{got}: true}}"
    only = needed[0] if len(needed) == 1 else next(iter(names), "") if not needed else ""
    if isinstance(got, str) and got.startswith("gs://") and "bucket_path" in names:
        only = "bucket_path"
    if location[-1:] == ("address",) and isinstance(got, str) and not got.startswith("/"):
        only = "host"
    if only and _fits(got, bare(names[only])):
        return f"write {{{only}: {_as_yaml(got)}}}"
    if names:
        return f"indent its settings below it{': ' + ', '.join(needed) + ' at least' if needed else ''}"
    below = ", each with its settings indented below it" if inner else ": key: value"
    return f"write one key a line{below}"


def _list_for_map(got: list[Any], inner: set[str], *, is_section: bool) -> str:
    """Suggest a map in place of a list."""
    if got and all(isinstance(item, dict) and len(item) == 1 and not item.keys() & inner for item in got):
        return "remove the hyphens"
    if is_section:
        return "write one 'setting: value' a line, without hyphens"
    if got and all(isinstance(item, dict) for item in got):
        name = got[0].get("name")
        first = name if isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9-]*", name) else "first"
        return f"write a key of your own in place of each hyphen, such as {first}:"
    return "write each as a key of its own, with what belongs to it behind the colon"


def _fits(got: Any, hint: Any) -> bool:
    """Return whether *got* is a value of the type *hint*."""
    if isinstance(got, str):
        return hint is str and not SECRET.search(got)
    return hint is int and isinstance(got, int) and not isinstance(got, bool)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _as_yaml(value: object) -> str:
    return shown(value)[1:-1] if isinstance(value, str) and re.fullmatch(r"(gs://)?[\w./-]+", value) else shown(value)
