"""Each public construct in a stack of somebody else: their providers, versions, backend and folder of constructs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, S3Backend, TerraformStack
from constructs import Construct

from constructs_lib.provider_versions import GOOGLE
from constructs_lib.weights_load import RUN_TOKEN_PROVIDER
from tests.checks.schemas import blocks
from tests.conftest import Synth
from tests.synthesized import Synthesized
from tools import examples, source_classes

CONSTRUCTS = tuple(source_classes.constructs())
ALIAS = "theirs"
VERSIONS = {"google": "~> 6.50", "google-beta": "~> 6.50", "kubernetes": "2.38.0", "helm": "3.1.1", "time": "0.13.1"}
PINNED = {"AutopilotCluster": GOOGLE, "GkeCluster": GOOGLE, "WeightsLoad": RUN_TOKEN_PROVIDER}
"""Whose examples pin google, and to what."""


def foreign_stack(app: App) -> TerraformStack:
    """Add a stack with settings of its own: backend, Terraform's version, and the versions of all providers."""
    stack = TerraformStack(app, "theirs")
    S3Backend(stack, bucket="their-states", key="theirs.tfstate", region="eu-west-1")
    stack.add_override("terraform.required_version", ">= 1.9")
    for name, version in VERSIONS.items():
        required = {"source": f"hashicorp/{name}", "version": version}
        stack.add_override(f"terraform.required_providers.{name}", required)
    return stack


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_keeps_the_settings_of_a_stack(name: str, tmp_path: Path) -> None:
    """Only `pin_google` and `pin_provider` set a version; nothing sets a backend or what Terraform must be."""
    app = App(outdir=str(tmp_path))
    stack = foreign_stack(app)
    examples.make(name, stack, examples.add_providers(stack))
    app.synth()
    settings = Synthesized(tmp_path).stacks["theirs"]["terraform"]

    wanted = VERSIONS | ({"google": PINNED[name]} if name in PINNED else {})
    assert {key: value["version"] for key, value in settings["required_providers"].items()} == wanted
    assert settings["required_version"] == ">= 1.9"
    assert list(settings["backend"]) == ["s3"]


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_uses_the_providers_that_it_is_given(name: str, synth: Synth) -> None:
    """Each block names one with an alias, so none falls back to a default provider that nobody configured."""
    document = synth(
        lambda stack: examples.make(name, stack, examples.add_providers(stack, alias=ALIAS)),
    ).stacks["test"]

    for address, kind, block in blocks(document):
        assert kind == "terraform_data" or block["provider"].endswith(f".{ALIAS}"), address


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_can_be_made_twice_in_constructs_of_others(name: str, synth: Synth) -> None:
    """Its scope may be any construct: two of them make two sets of addresses, and nothing of one is the other's."""

    def build(stack: Any) -> None:
        providers = examples.add_providers(stack)
        for team in ("red", "blue"):
            examples.make(name, Construct(stack, team), providers)

    document = synth(build).stacks["test"]
    made = {address: json.dumps(block) for address, _, block in blocks(document)}
    red = [address for address in made if ".red_" in address]
    blue = [address for address in made if ".blue_" in address]

    assert len(red) == len(blue) == len(made) / 2 > 0
    for address, text in made.items():
        assert [other for other in (blue if address in red else red) if other in text] == []
