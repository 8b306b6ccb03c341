"""Two fixtures: `platform`, the example synthesized once, and `synth`, one construct in a bare stack."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fast_synth

fast_synth.enable()
# Who has exported it for a platform of theirs tests the product all the same.
os.environ.pop("INFERENCE_CONFIG", None)

from tests.configs import EXAMPLE
from tests.synthesized import Synthesized, synthesize, synthesize_stack

Synth = Callable[[Callable[[Any], object]], Synthesized]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """config/example.yaml, synthesized."""
    from stacks.load import load

    return synthesize(load(EXAMPLE), tmp_path_factory.mktemp("platform"))


@pytest.fixture
def synth(tmp_path: Path) -> Synth:
    """Synthesizes what a function puts into a bare stack called `test`."""
    return lambda build: synthesize_stack(build, tmp_path)
