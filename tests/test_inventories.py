"""The inventories are what is synthesized; a change of an address is a change of users' state."""

from __future__ import annotations

import pytest

from tests.inventories import FILES, FOLDER
from tests.synthesized import Synthesized


@pytest.mark.parametrize("name", FILES)
def test_inventory_is_fresh(platform: Synthesized, name: str) -> None:
    """After a change on purpose: `make inventories`, and a `State:` line in CHANGELOG.md where an address moved."""
    assert FILES[name](platform) == (FOLDER / name).read_text(), "run: make inventories"
