"""What an importer of `platform_config` uses."""

from __future__ import annotations

from pathlib import Path

import platform_config
from platform_config import Config, ConfigError, Names, Problem, find_config, load
from tests.configs import EXAMPLE


def test_the_package_exports_what_an_importer_needs() -> None:
    """A config, its loading and its error, the choice of its file, and the names that follow from it."""
    assert sorted(platform_config.__all__) == ["Config", "ConfigError", "Names", "Problem", "find_config", "load"]


def test_a_config_is_loaded_and_named_by_the_package_alone(tmp_path: Path) -> None:
    """No other module of the package is needed, nor for the problems of a file that is wrong."""
    made = load(find_config(EXAMPLE, {}))
    problems: tuple[Problem, ...] = ()
    try:
        load(tmp_path / "missing.yaml")
    except ConfigError as error:
        problems = error.problems

    assert isinstance(made, Config)
    assert Names(made).cluster("us") == "gemma-us"
    assert [problem.message for problem in problems] == ["must exist, got no such file"]
