"""Every provider, resource, data and ephemeral block of a stack, held against the real schema of its provider."""

from collections.abc import Iterator
from typing import Any

from tests.checks.schemas import HOW_TO_ADD, PARTS, allows, blocks, hint, provider_of, required_providers, stored
from tests.checks.terraform_blocks import MISSING, body_problems, nested_problems
from tests.checks.terraform_values import is_expression, shown, value_problems

TOP_LEVEL = {
    *("//", "terraform", "provider", *PARTS, "output", "variable", "locals"),
    *("moved", "removed", "import", "check"),
}
FOR_ALL = frozenset({"provider", "depends_on", "count", "for_each", "lifecycle"})
FOR_RESOURCES = FOR_ALL | {"connection", "provisioner"}
FOR_PROVIDERS = frozenset({"alias", "version"})
STRINGS = ["list", "string"]
CONDITION: dict[str, Any] = {
    "nesting_mode": "list",
    "block": {
        "attributes": {
            "condition": {"type": "bool", "required": True},
            "error_message": {"type": "string", "required": True},
        }
    },
}
LIFECYCLE: dict[str, Any] = {
    "nesting_mode": "single",
    "block": {
        "attributes": {
            "create_before_destroy": {"type": "bool", "optional": True},
            "prevent_destroy": {"type": "bool", "optional": True},
            "ignore_changes": {"type": "dynamic", "optional": True},
            "replace_triggered_by": {"type": STRINGS, "optional": True},
        },
        "block_types": {"precondition": CONDITION, "postcondition": CONDITION},
    },
}

BUILT_IN: dict[str, dict[str, Any]] = {
    "terraform_data": {
        "attributes": {
            "input": {"type": "dynamic", "optional": True},
            "triggers_replace": {"type": "dynamic", "optional": True},
            "output": {"type": "dynamic"},
            "id": {"type": "string"},
        }
    }
}
"""Types that Terraform itself has since 1.4, without a provider."""


def problems(document: dict[str, Any]) -> list[str]:
    """
    Say what the real providers would refuse in a parsed `cdk.tf.json`; nothing when they would accept it.

    Each problem reads `address: path: what is wrong; what is allowed`. Rules about values (a bad CIDR, an unknown
    machine type) are the provider's own code and not in its schema: they are not checked here.
    """
    found = [*_top_level(document), *_requirements(document), *_provider_blocks(document), *_checks(document)]
    found += _removed(document)
    for address, kind, body in blocks(document):
        found += [f"{address}: {problem}" for problem in _block_problems(document, kind, body)]
    return found


def _top_level(document: dict[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if name not in TOP_LEVEL:
            yield f"{name}: top-level block that this check does not know; {hint(name, TOP_LEVEL)}"
        elif value == {} and name in (*PARTS, "output", "variable", "provider"):
            yield f"{name}: empty; Terraform refuses an empty object here, so leave it out"


def _checks(document: dict[str, Any]) -> Iterator[str]:
    for name, body in document.get("check", {}).items():
        for path, wrong in nested_problems(body.get("assert") or [], CONDITION | {"min_items": 1}, "assert"):
            yield f"check.{name}: {path}: {wrong}"


def _removed(document: dict[str, Any]) -> Iterator[str]:
    """Check what Terraform forgets: it is not in the document, and stays in the cloud."""
    for body in document.get("removed", ()):
        address = str(body.get("from"))
        kind, _, name = address.partition(".")
        if name in document.get("resource", {}).get(kind, {}):
            yield f"removed: {address} is a resource of this stack"
        if set(body) - {"//", "from", "lifecycle"} or body.get("lifecycle") != {"destroy": False}:
            yield f"removed: {address}: must have `from`, and a lifecycle of `destroy: false`, or it is deleted"


def _requirements(document: dict[str, Any]) -> Iterator[str]:
    for name, wanted in required_providers(document).items():
        where = f"terraform: required_providers.{name}"
        for key in ("source", "version"):
            if not wanted.get(key):
                yield f"{where}.{key}: {MISSING}"
        provider = stored(wanted)
        if provider is None and wanted.get("source"):
            yield f"{where}.source: no schema of {wanted.get('source')!r} is stored; {HOW_TO_ADD}"
        elif provider and wanted.get("version") and not allows(str(wanted["version"]), provider.version):
            yield (
                f"{where}.version: {wanted['version']!r} leaves out {provider.version}, "
                "the version that this stack is checked against"
            )


def _provider_blocks(document: dict[str, Any]) -> Iterator[str]:
    for name, given in document.get("provider", {}).items():
        provider = stored(required_providers(document).get(name, {}))
        if name not in required_providers(document):
            yield f"provider.{name}: not in required_providers; {hint(name, required_providers(document))}"
        for body in given if isinstance(given, list) else [given]:
            address = f"provider.{name}" + (f".{body['alias']}" if "alias" in body else "")
            for path, wrong in body_problems(body, provider.block, "", FOR_PROVIDERS) if provider else ():
                yield f"{address}: {path}: {wrong}"


def _block_problems(document: dict[str, Any], kind: str, body: dict[str, Any]) -> Iterator[str]:
    if kind in BUILT_IN:
        yield from (f"{path}: {wrong}" for path, wrong in body_problems(body, BUILT_IN[kind], "", FOR_RESOURCES))
        yield from _meta_problems(body)
        return
    name = body.get("provider")
    if not isinstance(name, str):
        yield "provider: missing; name one explicitly, or Terraform takes an unconfigured default"
        return
    if name.split(".")[0] not in required_providers(document):
        yield f"provider: {name!r} is not in required_providers; {hint(name, required_providers(document))}"
        return
    provider = provider_of(document, body)
    if provider is None:
        return
    block = provider.block_of(kind)
    if block is None:
        yield f"type not in tests/data/providers/{provider.file}; {hint(kind, provider.types)} Or {HOW_TO_ADD}"
        return
    meta = FOR_ALL if "." in kind else FOR_RESOURCES
    yield from (f"{path}: {wrong}" for path, wrong in body_problems(body, block, "", meta))
    yield from _meta_problems(body)


def _meta_problems(body: dict[str, Any]) -> Iterator[str]:
    """Check the arguments that belong to Terraform itself."""
    found = [*value_problems(body.get("depends_on"), STRINGS, "depends_on")]
    found += nested_problems(body.get("lifecycle"), LIFECYCLE, "lifecycle")
    ignored = body["lifecycle"].get("ignore_changes") if isinstance(body.get("lifecycle"), dict) else None
    if ignored != "all":
        found += value_problems(ignored, STRINGS, "lifecycle.ignore_changes")
    for name, wanted, meant in (("count", int, "a number"), ("for_each", (dict, list), "a map or a set")):
        value = body.get(name)
        if value is not None and not is_expression(value) and not isinstance(value, wanted):
            found.append((name, f"{shown(value)} is not {meant}"))
    yield from (f"{path}: {wrong}" for path, wrong in found)
