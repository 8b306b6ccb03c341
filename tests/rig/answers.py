"""What the cloud makes up: identifiers as the real providers build them, and values that are always the same."""

import hashlib
import re
from pathlib import Path
from typing import Any

import yaml
from msgpack import ExtType

from tests.checks.schemas import type_of_attribute
from tests.rig.planning import body
from tests.rig.schemas import UNKNOWN, walk
from tests.rig.wire import Message

POOL = "google_container_node_pool"
TABLES: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text())


def identity(kind: str, resource: Message) -> str:
    """Identify *resource* among others of its type in its place: by its ID, or the one that it will get."""
    if isinstance(resource.get("id"), str):
        return str(resource["id"])
    held = body(resource)
    if held:
        return _object_id(held["apiVersion"], held["kind"], held["metadata"])
    if kind.startswith("kubernetes_"):
        [metadata] = resource["metadata"]
        if "api_version" in resource:
            return _object_id(resource["api_version"], resource["kind"], metadata)
        return "/".join(metadata[key] for key in ("namespace", "name") if metadata.get(key))
    words = _words(kind, resource)
    if kind == POOL and "/" not in words["cluster"]:
        words["cluster"] = "projects/{project}/locations/{location}/clusters/{cluster}".format(**words)
    return str(TABLES["ids"].get(kind, kind + "/{digest}")).format(**words)


def imported(kind: str, given: str) -> tuple[str, Message]:
    """
    Identify the resource of type *kind* that an import names by *given*, which is not always its ID.

    Returns:
        Its ID, and what the import makes of arguments that no read answers.
    """
    shape = TABLES["imports"].get(kind)
    found = re.fullmatch(shape["given"], given) if shape else None
    if shape is None or found is None:
        return given, unread(kind)
    return str(shape["id"]).format(**found.groupdict()), unread(kind, **found.groupdict())


def unread(kind: str, **words: str) -> Message:
    """Return the arguments that no read of *kind* answers, as an import gives them."""
    told = TABLES["unread"].get(kind, {})
    return {name: value.format(**words) if isinstance(value, str) else value for name, value in told.items()}


def completed(kind: str, block: Message, resource: Message, provider: Message, *answers: Message) -> Message:
    """
    Complete *resource* with an answer for everything that was not known: project and region may be the provider's.

    *answers*, by path: first what is sent for an argument whose block is opened without it, then what the cloud decides
    where the block is not opened at all.
    """
    sent, decided = (*answers, {}, {})[:2]
    absent: list[str] = []
    unknown = [name for name, value in resource.items() if isinstance(value, ExtType)]
    resource = resource | {name: provider[name] for name in unknown if provider.get(name)}
    words = _words(kind, resource)
    if isinstance(resource.get("id"), ExtType):
        resource = resource | {"id": identity(kind, resource)}

    def visit(path: str, told: Message, given: Any, old: Message | None) -> Any:
        if not isinstance(given, ExtType):
            return given
        if "block" in told:
            absent.append(f"{path}.")
        elif path in (chosen := decided if path.startswith(tuple(absent)) else sent):
            return chosen[path]
        if "block" not in told:
            return _answer(type_of_attribute(told), f"{kind}.{path}", words)
        inside = told["block"].get("attributes", {}) | told["block"].get("block_types", {})
        return [dict.fromkeys(inside, UNKNOWN)] if told.get("max_items") == 1 else []

    return walk(block, resource, None, visit)


def unanswered(block: Message, resource: Message) -> Message:
    """Return *resource* with nothing for everything that was not known."""

    def visit(path: str, told: Message, given: Any, old: Message | None) -> Any:
        if not isinstance(given, ExtType):
            return given
        return [] if "block" in told else None

    return walk(block, resource, None, visit)


def _answer(type_: Any, path: str, words: dict[str, str]) -> Any:
    """Make up a value of *type_* for the argument at *path*: a list of objects has one entry, others none."""
    told, digest = TABLES["answers"].get(path), _digest(path, words["digest"])
    if told:
        return told.format(**words) if isinstance(told, str) else told
    if isinstance(type_, str):
        return {"string": f"{path.split('.')[-1]}-{digest}", "number": int(digest, 16) % 1000}.get(type_, False)
    if type_[0] == "object":
        return {name: _answer(member, f"{path}.{name}", words) for name, member in type_[1].items()}
    if type_[0] == "list" and type_[1][0] == "object":
        return [_answer(type_[1], path, words)]
    return {} if type_[0] == "map" else []


def _object_id(api_version: str, kind: str, metadata: Message) -> str:
    parts = {"apiVersion": api_version, "kind": kind, "namespace": metadata.get("namespace"), "name": metadata["name"]}
    return ",".join(f"{key}={value}" for key, value in parts.items() if value)


def _words(kind: str, resource: Message) -> dict[str, str]:
    given = {name: value for name, value in sorted(resource.items()) if isinstance(value, str)}
    return given | {"digest": _digest(kind, *(f"{name}={value}" for name, value in given.items()))}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
