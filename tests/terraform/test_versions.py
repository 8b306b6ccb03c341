"""Which providers a stack lets Terraform choose. The rig cannot tell: Terraform asks no version of attached ones."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from tests.synthesized import Synthesized
from tests.terraform.binary import OLDEST

TESTED = {"google": "7.45.0", "google-beta": "7.45.0", "kubernetes": "2.38.0", "helm": "3.1.1", "time": "0.13.1"}
REFUSED = {
    "google": ("6.50.0", "7.30.0", "8.0.0", "8.7.0"),
    "google-beta": ("6.50.0", "7.30.0", "8.0.0"),
    "kubernetes": ("2.37.1", "3.0.0"),
    "helm": ("2.17.0", "3.1.0", "4.0.0"),
    "time": ("0.12.1", "1.0.0"),
}


def test_every_stack_names_the_same_providers_in_the_same_versions(platform: Synthesized) -> None:
    """One way to say each provider, source in full: no stack brings in another by accident."""
    required = [document["terraform"]["required_providers"] for document in platform.stacks.values()]
    said = {
        name: {(told["source"], told["version"]) for stack in required for key, told in stack.items() if key == name}
        for name in TESTED
    }

    assert {name for stack in required for name in stack} == set(TESTED)
    assert {name: len(ways) for name, ways in said.items()} == dict.fromkeys(TESTED, 1)
    assert {source for ways in said.values() for source, _ in ways} == {f"hashicorp/{name}" for name in TESTED}


def test_the_versions_that_were_tested_are_allowed_and_the_next_major_ones_are_not(platform: Synthesized) -> None:
    """The bindings would pin 6.50.0, which lacks what we use; a new major version may break what we say."""
    for document in platform.stacks.values():
        for name, told in document["terraform"]["required_providers"].items():
            allowed = SpecifierSet(told["version"])
            assert TESTED[name] in allowed
            assert [version for version in REFUSED[name] if version in allowed] == []


def test_terraform_itself_may_be_as_old_as_each_stack_lets_it_be(platform: Synthesized) -> None:
    """1.10 and newer where a token is taken and kept nowhere; the other stacks ask for no more than cdktf does."""
    for stack, document in platform.stacks.items():
        wanted = document["terraform"]["required_version"]
        assert wanted == (">= 1.10.0" if "ephemeral" in document else ">= 1.5.7")
        assert ("ephemeral" in document) == stack.startswith("workload-")
        assert ".".join(map(str, OLDEST)) in SpecifierSet(wanted)
