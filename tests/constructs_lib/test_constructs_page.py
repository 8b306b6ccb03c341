"""docs/constructs.md: its examples work, and what it says of each construct is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from cdktf import LocalBackend, Token

from tests.checks import kubernetes_objects, references, terraform_schema
from tests.conftest import Synth
from tests.synthesized import Synthesized
from tools import examples, source_classes
from tools.construct_examples import SETUP
from tools.public_names import PLANS

CONSTRUCTS = source_classes.constructs()


def section(name: str) -> str:
    """Read what the page says of the construct *name*."""
    page = (source_classes.ROOT / "docs" / "constructs.md").read_text(encoding="utf-8")
    return page.partition(f"\n### {name}\n")[2].partition("\n### ")[0].partition("\n## ")[0]


def made(name: str, stack: Any) -> Any:
    """Run the example of *name* in *stack*, and return its construct."""
    return examples.make(name, stack, examples.add_providers(stack))


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_each_example_makes_what_terraform_can_read(name: str, tmp_path: Path) -> None:
    """
    As the page shows it, after the lines that all start from: blocks fit their schema, references resolve.

    And its addresses are those that the page lists.
    """
    scope: dict[str, Any] = {}

    exec(SETUP.replace("App()", f"App(outdir={str(tmp_path)!r})"), scope)
    LocalBackend(scope["stack"], path="test.tfstate")
    [example] = re.findall(r"^```py\n(.*?)^```$", section(name), re.DOTALL | re.MULTILINE)
    exec(example, scope)
    scope["stack"].node.root.synth()

    [document] = (app := Synthesized(tmp_path)).stacks.values()
    addresses = {address.split()[1] for address in app.addresses()}
    assert addresses
    assert set(re.findall(r"^- `([a-z0-9_.]+\.[\w-]+)`$", section(name), re.MULTILINE)) == addresses
    problems = terraform_schema.problems(document) + references.problems(document)
    problems += kubernetes_objects.stack_problems(document)
    # The bindings pin older providers than the schemas are of; the stacks pin their own.
    assert [problem for problem in problems if "required_providers" not in problem] == []


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_each_attribute_is_there_and_known_when_it_says(name: str, synth: Synth) -> None:
    """Every one says when it is known; a text that is known at synth is no reference, and the others are."""
    found: list[Any] = []
    synth(lambda stack: found.append(made(name, stack)))
    attributes = CONSTRUCTS[name].attributes.items()

    assert attributes
    for attribute, meaning in attributes:
        value = getattr(found[0], attribute)
        assert re.search(r"known (at synth|after apply)", meaning), attribute
        if isinstance(value, str) and "at synth" not in meaning:
            assert Token.is_unresolved(value), attribute
        if isinstance(value, str) and "after apply" not in meaning:
            assert not Token.is_unresolved(value), attribute


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_each_public_attribute_is_on_the_page(name: str, synth: Synth) -> None:
    """None is left undocumented."""
    found: list[Any] = []
    synth(lambda stack: found.append(made(name, stack)))
    documented = {attribute for attribute, _ in CONSTRUCTS[name].attributes.items()}

    assert {attribute for attribute in vars(found[0]) if not attribute.startswith("_")} <= documented


def test_a_construct_without_an_example_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody lists constructs: whoever writes one finds out here."""
    monkeypatch.setattr(examples, "constructs", lambda: {**CONSTRUCTS, "NewThing": CONSTRUCTS["Fleet"]})

    with pytest.raises(ValueError, match=r"must have an example of every construct, got \['new_thing'\] apart"):
        examples.sections.__wrapped__()


def test_a_value_without_a_docstring_stops_the_page() -> None:
    """A public name that says nothing is named."""
    with pytest.raises(ValueError, match=r"constructs_lib\.fleet\.ROLE must have a docstring, got none"):
        source_classes.summary("constructs_lib.fleet", "ROLE")


def test_every_plan_of_a_construct_is_on_the_page() -> None:
    """What a constructor takes and the specs do not explain is explained below."""
    kinds = {
        kind
        for source in CONSTRUCTS.values()
        for kind in re.findall(r"\b\w+Plan\b", " ".join(ast.unparse(argument) for argument, _ in source.arguments))
    }

    assert kinds <= set(PLANS)
