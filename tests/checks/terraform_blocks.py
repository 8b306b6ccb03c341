"""Does a JSON body fit a block of a provider's schema: names, required, read-only, types, counts of blocks?"""

from collections.abc import Iterator
from typing import Any

from tests.checks.schemas import hint
from tests.checks.terraform_values import Problem, is_expression, shown, value_problems

COMMENT = "//"
MISSING = "missing; this attribute is required"


def body_problems(body: Any, block: dict[str, Any], path: str, meta: frozenset[str] = frozenset()) -> Iterator[Problem]:
    """Find what keeps *body* from being one block of this schema; *meta* names belong to Terraform itself."""
    attributes, nested = block.get("attributes", {}), block.get("block_types", {})
    for name, value in body.items():
        where = f"{path}.{name}" if path else name
        if name == COMMENT or name in meta:
            continue
        if name in attributes:
            yield from _attribute_problems(value, attributes[name], where)
        elif name in nested:
            yield from nested_problems(value, nested[name], where)
        else:
            yield where, f"unknown attribute or block; {hint(name, [*attributes, *nested])}"
    yield from _absent(body, attributes, nested, path)


def _absent(body: Any, attributes: dict[str, Any], nested: dict[str, Any], path: str) -> Iterator[Problem]:
    for name, attribute in attributes.items():
        if attribute.get("required") and body.get(name) is None:
            yield f"{path}.{name}" if path else name, MISSING
    for name, kind in nested.items():
        if kind.get("min_items") and body.get(name) is None:
            yield f"{path}.{name}" if path else name, f"missing; at least {kind['min_items']} block is required"


def _attribute_problems(value: Any, attribute: dict[str, Any], path: str) -> Iterator[Problem]:
    if value is None:
        return
    if not attribute.get("optional") and not attribute.get("required"):
        yield path, "read-only; the provider computes it, so it cannot be set"
    elif "nested_type" not in attribute:
        yield from value_problems(value, attribute["type"], path)
    else:
        yield from _nested_attribute_problems(value, attribute["nested_type"], path)


def _nested_attribute_problems(value: Any, kind: dict[str, Any], path: str) -> Iterator[Problem]:
    """Check an attribute that holds objects: unlike a block, it is never both an object and a list of one."""
    mode = kind["nesting_mode"]
    wanted = list if mode in ("list", "set") else dict
    if is_expression(value):
        return
    if not isinstance(value, wanted):
        yield path, f"{shown(value)} is not {'an array of objects' if wanted is list else 'a single object'}"
        return
    for where, item in [(path, value)] if mode == "single" else _named(value, path):
        if isinstance(item, dict):
            yield from body_problems(item, kind, where)
        elif not is_expression(item):
            yield where, f"{shown(item)} is not an object"


def nested_problems(value: Any, kind: dict[str, Any], path: str) -> Iterator[Problem]:
    """Check a nested block: in JSON one block is an object or an array of one, several are an array."""
    if value is None:
        return
    bodies = _named(value, path) if isinstance(value, list) else [(path, value)]
    least, most = kind.get("min_items", 0), 1 if kind["nesting_mode"] == "single" else kind.get("max_items", 0)
    if len(bodies) < least:
        yield path, f"{len(bodies)} blocks; at least {least} required"
    if most and len(bodies) > most:
        yield path, f"{len(bodies)} blocks; at most {most} allowed"
    for where, body in bodies:
        if isinstance(body, dict):
            yield from body_problems(body, kind["block"], where)
        else:
            yield where, f"{shown(body)} is not a block; write a JSON object"


def _named(value: Any, path: str) -> list[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [(f"{path}[{key}]", item) for key, item in pairs]
