"""A config file of a test, and the problems that are reported about it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from platform_config.errors import ConfigError
from platform_config.load import load
from tests.configs import EXAMPLE

TEXT = EXAMPLE.read_text(encoding="utf-8")


def written(folder: Path, content: str | bytes | dict[str, Any]) -> Path:
    """Write a config file with *content*; plain data is written as JSON, which is YAML."""
    path = folder / "mine.yaml"
    text = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path: Path) -> ConfigError:
    """Return the error that loading the file raises."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return caught.value


def refusal(path: Path) -> str:
    """Return the text of that error, without the file's folder."""
    return str(refused(path)).replace(f"{path.parent}{os.sep}", "")


def problems(path: Path) -> list[str]:
    """Return the problems of the file, each with its fix."""
    return [str(problem) for problem in refused(path).problems]
