"""
What a query of PromQL reads: its selectors, functions and grouping labels, found in its text.

Prometheus itself checks the syntax (`rig.refusal`); this takes a query that is right.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*`     # a string
    | \[[^\]]*\]                                        # a range: [5m], or [1h:5m] of a subquery
    | [A-Za-z_:][A-Za-z0-9_:]*                          # a name or a word
    | (?:\d|\.\d)[A-Za-z0-9_.]*                         # a number or a duration
    | =~ | !~ | !=
    | \S
    """,
    re.VERBOSE,
)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_OPERATORS = {"and", "or", "unless", "atan2", "bool", "inf", "nan"}
_AGGREGATIONS = {
    *("avg", "count", "group", "max", "min", "stddev", "stdvar", "sum"),
    *("bottomk", "topk", "count_values", "quantile", "limitk", "limit_ratio"),
}
_UNIT_SEC = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_SUFFIXES = ("_bucket", "_count", "_sum")


@dataclass(kw_only=True)
class Selector:
    """
    One selection of series.

    Attributes:
        metric: Its name; empty where the query has none before the braces.
        matchers: Operator and value by label.
        range_sec: Seconds of its range; 0 without.
        offset_sec: Seconds by which it looks further back.
        function: Function whose first argument it is; empty without.
    """

    metric: str
    matchers: dict[str, tuple[str, str]] = field(default_factory=dict)
    range_sec: float = 0
    offset_sec: float = 0
    function: str = ""


@dataclass(kw_only=True)
class Reads:
    """
    What one query reads.

    Attributes:
        selectors: Its selections, in order.
        functions: Names of functions and aggregations.
        grouping: Labels by which it groups or joins.
        made: Labels that it makes itself.
        subquery_sec: Seconds of all its subqueries together.
    """

    selectors: list[Selector] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    grouping: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    subquery_sec: float = 0

    @property
    def look_back_sec(self) -> float:
        """Seconds before the moment of evaluation from which it reads."""
        return self.subquery_sec + max((one.range_sec + one.offset_sec for one in self.selectors), default=0)


def read(query: str) -> Reads:
    """Return what *query* reads."""
    found = Reads()
    tokens = _TOKEN.findall(query)
    place = 0
    while place < len(tokens):
        token = tokens[place]
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if token in _GROUPING:
            place = _skip_labels(tokens, place + 1, found)
        elif token == "offset":
            place += 1 + (after == "-")
            found.selectors[-1].offset_sec = seconds(tokens[place])
        elif token.startswith("["):
            found.subquery_sec += seconds(token[1:].partition(":")[0])
        elif _is_name(token) and (after == "(" or token in _AGGREGATIONS):
            found.functions.add(token)
            if token in ("label_replace", "label_join"):
                found.made.add(_made_label(tokens, place + 1))
        elif (_is_name(token) and token.lower() not in _OPERATORS) or token == "{":
            place = _selector(tokens, place, found)
        place += 1
    return found


def base_name(metric: str, known: Container[str]) -> str:
    """Return the histogram of which *metric* is a part, if that is *known*, else *metric*."""
    bases = (metric.removesuffix(suffix) for suffix in _SUFFIXES if metric.endswith(suffix))
    return metric if metric in known else next((base for base in bases if base in known), metric)


def seconds(duration: str) -> float:
    """Return the seconds in a *duration* such as 1h30m."""
    return sum(float(number) * _UNIT_SEC[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def _is_name(token: str) -> bool:
    return re.match(r"[A-Za-z_:]", token) is not None


def _skip_labels(tokens: list[str], place: int, found: Reads) -> int:
    """Note the labels in the parentheses at *place*, if there are any; return the last place of them."""
    if tokens[place : place + 1] != ["("]:
        return place - 1
    end = tokens.index(")", place)
    found.grouping.update(token for token in tokens[place:end] if _is_name(token))
    return end


def _selector(tokens: list[str], place: int, found: Reads) -> int:
    """Note the selector at *place*; return its last place."""
    before = tokens[place - 2] if place > 1 and tokens[place - 1] == "(" else ""
    selector = Selector(
        metric="" if tokens[place] == "{" else tokens[place], function=before if _is_name(before) else ""
    )
    found.selectors.append(selector)
    if selector.metric:
        place += 1
    if tokens[place : place + 1] == ["{"]:
        end = tokens.index("}", place)
        selector.matchers = dict(_matchers(tokens[place + 1 : end]))
        place = end + 1
    if place < len(tokens) and tokens[place].startswith("["):
        selector.range_sec = seconds(tokens[place])
        place += 1
    return place - 1


def _matchers(tokens: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield label, operator and value."""
    parts = [token for token in tokens if token != ","]
    for label, operator, value in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        yield label, (operator, value[1:-1])


def _made_label(tokens: list[str], place: int) -> str:
    """Return the label that the function makes whose parenthesis is at *place*: its second argument."""
    depth = 0
    for index in range(place, len(tokens)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(tokens[index], 0)
        if tokens[index] == "," and depth == 1:
            return tokens[index + 1][1:-1]
    return ""
