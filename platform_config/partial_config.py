"""A config with broken parts: everything else in it can still be checked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from types import NoneType
from typing import Any, NoReturn, get_args

from pydantic import BaseModel

from constructs_lib.specs import UniverseSpec
from constructs_lib.universe import universe_named
from platform_config.config import Config
from platform_config.errors import Location
from platform_config.shape import bare, defaults_of, is_list, is_map, item_of, settings_of


class Unknown:
    """
    The value of a broken part: whatever is done with it raises a TypeError.

    So no rule can find anything that depends on it. Only `is None` works, and is False: the setting was given.
    """

    __slots__ = ()

    def __getattr__(self, _: str) -> NoReturn:
        raise TypeError("this part of the config is broken")

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("this part of the config is broken")

    # What every object has. Operators that an object may lack are not defined, and raise a TypeError by themselves.
    __bool__ = __str__ = __repr__ = __format__ = _refuse
    __eq__ = __ne__ = __hash__ = _refuse


UNKNOWN: Any = Unknown()


def has_unknown(value: object) -> bool:
    """Return whether *value* is unknown or holds something unknown."""
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    if isinstance(value, tuple):
        return any(map(has_unknown, value))
    if dataclasses.is_dataclass(value) or isinstance(value, BaseModel):
        return any(map(has_unknown, vars(value).values()))
    return isinstance(value, Unknown)


def known_first(items: Iterable[Any]) -> list[Any]:
    """Return *items* in their order, but those with unknown parts last."""
    return sorted(items, key=has_unknown)


def make_partial_config(
    data: dict[str, Any], broken: set[Location], *, reorder: bool = False
) -> tuple[Config, list[tuple[Location, str]]]:
    """
    Make a config of *data*, with `UNKNOWN` at every *broken* location and for each required setting that is missing.

    Args:
        data: The settings as read.
        broken: Locations of the parts whose shape is wrong.
        reorder: Whether keys with broken parts come last in their map, so that a rule sees the others first.

    Returns:
        The config, and for each section with a broken part that refuses its other parts: its location and its message.
    """
    maker = _Maker(broken, reorder)
    return maker.part(Config, data, ()), maker.refused


class _Maker:
    """Makes a partial config; collects what its sections refuse."""

    def __init__(self, broken: set[Location], reorder: bool) -> None:
        self.refused: list[tuple[Location, str]] = []
        self._broken = broken
        self._around = {location[:depth] for location in broken for depth in range(len(location))}
        self._reorder = reorder

    def part(self, hint: Any, value: Any, location: Location) -> Any:
        """Return the part of type *hint* that is made of *value*."""
        if location in self._broken:
            return UNKNOWN
        if value is None:
            return None if NoneType in get_args(hint) else UNKNOWN
        if bare(hint) is UniverseSpec and isinstance(value, str):
            return universe_named(value)
        if settings_of(hint):
            return self._section(hint, value, location)
        if is_map(hint):
            made = {key: self.part(item_of(hint), inner, (*location, key)) for key, inner in value.items()}
            return dict(sorted(made.items(), key=lambda entry: has_unknown(entry[1]))) if self._reorder else made
        if is_list(hint):
            return tuple(self.part(item_of(hint), inner, (*location, n)) for n, inner in enumerate(value))
        return value

    def _section(self, hint: Any, given: dict[str, Any], location: Location) -> Any:
        """Return a section; it is made without its own checks, which need every part."""
        section = bare(hint)
        values, guessed = {}, False
        for name, inner in settings_of(hint).items():
            here = (*location, name)
            default = defaults_of(hint).get(name, UNKNOWN)
            if name in given:
                values[name] = self.part(inner, given[name], here)
            elif here in self._broken or (here in self._around and default is None):
                values[name] = UNKNOWN
                guessed = guessed or default is not UNKNOWN
            elif here in self._around:
                values[name] = self.part(inner, {}, here)
            else:
                values[name] = default
        if issubclass(section, BaseModel):
            return section.model_construct(**values)
        made = object.__new__(section)
        for name, value in values.items():
            object.__setattr__(made, name, value)
        if location in self._around and hasattr(made, "__post_init__"):
            self._check(made, location, guessed=guessed)
        return made

    def _check(self, section: Any, location: Location, *, guessed: bool) -> None:
        """
        Let a section check itself as far as it is known.

        Where it is guessed that an optional setting was meant, what the section says of several settings together is
        left out: "give one of the two" would be about a setting that nobody wrote.
        """
        try:
            section.__post_init__()
        except ValueError as error:
            lines = [line for line in str(error).splitlines() if not guessed or re.match(r"\w+ must ", line)]
            if lines:
                self.refused.append((location, "\n".join(lines)))
        except TypeError:
            return
