"""Which config file is read: the one that the command line or the variable names, else the example."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from platform_config.config_path import EXAMPLE, find_config
from platform_config.errors import ConfigError

MINE = Path("config/mine.yaml")


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        (None, {}, EXAMPLE),
        (MINE, {}, MINE),
        (None, {"INFERENCE_CONFIG": " config/mine.yaml "}, MINE),
        (MINE, {"INFERENCE_CONFIG": "config/../config/mine.yaml"}, MINE),
        (MINE, {"INFERENCE_CONFIG": ""}, MINE),
        (MINE, {"INFRENCE_CONFIG": "config/other.yaml"}, MINE),
    ],
)
def test_one_named_file_is_read(given: Path | None, environment: Mapping[str, str], found: Path) -> None:
    """By the command line, by the variable, or by both; the example where neither names one."""
    assert find_config(given, environment) == found


@pytest.mark.parametrize(
    ("given", "environment", "message"),
    [
        (MINE, {"INFERENCE_CONFIG": "config/other.yaml"}, "must name the same file, got 'config/other.yaml'"),
        (None, {"INFERENCE_CONFIG": ""}, "INFERENCE_CONFIG: must name a file, got ''"),
        (None, {"INFERENCE_CONFIGS": "config/mine.yaml"}, "INFERENCE_CONFIGS: must be INFERENCE_CONFIG"),
    ],
)
def test_an_unclear_choice_is_refused(given: Path | None, environment: Mapping[str, str], message: str) -> None:
    """Two different files, an empty variable, or one with nearly the right name."""
    with pytest.raises(ConfigError) as refused:
        find_config(given, environment)

    assert message in str(refused.value)
