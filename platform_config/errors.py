"""Problems of a config, and the error that reports all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from constructs_lib.specs.hugging_face import TOKEN as TOKEN
from constructs_lib.specs.limits import masked

Location = tuple[str | int, ...]

REVOKE = "revoke it, put the new one into Secret Manager, and write the secret's name"
"""What to do with a token that is in the file."""

MOST_SHOWN = 100
"""Problems that are printed for one file: a file that is no config at all can have thousands."""


@dataclass(frozen=True)
class Problem:
    """
    One thing to correct or to check.

    Attributes:
        path: Where in the YAML, such as `regions.eu.zones[0]`, or `line 7` if the text itself is wrong.
        message: What is required, and what was given.
        fix: What to write instead, where that is clear.
        rule: Id of the rule that found it; empty for a wrong shape.
        origin: Where that stands, such as `base.yaml line 12`; empty where the config is one file.
    """

    path: str
    message: str
    fix: str = ""
    rule: str = ""
    origin: str = ""

    def __str__(self) -> str:
        where = f"{self.path} ({self.origin})" if self.path and self.origin else self.path or self.origin
        first = f"{where}: {self.message}" if where else self.message
        lines = [f"{first} [{self.rule}]" if self.rule else first]
        return masked("\n    fix: ".join([*lines, self.fix] if self.fix else lines))


class ConfigError(ValueError):
    """
    A config that cannot be used, with everything that is wrong with it.

    Its text lists the problems, each with its fix.

    Attributes:
        path: The config file.
        problems: All problems, in the order in which a file is checked: text, shape, rules.
    """

    def __init__(self, path: str, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(dict.fromkeys(problems))
        count = len(self.problems)
        header = f"{path}: {count} problem{'' if count == 1 else 's'}"
        more = [f"... and {count - MOST_SHOWN} more"] if count > MOST_SHOWN else []
        super().__init__("\n  ".join([header, *map(str, self.problems[:MOST_SHOWN]), *more]))


class SeveralConfigsError(ConfigError):
    """Several configs of which some cannot be used; its text lists file by file what is wrong with each."""

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        found = list(errors)
        super().__init__(", ".join(error.path for error in found), [one for error in found for one in error.problems])
        self.args = ("\n".join(map(str, found)),)


def shown(value: object) -> str:
    """Return *value* as a message shows it: short, printable, named as YAML names it, without tokens or keys."""
    if isinstance(value, str):
        text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in masked(value))
        return f"'{text}'" if len(text) <= 80 else f"'{text[:60]}...' ({len(text)} characters)"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else str(value)


def nearest(word: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Suggest the one of *known* that is most like *word*; if none is, return *otherwise*, or list them all."""
    known = list(known)
    if match := get_close_matches(word, known, n=1):
        return f"did you mean '{match[0]}'?"
    all_of_them = f"write '{known[0]}'" if len(known) == 1 else f"write one of {', '.join(known)}"
    return all_of_them if otherwise is None else otherwise


def yaml_path(location: Location) -> str:
    """Return *location* as people write it: `regions.us.zones[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{shown(part)[1:-1]}" for part in location)
    return "".join(parts).removeprefix(".")
