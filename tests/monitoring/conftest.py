"""What the tests of alerts have in common."""

from __future__ import annotations

import pytest

from tests.promql import rig


@pytest.fixture(scope="module")
def failures(request: pytest.FixtureRequest) -> dict[str, str]:
    """All `CASES` of the module in one run of promtool."""
    return rig.failures(request.module.CASES)
