"""The settings of a YAML file as plain values: each key once, bounded in size, each problem with its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.google_names import likely_word
from platform_config.errors import ConfigError, Location, Problem, shown
from platform_config.reading.file_text import START, read_text
from platform_config.reading.lookalikes import explain_lookalikes, replace_lookalikes
from platform_config.reading.scalars import scalar_value
from platform_config.reading.syntax_errors import explain_syntax_error

MAX_DEPTH = 20
MAX_VALUES = 5_000
"""Counted after anchors are expanded: a small file can hold a very large tree. Fifty regions have a thousand values."""
MAX_TOKENS = 8 * MAX_VALUES
"""Tokens of YAML, such as a key, a colon or a value. No value has more than eight."""

TOO_DEEP = Problem("", f"must be nested at most {MAX_DEPTH} levels deep, got more", "an anchor must not hold itself")
TOO_MUCH = Problem("", f"must hold at most {MAX_VALUES} values, got more", "anchors of anchors multiply: write it out")


@dataclass
class Reading:
    """
    What is read from a config file.

    Attributes:
        settings: The settings as plain values; a key that is given twice has the values of both.
        problems: Problems of single lines.
        broken: Locations whose value cannot be known, such as a key that is given twice with two values.
        written: The text of each number (`1.30` is read as 1.3), and what follows each key that has no value.
        lines: The line of each key, and of each item of a list.
        nulls: Locations where `null` or `~` is written out.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Location] = field(default_factory=set)
    written: dict[Location, str] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    nulls: set[Location] = field(default_factory=set)


