"""The config files whose platforms are deployed, and the platform of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from platform_config.config import Config
from platform_config.load import load
from tests.configs import CONFIGS, EXISTING, MORE, SOVEREIGN
from tests.terraform.world import World

DEPLOYED = (*CONFIGS, *MORE, SOVEREIGN)
EACH_CONFIG = pytest.mark.parametrize("path", DEPLOYED, ids=[path.stem for path in DEPLOYED])
OWN_CLUSTERS = tuple(
    path for path in DEPLOYED if not all(region.existing.cluster for region in load(path).regions.values())
)
EACH_WITH_CLUSTERS = pytest.mark.parametrize("path", OWN_CLUSTERS, ids=[path.stem for path in OWN_CLUSTERS])
"""The platforms that make clusters themselves."""
APPLIED = tuple(path for path in DEPLOYED if load(path).workloads == "terraform")
EACH_APPLIED = pytest.mark.parametrize("path", APPLIED, ids=[path.stem for path in APPLIED])
"""The platforms whose objects in clusters Terraform applies."""
WITH_WEIGHTS = tuple(path for path in APPLIED if any(model.weights for model in load(path).models.values()))
EACH_WITH_WEIGHTS = pytest.mark.parametrize("path", WITH_WEIGHTS, ids=[path.stem for path in WITH_WEIGHTS])
"""Those with a model whose weights are read from a bucket or downloaded."""
REGIONAL = tuple(path for path in APPLIED if load(path).is_regional)
EACH_REGIONAL = pytest.mark.parametrize("path", REGIONAL, ids=[path.stem for path in REGIONAL])
CROSS_REGION = tuple(path for path in APPLIED if path not in (*REGIONAL, *EXISTING))
"""Those whose network, clusters and fleet are the platform's own."""
EACH_CROSS_REGION = pytest.mark.parametrize("path", CROSS_REGION, ids=[path.stem for path in CROSS_REGION])
Worlds = Callable[[Path], World]
"""Gives the platform of a config file, always the same one."""


def freed(config: Config) -> Config:
    """Return *config* with clusters that may be deleted."""
    cluster = dataclasses.replace(config.cluster, deletion_protection=False)
    return config.model_copy(update={"cluster": cluster})
