"""Several clusters in one region, one of them without servers: what commands, pictures and alerts make of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from constructs_lib.monitoring.alert import alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from gke_inference.drill.command import shows_region
from gke_inference.drill.gateways import asked_regions, beside
from gke_inference.gauges.queries import requests_per_sec
from gke_inference.gauges.sources import cluster_labels
from gke_inference.live_platform import LivePlatform
from platform_config.existing_parts import existing_parts
from platform_config.model import Model
from platform_config.monitored_platform import monitored_platform
from tests.configs import CONFIG_CLUSTER, EXISTING, config
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.drill_rig import rig, use
from tests.gke_inference.test_summary import rows, summary
from tests.synthesized import synthesize
from tools.picture import render

PLATFORM = config(CONFIG_CLUSTER)
MODEL = Model(PLATFORM, "gemma")
FOUR = pytest.mark.parametrize("path", [*EXISTING, CONFIG_CLUSTER], ids=lambda path: path.stem)


@pytest.mark.parametrize(
    ("region", "means", "words"),
    [
        ("us", "drain", "would be drained too"),
        ("us-c", "drain", "the gateway's capacity is that of all of us-east5, so us would be drained too"),
        ("admin", "replicas", "regions.admin.serves is false, so nothing in it can go down"),
    ],
)
def test_a_drill_that_cannot_be_is_refused(inference_ops: InferenceOps, region: str, means: str, words: str) -> None:
    """With the reason: a scope of capacity is a region's; a cluster without servers has nothing to take down."""
    ran = inference_ops("--config", str(CONFIG_CLUSTER), "drill", "--region", region, "--means", means)

    assert (ran.code, words in " ".join(ran.err.split())) == (2, True), ran.err


def test_answers_do_not_show_which_cluster_of_a_region_served() -> None:
    """So nothing is measured by them, where another cluster of the region serves too; elsewhere all is."""
    assert (beside(MODEL, "us"), beside(MODEL, "us-c"), beside(MODEL, "eu")) == (("us-c",), ("us",), ())
    assert [shows_region(MODEL, key) for key in ("us", "us-c", "eu")] == [False, False, True]
    assert not shows_region(MODEL, "eu", "us")
    assert asked_regions(MODEL) == {"us": "us-east5", "us-c": "us-east5", "eu": "europe-west4"}


@pytest.mark.parametrize("means", ["replicas", "cordon", "drain"])
def test_a_cluster_of_others_is_drilled_as_any(
    means: str, monkeypatch: pytest.MonkeyPatch, inference_ops: InferenceOps, tmp_path: Path
) -> None:
    """By each means: its pools may have other names than the config's keys."""
    with rig(config(EXISTING[2]), "us", "eu", EXISTING[2]) as made:
        use(made, monkeypatch)
        ran = inference_ops(*made.arguments("--means", means, "--yes", journal=tmp_path / "journal.json"))

    assert (ran.code, ran.document["plan"]["region_in_answers"]) == (0, True), ran.out


@FOUR
def test_the_summary_shows_what_is_not_managed(path: Path, tmp_path: Path) -> None:
    """Each thing, the setting that names it, and the stack that checks it; a region without servers says so."""
    platform = config(path)
    text = summary(platform, synthesize(platform, tmp_path), str(path))

    assert ("Not managed" in text) == bool(existing_parts(platform))
    for part in existing_parts(platform):
        assert re.search(rf"{re.escape(str(part))} +{re.escape(part.setting)} +(plan of {part.stack}|preflight)", text)
    for key, region in platform.regions.items():
        [first, *_] = [row for row in rows(text, rf"{key} \({region.region}\)") if len(row) > 3]
        assert ("none: it holds the gateway's objects" in first) == (not region.serves)


@FOUR
def test_a_picture_shows_clusters_that_serve_nothing_and_clusters_of_others(path: Path) -> None:
    """It names each cluster; nobody is sent to one without servers."""
    platform = config(path)
    svg = render(platform)

    assert svg.count("no servers: no request comes here") == len(platform.regions) - len(platform.serving_regions)
    assert svg.count(">existing<") == sum(region.existing.cluster is not None for region in platform.regions.values())
    assert svg.count("the address of us, too") == (1 if path == CONFIG_CLUSTER else 0)


@FOUR
def test_no_alert_is_there_twice_or_about_servers_that_are_not(path: Path) -> None:
    """Names of clusters and regions stand once in each query; the config cluster has no servers to ask about."""
    platform = config(path)
    alerts = list(alerts_of(monitored_platform(platform), ALERTS, platform.observability.alerts, {}))

    assert len({alert.name for alert in alerts}) == len(alerts) > 0
    for query in (alert.query for alert in alerts):
        assert "us-east5|us-east5" not in query.expression
        assert "us-east5, us-east5" not in query.meaning
        if "servers" in query.meaning and query.model:
            assert "gemma-admin" not in query.expression


def test_regions_that_are_one_for_the_load_balancer_need_no_alert_about_each_other() -> None:
    """With `eu` drained, two clusters are left in one region: none of them can take the other's requests away."""
    kinds = {kind.name: kind for kind in ALERTS}
    drained = config(CONFIG_CLUSTER, regions__eu__capacity_percent=0)
    made = alerts_of(monitored_platform(drained), [kinds["region-without-traffic"]], {}, {})

    assert list(made) == []


def test_gauges_are_those_of_a_cluster() -> None:
    """By its zones where another one is in its region; figures name the key, too."""
    watched = monitored_platform(PLATFORM)

    assert cluster_labels(PLATFORM) == {"us": "us-east5 (us)", "us-c": "us-east5 (us-c)", "eu": "europe-west4"}
    assert "us-east5-c" in requests_per_sec(watched, "gemma", "us-c")
    assert "us-east5-b" not in requests_per_sec(watched, "gemma", "us-c")
    assert "europe-west4-.*" in requests_per_sec(watched, "gemma", "eu")


def test_a_gateway_is_asked_at_the_address_of_the_first_cluster_of_its_region() -> None:
    """A cross-region gateway has one address for both."""
    live = LivePlatform(config=PLATFORM, clusters=lambda key: pytest.fail(f"{key} was asked"))
    gateway = {"status": {"addresses": [{"value": "10.1.0.9"}, {"value": "10.2.0.9"}]}}

    assert live.url_in(gateway, "us-c") == live.url_in(gateway, "us")
