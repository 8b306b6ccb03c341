"""A project to sweep."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.configs import config
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import TeardownCloud
from tests.gke_inference.teardown.rig import serve_google


@pytest.fixture
def stand_in() -> Iterator[GoogleStandIn]:
    """Serve Google's APIs."""
    with serve_google() as served:
        yield served


@pytest.fixture
def cloud(stand_in: GoogleStandIn) -> TeardownCloud:
    """Serve a project with nothing in it."""
    made = TeardownCloud(config())
    made.serve(stand_in)
    return made
