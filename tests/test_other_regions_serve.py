"""Every model is served where one region is out, and a model that is split off is served only where it is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.config import Config
from platform_config.dns_plan import targets_of
from platform_config.model import models_of
from platform_config.outside_plan import outside_models
from platform_config.stack_graph import serving_stack
from tests.configs import EXAMPLE, MULTI_CLOUD, TWO_LLMS, config
from tests.synthesized import Synthesized, synthesize

OTHER = {
    "server": {
        "kind": "custom",
        "image": "ghcr.io/acme/server:v1",
        "port": 8000,
        "health_path": "/up",
        "memory_gib": 5,
    },
    "address": {"path": "/other"},
    "replicas": 1,
}
OUT: dict[str, tuple[Path, dict[str, Any]]] = {
    "drained": (EXAMPLE, {"regions__eu__capacity_percent": 0}),
    "removed": (EXAMPLE, {"regions__eu": None}),
    "drained, two models": (TWO_LLMS, {"regions__eu__capacity_percent": 0}),
    "no gateway": (EXAMPLE, {"gateway__regions": ["us"]}),
    "removed, beside clusters of others": (MULTI_CLOUD, {"regions__eu": None}),
}


def servers(app: Synthesized, region: str) -> set[str]:
    """Return the names of the Deployments of a region's models."""
    return {made["metadata"]["name"] for made in app.objects("Deployment", serving_stack(region))}


@pytest.mark.parametrize(("base", "changes"), OUT.values(), ids=OUT)
def test_the_others_serve_every_model(tmp_path: Path, base: Path, changes: dict[str, Any]) -> None:
    """With a region taken out by config, each other one has servers of every model that it had before."""
    whole, part = config(base), config(base, **changes)
    before, after = synthesize(whole, tmp_path / "whole"), synthesize(part, tmp_path / "part")

    left = [key for key in part.regions if key != "eu"]
    assert left
    for key in left:
        assert servers(after, key) == servers(before, key) != set()
        assert {model.key for model in models_of(part) if key in model.regions} == set(part.models)


def test_clusters_of_others_serve_every_model_too() -> None:
    """Without a list of its own a cluster outside has all models."""
    whole = config(MULTI_CLOUD, outside__hk__models=None)

    assert outside_models(whole, "hk").keys() == whole.models.keys()


def places(split: Config) -> tuple[str, ...]:
    """Return where the record of a platform's model leads."""
    assert split.dns
    return tuple(target.key for target in targets_of(split, split.dns.records["speech"]))


def test_a_model_that_is_split_off_is_served_only_there(tmp_path: Path) -> None:
    """`models.<key>.regions` leaves its servers, and where its name leads, in its regions."""
    record = {"dns__records__speech__model": "speech", "models__other": OTHER}
    whole = config(MULTI_CLOUD, **record)
    split = config(MULTI_CLOUD, models__speech__regions=["us"], **record)
    app = synthesize(split, tmp_path)

    assert places(whole) == ("us", "eu", "hk", "farm")
    assert places(split) == ("us", "hk", "farm")
    assert servers(app, "us") == {"speech-server", "other-server"}
    assert servers(app, "eu") == {"other-server"}
