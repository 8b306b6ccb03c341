"""A config file over the files that it extends: one map of settings, each with the line where it stands."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from platform_config.errors import REVOKE, TOKEN, ConfigError, Location, Problem, shown, yaml_path
from platform_config.reading.yaml_file import Reading, read

EXTENDS = "extends"
"""The key that names the file below: no setting of a platform, and gone when settings are checked."""
OTHER_NAMES = ("base", "bases", "import", "include", "includes", "inherit", "inherits", "parent")
"""What other tools call it."""
LAST_PART = r"(\.[^.\[]*|\[\d+\])$"


@dataclass
class Layers:
    """
    What is read from a config file and the files that it extends.

    Attributes:
        reading: The settings of all files, merged, and the problems of their lines.
        files: The files: the config itself first, then each that the one before extends.
        origins: The file and the line of each key, and of each item of a list.
    """

    reading: Reading
    files: tuple[Path, ...]
    origins: dict[Location, str] = field(default_factory=dict)

    def origin(self, path: str) -> str:
        """Return where *path* stands, for a message; empty where there is one file, which the message names anyway."""
        return self.place(path) if len(self.files) > 1 else ""

    def place(self, path: str) -> str:
        """Return the file and the line of *path*, or else of what is around it; empty where that is nowhere."""
        while path and path not in self._origins_by_path:
            path, removed = re.subn(LAST_PART, "", path)
            path = path if removed else ""
        return self._origins_by_path.get(path, "")

    @cached_property
    def _origins_by_path(self) -> dict[str, str]:
        return {yaml_path(location): text for location, text in self.origins.items()}


def read_layers(path: Path) -> Layers:
    """
    Read the settings in *path*, over those of the file that its key `extends` names, and so on.

    Maps are merged key by key; any other value replaces the one below. `null` removes what is below.

    Raises:
        ConfigError: A file cannot be read, is not YAML, is not a map, or is too large or too deep; or a file extends
            itself, also by way of others.
    """
    layers = [_layer(path, read(path))]
    extended = _extended_file(layers[0])
    while extended is not None:
        layers.append(_base(extended, layers))
        extended = _extended_file(layers[-1])
    if len(layers) == 1:
        return layers[0]
    for layer in layers:
        label = layer.files[0]
        layer.reading.problems = [replace(one, path=f"{label} {one.path}") for one in layer.reading.problems]
    merged = layers.pop()
    while layers:
        merged = _over(merged, layers.pop())
    return merged


def _layer(path: Path, reading: Reading) -> Layers:
    origins = {location: f"{path} line {line}" for location, line in reading.lines.items()}
    return Layers(reading, (path,), origins)


def _extended_file(layer: Layers) -> Path | None:
    """Return the file that a *layer* extends, as seen from where the program runs; None where it extends none."""
    settings = layer.reading.settings
    if EXTENDS not in settings:
        _refuse_other_names(layer)
        return None
    given = settings.pop(EXTENDS)
    if not isinstance(given, str) or not given.strip() or (EXTENDS,) in layer.reading.broken:
        fix = "write one path, such as base.yaml: that file can extend another one"
        raise _refusal(layer, Problem(EXTENDS, f"must be the path of a file, got {shown(given)}", fix))
    # An address, ~ or a variable is no path: it stays as it is, for the message.
    is_path = not re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/|[~$]", given)
    return Path(os.path.normpath(layer.files[0].parent / given)) if is_path else Path(given)


def _refuse_other_names(layer: Layers) -> None:
    """Raise a ConfigError for a key that has nearly the name of `extends`, and names a file."""
    for key, value in layer.reading.settings.items():
        is_near = key.lower() in OTHER_NAMES or get_close_matches(key.lower(), [EXTENDS], cutoff=0.7)
        if is_near and isinstance(value, str | list):
            fix = f"did you mean '{EXTENDS}'?" + ("" if isinstance(value, str) else " It names one file")
            raise _refusal(layer, Problem(key, f"unknown setting {shown(key)}", fix))


def _base(path: Path, above: list[Layers]) -> Layers:
    """Read the file at *path*, which the last of the layers *above* extends."""
    chain = [layer.files[0] for layer in above]
    if "\0" not in str(path) and path.resolve() in [file.resolve() for file in chain]:
        shown_chain = " -> ".join(map(str, [*chain, path]))
        fix = f"remove {EXTENDS} from one of them"
        raise _refusal(above[-1], Problem(EXTENDS, f"must not lead back to a file before it, got {shown_chain}", fix))
    try:
        return _layer(path, read(path))
    except ConfigError as error:
        raise ConfigError(str(chain[0]), [_in_base(problem, path, above[-1]) for problem in error.problems]) from None


def _in_base(problem: Problem, path: Path, above: Layers) -> Problem:
    """Return the *problem* of the file at *path* with the file's name, or that of the file as a whole, at `extends`."""
    if problem.path:
        return replace(problem, path=f"{path} {problem.path}")
    name = str(path) if str(path).isprintable() else shown(str(path))
    message = f"{name} {problem.message}"
    return replace(problem, path=EXTENDS, message=message, origin=above.origins[(EXTENDS,)])


