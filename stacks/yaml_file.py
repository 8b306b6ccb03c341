"""YAML text as plain values: strict about keys, bounded in size, with the line of whatever is wrong."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from re import fullmatch
from typing import Any

import yaml

from stacks.errors import ConfigError, Problem, shown

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_VALUES = 50_000
"""Values after anchors are expanded: a small file can hold a very large tree."""

WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value for value in (True, False) for word in (str(value).lower(), str(value), str(value).upper())
}
INTEGER = r"[-+]?(0|[1-9][0-9]{0,17})"
FLOAT = r"[-+]?(\.[0-9]+|(0|[1-9][0-9]{0,17})(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?"

START = "start from config/example.yaml"
TOO_DEEP = Problem("", f"must be nested at most {MAX_DEPTH} levels deep, got more", "an anchor must not hold itself")
TOO_MUCH = Problem("", f"must hold at most {MAX_VALUES} values, got more", "anchors of anchors multiply: write it out")


def read(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """
    The settings in *path*, and what is wrong with single lines of it.

    Raises:
        ConfigError: Where there is nothing to go on with: no file, no YAML, no map.
    """
    try:
        text = _text(path)
        try:
            # The base loader knows syntax only; what a scalar means is decided below, as YAML 1.2 has it.
            node = yaml.compose(text, Loader=yaml.BaseLoader)
            reader = _Reader()
            return reader.settings(node), reader.problems
        except yaml.YAMLError as error:
            raise _Refused(_syntax_problem(error, text)) from None
        except RecursionError:
            raise _Refused(TOO_DEEP) from None
    except _Refused as refused:
        raise ConfigError(str(path), [refused.problem]) from None


class _Refused(Exception):  # noqa: N818 - it never leaves this file
    """There is no sense in reading on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise _Refused(Problem("", f"must be a file, got {'a directory' if path.is_dir() else 'something else'}"))
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _Refused(Problem("", f"must be at most 256 KiB, got {size / 1024:.0f} KiB", "is it the right file?"))
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = get_close_matches(path.name, [other.name for other in path.parent.glob("*.y*ml")], n=1)
        fix = f"did you mean {path.with_name(near[0])}?" if near else START
        raise _Refused(Problem("", "must exist, got no such file", fix)) from None
    except OSError as error:
        raise _Refused(Problem("", f"must be readable, got '{error.strerror}'")) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = f"must be UTF-8 text, got the byte 0x{error.object[error.start]:02x}"
        raise _Refused(Problem(f"line {line}", message, "save the file as UTF-8")) from None


class _Reader:
    """Plain values from YAML nodes; problems with single lines are gathered, those of the whole are raised."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._values = 0

    def settings(self, node: yaml.Node | None) -> dict[str, Any]:
        """The map at the top of the file."""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, 0)
        if node is None:
            raise _Refused(Problem("", "must hold settings, got an empty file", START))
        given = "a list" if isinstance(node, yaml.SequenceNode) else shown(node.value)
        raise _Refused(Problem("", f"must be a map of settings, got {given}", START))

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        """The map that *node* is; the first of two equal keys wins, and the second is a problem."""
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._key(key_node, line)
            if key is None:
                continue
            if key in lines:
                self._complain(line, f"key {shown(key)} must be given once, got it on line {lines[key]} too")
            elif key == "<<" and key_node.style is None:
                merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            else:
                result[key] = self._value(value_node, depth + 1)
            lines.setdefault(key, line)
        for other in merged:
            result = {**self._merged(other, depth), **result}
        return result

    def _key(self, node: yaml.Node, line: int) -> str | None:
        key = _scalar(node) if isinstance(node, yaml.ScalarNode) else node.value
        if isinstance(key, str):
            return key
        given = "a list or map" if isinstance(key, list) else shown(node.value) if node.value else "nothing"
        self._complain(line, f"a key must be text, got {given}", "put quotes around it")
        return None

    def _merged(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        value = self._value(node, depth + 1)
        if isinstance(value, dict):
            return value
        self._complain(node.start_mark.line + 1, f"'<<' must name a map, got {shown(value)}")
        return {}

    def _value(self, node: yaml.Node, depth: int) -> Any:
        self._values += 1
        if depth > MAX_DEPTH:
            raise _Refused(TOO_DEEP)
        if self._values > MAX_VALUES:
            raise _Refused(TOO_MUCH)
        kind = "map" if isinstance(node, yaml.MappingNode) else "seq" if isinstance(node, yaml.SequenceNode) else "str"
        if node.tag != f"tag:yaml.org,2002:{kind}":
            tag = shown(node.tag.replace("tag:yaml.org,2002:", "!!"))
            self._complain(node.start_mark.line + 1, f"must be plain YAML, got the tag {tag}", "remove the tag")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, depth + 1) for item in node.value]
        return _scalar(node)

    def _complain(self, line: int, message: str, fix: str = "") -> None:
        self.problems.append(Problem(f"line {line}", message, fix))


def _scalar(node: Any) -> str | int | float | bool | None:
    """
    What a scalar means in YAML 1.2: `NO`, `on`, `12:30` and dates are text, and so is a number that begins with 0.

    Text that should have been a number is told as such later, with its path.
    """
    text: str = node.value
    if node.style is not None:
        return text
    if text in WORDS:
        return WORDS[text]
    if fullmatch(INTEGER, text):
        return int(text)
    return float(text) if fullmatch(FLOAT, text) else text


def _syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Problem(f"line {line}", f"must be text, got the character 0x{ord(text[error.position]):02x}")
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem("", f"must be YAML, got: {error}")
    what, line = error.problem or "", error.problem_mark.line + 1
    if r"'\t'" in what:
        rows = [str(n) for n, row in enumerate(text.splitlines(), 1) if fullmatch(r"\s*\t.*", row)]
        given = f"tabs on lines {', '.join(rows[:9])}" if len(rows) > 1 else "a tab"
        return Problem(f"line {line}", f"must be indented with spaces, got {given}", "write two spaces for each tab")
    if error.context == "expected a single document in the stream":
        return Problem(f"line {line}", "must not begin a second document, got '---'", "one file holds one platform")
    fix = "check the indentation, and put text that holds ': ' in quotes" if "mapping values" in what else ""
    return Problem(f"line {line}, column {error.problem_mark.column + 1}", f"must be YAML, got: {what}", fix)
