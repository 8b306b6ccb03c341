"""A config of which some parts are broken: the others can still be looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, NoReturn

from pydantic import BaseModel

from platform_config.config import Config
from platform_config.errors import Location
from platform_config.shape import bare, defaults_of, is_list, is_map, item_of, settings_of


class Unknown:
    """
    Stands where a part is broken: whoever looks at it stumbles with a TypeError.

    So a rule can find nothing that depends on it. What it is not (such as None) can be asked: it was given.
    """

    __slots__ = ()

    def __getattr__(self, _: str) -> NoReturn:
        raise TypeError("this part of the config is broken")

    def _stumble(self, *_: object) -> NoReturn:
        raise TypeError("this part of the config is broken")

    # What every object has; the rest it lacks, which is a TypeError too.
    __bool__ = __str__ = __repr__ = __format__ = _stumble
    __eq__ = __ne__ = __hash__ = _stumble


UNKNOWN: Any = Unknown()


def has_unknown(value: object) -> bool:
    """Whether *value* is unknown or holds something that is."""
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    if isinstance(value, tuple):
        return any(map(has_unknown, value))
    if dataclasses.is_dataclass(value) or isinstance(value, BaseModel):
        return any(map(has_unknown, vars(value).values()))
    return isinstance(value, Unknown)


def known_first(items: Iterable[Any]) -> list[Any]:
    """*items* in their order, but those with unknown parts last."""
    return sorted(items, key=has_unknown)


def partial_config(
    data: dict[str, Any], broken: set[Location], *, reorder: bool = False
) -> tuple[Config, list[tuple[Location, str]]]:
    """
    *data* as a config, with something unknown at every *broken* location and where a required setting is missing.

    Sections that hold something broken are checked as far as they are known: location and words of what they refuse.

    Args:
        data: The settings as they were read.
        broken: Locations of parts whose shape is wrong.
        reorder: Puts keys with broken parts last in their map, so that a rule sees the others first.
    """
    maker = _Maker(broken, reorder)
    return maker.part(Config, data, ()), maker.refused


class _Maker:
    def __init__(self, broken: set[Location], reorder: bool) -> None:
        self.refused: list[tuple[Location, str]] = []
        self._broken = broken
        self._around = {location[:depth] for location in broken for depth in range(len(location))}
        self._reorder = reorder

    def part(self, hint: Any, value: Any, location: Location) -> Any:
        if location in self._broken:
            return UNKNOWN
        if value is None:
            return None
        if settings_of(hint):
            return self._section(hint, value, location)
        if is_map(hint):
            made = {key: self.part(item_of(hint), inner, (*location, key)) for key, inner in value.items()}
            return dict(sorted(made.items(), key=lambda entry: has_unknown(entry[1]))) if self._reorder else made
        if is_list(hint):
            return tuple(self.part(item_of(hint), inner, (*location, n)) for n, inner in enumerate(value))
        return value

    def _section(self, hint: Any, given: dict[str, Any], location: Location) -> Any:
        section = bare(hint)
        values = {}
        for name, inner in settings_of(hint).items():
            here = (*location, name)
            default = defaults_of(hint).get(name, UNKNOWN)
            if name in given:
                values[name] = self.part(inner, given[name], here)
            elif here in self._broken or (here in self._around and default is None):
                values[name] = UNKNOWN
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
            self._check(made, location)
        return made

    def _check(self, section: Any, location: Location) -> None:
        try:
            section.__post_init__()
        except ValueError as error:
            self.refused.append((location, str(error)))
        except TypeError:
            return
