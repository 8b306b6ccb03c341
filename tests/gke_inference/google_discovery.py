"""What Google's discovery documents, as googleapiclient ships them, say of methods and schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,),
}  # fmt: skip

RAW_BODY = "HttpBody"
"""The schema of a response that comes as another API has it: the document describes how Google carries it, and REST
answers with the content itself."""


MODEL_ARMOR = {
    "parameters": {},
    "schemas": {
        "Template": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "filterConfig": {"type": "object", "additionalProperties": {"type": "any"}},
                "templateMetadata": {
                    "type": "object",
                    "properties": {
                        "enforcementType": {
                            "type": "string",
                            "enum": ["ENFORCEMENT_TYPE_UNSPECIFIED", "INSPECT_ONLY", "INSPECT_AND_BLOCK"],
                        },
                        "logSanitizeOperations": {"type": "boolean"},
                        "logTemplateOperations": {"type": "boolean"},
                    },
                },
            },
        }
    },
    "methods": {
        "get": {
            "id": "modelarmor.projects.locations.templates.get",
            "httpMethod": "GET",
            "path": "v1/{+name}",
            "flatPath": "v1/projects/{projectsId}/locations/{locationsId}/templates/{templatesId}",
            "response": {"$ref": "Template"},
        }
    },
}
"""The package has no document of Model Armor. Written here after what provider google 7.45.0 reads of a template."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """
    One method of one API.

    Attributes:
        flat: Matches paths with every part by itself; `path` matches the same with names of several parts as one.
        fixed: Letters of the path that are no names.
        query: The API's and the method's query parameters, as the document has them.
        request: Name of the schema of the body; empty where there is none.
    """

    id: str
    http_method: str
    flat: re.Pattern[str]
    path: re.Pattern[str]
    path_names: tuple[str, ...]
    fixed: int
    query: Mapping[str, Any]
    schemas: Mapping[str, Any]
    request: str
    response: str

    def checked_query(self, given: dict[str, list[str]], refuse: Callable[[str], None]) -> dict[str, Any]:
        """Return the query as given, where each parameter is known, of its kind, and there as often as it may be."""
        for name, values in given.items():
            known = self.query.get(name)
            if known is None:
                refuse(f"{self.id}: unknown parameter {name}")
                continue
            if len(values) > 1 and not known.get("repeated"):
                refuse(f"{self.id}: {name} is there twice")
            for value in values:
                if value not in known.get("enum", [value]):
                    refuse(f"{self.id}: {name} cannot be {value}")
                if known["type"] == "integer" and not value.isdigit():
                    refuse(f"{self.id}: {name} must be a number, got {value}")
        for name, known in self.query.items():
            if known.get("required") and name not in given:
                refuse(f"{self.id}: {name} is missing")
        return {
            name: values if self.query[name].get("repeated") else values[0]
            for name, values in given.items()
            if name in self.query
        }


@cache
def methods(apis: tuple[str, ...]) -> tuple[Method, ...]:
    """Read every method of *apis*, such as `compute.v1`; those with the most fixed letters first."""
    found = [method for api in apis for method in _of(document(api), document(api))]
    return tuple(sorted(found, key=lambda method: -method.fixed))


@cache
def document(api: str) -> Any:
    """Return the discovery document of *api*."""
    if api == "modelarmor.v1":
        return MODEL_ARMOR
    path = resources.files("googleapiclient").joinpath(f"discovery_cache/documents/{api}.json")
    return json.loads(path.read_text(encoding="utf-8"))


def problems(schemas: Mapping[str, Any], name: str, value: Any, at: str) -> Iterator[str]:
    """Find where *value* is not what the schema *name* allows: an unknown field, another kind, a wrong enum value."""
    yield from _problems(schemas, {"type": "any"} if name in ("", RAW_BODY) else {"$ref": name}, value, at)


def _problems(schemas: Mapping[str, Any], schema: Any, value: Any, at: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kinds: tuple[type, ...] = KINDS.get(schema["type"], (object,))
    right: bool = isinstance(value, kinds) and (not isinstance(value, bool) or schema["type"] in ("boolean", "any"))
    if not right:
        yield f"{at}: must be of type {schema['type']}, got {value!r}"
    elif schema["type"] == "array":
        for number, entry in enumerate(value):
            yield from _problems(schemas, schema["items"], entry, f"{at}[{number}]")
    elif schema["type"] == "object":
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, entry in value.items():
            if key in fields or others:
                yield from _problems(schemas, fields.get(key) or others, entry, f"{at}.{key}")
            else:
                yield f"{at}: unknown field {key}"
    elif value not in schema.get("enum", [value]):
        yield f"{at}: cannot be {value!r}"


def _of(api: Any, part: Any) -> Iterator[Method]:
    """Yield the methods of one part of the tree of resources, and of those below it."""
    for method in part.get("methods", {}).values():
        path = method["path"]
        flat = method.get("flatPath", path)
        own = method.get("parameters", {})
        yield Method(
            id=method["id"],
            http_method=method["httpMethod"],
            flat=_pattern(flat, r"[^/]+"),
            path=_pattern(path, None),
            path_names=tuple(re.findall(r"{\+?(\w+)}", path)),
            fixed=len(re.sub(r"{[^}]*}", "", flat)),
            query={**api["parameters"], **{key: found for key, found in own.items() if found["location"] == "query"}},
            schemas=api["schemas"],
            request=method.get("request", {}).get("$ref", ""),
            response=method.get("response", {}).get("$ref", ""),
        )
    for below in part.get("resources", {}).values():
        yield from _of(api, below)


def _pattern(path: str, of_name: str | None) -> re.Pattern[str]:
    """Compile a pattern of *path*; a name with a plus has several parts, unless *of_name* says what each is."""
    parts = re.split(r"({\+?\w+})", path)
    names = {True: of_name or "(.+)", False: of_name or "([^/]+)"}
    return re.compile("".join(names[part[1] == "+"] if part[:1] == "{" else re.escape(part) for part in parts))
