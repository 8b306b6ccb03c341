"""The oldest Terraform and OpenTofu that read a stack, by the parts of the language that it is written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.checks.expressions import expressions, parse
from tests.checks.schemas import blocks, provider_of

Document = dict[str, Any]
OLDEST = ("1.5.7", "1.6.0")
"""Terraform's last release under the MPL, which is the floor of the language in use, and the first OpenTofu."""


@dataclass(frozen=True)
class Feature:
    """
    A part of the language that is younger than `OLDEST`.

    Attributes:
        name: What it is.
        terraform: The first Terraform that has it.
        opentofu: The first OpenTofu that has it.
        source: Where both say so.
        used_in: Whether a stack uses it.
    """

    name: str
    terraform: str
    opentofu: str
    source: str
    used_in: Callable[[Document], bool]


def floor(document: Document) -> tuple[str, str]:
    """Return the oldest Terraform and the oldest OpenTofu that read a parsed `cdk.tf.json`."""
    used = [feature for feature in FEATURES if feature.used_in(document)]
    return (
        max([OLDEST[0], *(feature.terraform for feature in used)], key=_parts),
        max([OLDEST[1], *(feature.opentofu for feature in used)], key=_parts),
    )


def functions(document: Document) -> set[str]:
    """Return the names of all functions that a stack calls, those of providers too."""
    found = (parse(expression) for text in _texts(document) for expression in expressions(text))
    return {name for expression in found for name in expression.functions}


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _has_block(name: str) -> Callable[[Document], bool]:
    return lambda document: bool(document.get(name))


def _calls(*names: str) -> Callable[[Document], bool]:
    return lambda document: bool(functions(document).intersection(names))


def _calls_a_provider(document: Document) -> bool:
    return any(name.startswith("provider::") for name in functions(document))


def _imports_each(document: Document) -> bool:
    return any("for_each" in block for block in document.get("import", ()))


def _writes_only(document: Document) -> bool:
    for _, kind, body in blocks(document):
        provider = provider_of(document, body)
        block = provider.block_of(kind) if provider else None
        if block and _sets_write_only(block, body):
            return True
    return False


def _sets_write_only(block: dict[str, Any], body: Any) -> bool:
    if isinstance(body, list):
        return any(_sets_write_only(block, one) for one in body)
    if any(told.get("write_only") and body.get(name) is not None for name, told in block.get("attributes", {}).items()):
        return True
    inner = block.get("block_types", {}).items()
    return any(_sets_write_only(told["block"], body[name]) for name, told in inner if body.get(name))


CHANGELOGS = "CHANGELOG.md of hashicorp/terraform and of opentofu/opentofu"
FEATURES = (
    Feature("`removed` blocks with a lifecycle", "1.7.0", "1.10.0", f"{CHANGELOGS}, #2556", _has_block("removed")),
    Feature("`import` blocks with for_each", "1.7.0", "1.7.0", CHANGELOGS, _imports_each),
    Feature("functions of providers", "1.8.0", "1.7.0", CHANGELOGS, _calls_a_provider),
    Feature("issensitive", "1.8.0", "1.7.0", CHANGELOGS, _calls("issensitive")),
    Feature("templatestring", "1.9.0", "1.7.0", CHANGELOGS, _calls("templatestring")),
    Feature("ephemeral resources", "1.10.0", "1.11.0", f"{CHANGELOGS}, #2834", _has_block("ephemeral")),
    Feature("ephemeralasnull", "1.10.0", "1.11.0", CHANGELOGS, _calls("ephemeralasnull")),
    Feature("write-only arguments", "1.11.0", "1.11.0", f"{CHANGELOGS}, #2834", _writes_only),
)
"""
`moved`, conditions, `terraform_data`, `check` and `import` blocks are not here: Terraform has them from 1.5 on or
longer, and the first OpenTofu came from that.
"""
