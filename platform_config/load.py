"""Load a config from its YAML file, or report everything that is wrong with it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from platform_config.config import Config
from platform_config.errors import ConfigError, Location, Problem, yaml_path
from platform_config.partial_config import make_partial_config
from platform_config.policy import PolicyFile, read_policies
from platform_config.policy_checks import check_policies
from platform_config.reading.layers import Layers, read_layers
from platform_config.reading.shape_errors import explain_empty_settings, explain_section_error, explain_shape_errors
from platform_config.reading.unknown_settings import likely_meant
from platform_config.reading.yaml_file import Reading
from platform_config.rules import check, check_known
from platform_config.shape import defaults_of, hint_at, settings_of


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """
    A config, and where each of its settings stands.

    Attributes:
        path: The file that was named.
        config: What it says, with the files that it extends.
        policies: The policies that hold for it.
    """

    path: Path
    config: Config
    layers: Layers
    policies: Sequence[PolicyFile]

    def place(self, path: str) -> str:
        """Return the file and the line of the setting at *path*, or else of what is around it, or else the file."""
        return self.layers.place(path) or str(self.path)

    def warnings(self) -> list[Problem]:
        """Return what is allowed but doubtful, with the line of each where the config is several files."""
        return [replace(one, origin=self.layers.origin(one.path)) for one in check(self.config)[1]]


def load(path: Path) -> Config:
    """
    Load the config at *path*, over the files that it extends.

    Raises:
        ConfigError: With every problem: of the text, of the shape, of the rules where the shape is right, and of the
            policies beside the files or named by the environment variable `INFERENCE_POLICY`; or with what is wrong
            with a policy.
    """
    return load_file(path).config


def load_file(path: Path) -> Loaded:
    """
    Load the config at *path*, and note where each of its settings stands.

    Raises:
        ConfigError: As `load` does.
    """
    layers = read_layers(path)
    reading, policies = layers.reading, read_policies(layers.files, os.environ)
    try:
        # As JSON, strictly: text is not taken for a number, nor 1 for true.
        config = Config.model_validate_json(json.dumps(reading.settings), strict=True)
    except ValidationError as error:
        shapes = explain_shape_errors(error.errors(include_url=False), reading)
        problems = [*shapes.values(), *_problems_of_the_rest(reading, set(shapes), policies)]
        raise ConfigError(str(path), _all_problems(layers, problems)) from None
    if reading.broken:
        problems = list(_problems_of_the_rest(reading, set(), policies))
    else:
        problems = [*check(config)[0], *check_policies(policies, config)]
    if problems := _all_problems(layers, problems):
        raise ConfigError(str(path), problems)
    return Loaded(path=path, config=config, layers=layers, policies=policies)


def _all_problems(layers: Layers, problems: list[Problem]) -> list[Problem]:
    """Return *problems* with their origin, between those of the text and those of empty settings."""
    refused = {problem.path for problem in problems}
    # Of empty settings, those that nothing else refuses.
    empty = (problem for problem in explain_empty_settings(layers.reading.settings) if problem.path not in refused)
    found = [*problems, *empty]
    return [*layers.reading.problems, *(replace(one, origin=layers.origin(one.path)) for one in found)]


def _problems_of_the_rest(reading: Reading, wrong: set[Location], policies: Sequence[PolicyFile]) -> Iterator[Problem]:
    """Yield what sections, rules and *policies* refuse in any case, whatever replaces what is *wrong* of shape."""
    broken = (
        reading.broken | wrong | {place for location in wrong for place in likely_meant(location, reading.settings)}
    )
    while True:
        config, refused = make_partial_config(reading.settings, broken)
        found = dict(one for location, message in refused for one in explain_section_error(location, message))
        if not found.keys() - broken:
            break
        yield from (problem for location, problem in found.items() if location not in broken)
        broken |= found.keys()
    other_order, _ = make_partial_config(reading.settings, broken, reorder=True)
    paths = [yaml_path(location) for location in broken | set(_guessed_sections(reading.settings, broken))]
    orders = config, other_order
    for problem in (*check_known(*orders), *check_policies(policies, *orders)):
        if not any(problem.path == path or problem.path.startswith((f"{path}.", f"{path}[")) for path in paths):
            yield problem


def _guessed_sections(settings: Any, broken: set[Location]) -> Iterator[Location]:
    """Yield the optional sections around the *broken* parts that nobody wrote: a rule can say nothing about them."""
    for location in broken:
        given = settings
        for depth, part in enumerate(location[:-1], start=1):
            section = hint_at(location[: depth - 1])
            is_written = not isinstance(given, dict) or given.get(part) is not None
            if not is_written and settings_of(section) and defaults_of(section).get(str(part)) is None:
                yield location[:depth]
                break
            holds_more = is_written and not isinstance(given, str | int | float)
            given = given[part] if holds_more else {}
