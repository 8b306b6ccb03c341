"""The real provider schemas in `tests/data/providers`, by the source address that a stack names."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

DATA = Path(__file__).parents[1] / "data"
PARTS = {"resource": "", "data": "data.", "ephemeral": "ephemeral."}
"""The parts of a stack that hold blocks of a provider's types, and what their addresses begin with."""
HOW_TO_ADD = "tests/data/README.md says how to add it"


@dataclass(frozen=True, eq=False)
class Provider:
    """One provider at the version whose schema is stored."""

    source: str
    version: str
    file: str
    block: dict[str, Any]
    types: dict[str, dict[str, Any]]

    def block_of(self, address: str) -> dict[str, Any] | None:
        """Find the schema of a type, `google_x`, `data.google_x` or `ephemeral.google_x`; None where none is stored."""
        found = self.types.get(address)
        return found["block"] if found else None


@cache
def every_provider() -> tuple[Provider, ...]:
    """Read every stored provider; of those with one source the oldest is first."""
    paths = (DATA / "providers").glob("*.json")
    found = [_read(path) for path in paths if not path.name.endswith((".facts.json", ".sent.json"))]
    return tuple(sorted(found, key=lambda provider: (provider.source, Version(provider.version))))


def _read(path: Path) -> Provider:
    held = json.loads(path.read_text())
    schemas = {
        "": held["resource_schemas"],
        "data.": held["data_source_schemas"],
        "ephemeral.": held.get("ephemeral_resource_schemas", {}),
    }
    types = {f"{prefix}{kind}": told for prefix, kinds in schemas.items() for kind, told in kinds.items()}
    return Provider(held["source"], held["version"], path.name, held["provider"]["block"], types)


@cache
def providers() -> dict[str, Provider]:
    """Return, by source such as `hashicorp/google`, the provider that a config without `providers` asks for."""
    return {provider.source: provider for provider in reversed(every_provider())}


@cache
def newest_providers() -> dict[str, Provider]:
    """Return, by source, the newest provider that is stored."""
    return {provider.source: provider for provider in every_provider()}


def stored(requirement: dict[str, Any]) -> Provider | None:
    """Find the stored provider that a requirement names: `google` alone is short for `hashicorp/google`."""
    source = str(requirement.get("source", ""))
    return _stored(source if "/" in source else f"hashicorp/{source}", str(requirement.get("version", "")))


@cache
def _stored(source: str, constraint: str) -> Provider | None:
    known = [provider for provider in every_provider() if provider.source == source]
    allowed = [provider for provider in known if constraint and allows(constraint, provider.version)]
    return next(iter(allowed or known), None)


def allows(constraint: str, version: str) -> bool:
    """Read Terraform's constraint in Python's terms: `~>` is `~=`, and a bare version is exactly that one."""
    parts = [part.strip().replace("~>", "~=") for part in constraint.split(",")]
    try:
        return SpecifierSet(",".join(p if p[:1] in "<>=~!" else f"=={p}" for p in parts)).contains(version)
    except InvalidSpecifier:
        return False


def with_newest_providers(document: dict[str, Any]) -> dict[str, Any]:
    """Return a parsed `cdk.tf.json` that asks for the newest provider that is stored, and is the same in all else."""
    newest = {
        name: {**wanted, "version": newest_providers()[wanted["source"]].version}
        for name, wanted in required_providers(document).items()
    }
    return {**document, "terraform": {**document["terraform"], "required_providers": newest}}


def required_providers(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the stack's `required_providers`, by local name."""
    required: dict[str, dict[str, Any]] = document.get("terraform", {}).get("required_providers", {})
    return required


def provider_of(document: dict[str, Any], body: dict[str, Any]) -> Provider | None:
    """Find the stored provider that a block names in its `provider` key."""
    local_name = str(body.get("provider", "")).split(".")[0]
    return stored(required_providers(document).get(local_name, {}))


def blocks(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every resource, data source and ephemeral resource as (address, type address, body)."""
    for part, prefix in PARTS.items():
        for kind, named in document.get(part, {}).items():
            for name, body in named.items():
                yield f"{prefix}{kind}.{name}", f"{prefix}{kind}", body


def hint(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest right name, or list all of them when none is near."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"


def type_of_attribute(attribute: dict[str, Any]) -> Any:
    """Return the type of an attribute in Terraform's JSON notation, with nested attributes as objects."""
    nested = attribute.get("nested_type")
    if nested is None:
        return attribute["type"]
    return _wrapped(nested["nesting_mode"], {k: type_of_attribute(v) for k, v in nested["attributes"].items()})


def type_of_block(block: dict[str, Any]) -> Any:
    """Return the type of the object that a block yields to references, in Terraform's JSON notation."""
    return _wrapped("single", _members(block))


def _members(block: dict[str, Any]) -> dict[str, Any]:
    members = {name: type_of_attribute(attribute) for name, attribute in block.get("attributes", {}).items()}
    for name, nested in block.get("block_types", {}).items():
        members[name] = _wrapped(nested["nesting_mode"], _members(nested["block"]))
    return members


def _wrapped(nesting_mode: str, members: dict[str, Any]) -> Any:
    made = ["object", members]
    return made if nesting_mode == "single" else [nesting_mode, made]
