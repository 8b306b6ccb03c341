"""Values of settings that an export leaves out of its files: Terraform variables in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platform_config.config import Config
from platform_config.errors import Problem, shown

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
RESERVED = ("source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals")
"""Names that Terraform takes for no variable."""
SHORTEST = 6
"""A shorter text would be found where something else is meant."""
SECTIONS = ("data", "ephemeral", "resource", "provider", "output", "locals", "check")
NO_VALUES = ("depends_on", "provider", "ignore_changes", "replace_triggered_by")
"""Where Terraform takes references alone."""
INTERPOLATION = re.compile(r'(?<!\$)(\$\{(?:[^{}"]|"(?:[^"\\]|\\.)*"|\{[^{}]*\})*\})')
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, kw_only=True)
class Variable:
    """
    A value that is in no file of the export.

    Attributes:
        name: Name of the Terraform variable.
        setting: Path of the setting that has the value.
        value: The value; it is written nowhere.
    """

    name: str
    setting: str
    value: str

    def declaration(self) -> dict[str, Any]:
        """Return the block of the variable."""
        text = f"The setting {self.setting} of the config."
        return {"type": "string", "description": text, "nullable": False}

    @property
    def pattern(self) -> re.Pattern[str]:
        """What finds the value in a text, and not in a longer name."""
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(self.value)}(?![A-Za-z0-9])")


def find_variables(given: Mapping[str, str], config: Config) -> tuple[list[Variable], list[Problem]]:
    """Return the variables for the settings that *given* has by name, and what is wrong with them."""
    settings = config.model_dump(mode="json")
    variables, problems = [], []
    for name, path in given.items():
        where = f"--variable {name}"
        if not NAME.fullmatch(name) or name in RESERVED:
            problems.append(Problem(where, "must be a name of small letters, digits and _", "such as project=project"))
            continue
        value = _lookup(settings, path)
        if not isinstance(value, str):
            problems.append(Problem(where, f"must name a setting that holds a text, got {shown(path)}",
                                    "a path such as observability.channels.oncall.address"))  # fmt: skip
        elif len(value) < SHORTEST:
            problems.append(Problem(where, f"must name a setting of at least {SHORTEST} characters",
                                    "a shorter text is found where something else is meant"))  # fmt: skip
        else:
            variables.append(Variable(name=name, setting=path, value=value))
    return variables, problems


def use_variables(document: dict[str, Any], variables: Sequence[Variable]) -> tuple[dict[str, Any], list[Variable]]:
    """Return the root module with *variables* in place of their values, and those that it uses."""
    used: list[Variable] = []

    def replace(value: Any, variable: Variable) -> Any:
        if isinstance(value, dict):
            return {key: one if key in NO_VALUES else replace(one, variable) for key, one in value.items()}
        if isinstance(value, list):
            return [replace(one, variable) for one in value]
        if not isinstance(value, str):
            return value
        replaced = _replace(value, variable)
        if replaced != value and variable not in used:
            used.append(variable)
        return replaced

    for variable in sorted(variables, key=lambda one: -len(one.value)):
        document = {
            key: replace(section, variable) if key in SECTIONS else section for key, section in document.items()
        }
    return document, [variable for variable in variables if variable in used]


def files_with_values(files: Mapping[str, str], variables: Sequence[Variable]) -> list[Problem]:
    """Find the files that still hold the value of a variable."""
    return [
        Problem(f"--variable {variable.name}", f"cannot keep {variable.setting} out of {', '.join(left)}",
                "Terraform takes no variable there; leave this one out, or change the setting")
        for variable in variables
        if (left := [name for name, text in files.items() if variable.pattern.search(text)])
    ]  # fmt: skip


def _lookup(settings: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(settings, list) and part.isdigit() and int(part) < len(settings):
            settings = settings[int(part)]
        elif isinstance(settings, dict):
            settings = settings.get(part)
        else:
            return None
    return settings


def _replace(text: str, variable: Variable) -> str:
    """Replace the value in *text*; in an expression in its texts alone, so that no reference is touched."""
    reference = f"${{var.{variable.name}}}"

    def in_literal(match: re.Match[str]) -> str:
        return variable.pattern.sub(lambda _: reference, match[0])

    parts = INTERPOLATION.split(text)
    return "".join(
        LITERAL.sub(in_literal, part) if number % 2 else variable.pattern.sub(lambda _: reference, part)
        for number, part in enumerate(parts)
    )
