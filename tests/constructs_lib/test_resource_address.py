"""Addresses that are computed are those that cdktf gives."""

from __future__ import annotations

from constructs_lib.resource_address import resource_address
from tests.synthesized import Synthesized


def test_an_address_follows_from_kind_and_ids(platform: Synthesized) -> None:
    """For every resource of the platform."""
    found = {
        (kind, key): block["//"]["metadata"]["path"].split("/")[1:]
        for document in platform.stacks.values()
        for kind, blocks in document["resource"].items()
        for key, block in blocks.items()
    }

    assert len(found) > 50
    assert {one: resource_address(one[0], *path) for one, path in found.items()} == {
        (kind, key): f"{kind}.{key}" for kind, key in found
    }
