"""Characters that look like plain ones: editors, chats and web pages put them into text that is copied."""

from __future__ import annotations

import re
from unicodedata import name

from platform_config.errors import shown

SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
NOTHING = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
PAIRS = {"\u201c": "\u201d\u201c", "\u201e": "\u201d\u201c", "\u2018": "\u2019\u2018", "\u201a": "\u2019\u2018"}
PAIRS |= {"\u00ab": "\u00bb", "\uff02": "\uff02", "\u2033": "\u2033"}
COLON = "\uff1a"
LONG_DASH = re.compile("(?<![^\\s\"'])[\u2013\u2014\u2015](?=[A-Za-z])")
"""Word processors make one of the two hyphens before an argument's name."""
TABLE = str.maketrans(
    {**dict.fromkeys(SPACES, " "), **dict.fromkeys(NOTHING, ""), **dict.fromkeys(DASHES, "-"), COLON: ":"}
)


def find_lookalikes(text: str) -> list[str]:
    """Return the characters of *text* that look like plain ones, each once."""
    found = [char for char in dict.fromkeys(text) if ord(char) in TABLE]
    return found + ([text[0], text[-1]] if _in_typographic_quotes(text.translate(TABLE).strip()) else [])


def replace_lookalikes(text: str) -> str:
    """Return *text* with plain characters; the same text if it has no others."""
    if text.isascii():
        return text
    plain = LONG_DASH.sub("--", text).translate(TABLE).strip()
    return plain[1:-1] if _in_typographic_quotes(plain) else plain


def explain_lookalikes(text: str) -> tuple[str, str]:
    """Return the message for a *text* that has lookalikes, and its fix."""
    found = find_lookalikes(text)
    names = " and ".join(
        dict.fromkeys(f"{name(char, 'a control character').lower()} (U+{ord(char):04X})" for char in found)
    )
    plain = replace_lookalikes(text).strip()
    fix = f"write {shown(plain)}" if plain else "remove it"
    return f"must hold plain characters, got {names} in {shown(text.strip(' '))}", fix


def _in_typographic_quotes(text: str) -> bool:
    """Return whether *text* is one of a pair of quotes that YAML does not know, with something between them."""
    return bool(re.fullmatch(r"(?s)..+", text)) and text[-1] in PAIRS.get(text[0], "")
