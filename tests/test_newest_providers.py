"""The newest major versions of the providers take what is synthesized, and all that they change for it is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.load import load
from tests.checks import references, terraform_schema
from tests.checks.schemas import Provider, blocks, newest_providers, providers, with_newest_providers
from tests.configs import SOVEREIGN
from tests.conftest import Platforms
from tests.synthesized import Synthesized, synthesize

CHANGED = {
    "google_container_cluster.logging_config.enable_components: type ['list', 'string'] is ['set', 'string']",
    "google_container_cluster.monitoring_config.enable_components: type ['list', 'string'] is ['set', 'string']",
    "data.google_container_cluster.logging_config: type, in part",
    "data.google_container_cluster.monitoring_config: type, in part",
    "provider google.ml_engine_custom_endpoint: gone",
    "provider google.notebooks_custom_endpoint: gone",
    "provider google-beta.ml_engine_custom_endpoint: gone",
    "provider google-beta.notebooks_custom_endpoint: gone",
    "kubernetes_service_v1.status: type, in part",
}
"""What of the types in use is another in the newest providers than in those before; docs/upgrading.md explains it."""
MATTERS = (
    *("type", "required", "optional", "computed", "sensitive", "write_only", "nested_type"),
    *("nesting_mode", "min_items", "max_items"),
)
"""What an argument or a block is known by."""


def check(app: Synthesized) -> list[str]:
    """Hold each stack against the newest providers."""
    found = []
    for document in map(with_newest_providers, app.stacks.values()):
        found += [*terraform_schema.problems(document), *references.problems(document)]
    return found


def test_every_config_fits_the_newest_providers(every_platform: Platforms) -> None:
    """The same JSON is for both: each config and each variant."""
    assert {name: found for name, (_, app) in every_platform.items() if (found := check(app))} == {}


def test_another_universe_fits_them_too(tmp_path: Path) -> None:
    """It has settings of the provider that no other config has."""
    assert check(synthesize(load(SOVEREIGN), tmp_path)) == []


def test_a_stack_that_they_refuse_is_found(platform: Synthesized) -> None:
    """An argument that google 8 no longer has is right with 7 alone."""
    document = next(iter(platform.stacks.values()))
    [google] = document["provider"]["google"]
    older = {**document, "provider": {"google": [{**google, "notebooks_custom_endpoint": "https://example.com/"}]}}

    assert terraform_schema.problems(older) == []
    [problem] = terraform_schema.problems(with_newest_providers(older))
    assert problem.startswith("provider.google: notebooks_custom_endpoint: unknown attribute or block")


def test_no_state_has_to_be_upgraded() -> None:
    """The version of each resource's state is the same: an older provider reads what a newer one wrote."""
    for old, new in pairs():
        for kind, told in new.types.items():
            assert told["version"] == old.types[kind]["version"], kind


def test_all_that_changed_is_known() -> None:
    """Added arguments aside, which nobody has set."""
    assert {line for old, new in pairs() for line in changes(old, new)} == CHANGED


def test_each_type_in_use_is_stored_of_the_newest_provider_too(every_platform: Platforms) -> None:
    """What is synthesized for no config is not asked for."""
    newest = {kind for provider in newest_providers().values() for kind in provider.types}
    used = {kind for _, app in every_platform.values() for one in app.stacks.values() for _, kind, _ in blocks(one)}

    assert used - newest - {"terraform_data"} == set()


def pairs() -> Iterator[tuple[Provider, Provider]]:
    """Yield each provider that is stored in two versions, the older one first."""
    for source, new in newest_providers().items():
        if new is not providers()[source]:
            yield providers()[source], new


def changes(old: Provider, new: Provider) -> Iterator[str]:
    """List what is gone or another in *new*."""
    for kind, told in new.types.items():
        yield from block_changes(old.types[kind]["block"], told["block"], kind)
    yield from block_changes(old.block, new.block, f"provider {old.source.split('/')[1]}")


def block_changes(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[str]:
    """List what is gone or another in one block, and in those inside, and what must be given now."""
    before, after = members(old), members(new)
    for name, told in before.items():
        if name not in after:
            yield f"{path}.{name}: gone"
            continue
        for what in MATTERS:
            if told.get(what) != after[name].get(what):
                deep = len(str(told.get(what))) > 40
                yield f"{path}.{name}: {what}{', in part' if deep else f' {told.get(what)} is {after[name].get(what)}'}"
        if "block" in told:
            yield from block_changes(told["block"], after[name]["block"], f"{path}.{name}")
    for name, told in after.items():
        if name not in before and (told.get("required") or told.get("min_items")):
            yield f"{path}.{name}: new and required"


def members(block: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the arguments of *block*, and the blocks in it."""
    return {**block.get("attributes", {}), **block.get("block_types", {})}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ({"attributes": {"a": {"type": "string"}}}, {}, "t.a: gone"),
        ({}, {"attributes": {"a": {"type": "string", "required": True}}}, "t.a: new and required"),
        ({}, {"attributes": {"a": {"type": "string", "optional": True}}}, None),
        ({"block_types": {"b": {"block": {}}}}, {}, "t.b: gone"),
        (
            {"block_types": {"b": {"nesting_mode": "list", "block": {}}}},
            {"block_types": {"b": {"nesting_mode": "set", "block": {}}}},
            "t.b: nesting_mode list is set",
        ),
    ],
)
def test_a_change_is_seen(old: dict[str, Any], new: dict[str, Any], line: str | None) -> None:
    """A new argument that may be left out changes nothing."""
    assert list(block_changes(old, new, "t")) == ([line] if line else [])
