"""What a provider puts into a request although nobody wrote it: the siblings of a block that is opened only in part."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.checks.schemas import DATA, blocks, provider_of, providers, required_providers, stored

Sends = dict[str, dict[str, Any]]
"""By the path of a block (empty: the resource itself): the arguments that are sent when they are not given, as what.
The type `provider` is the provider's own block."""

HOW_TO_ADD = "tests/data/README.md says how to read what the provider sends for it"
ONLY_READ = ("data.", "ephemeral.")
WITHOUT_FACTS = ("kubernetes_manifest", "time_sleep")
"""The first is sent as it is written, the second nowhere."""
OF_TERRAFORM = ("timeouts",)


@cache
def sends(source: str) -> dict[str, Sends]:
    """Read what the provider *source* sends, by resource type."""
    path = DATA / "providers" / providers()[source].file.replace(".json", ".sent.json")
    told = json.loads(path.read_text()) if path.exists() else {}
    return {kind: {path: fact["sends"] for path, fact in held.items()} for kind, held in told.items()}


@cache
def reasons() -> dict[str, dict[str, str]]:
    """Read, by type and path, why it is right to leave the argument to the provider."""
    told = yaml.safe_load(Path(__file__).with_name("left_unset.yaml").read_text())
    return {
        kind: {path: group["because"] for group in groups for path in group["unset"]} for kind, groups in told.items()
    }


def unwritten(document: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield address, type, path and value of all that a stack's providers send for its resources unasked."""
    for name, given in document.get("provider", {}).items():
        provider = stored(required_providers(document).get(name, {}))
        known = sends(provider.source).get("provider", {}).get("", {}) if provider else {}
        for body in given if isinstance(given, list) else [given]:
            yield from ((f"provider.{name}", "provider", path, known[path]) for path in known if path not in body)
    for address, kind, body in blocks(document):
        provider = provider_of(document, body)
        if provider is not None and not kind.startswith(ONLY_READ + WITHOUT_FACTS):
            yield from ((address, kind, path, value) for path, value in _of_body(provider.source, kind, body))


def problems(document: dict[str, Any]) -> list[str]:
    """List what is sent although nobody wrote it or gave a reason, and blocks of which nothing is known."""
    found = [
        f"{address}: {path}: sent as {value!r} unasked; write it, or say in tests/checks/left_unset.yaml why"
        for address, kind, path, value in unwritten(document)
        if path not in reasons().get(kind, {})
    ]
    for address, kind, body in blocks(document):
        provider = provider_of(document, body)
        if provider is None or kind.startswith(ONLY_READ + WITHOUT_FACTS):
            continue
        known = sends(provider.source).get(kind, {})
        opened = {path for path, _ in _opened(provider.block_of(kind) or {}, body)}
        found += [f"{address}: {path or kind}: nothing is known; {HOW_TO_ADD}" for path in sorted(opened - set(known))]
    return found


def as_sent(document: dict[str, Any], kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* with everything in it that its provider adds to the blocks that it opens."""
    made: dict[str, Any] = copy.deepcopy(body)
    provider = provider_of(document, body)
    known = sends(provider.source).get(kind, {}) if provider else {}
    for path, block in list(_opened(provider.block_of(kind) or {}, made)) if provider else []:
        for name, value in known.get(path, {}).items():
            if "." not in name and block.get(name) is None:
                block[name] = value
    return made


def values(block: Any, path: str) -> list[Any]:
    """Read what *block* has at *path*, in each of the nested blocks; None where a value or a block is missing."""
    if isinstance(block, list) and block:
        return [value for one in block for value in values(one, path)]
    name, _, rest = path.partition(".")
    held = block.get(name) if isinstance(block, dict) else None
    return values(held, rest) if rest else held if isinstance(held, list) and held else [held]


def _of_body(source: str, kind: str, body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    known = sends(source).get(kind, {})
    for path, block in _opened(providers()[source].block_of(kind) or {}, body):
        for name, value in known.get(path, {}).items():
            if None in values(block, name):
                yield f"{path}.{name}" if path else name, value


def _opened(schema: dict[str, Any], body: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and content of each block in *body*, itself first."""
    if isinstance(body, list):
        for one in body:
            yield from _opened(schema, one, path)
    elif isinstance(body, dict):
        yield path, body
        for name, told in schema.get("block_types", {}).items():
            if name not in OF_TERRAFORM:
                yield from _opened(told["block"], body.get(name), f"{path}.{name}" if path else name)
