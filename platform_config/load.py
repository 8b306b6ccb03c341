"""From a YAML file to a config that holds, or to everything that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from platform_config.config import Config
from platform_config.errors import ConfigError, Location, Problem, yaml_path
from platform_config.partial_config import partial_config
from platform_config.rules import check, check_known
from platform_config.shape import setting_paths
from platform_config.reading.shape_errors import invariant_problems, meant, shape_problems
from platform_config.reading.yaml_file import Reading, read

__all__ = ["load", "setting_paths"]


def load(path: Path) -> Config:
    """
    Read *path*.

    Raises:
        ConfigError: With every problem: of the text, of the shape, and of the rules about everything whose shape holds.
    """
    reading = read(path)
    try:
        # As JSON, strictly: a number is no text, text is no number, and nothing but true is true.
        config = Config.model_validate_json(json.dumps(reading.settings), strict=True)
    except ValidationError as error:
        shapes = shape_problems(error.errors(include_url=False), reading)
        problems = [*reading.problems, *shapes.values()]
        raise ConfigError(str(path), [*problems, *_problems_of_the_rest(reading, set(shapes))]) from None
    if reading.broken:
        raise ConfigError(str(path), [*reading.problems, *_problems_of_the_rest(reading, set())])
    if problems := [*reading.problems, *check(config)[0]]:
        raise ConfigError(str(path), problems)
    return config


def _problems_of_the_rest(reading: Reading, wrong: set[Location]) -> Iterator[Problem]:
    """What sections and rules refuse, whatever will stand at the locations whose shape is *wrong*."""
    broken = reading.broken | wrong | {place for location in wrong for place in meant(location, reading.settings)}
    while True:
        config, refused = partial_config(reading.settings, broken)
        found = dict(place for location, words in refused for place in invariant_problems(location, words))
        if not found.keys() - broken:
            break
        yield from (problem for location, problem in found.items() if location not in broken)
        broken |= found.keys()
    other_order, _ = partial_config(reading.settings, broken, reorder=True)
    paths = [yaml_path(location) for location in broken]
    for problem in check_known(config, other_order):
        if not any(problem.path == path or problem.path.startswith((f"{path}.", f"{path}[")) for path in paths):
            yield problem
