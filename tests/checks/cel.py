"""Runs the CEL rules of a CRD (`x-kubernetes-validations`), which a JSON schema validator leaves out."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import celpy
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError

RULES = "x-kubernetes-validations"
# Names that CEL keeps for itself; Kubernetes escapes the fields that are called so.
RESERVED = {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let"}
RESERVED |= {"loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}


def rule_problems(schema: dict[str, Any], value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, message) of each rule in *schema* that *value* breaks, in it and in all that it holds."""
    for rule in schema.get(RULES, []):
        if _applies(rule, schema, value) and not _holds(rule["rule"], schema, value):
            yield path or "the object", rule.get("message") or f"breaks the rule: {rule['rule']}"
    if isinstance(value, dict):
        for name, item in value.items():
            inner = _member(schema, name)
            yield from rule_problems(inner, item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from rule_problems(schema.get("items", {}), item, f"{path}[{index}]")


def _applies(rule: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    """Return whether to check the rule: not on updates (`oldSelf`), values of Terraform, or text for a number."""
    compared_number = schema.get("x-kubernetes-int-or-string") and isinstance(value, str)
    return "oldSelf" not in rule["rule"] and not compared_number and "${" not in str(value)


def _member(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
    return found if isinstance(found, dict) else {}


@cache
def _program(rule: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(rule), functions={"isURL": _is_url})


def _holds(rule: str, schema: dict[str, Any], value: Any) -> bool:
    """Evaluate one rule of a CRD; a rule that reads a missing field refuses the object, as in the API server."""
    try:
        seen = _to_cel(schema, value)
    except ValueError:  # not a duration: the schema check tells
        return True
    try:
        return bool(_program(rule).evaluate({"self": seen}))
    except CELEvalError:
        return False


def _is_url(text: Any) -> celtypes.BoolType:
    """Return whether *text* is a URL: Kubernetes' own addition to CEL."""
    parts = urlsplit(str(text))
    return celtypes.BoolType(bool(parts.scheme and parts.netloc))


def _to_cel(schema: dict[str, Any], value: Any) -> Any:
    """Convert *value* to what the rule sees: defaults filled in, durations as such, names escaped."""
    if isinstance(value, list):
        return celtypes.ListType([_to_cel(schema.get("items", {}), item) for item in value])
    if isinstance(value, dict):
        members = schema.get("properties", {})
        whole = {name: field["default"] for name, field in members.items() if "default" in field} | value
        pairs = ((_escaped(name) if name in members else name, name) for name in whole)
        return celtypes.MapType({celtypes.StringType(to): _to_cel(_member(schema, of), whole[of]) for to, of in pairs})
    return celtypes.DurationType(value) if schema.get("format") == "duration" else json_to_cel(value)


def _escaped(name: str) -> str:
    if name in RESERVED:
        return f"__{name}__"
    for sign, word in (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")):
        name = name.replace(sign, word) if re.search(re.escape(sign), name) else name
    return name
