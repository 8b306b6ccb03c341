"""Rules about every text in the file: no token, no template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass

from platform_config.config import Config
from platform_config.errors import REVOKE, TOKEN, Location, Problem, shown, yaml_path
from platform_config.rules.rule import Rule


def _texts(value: object, location: Location = ()) -> Iterator[tuple[str, str]]:
    """Yield path and value of every text below *value*."""
    if isinstance(value, str):
        yield yaml_path(location), value
    elif isinstance(value, Config) or is_dataclass(value):
        yield from _texts(vars(value), location)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*location, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*location, index))


def _tokens(config: Config) -> Iterator[Problem]:
    for path, text in _texts(config):
        if TOKEN.search(text):
            yield Problem(path, "must hold no Hugging Face token, got one", REVOKE)


def _templates(config: Config) -> Iterator[Problem]:
    for path, text in _texts(config):
        if "${" in text or "%{" in text:
            yield Problem(path, f"must be plain text without ${{ or %{{, got {shown(text)}", "write the value itself")


RULES = (
    Rule(
        "TEXT-TOKEN",
        "No Hugging Face token is in the file",
        "What is in the file is also in plan, state and version control.",
        "Hugging Face, User access tokens",
        _tokens,
    ),
    Rule(
        "TEXT-TEMPLATE",
        "No text holds a Terraform template",
        "The values end in Terraform JSON, where `${...}` is evaluated.",
        "Terraform, JSON configuration syntax, expressions",
        _templates,
    ),
)
