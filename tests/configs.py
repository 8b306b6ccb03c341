"""Configs for tests: the example, and the example with some keys changed."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from platform_config.config import Config

EXAMPLE = Path(__file__).parent.parent / "config" / "example.yaml"
ELASTIC = EXAMPLE.with_name("h100-elastic.yaml")
SPEECH = EXAMPLE.with_name("speech.yaml")
GUARDED = EXAMPLE.with_name("guarded.yaml")
PUBLIC = EXAMPLE.with_name("public.yaml")
GUARD_RAILS = (GUARDED, PUBLIC)
"""Platforms of regional gateways."""
MULTI_CLOUD = EXAMPLE.with_name("multi-cloud.yaml")
CONFIGS = (EXAMPLE, ELASTIC, SPEECH, *GUARD_RAILS, MULTI_CLOUD)
"""The product's own configs. Other files in that folder are a user's, and no test reads them."""
SOVEREIGN = EXAMPLE.with_name("sovereign.yaml")
"""The product's config of a platform in the universe of S3NS, which has no PromQL."""
TWO_LLMS = Path(__file__).parent / "variants" / "two-llms.yaml"
OWN_WEIGHTS = TWO_LLMS.with_name("own-weights.yaml")
AUTOPILOT = TWO_LLMS.with_name("autopilot.yaml")
EXISTING = tuple(TWO_LLMS.with_name(f"{name}.yaml") for name in ("existing-network", "shared-vpc", "existing-clusters"))
"""Platforms in networks and clusters of others."""
CONFIG_CLUSTER = TWO_LLMS.with_name("config-cluster.yaml")
"""A config cluster that serves nothing, and two clusters in one region."""
ALONE = TWO_LLMS.with_name("regional.yaml")
"""Regional gateways without guard rails."""
SEVERAL_MODELS = (TWO_LLMS, OWN_WEIGHTS, AUTOPILOT, ALONE)
"""Platforms of several models, beside the product's own configs."""
GITOPS = TWO_LLMS.with_name("gitops.yaml")
"""Objects from Git, for Argo CD in one of the clusters."""
BEYOND = tuple(TWO_LLMS.with_name(f"{name}.yaml") for name in ("dns-private", "outside", "gitops"))
"""Names of DNS, clusters outside Google Cloud, and objects from Git."""
CLOUD_RUN = TWO_LLMS.with_name("cloud-run.yaml")
"""Weights that Cloud Run downloads, beside those that a cluster does."""
MORE = (*SEVERAL_MODELS, *EXISTING, CONFIG_CLUSTER, *BEYOND, CLOUD_RUN)
"""All platforms beside the product's own configs that tests try as a whole."""

REGIONAL: dict[str, Any] = {"gateway__scope": "regional", "regions__us__config_cluster": None}
"""What gives each region of the example an internal gateway of its own: `config(**REGIONAL)`."""
REGIONAL_PUBLIC: dict[str, Any] = {**REGIONAL, "gateway__public": True}
"""What gives each a public one."""


def changed(base: Path = EXAMPLE, /, **changes: Any) -> dict[str, Any]:
    """
    Return the example as plain data, with keys set by their path: `changed(cluster__control_plane="zonal")`.

    Two underscores go one level down; None removes the key. *base* is another file to begin with.
    """
    data: dict[str, Any] = copy.deepcopy(_settings(base))
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = data
        for parent in parents:
            target = target.setdefault(parent, {})
        if value is None:
            target.pop(last, None)
        else:
            target[last] = copy.deepcopy(value)
    return data


@cache
def _settings(base: Path) -> dict[str, Any]:
    """Return the settings of *base* as plain data; read once, since tests ask thousands of times."""
    settings: dict[str, Any] = yaml.safe_load(base.read_text())
    return settings


def config(base: Path = EXAMPLE, /, **changes: Any) -> Config:
    """Return the example with keys changed, as a Config."""
    return Config.model_validate(changed(base, **changes))
