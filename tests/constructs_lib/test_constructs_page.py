"""docs/constructs.md: its examples work, and what it says of each construct is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cdktf import LocalBackend, Token
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from tests.checks import kubernetes_objects, references, terraform_schema
from tests.conftest import Synth
from tests.synthesized import Synthesized
from tools import construct_examples, constructs_page

CONSTRUCTS = constructs_page.constructs()
PROVIDERS = {
    "google": GoogleProvider,
    "google_beta": GoogleBetaProvider,
    "kubernetes": KubernetesProvider,
    "helm": HelmProvider,
    "time": TimeProvider,
}


def shown(name: str) -> str:
    """Read the example that the page shows for the construct *name*."""
    page = (constructs_page.ROOT / "docs" / "constructs.md").read_text(encoding="utf-8")
    section = page.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    [example] = re.findall(r"^```py\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(example)


def made(name: str, stack: Any) -> Any:
    """Run the example of *name* in *stack*, and return its construct."""
    function = getattr(construct_examples, constructs_page.snake_case(name))
    wanted = [argument for argument in function.__annotations__ if argument in PROVIDERS]
    return function(stack, **{key: PROVIDERS[key](stack, key.replace("_", "-")) for key in wanted})


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_each_example_makes_what_terraform_can_read(name: str, tmp_path: Path) -> None:
    """As the page shows it, after the lines that all start from: blocks fit their schema, references resolve."""
    scope: dict[str, Any] = {}

    exec(constructs_page.SETUP.replace("App()", f"App(outdir={str(tmp_path)!r})"), scope)
    LocalBackend(scope["stack"], path="test.tfstate")
    exec(shown(name), scope)
    scope["stack"].node.root.synth()

    [document] = Synthesized(tmp_path).stacks.values()
    assert document.get("resource") or document["data"]
    problems = terraform_schema.problems(document) + references.problems(document)
    problems += kubernetes_objects.stack_problems(document)
    # The bindings pin older providers than the schemas are of; the stacks pin their own.
    assert [problem for problem in problems if "required_providers" not in problem] == []


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_each_attribute_is_there_and_known_when_it_says(name: str, synth: Synth) -> None:
    """Every one says when it is known; a text that is known at synth is no reference, and the others are."""
    found: list[Any] = []
    synth(lambda stack: found.append(made(name, stack)))
    attributes = constructs_page.attributes(CONSTRUCTS[name])

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
    documented = {attribute for attribute, _ in constructs_page.attributes(CONSTRUCTS[name])}

    assert {attribute for attribute in vars(found[0]) if not attribute.startswith("_")} <= documented


def test_a_construct_that_nobody_listed_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a field without a meaning does."""
    groups = {title: names[1:] for title, names in constructs_page.GROUPS.items()}
    monkeypatch.setattr(constructs_page, "GROUPS", groups)

    with pytest.raises(ValueError, match=r"GROUPS must list every public construct, got .*'ProjectServices'"):
        constructs_page.page()


def test_every_plan_of_a_construct_is_on_the_page() -> None:
    """What a constructor takes and the specs do not explain is explained below."""
    kinds = {
        kind
        for source in CONSTRUCTS.values()
        for kind in re.findall(r"\b\w+Plan\b", " ".join(constructs_page.argument_types(source)))
    }

    assert kinds <= set(constructs_page.PLANS)