def read(path: Path) -> Reading:
    """
    Read the settings in *path*, with the problems of its single lines.

    Raises:
        ConfigError: The file cannot be read, is not YAML, is not a map, or is too large or too deep.
    """
    text = read_text(path)
    try:
        # The base loader knows syntax only; `scalar_value` decides what a scalar means.
        return _Reader().reading(yaml.compose(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise ConfigError(str(path), [explain_syntax_error(error, text)]) from None
    except _Refused as refused:
        raise ConfigError(str(path), [refused.problem]) from None


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    """The file as a whole is refused."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Loader(yaml.BaseLoader):
    """A loader that stops before it builds a tree that is too deep or too large to be a config."""

    def fetch_more_tokens(self) -> None:
        super().fetch_more_tokens()
        if self.flow_level + len(self.indents) > MAX_DEPTH:
            raise _Refused(TOO_DEEP)
        if self.tokens_taken > MAX_TOKENS:
            raise _Refused(TOO_MUCH)


class _Reader:
    """Makes plain values from YAML nodes: collects problems of single lines, raises those of the whole file."""

    def __init__(self) -> None:
        self._found = Reading()
        self._values = 0

    def reading(self, node: yaml.Node | None) -> Reading:
        """Return the map at the top of the file, without the keys that only hold anchors."""
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            raise _Refused(Problem("", "must hold settings, got an empty file", START))
        if not isinstance(node, yaml.MappingNode):
            given = "a list" if isinstance(node, yaml.SequenceNode) else shown(node.value)
            raise _Refused(Problem("", f"must be a map of settings, got {given}", START))
        settings = self._mapping(node, ())
        self._found.settings = {key: value for key, value in settings.items() if not key.startswith("x-")}
        return self._found

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        """Return the map in *node*; a key that is given twice is a problem, and gets the values below both."""
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._key(key_node, line, location)
            if key == "<<" and key_node.style is None and key not in lines:
                merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            elif key is not None:
                here = _without_merges((*location, key))
                self._found.lines.setdefault(here, line)
                value = self._value(value_node, (*location, key))
                if value is None:
                    self._found.written[here] = _rest(key_node.end_mark)
                    self._found.nulls |= {here} if value_node.value else set()
                if key in lines:
                    self._refuse_twice(key, line, lines[key], result.get(key), value)
                    value = self._both(result.get(key), value, (*location, key))
                result[key] = value
            if key is not None:
                lines.setdefault(key, line)
        for other in merged:
            result = {**self._merged(other, location), **result}
        return result

    def _key(self, node: yaml.Node, line: int, location: Location) -> str | None:
        """Return the text of a key, or None if it is a list or a map."""
        if not isinstance(node, yaml.ScalarNode):
            fix = (
                "put quotes around it, or fill the template in first" if _is_template(node) else "put quotes around it"
            )
            self._complain(line, "a key must be text, got a list or map", fix)
            self._found.broken.add(_without_merges(location))
            return None
        if isinstance(_scalar_value(node), str):
            return self._plain(node, node.value)
        given = shown(node.value) if node.value else "nothing"
        fix = "begin it with a letter, or put quotes around it" if node.value else "give it a name"
        if node.value[:1].isdigit() and location[-1:] in (("regions",), ("node_pools",), ("models",)):
            fix = f"write '{likely_word(node.value, first=str(location[-1])[0])}'"  # In quotes it is refused too.
        elif node.value.isdigit() and "alerts" in location:
            fix = "write decimals with a point, such as 10.5"
        self._complain(line, f"a key must be text, got {given}", fix)
        self._found.broken.add(_without_merges((*location, node.value)))
        return str(node.value)

    def _refuse_twice(self, key: str, line: int, first: int, one: object, two: object) -> None:
        """Report a key that is given on *line* and on line *first*."""
        fix = "remove one of the two"
        if isinstance(one, dict) and isinstance(two, dict):
            other = any(one[name] != two[name] and not isinstance(one[name], dict) for name in one if name in two)
            merge = f"merge the two: move what stands below it to the one on line {first}"
            fix = "give one of the two another key" if other else merge
        self._complain(line, f"key {shown(key)} must be given once, got it on line {first} too", fix)

    def _both(self, one: object, two: object, location: Location) -> object:
        """Return the values below both keys; where they differ, it cannot be known which is meant."""
        if isinstance(one, dict) and isinstance(two, dict):
            shared = {key: self._both(one[key], two[key], (*location, key)) for key in one if key in two}
            return {**one, **two, **shared}
        if one != two:
            self._found.broken.add(_without_merges(location))
        return one

    def _merged(self, node: yaml.Node, location: Location) -> dict[str, Any]:
        """Return the map that `<<` names."""
        value = self._value(node, (*location, "<<"))
        if isinstance(value, dict):
            return value
        fix = "write the name of an anchor before a map, such as <<: *pool"
        self._complain(node.start_mark.line + 1, f"'<<' must name a map, got {shown(value)}", fix)
        self._found.broken.add(_without_merges(location))
        return {}

    def _value(self, node: yaml.Node, location: Location) -> Any:
        """Return the plain value in *node*."""
        self._values += 1
        if len(location) > MAX_DEPTH:
            raise _Refused(TOO_DEEP)
        if self._values > MAX_VALUES:
            raise _Refused(TOO_MUCH)
        kind = "map" if isinstance(node, yaml.MappingNode) else "seq" if isinstance(node, yaml.SequenceNode) else "str"
        if node.tag != f"tag:yaml.org,2002:{kind}":
            tag = shown(node.tag.replace("tag:yaml.org,2002:", "!!"))
            fix = "remove the tag" if node.value else "remove it, or put text that begins with ! in quotes"
            self._complain(node.start_mark.line + 1, f"must be plain YAML, got the tag {tag}", fix)
            self._found.broken.add(_without_merges(location))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*location, index)) for index, item in enumerate(node.value)]
        plain = self._plain(node, node.value)
        if plain != node.value and plain.startswith("- "):  # It is meant as a list.
            self._found.broken.add(_without_merges(location))
        node.value = plain
        value = _scalar_value(node)
        if isinstance(value, int | float):
            self._found.written[_without_merges(location)] = node.value
        return value

    def _item(self, node: yaml.Node, location: Location) -> Any:
        """Return the value of one item of a list."""
        self._found.lines.setdefault(_without_merges(location), node.start_mark.line + 1)
        return self._value(node, location)

    def _plain(self, node: Any, text: str) -> str:
        """Return *text* with plain characters; each that only looks like one is a problem."""
        plain = replace_lookalikes(text) if node.style is None else text
        if plain != text:
            message, fix = explain_lookalikes(text)
            self._complain(node.start_mark.line + 1, message, fix)
        return plain

    def _complain(self, line: int, message: str, fix: str = "") -> None:
        self._found.problems.append(Problem(f"line {line}", message, fix))


def _is_template(node: yaml.Node) -> bool:
    """Return whether a key is a map, as in `{{ name }}`."""
    return isinstance(node, yaml.MappingNode)


def _without_merges(location: Location) -> Location:
    """Return *location* without merges: what they hold belongs to the map around them."""
    return tuple(part for part in location if part != "<<")


def _rest(mark: yaml.Mark) -> str:
    """Return what follows a key in its line."""
    return (mark.buffer or "")[mark.pointer :].partition("\n")[0].lstrip(" :").rstrip("\r\0")


def _scalar_value(node: Any) -> str | int | float | bool | None:
    return scalar_value(node.value, quoted=node.style is not None)
