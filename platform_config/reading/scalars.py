"""What a scalar of YAML means."""

from __future__ import annotations

from re import fullmatch

EMPTY = ("", "~", "null", "Null", "NULL")
TRUE = ("true", "True", "TRUE")
FALSE = ("false", "False", "FALSE")
INTEGER = r"[-+]?(0|[1-9][0-9]{0,17})"
FLOAT = r"[-+]?(\.[0-9]+|(0|[1-9][0-9]{0,17})(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?"


def scalar_value(text: str, *, quoted: bool) -> str | int | float | bool | None:
    """
    Return the value of a scalar, as YAML 1.2 has it.

    `NO`, `on`, `12:30` and dates are text, and so is a number that begins with 0. Where a setting needs a number and
    such a text stands there, the check of the setting's type reports it, with its path.

    Args:
        text: The scalar as it stands in the file, without its quotes.
        quoted: Whether it has quotes, or is a block: then it is text.
    """
    if quoted:
        return text
    if text in EMPTY:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    if fullmatch(INTEGER, text):
        return int(text)
    return float(text) if fullmatch(FLOAT, text) else text
