"""Fixtures: the example's `platform`, `every_platform`, each synthesized once, and `synth`, one construct alone."""

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

from platform_config.config import Config
from tests.configs import EXAMPLE
from tests.synthesized import Synthesized, synthesize, synthesize_stack

Synth = Callable[[Callable[[Any], object]], Synthesized]
Platforms = dict[str, tuple[Config, Synthesized]]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """config/example.yaml, synthesized."""
    from platform_config.load import load

    return synthesize(load(EXAMPLE), tmp_path_factory.mktemp("platform"))


@pytest.fixture(scope="session")
def every_platform(platform: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> Platforms:
    """Each config and each variant of the example by its name, synthesized."""
    from platform_config.load import load
    from tests.configs import CONFIGS, config
    from tests.test_output import VARIANTS

    made = {EXAMPLE.stem: (load(EXAMPLE), platform)}
    others = {path.stem: load(path) for path in CONFIGS if path != EXAMPLE}
    variants = {name: config(**changes) for name, changes in VARIANTS.items()}
    for name, each in (others | variants).items():
        made[name] = (each, synthesize(each, tmp_path_factory.mktemp("each")))
    return made


@pytest.fixture
def synth(tmp_path: Path) -> Synth:
    """Synthesizes what a function puts into a bare stack called `test`."""
    return lambda build: synthesize_stack(build, tmp_path)
