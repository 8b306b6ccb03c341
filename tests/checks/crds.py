"""Custom resource definitions in `tests/data/crds`, as strict JSON schemas with the API server's own CEL rules."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from tests.checks.cel import rule_problems
from tests.checks.schemas import DATA, hint

# Kubernetes means Go's durations, JSON schema would mean ISO 8601.
DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|ms|s|m|h))+")
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "labels": TEXTS,
        "annotations": TEXTS,
        "finalizers": {"type": "array", "items": {"type": "string"}},
    },
}


FORMATS = FormatChecker(formats=())
FORMATS.checks("duration")(lambda value: bool(DURATION.fullmatch(str(value))))


class Reference(str):
    """Text that Terraform fills in later: a value of any type."""


@dataclass(frozen=True)
class Crd:
    """One stored version of a kind's definition; a kind may have several, and an object must pass them all."""

    label: str
    scope: str
    schema: dict[str, Any]

    def problems(self, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield (path, what is wrong) for each field that the API server would refuse or silently drop."""
        for error in Draft202012Validator(self.schema, format_checker=FORMATS).iter_errors(manifest):
            yield from told(error)
        yield from rule_problems(self.schema, manifest, "")


@cache
def crds() -> dict[tuple[str, str], list[Crd]]:
    """Read every stored definition by apiVersion and kind."""
    found: dict[tuple[str, str], list[Crd]] = {}
    for path in sorted((DATA / "crds").glob("*.json")):
        held = json.loads(path.read_text())
        schema = merged(held["schema"], held.get("overlay", {}))
        schema["properties"]["metadata"] = METADATA
        crd = Crd(path.stem, held["scope"], _strict(schema))
        found.setdefault((held["apiVersion"], held["kind"]), []).append(crd)
    return found


def told(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yield a schema error as (path, what is wrong); nothing where Terraform fills in the value."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
    if isinstance(error.instance, Reference):
        return
    if error.validator != "additionalProperties" or not isinstance(error.schema, dict):
        yield path or "the object", error.message
        return
    given, known = error.instance, error.schema.get("properties", {})
    for name in sorted(set(given) - set(known)) if isinstance(given, dict) else ():
        yield f"{path}.{name}".lstrip("."), f"unknown field; {hint(name, known)}"


def merged(schema: Any, overlay: Any) -> Any:
    """Apply *overlay* to *schema* as a JSON merge patch (RFC 7396)."""
    if not isinstance(overlay, dict) or not isinstance(schema, dict):
        return overlay
    return schema | {key: merged(schema.get(key, {}), value) for key, value in overlay.items()}


def _strict(schema: Any) -> Any:
    """Make an undefined field an error in *schema*, where the API server would drop it in silence."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if strict.get("x-kubernetes-int-or-string"):
        strict["type"] = ["integer", "string"]
    closed = isinstance(strict.get("properties"), dict) and strict.get("type") == "object"
    if closed and "additionalProperties" not in strict and not strict.get("x-kubernetes-preserve-unknown-fields"):
        strict["additionalProperties"] = False
    return strict
