"""The inventories are what is synthesized; a change of an address is a change of users' state."""

from __future__ import annotations

from pathlib import Path

import pytest

from platform_config.load import load
from tests.inventories import FILES, FOLDER
from tests.synthesized import synthesize


@pytest.mark.parametrize("name", FILES)
def test_what_is_synthesized_is_what_is_written_down(name: str, tmp_path: Path) -> None:
    """After a change on purpose: `make inventories`, and a `State:` line in CHANGELOG.md where an address moved."""
    path, lines = FILES[name]

    assert lines(synthesize(load(path), tmp_path)) == (FOLDER / name).read_text(), "run: make inventories"
