"""A value in a stack's state."""

from __future__ import annotations

from typing import Any

from cdktf import TerraformElement

from constructs_lib.terraform_data import TerraformData
from tests.conftest import Synth


def test_its_input_is_the_value_and_nothing_else(synth: Synth) -> None:
    """What is computed in it stays a reference; its order and lifecycle are Terraform's own."""

    def build(stack: Any) -> TerraformElement:
        first = TerraformData(stack, "first", value={"zone": "us-east5-b"})
        known_later = first.interpolation_for_attribute("output")
        return TerraformData(
            stack, "second", value={"of": known_later}, lifecycle={"ignore_changes": ["input"]}, after=[first]
        )

    made = synth(build).named("terraform_data")

    assert {name: {key: block[key] for key in block if key != "//"} for name, block in made.items()} == {
        "test/first": {"input": {"zone": "us-east5-b"}},
        "test/second": {
            "input": {"of": "${terraform_data.first.output}"},
            "lifecycle": {"ignore_changes": ["input"]},
            "depends_on": ["terraform_data.first"],
        },
    }
