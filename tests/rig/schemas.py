"""The stored schemas and facts of the providers, and the walk through a value beside its schema."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from msgpack import ExtType

from tests.checks.schemas import DATA, Provider, providers
from tests.checks.sent import sends
from tests.rig.wire import Message, encode

PROVIDERS = DATA / "providers"
UNKNOWN = ExtType(0, b"\0")
"""Known after apply. Terraform sends others too, with a hint inside: each is an ExtType."""
Visit = Callable[[str, Message, Any, Message | None], Any]
"""Takes path, schema, value and the enclosing block as it was (None: it was not there), and gives the new value."""


@cache
def facts(source: str) -> dict[str, Any]:
    """
    Read what the schema of each resource type leaves out, as the real provider answered; empty where it was not asked.

    `sent`: by path, the value that an argument gets where its block is opened without it.
    """
    path = PROVIDERS / providers()[source].file.replace(".json", ".facts.json")
    nested = yaml.safe_load(Path(__file__).with_name("nested_force_new.yaml").read_text())
    return {
        kind: held | {"force_new": held.get("force_new", []) + nested.get(kind, []), "sent": _sent(source, kind)}
        for kind, held in json.loads(path.read_text()).items()
    }


def _sent(source: str, kind: str) -> Message:
    blocks = sends(source).get(kind, {}).items()
    return {
        f"{path}.{name}".lstrip("."): value
        for path, sent in blocks
        for name, value in sent.items()
        if isinstance(value, (bool, int, float, str)) and "." not in name
    }


@cache
def encoded_schema(provider: Provider) -> bytes:
    """Encode the answer to GetProviderSchema."""
    return encode("GetProviderSchema.Response", json.loads((PROVIDERS / provider.file).read_text()))


def conformed(type_: Any, value: Any) -> Any:
    """Return *value*, which another version of a provider wrote, with the members of *type_*; what is new is null."""
    if value is None or isinstance(type_, str) or isinstance(value, ExtType):
        return value
    container, member = type_
    if container == "object":
        return {name: conformed(inner, value.get(name)) for name, inner in member.items()}
    if container == "map":
        return {name: conformed(member, inner) for name, inner in value.items()}
    return [conformed(member, inner) for inner in value]


def walk(block: Message, value: Message, old: Message | None, visit: Visit, path: str = "") -> Message:
    """Rebuild *value*: each argument and block is what *visit* gives, and so is what is inside; lists pair by place."""
    made: Message = {}
    for name, told in (block.get("attributes", {}) | block.get("block_types", {})).items():
        given, before = visit(f"{path}{name}", told, value[name], old), old[name] if old else None
        inner = told.get("block") or told.get("nested_type")
        if inner and isinstance(given, dict):
            given = walk(inner, given, before, visit, f"{path}{name}.")
        elif inner and isinstance(given, list):
            olds = [*(before or []), *[None] * len(given)]
            given = [walk(inner, one, olds[at], visit, f"{path}{name}.") for at, one in enumerate(given)]
        made[name] = given
    return made
