"""What a single setting may be: its numbers, its texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from decimal import Decimal
from functools import cache
from math import isfinite
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

PRIVATE_KEY = re.compile(
    r"""(?:-{5})?(?:\b(?:BEGIN|END)[ ]?(?:[A-Z0-9]{2,10}[ ]){0,2}PRIVATE[ ]?KEY|PRIVATE[ ]KEY--  # its lines
    |b3BlbnNzaC1rZXktdjE                                                     # the first bytes of one of OpenSSH
    |(?:UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW)                        # PRIVATE KEY, in base64 itself
    |(?:(?<![A-Za-z0-9])|(?<=\\n))(?:                                       # the first bytes of the key
        M[A-H][AEIMQUYcgkosw048]CAQ[AE]|MI[GH].AgE[AB]|MII..[AQgw]IBA[ADQTz]
        |MII.{5}BgkqhkiG9w0BBQ|MI[GH].M..GCSqGSIb3DQEF                       # the same, behind a passphrase
    )).*""",
    re.DOTALL | re.VERBOSE,
)
"""
A private key, with all that follows: no message quotes it, and no config may hold it.

Without its lines it is known by its form in DER: a sequence that begins with a version, which certificates and public
keys do not. Sources: RFC 5958, PrivateKeyInfo; RFC 8017, RSAPrivateKey; RFC 5915, ECPrivateKey; RFC 8018, PBES.
"""
NEW_KEY = "take a new key, put it into Secret Manager, and write the secret's name"
"""What to do with a private key that stood in a config: whoever reads the file, or its history, knows it."""
SECRET = re.compile(
    r"(hf_)\w{8,}|(GOCSPX-)[\w-]{8,}|(AIza)[\w-]{30,}|(ya29\.)[\w-]{8,}"
    r"|(?<![\w-])(sk-)(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{20,}"
)
"""
Tokens of Hugging Face, Google's client secrets, API keys and access tokens, keys as of OpenAI: none is printed.

The last have capitals and digits, unlike a name such as `sk-learn-server-weights`.
"""
MASKED = re.compile(r"(hf_|GOCSPX-|AIza|ya29\.|sk-)\.\.\.")
"""What `masked` leaves of such a secret."""


@dataclass(frozen=True)
class Between:
    """
    The numbers that a setting may be; it stands in the setting's type.

    Attributes:
        low: The lowest.
        high: The highest.
        or_zero: Whether 0, which turns something off, is allowed below the lowest.
    """

    low: float
    high: float
    or_zero: bool = False

    def allows(self, value: float) -> bool:
        """Return whether *value* is one of them."""
        return self.low <= value <= self.high or (self.or_zero and value == 0)

    def __str__(self) -> str:
        return f"{'0 or ' if self.or_zero else ''}between {self.low} and {self.high}"


@cache
def number_limits(spec: Any) -> dict[str, Between]:
    """Return the limits of each number of *spec*, by the setting's name."""
    hints = get_type_hints(spec, include_extras=True)
    limits = {name: hint.__metadata__ for name, hint in hints.items() if get_origin(hint) is Annotated}
    return {name: found[0] for name, found in limits.items() if isinstance(found[0], Between)}


def wrong_numbers(spec: Any) -> Iterator[str]:
    """Yield what is wrong with the numbers of *spec*, one line for each."""
    cls: Any = type(spec)
    for name, limits in number_limits(cls).items():
        value = getattr(spec, name)
        if isinstance(value, int | float) and not limits.allows(value):
            percent = value * 100 if name.endswith("_percent") and 0 < value < 1 <= limits.low else 0
            counts = f": write {plain_number(percent)}, for it counts percent"
            fix = counts if percent and limits.allows(percent) else ""
            yield f"{name} must be {limits}, got {plain_number(value)}{fix}"


def plain_number(value: float) -> str:
    """Return *value* as people write it: 500000 in place of 500000.0, and 0.00001 in place of 1e-05."""
    return f"{Decimal(f'{value:.12g}'):f}" if isinstance(value, float) and isfinite(value) else str(value)


def masked(text: str) -> str:
    """Return *text* with what is secret in it left out: of a token its first letters stay, which say whose it is."""
    return SECRET.sub(lambda found: f"{found[found.lastindex or 0]}...", PRIVATE_KEY.sub("(a private key)", text))


