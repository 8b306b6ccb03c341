"""Every `${...}` of a stack names something that exists in the same stack."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.checks.expressions import FUNCTIONS, INDEX, SPLAT, Steps, expressions, parse
from tests.checks.schemas import PARTS, Provider, blocks, hint, provider_of, type_of_block

PICKS = (INDEX, SPLAT)
ALLOWED = {"list": "an index such as [0]", "set": "[*] or one(...)", "object": "an attribute"}
ROOTS = {
    "path": {"module", "root", "cwd"},
    "terraform": {"workspace"},
    "each": {"key", "value"},
    "count": {"index"},
}


def problems(document: dict[str, Any]) -> list[str]:
    """
    Say which references of a parsed `cdk.tf.json` lead nowhere.

    Covers templates in every key and value, `depends_on`, `provider`, `ignore_changes` and `replace_triggered_by`.
    A reference to a resource is followed through the schema of its type as far as that is static.
    """
    found = []
    for part, value in document.items():
        if part not in PARTS:
            found += [f"{part}: {problem}" for problem in _in_value(document, value, "")]
    for address, kind, body in blocks(document):
        found += [f"{address}: {problem}" for problem in _in_value(document, body, "")]
        found += [f"{address}: {problem}" for problem in _in_meta(document, kind, body)]
    return found


def _in_value(document: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str):
        try:
            for expression in expressions(value):
                yield from (f"{path}: {wrong}" for wrong in _in_expression(document, expression))
        except ValueError as error:
            yield f"{path}: {error}, in {value!r}"
    elif isinstance(value, dict):
        for key, item in value.items():
            where = f"{path}.{key}" if path else key
            yield from _in_value(document, key, f"{where} (key)")
            yield from _in_value(document, item, where)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in_value(document, item, f"{path}[{index}]")


def _in_meta(document: dict[str, Any], kind: str, body: dict[str, Any]) -> Iterator[str]:
    """Check the arguments of Terraform itself, which hold references without `${}`."""
    name = body.get("provider")
    if isinstance(name, str) and name not in _provider_names(document):
        yield f"provider: no provider {name!r} in this stack; {hint(name, _provider_names(document))}"
    lifecycle = body.get("lifecycle")
    lifecycle = lifecycle if isinstance(lifecycle, dict) else {}
    type_ = _type_of(provider_of(document, body), kind)
    for path, bare in (
        ("depends_on", body.get("depends_on") or []),
        ("lifecycle.replace_triggered_by", lifecycle.get("replace_triggered_by") or []),
        ("lifecycle.ignore_changes", lifecycle.get("ignore_changes") or []),
    ):
        for index, expression in enumerate(bare if isinstance(bare, list) else []):
            if "${" in expression:
                yield f"{path}[{index}]: {expression!r} is not a plain reference; write it without ${{}}"
            elif path != "lifecycle.ignore_changes":
                yield from (f"{path}[{index}]: {wrong}" for wrong in _in_expression(document, expression))
            else:
                for steps in parse(expression).references:
                    yield from (f"{path}[{index}]: {wrong}" for wrong in _along(type_, steps, kind))


def _provider_names(document: dict[str, Any]) -> set[str]:
    names = set()
    for name, given in document.get("provider", {}).items():
        for body in given if isinstance(given, list) else [given]:
            names.add(f"{name}.{body['alias']}" if "alias" in body else name)
    return names


def _in_expression(document: dict[str, Any], expression: str) -> Iterator[str]:
    try:
        parsed = parse(expression)
    except ValueError as error:
        yield f"{error}, in {expression!r}"
        return
    for name in parsed.functions:
        if name.removeprefix("core::") not in FUNCTIONS:
            yield f"unknown function {name!r} in {expression!r}; {hint(name, FUNCTIONS)}"
    for steps in parsed.references:
        yield from (f"{wrong}, in {expression!r}" for wrong in _leads_nowhere(document, steps))


def _leads_nowhere(document: dict[str, Any], steps: Steps) -> Iterator[str]:
    root, name = (*(step for step in steps if step != INDEX), "")[:2]
    if root == "self":
        return
    if root in ROOTS or root in ("var", "local"):
        known = ROOTS.get(root) or document.get("variable" if root == "var" else "locals", {})
        if name not in known:
            yield f"no {root}.{name}; {hint(name, known)}"
        return
    part = root if root in PARTS else "resource"
    prefix = PARTS[part]
    kind, name, *later = (*(steps[1:] if prefix else steps), "", "")
    body = document.get(part, {}).get(kind, {}).get(name)
    if body is None:
        address = f"{prefix}{kind}.{name}".rstrip(".")
        yield f"no {address} in this stack; {hint(address, [address for address, _, _ in blocks(document)])}"
        return
    steps = tuple(step for step in later if step)
    indexed = steps[:1] in ((INDEX,), (SPLAT,)) and {"count", "for_each"} & body.keys()
    type_ = _type_of(provider_of(document, body), prefix + kind)
    yield from _along(type_, steps[1:] if indexed else steps, f"{prefix}{kind}.{name}")


@cache
def _type_of(provider: Provider | None, kind: str) -> Any:
    """Return what a reference to this type yields; the schema check reports a type that is not stored."""
    block = provider.block_of(kind) if provider else None
    return type_of_block(block) if block else "dynamic"


def _along(type_: Any, steps: Steps, walked: str) -> Iterator[str]:
    """Follow *steps* through *type_*, as far as it is static."""
    for step in steps:
        if type_ == "dynamic":
            return
        shape = type_ if isinstance(type_, str) else type_[0]
        if shape == "object" and step in type_[1]:
            type_ = type_[1][step]
        elif shape == "map" or (shape == "list" and step in PICKS) or (shape == "set" and step == SPLAT):
            type_ = type_[1]
        elif shape == "object" and step not in PICKS:
            yield f"{walked} has no attribute {step!r}; {hint(step, type_[1])}"
            return
        else:
            allowed = ALLOWED.get(shape, "nothing")
            yield f"{walked} is {'an' if shape == 'object' else 'a'} {shape}, so {step!r} cannot follow; {allowed} can"
            return
        walked += step if step in PICKS else f".{step}"
