"""The text of a config file, or the reason why it cannot be read."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from constructs_lib.specs.limits import NEW_KEY, PRIVATE_KEY
from platform_config.config_path import EXAMPLE
from platform_config.errors import ConfigError, Problem

MAX_BYTES = 256 * 1024
START = f"start from {EXAMPLE}"
ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_text(path: Path) -> str:
    """
    Return the text of the file at *path*.

    Raises:
        ConfigError: There is no such file, it cannot be read, it is too large, it is not UTF-8, or a private key is in
            it. That is then the only problem: what the others quote could be a part of the key.
    """
    if "\0" in str(path):
        raise ConfigError(repr(str(path)), [_missing(path)])
    try:
        if path.exists() and not path.is_file():
            given, fix = ("a directory", "name a file in it") if path.is_dir() else ("something else", "")
            raise ConfigError(str(path), [Problem("", f"must be a file, got {given}", fix)])
        size = path.stat().st_size
        if size > MAX_BYTES:
            problem = Problem("", f"must be at most 256 KiB, got {size / 1024:.0f} KiB", "is it the right file?")
            raise ConfigError(str(path), [problem])
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(str(path), [_missing(path)]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [_not_utf8(error)]) from None
    except OSError as error:
        raise ConfigError(str(path), [Problem("", f"must be readable, got '{error.strerror}'")]) from None
    if key := PRIVATE_KEY.search(text):
        line = text.count("\n", 0, key.start()) + 1
        raise ConfigError(str(path), [Problem(f"line {line}", "must hold no private key, got one", NEW_KEY)])
    return text


def _missing(path: Path) -> Problem:
    """Explain why there is no file at *path*: it is no path, the shell has left something in it, or it is misspelt."""
    name = str(path)
    bare = name.strip().strip("'\"").strip()
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", name):
        local = re.fullmatch(r"file:/+(.*)", name)
        fix = f"write '/{local[1]}'" if local else "download it, and name the file"
        return Problem("", "must be the path of a file, got an address", fix)
    if bare != name:
        return Problem(
            "", "must be a path without quotes or spaces around it, got no such file", f"write {bare or START}"
        )
    if name.startswith("~"):
        return Problem("", "must be a whole path, got '~', which the shell has not replaced", f"write {_home(path)}")
    if variable := re.search(r"\$\{?\w+\}?|%\w+%", name):
        return Problem(
            "", f"must be a whole path, got '{variable[0]}', which the shell has not replaced", "write it out"
        )
    if "\\" in name or re.match(r"[A-Za-z]:", name):
        drive = re.match(r"([A-Za-z]):[\\/]*", name)
        rest = (name[drive.end() :] if drive else name).replace("\\", "/")
        fix = f"write {f'/mnt/{drive[1].lower()}/{rest}' if drive else rest}"
        return Problem("", "must be a path as Linux and macOS have it, got one of Windows", fix)
    near = get_close_matches(path.name, [other.name for other in path.parent.glob("*.y*ml")], n=1)
    fix = f"did you mean {path.with_name(near[0])}?" if near else START
    return Problem("", "must exist, got no such file", fix)


def _home(path: Path) -> str:
    """Return *path* with the home directory in place of `~`."""
    try:
        return str(path.expanduser())
    except RuntimeError:  # There is no such user.
        return "it out"


def _not_utf8(error: UnicodeDecodeError) -> Problem:
    """Explain what the file holds in place of UTF-8, with the line of the first wrong byte."""
    line = error.object[: error.start].count(b"\n") + 1
    encoding = ENCODINGS.get(bytes(error.object[:2]))
    if encoding is None and b"\0" in error.object:
        return Problem("", "must be UTF-8 text, got binary data", "is it the right file?")
    given = encoding or f"the byte 0x{error.object[error.start]:02x}"
    return Problem(f"line {line}", f"must be UTF-8 text, got {given}", "save the file as UTF-8")