def is_secret(value: object) -> bool:
    """Return whether *value* is a text that plainly holds a token or a key."""
    return isinstance(value, str) and masked(value) != value


def wrong_text(name: str, value: str | None, pattern: str, must: str, fix: str = "") -> Iterator[str]:
    """Yield what is wrong with a text that must match *pattern* as a whole; None is right."""
    if isinstance(value, str) and PRIVATE_KEY.search(value):
        yield f"{name} must {must}, got a private key: {NEW_KEY}"
    elif isinstance(value, str) and not re.fullmatch(pattern, value):
        yield f"{name} must {must}, got '{masked(value)}'{f': {fix}' if fix else ''}"


def refuse(problems: Iterable[str]) -> None:
    """
    Refuse a spec for all of its *problems* at once.

    Raises:
        ValueError: With one line for each, which begins with the setting's name. None is raised without problems.
    """
    if lines := "\n".join(map(_on_one_line, problems)):
        raise ValueError(lines)


def _on_one_line(problem: str) -> str:
    """Return *problem* without secrets, and with what cannot be printed, such as the end of a line, escaped."""
    text = masked(problem)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


@cache
def _choices(spec: Any) -> dict[str, tuple[str, ...]]:
    """Return the values that each setting of *spec* may have, where it is one of a few."""
    return {
        name: get_args(part)
        for name, hint in get_type_hints(spec).items()
        for part in (hint, *get_args(hint))
        if get_origin(part) is Literal
    }


@cache
def _lists(spec: Any) -> tuple[str, ...]:
    """Return the settings of *spec* that are lists."""
    hints = get_type_hints(spec).items()
    return tuple(name for name, hint in hints if {get_origin(part) for part in (hint, *get_args(hint))} & {tuple, list})


def _class(spec: object) -> Any:
    """Return the class of *spec*, which can be cached: a class has a hash."""
    return type(spec)


def wrong_choices(spec: object) -> Iterator[str]:
    """Yield what is wrong with the settings of *spec* that are one of a few values."""
    for name, choices in _choices(_class(spec)).items():
        value = getattr(spec, name)
        if isinstance(value, str) and value not in choices:
            yield f"{name} must be one of {', '.join(choices)}, got '{masked(value)}'"


def wrong_lists(spec: object) -> Iterator[str]:
    """Yield what is wrong with the lists of *spec*: a text would be taken for the list of its letters."""
    for name in _lists(_class(spec)):
        value = getattr(spec, name)
        if isinstance(value, str):
            yield f"{name} must be a list, got the text '{masked(value)}': write ['{masked(value)}']"


KINDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
"""How the types of a setting are called."""
PLAIN = (str, int, float, dict, list, tuple, type(None))
"""What a person writes in place of something else. Whatever else there is knows itself what it is."""


@cache
def _kinds(spec: Any) -> dict[str, tuple[type, ...]]:
    """Return the types of each setting of *spec* that is a text, a number, a switch, or a spec of its own."""
    found = {}
    for name, hint in get_type_hints(spec).items():
        parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        kinds = tuple(part for part in parts if part in (*KINDS, type(None)) or is_dataclass(part))
        if kinds and len(kinds) == len(parts):
            found[name] = (*kinds, int) if float in kinds else kinds
    return found


def wrong_types(spec: object) -> Iterator[str]:
    """Yield what is wrong with the types of the settings of *spec*: code has no config file that would judge them."""
    for name, kinds in _kinds(_class(spec)).items():
        value = getattr(spec, name)
        # True is a number to Python, and never meant as one.
        right = isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)
        if isinstance(value, PLAIN) and not right:
            wanted = " or ".join(KINDS.get(kind, kind.__name__) for kind in kinds if kind is not type(None))
            yield f"{name} must be {wanted}, got {value!r}"


def wrong_settings(spec: object) -> Iterator[str]:
    """Yield what is wrong with the types, numbers, choices and lists of *spec*, one line for each."""
    yield from wrong_types(spec)
    yield from wrong_numbers(spec)
    yield from wrong_choices(spec)
    yield from wrong_lists(spec)
