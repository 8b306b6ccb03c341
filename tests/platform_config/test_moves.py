"""What a refused plan says: commands for stacks and addresses that are there."""

from __future__ import annotations

import re

from platform_config import moves
from tests.configs import config
from tests.synthesized import Synthesized


def test_steps_name_stacks_and_addresses_that_are_there(platform: Synthesized) -> None:
    """In every refusal; what stays is named by `{was}`, which the state fills in."""
    made = config()
    refusals = [
        moves.gateway_moved(made), moves.config_cluster_moved(made), moves.download_moved(made), moves.bucket_moved(),
        moves.bucket_read(), moves.namespace_moved(), moves.cluster_moved("us"),
    ]  # fmt: skip
    text = "\n".join(refusals)

    assert all("{was}" in refusal for refusal in refusals)
    assert set(re.findall(r"cdktf\.out/stacks/([\w-]+)", text)) <= set(platform.stacks)
    for stack, named in re.findall(r"stacks/([\w-]+) state rm ([^`]+)`", text):
        assert {f"{stack} {address}" for address in named.split()} <= set(platform.addresses())