def _refusal(layer: Layers, problem: Problem) -> ConfigError:
    """Return the error of a *layer* that says wrongly what it extends: what it lacks cannot be known."""
    origin = layer.origins.get((problem.path,), "")
    return ConfigError(str(layer.files[0]), [*layer.reading.problems, replace(problem, origin=origin)])


def _over(base: Layers, own: Layers) -> Layers:
    """Return *own* over *base*."""
    merge = _Merge(base, own)
    settings = merge.maps(base.reading.settings, own.reading.settings, ())
    under, over = base.reading, own.reading
    reading = Reading(
        settings=settings,
        problems=[*over.problems, *merge.problems, *under.problems],
        broken=over.broken | {location for location in under.broken if not merge.replaces(location)},
        written={**under.written, **over.written},
    )
    kept = {location: origin for location, origin in base.origins.items() if not merge.replaces(location)}
    return Layers(reading, (*own.files, *base.files), {**kept, **own.origins})


class _Merge:
    """Merges settings; collects what is replaced, and what is unclear."""

    def __init__(self, base: Layers, own: Layers) -> None:
        self.problems: list[Problem] = []
        self._base, self._own = base, own
        self._replaced: set[Location] = set()

    def replaces(self, location: Location) -> bool:
        """Return whether what the base has at *location* is replaced or removed."""
        return any(location[:depth] in self._replaced for depth in range(1, len(location) + 1))

    def maps(self, under: dict[str, Any], over: dict[str, Any], location: Location) -> dict[str, Any]:
        """Return the keys of *over* in the map *under*, in the order of *under*."""
        result = dict(under)
        for key, value in over.items():
            here, below = (*location, key), under.get(key)
            if isinstance(value, dict) and isinstance(below, dict):
                result[key] = self.maps(below, value, here)
            elif value is None and below is not None and here not in self._own.reading.nulls:
                self._refuse_nothing(here)
            else:
                self._replaced.add(here)
                self._refuse_tokens(below, here)
                result[key] = value
                if value is None and below is not None:
                    del result[key]  # Its default is used, or the entry is gone.
        return result

    def _refuse_tokens(self, lost: Any, location: Location) -> None:
        """Report the tokens in what is *lost* at *location*: they stay in the file, where no rule looks for them."""
        if isinstance(lost, dict | list):
            for key, inner in lost.items() if isinstance(lost, dict) else enumerate(lost):
                self._refuse_tokens(inner, (*location, key))
        elif isinstance(lost, str) and TOKEN.search(lost):
            origin = self._base.origins.get(location, "")
            message = "must hold no Hugging Face token, got one"
            self.problems.append(Problem(yaml_path(location), message, REVOKE, rule="TEXT-TOKEN", origin=origin))

    def _refuse_nothing(self, location: Location) -> None:
        """Report a key without a value that stands over one with a value: either can be meant."""
        origin = self._base.origins.get(location, "")
        fix = f"write null to remove what stands in {origin}, or remove the line to keep it"
        message = "must have a value, got nothing behind the colon"
        self.problems.append(Problem(yaml_path(location), message, fix, origin=self._own.origins.get(location, "")))
