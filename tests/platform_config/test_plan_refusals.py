"""What a refused plan says: it names stacks and addresses that exist."""

from __future__ import annotations

import re

from tests.synthesized import Synthesized


def test_steps_name_stacks_and_addresses_that_exist(platform: Synthesized) -> None:
    """In every refusal of the synthesized platform; `{was}` is filled in from the state."""
    refusals = {
        f"{name}/{key}": block["lifecycle"]["postcondition"][0]["error_message"]
        for name, document in platform.stacks.items()
        for key, block in document["resource"].get("terraform_data", {}).items()
        if "${self.input.value}" in str(block.get("lifecycle", {}))
    }
    text = "\n".join(refusals.values())
    removed = re.findall(r"stacks/([\w-]+) state rm ([^`]+)`", text)

    assert len(refusals) > 6
    assert "{was}" not in text
    assert set(re.findall(r"cdktf\.out/stacks/([\w-]+)", text)) <= set(platform.stacks)
    assert len(removed) > 4
    for stack, named in removed:
        assert {f"{stack} {address}" for address in named.split()} <= set(platform.addresses())
