"""Which config file is read."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from platform_config.errors import ConfigError, Problem, shown

VARIABLE = "INFERENCE_CONFIG"
EXAMPLE = Path("config/example.yaml")
"""Read where nothing else is named; its project is a placeholder."""


def config_path(given: Path | None, environment: Mapping[str, str]) -> Path:
    """
    The file that was *given* on the command line, else the one that *environment* names, else the example.

    Raises:
        ConfigError: Two different files are named, or none by a variable that is empty or has nearly the right name.
    """
    named = environment.get(VARIABLE, "").strip()
    if given and named and given.resolve() != Path(named).resolve():
        fix = f"cdktf reads {VARIABLE}: set it to the file that is meant, or unset it"
        raise ConfigError(str(given), [Problem(VARIABLE, f"must name the same file, got {shown(named)}", fix)])
    if not given:
        refuse_unnamed(environment)
    return given or Path(named or EXAMPLE)


def refuse_unnamed(environment: Mapping[str, str]) -> None:
    """
    Refuse a variable that was meant to name a file and does not: the example would be taken in its place.

    Raises:
        ConfigError: `INFERENCE_CONFIG` is empty, or it is not there and another has nearly its name.
    """
    if VARIABLE in environment:
        if not environment[VARIABLE].strip():
            fix = "unset it for the example, or name a file"
            raise ConfigError("environment", [Problem(VARIABLE, "must name a file, got ''", fix)])
        return
    fix = f"did you mean {VARIABLE}?"
    near = [name for name in environment if get_close_matches(name.upper(), [VARIABLE], cutoff=0.8)]
    if near:
        raise ConfigError("environment", [Problem(name, f"must be {VARIABLE}, got {name}", fix) for name in near])
