"""The policy of an organisation: what configs may say. It stands beside them, or a variable names it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from platform_config.errors import ConfigError, Location, Problem, nearest, shown, yaml_path
from platform_config.reading.yaml_file import read

VARIABLE = "INFERENCE_POLICY"
"""Names a policy, wherever the config is."""
FILE = "policy.yaml"
"""The name of a policy beside a config, or beside a file that a config extends."""
START = "docs/policy.md shows one"
NAME = r"[A-Za-z0-9.:_-]+\*?|\*"
LABEL = r"[a-z][a-z0-9_-]{0,62}"
Wrong = Iterator[tuple[Location, str, str]]
"""What is wrong with a value: where in it, the message, the fix."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """
    What a config may say. A setting of a policy that is not given limits nothing.

    Args:
        allowed_regions: Regions of Google Cloud. Like all names here one may end with `*`, for all that begin so.
        allowed_projects: Project IDs.
        allowed_machine_families: How machine types of accelerator pools begin, such as `ct6e`, `a3` or `a3-highgpu`.
        allowed_bucket_locations: Locations of the bucket with the weights, such as `EU`.
        allowed_state_buckets: Buckets for the Terraform state. With it, a state in local files is refused.
        required_labels: Labels that each config must have: by key, the values that are allowed, or a regular
            expression for the whole value.
        public_endpoints: False refuses gateways that the internet reaches, and nodes with public addresses.
        max_chips: Most TPU chips and GPUs in all regions together, with each pool at its most nodes.
        deletion_protection: True refuses to turn off what protects clusters, weights and Apigee from a destroy.
    """

    allowed_regions: tuple[str, ...] | None = None
    allowed_projects: tuple[str, ...] | None = None
    allowed_machine_families: tuple[str, ...] | None = None
    allowed_bucket_locations: tuple[str, ...] | None = None
    allowed_state_buckets: tuple[str, ...] | None = None
    required_labels: Mapping[str, tuple[str, ...] | str] | None = None
    public_endpoints: bool = True
    max_chips: int | None = None
    deletion_protection: bool = False


@dataclass(frozen=True, kw_only=True)
class PolicyFile:
    """
    A policy, and where each of its settings stands.

    Attributes:
        path: The file.
        policy: What it says.
        lines: The line of each setting.
    """

    path: Path
    policy: Policy
    lines: Mapping[Location, int]

    def origin(self, *location: str) -> str:
        """Return a setting with its file and line, such as `max_chips, policy.yaml line 3`."""
        return f"{yaml_path(location)}, {self.path} line {self.lines[location]}"


def read_policies(configs: Iterable[Path], environment: Mapping[str, str]) -> list[PolicyFile]:
    """
    Read every policy that holds for a config.

    Args:
        configs: The config file, and the files that it extends.
        environment: Its `INFERENCE_POLICY` names a policy; those beside the files hold as well.

    Raises:
        ConfigError: A policy cannot be read or has settings that are wrong, the variable names no file, or a file or a
            variable has nearly the right name: no policy is left out in silence.
    """
    found = _named(environment)
    for file in configs:
        found += [policy for folder in (file.parent, file.resolve().parent) for policy in _beside(folder)]
    by_place = {policy.resolve(): policy for policy in reversed(found)}
    return [read_policy(path) for path in reversed(by_place.values())]


def _named(environment: Mapping[str, str]) -> list[Path]:
    """Return the policy that the variable names, if it is set."""
    if (given := environment.get(VARIABLE)) is not None:
        if given.strip():
            return [Path(given.strip())]
        raise ConfigError("environment", [Problem(VARIABLE, "must name a file, got ''", "unset it, or name a policy")])
    near = [
        name
        for name in environment
        if VARIABLE[:-1] in name.upper() or get_close_matches(name.upper(), [VARIABLE], cutoff=0.9)
    ]
    if near:
        fix = f"did you mean {VARIABLE}?"
        raise ConfigError("environment", [Problem(name, f"must be {VARIABLE}, got {name}", fix) for name in near])
    return []


def _beside(folder: Path) -> Iterator[Path]:
    """Yield the policy in *folder*, if there is one; also a link that leads nowhere, which is then refused."""
    try:
        names = [name for name in os.listdir(folder) if name.lower() in (FILE, "policy.yml")]
    except OSError:
        return
    for name in names:
        if name != FILE:
            problem = Problem("", f"must be named {FILE} to be read, got {name}", "rename it")
            raise ConfigError(str(folder / name), [problem])
        yield folder / name


def read_policy(path: Path) -> PolicyFile:
    """
    Read the policy at *path*.

    Raises:
        ConfigError: It cannot be read, or has settings that are wrong, all of which are reported.
    """
    try:
        reading = read(path)
    except ConfigError as error:
        problems = [replace(one, fix=START) if one.fix.startswith("start from") else one for one in error.problems]
        raise ConfigError(str(path), problems) from None
    problems = [*reading.problems]
    for key, value in reading.settings.items():
        if key not in FORMS:
            line = f"line {reading.lines[(key,)]}"
            problems.append(
                Problem(yaml_path((key,)), f"unknown setting {shown(key)}", nearest(key, FORMS), origin=line)
            )
            continue
        for inner, message, fix in FORMS[key](value):
            place = (key, *inner)
            line = next(f"line {reading.lines[place[:depth]]}" for depth in (2, 1) if place[:depth] in reading.lines)
            problems.append(Problem(yaml_path(place), message, fix, origin=line))
    if problems:
        raise ConfigError(str(path), problems)
    settings = {key: _frozen(value) for key, value in reading.settings.items()}
    return PolicyFile(path=path, policy=Policy(**settings), lines=reading.lines)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _names(value: Any) -> Wrong:
    """Yield what is wrong with a list of names."""
    if not isinstance(value, list):
        fix = f"write [{value}]" if isinstance(value, str) and re.fullmatch(NAME, value) else ""
        yield (), f"must be a list, got {shown(value)}", fix
    elif not value:
        yield (), "must name one at least, got a list without items", "remove the line: all are allowed then"
    else:
        for number, name in enumerate(value):
            if not isinstance(name, str) or not re.fullmatch(NAME, name):
                fix = "write * at its end alone: it stands for all that begin so" if "*" in str(name) else ""
                yield (number,), f"must be a name, or the beginning of names and *, got {shown(name)}", fix


def _labels(value: Any) -> Wrong:
    """Yield what is wrong with required labels."""
    if not isinstance(value, dict) or not value:
        yield (
            (),
            f"must be a map of labels, got {shown(value) if value != {} else 'an empty one'}",
            "write label: [value]",
        )
        return
    for key, allowed in value.items():
        if not re.fullmatch(LABEL, key):
            yield (key,), f"must be a label: 1 to 63 lower case letters, digits, _ and -, got {shown(key)}", ""
        elif isinstance(allowed, str):
            try:
                re.compile(allowed)
            except re.error as error:
                yield (key,), f"must be a regular expression, got {shown(allowed)}: {error}", ""
        elif not isinstance(allowed, list) or not allowed or not all(isinstance(one, str) for one in allowed):
            given = "a list with other values" if isinstance(allowed, list) and allowed else shown(allowed)
            fix = "write '.*' for any value" if allowed in (None, []) else "put each value in quotes"
            yield (key,), f"must be a list of texts, or a regular expression, got {given}", fix


def _flag(value: Any) -> Wrong:
    """Yield what is wrong with true or false."""
    if not isinstance(value, bool):
        yield (), f"must be true or false, got {shown(value)}", ""


def _count(value: Any) -> Wrong:
    """Yield what is wrong with a number of things."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        yield (), f"must be a whole number of 1 or more, got {shown(value)}", ""


FORMS: Mapping[str, Callable[[Any], Wrong]] = {
    "allowed_regions": _names,
    "allowed_projects": _names,
    "allowed_machine_families": _names,
    "allowed_bucket_locations": _names,
    "allowed_state_buckets": _names,
    "required_labels": _labels,
    "public_endpoints": _flag,
    "max_chips": _count,
    "deletion_protection": _flag,
}
"""By setting: the check of its form."""
