"""A value that stays: what it renders. What Terraform makes of it is in tests/terraform/test_moves.py."""

from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput

from constructs_lib.fixed_value import FixedValue
from tests.conftest import Synth


def test_a_value_stays_as_it_was_first_applied(synth: Synth) -> None:
    """Changes of it are ignored, so that the condition sees the one that was."""
    app = synth(lambda stack: FixedValue(stack, "place", value="us", refusal="it is in {was}: put it back"))
    block = app.one("terraform_data")

    assert block["input"] == {"value": "us"}
    assert block["lifecycle"] == {
        "ignore_changes": ["input"],
        "postcondition": [
            {"condition": '${self.input.value == "us"}', "error_message": "it is in ${self.input.value}: put it back"}
        ],
    }


def test_a_value_that_is_not_fixed_yet_is_taken_anew(synth: Synth) -> None:
    """By each apply, so that it can be compared with when it is fixed."""
    app = synth(lambda stack: FixedValue(stack, "read", value="bucket", refusal="", fixed=False))

    assert "lifecycle" not in app.one("terraform_data")


def test_what_is_remembered_counts_while_the_value_is_another(synth: Synth) -> None:
    """And what is known now counts otherwise, such as after a cluster was made anew."""

    def made(stack: Any) -> None:
        home = FixedValue(stack, "home", value="us", refusal="", remember={"endpoint": "old.example"})
        TerraformOutput(stack, "endpoint", value=home.remembered("endpoint", now="new.example"))

    app = synth(made)

    assert app.one("terraform_data")["input"] == {"value": "us", "endpoint": "old.example"}
    assert app.stacks["test"]["output"]["endpoint"]["value"] == (
        '${(terraform_data.home.input.value == "us") ? "new.example" : terraform_data.home.input.endpoint}'
    )
