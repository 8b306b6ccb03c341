"""Which config files are read: the default, the environment variable, and the one way to choose between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from platform_config.errors import ConfigError, Problem, shown

VARIABLE = "INFERENCE_CONFIG"
EXAMPLE = Path("config/example.yaml")
"""The file that is read where none is named; its project is a placeholder."""


def find_config(given: Path | None, environment: Mapping[str, str]) -> Path:
    """
    Return the config file that is meant; `main.py` and every command ask here.

    Args:
        given: The file that the command line names, if any.
        environment: Its `INFERENCE_CONFIG` names the file where the command line does not.

    Returns:
        The named file, or the example where none is named. It may not exist.

    Raises:
        ConfigError: The command line and the variable name different files, or nothing is named on the command line
            and the variable is empty, or is missing while another variable has nearly its name.
    """
    named = environment.get(VARIABLE, "").strip()
    if given and named and given.resolve() != Path(named).resolve():
        fix = f"cdktf reads {VARIABLE}: set it to the file that is meant, or unset it"
        raise ConfigError(str(given), [Problem(VARIABLE, f"must name the same file, got {shown(named)}", fix)])
    if given or named:
        return given or Path(named)
    _refuse_unread_variables(environment)
    return EXAMPLE


def find_configs(given: Sequence[Path], environment: Mapping[str, str]) -> list[Path]:
    """
    Return the config files that are meant where there may be several: those of the command line, or `find_config`'s.

    Raises:
        ConfigError: As of `find_config`; or the variable names a file too.
    """
    if len(given) < 2:
        return [find_config(given[0] if given else None, environment)]
    if named := environment.get(VARIABLE, "").strip():
        message = f"must not be set beside several files on the command line, got {shown(named)}"
        raise ConfigError("environment", [Problem(VARIABLE, message, "unset it, or name one file")])
    return list(given)


def _refuse_unread_variables(environment: Mapping[str, str]) -> None:
    """Raise a ConfigError for a variable that should name a file and does not: the example would replace it."""
    if VARIABLE in environment:
        fix = "unset it for the example, or name a file"
        raise ConfigError("environment", [Problem(VARIABLE, "must name a file, got ''", fix)])
    fix = f"did you mean {VARIABLE}?"
    near = [name for name in environment if get_close_matches(name.upper(), [VARIABLE], cutoff=0.8)]
    if near:
        raise ConfigError("environment", [Problem(name, f"must be {VARIABLE}, got {name}", fix) for name in near])
