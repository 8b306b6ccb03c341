"""What a config requires: GKE versions and what they decide, the size of system nodes and of the file cache."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.inferencepool_chart import VERSIONS, endpoint_picker_requests
from platform_config.config import Config
from platform_config.model import Model
from platform_config.requirements import (
    MACHINES,
    feature_floors,
    needs_adapter,
    system_machine_type,
    version_floor,
)
from tests.configs import config

GATEWAY, DRANET, GB300 = "1.34.1-gke.1127000", "1.34.1-gke.1829001", "1.34.3-gke.1318000"
NATIVE = "1.35.1-gke.1396000"


def autoscaled(version: str | None = None, **settings: Any) -> Config:
    """Return the example with autoscaling, in a version of GKE."""
    return config(models__gemma__autoscaling={"max_replicas": 1, **settings}, cluster__gke_version=version)


@pytest.mark.parametrize(
    ("changes", "floor"),
    [
        ({}, DRANET),
        ({"node_pools__tpu__dranet": False}, GATEWAY),
        ({"node_pools__tpu": {"machine_type": "a2-highgpu-8g"}}, GATEWAY),
        ({"node_pools__gpu": {"machine_type": "a4x-maxgpu-4g-metal"}}, GB300),
        ({"models__gemma__autoscaling": {"max_replicas": 1}}, NATIVE),
        ({"models__gemma__autoscaling": {"max_replicas": 1, "metric_source": "pods"}}, DRANET),
        ({"models__gemma__autoscaling": {"max_replicas": 1, "metric_source": "external"}}, DRANET),
        ({"models__gemma__autoscaling": {"max_replicas": 1}, "cluster__gke_version": "1.34"}, DRANET),
    ],
)
def test_the_newest_feature_decides(changes: dict[str, Any], floor: str) -> None:
    """The gateway is always in use, managed DRANET mostly; one machine and GKE's own metrics need more."""
    assert version_floor(config(**changes), "us") == floor


def test_each_feature_is_named() -> None:
    """So that a refusal can say why."""
    made = config(node_pools__gpu={"machine_type": "a4x-maxgpu-4g-metal"})

    assert feature_floors(made, "us") == {
        "multi-cluster inference gateway": GATEWAY,
        "managed DRANET": DRANET,
        "a4x-maxgpu-4g-metal": GB300,
    }
    assert feature_floors(autoscaled(), "us") == {
        "multi-cluster inference gateway": GATEWAY,
        "autoscaling.metric_source: native": NATIVE,
        "managed DRANET": DRANET,
    }


def test_each_region_has_a_floor_of_its_own() -> None:
    """A pool of one region does not raise another's."""
    made = config(regions__eu__node_pools={"gpu": {"machine_type": "a4x-maxgpu-4g-metal"}})

    assert (version_floor(made, "us"), version_floor(made, "eu")) == (DRANET, GB300)


@pytest.mark.parametrize(
    ("version", "source"),
    [
        (None, "native"),
        ("1.35", "native"),
        ("1.35.1", "native"),
        (NATIVE, "native"),
        ("1.36.0-gke.1", "native"),
        ("1.35.1-gke.1395999", "pods"),
        ("1.35.0", "pods"),
        ("1.34", "pods"),
        ("latest", "native"),
    ],
)
def test_a_version_that_is_too_old_for_gkes_own_metric_takes_the_adapter(version: str | None, source: str) -> None:
    """Half a version counts as its newest, none as new enough; what is no version is refused by its rule."""
    assert Model(autoscaled(version), "gemma").metric_source == source


@pytest.mark.parametrize("source", ["native", "pods", "external"])
@pytest.mark.parametrize("version", [None, "1.34", "1.36"])
def test_a_metric_source_that_is_given_is_taken(version: str | None, source: str) -> None:
    """Whatever the version; a version that lacks it is refused by GKE-FLOOR."""
    assert Model(autoscaled(version, metric_source=source), "gemma").metric_source == source


@pytest.mark.parametrize(
    ("version", "settings", "given", "installed"),
    [
        (None, {}, None, False),
        ("1.34", {}, None, True),
        ("1.34", {}, True, True),
        ("1.34", {}, False, False),
        (None, {"metric_source": "pods"}, None, True),
        (None, {"metric_source": "external"}, None, True),
        (None, {"metric_source": "external"}, False, False),
    ],
)
def test_the_adapter_is_installed_where_the_metric_comes_through_it(
    version: str | None, settings: dict[str, Any], given: bool | None, installed: bool
) -> None:
    """Unless the clusters have one."""
    scaled = {"max_replicas": 1, **settings}
    cluster = {"gke_version": version, "metrics_adapter": given}

    assert needs_adapter(config(models__gemma__autoscaling=scaled, cluster=cluster)) is installed


def test_without_autoscaling_there_is_no_adapter() -> None:
    """Nobody would ask it."""
    assert not needs_adapter(config(cluster__gke_version="1.34"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_system_node_is_the_smallest_that_holds_an_endpoint_picker(version: str) -> None:
    """Charts from v1.4.0 on ask for 4 CPUs and 8 GiB, which an e2-standard-4 cannot give beside GKE's own pods."""
    made = system_machine_type(config(inference_pool__chart_version=version))

    assert made == ("e2-standard-8" if version in ("v1.4.0", "v1.5.0") else "e2-standard-4")


@pytest.mark.parametrize("version", VERSIONS)
def test_there_is_room_left(version: str) -> None:
    """More than the picker asks for, in CPUs and in memory."""
    cpus, memory_gib = endpoint_picker_requests(version)
    machine = system_machine_type(config(inference_pool__chart_version=version))
    [(has_cpus, has_gib)] = [(cpu, gib) for name, cpu, gib in MACHINES if name == machine]

    assert has_cpus > cpus
    assert has_gib > memory_gib


def test_a_model_with_a_chart_of_its_own_changes_no_system_node() -> None:
    """The machine follows from the platform's chart version alone: adding a model replaces no node."""
    made = config(inference_pool__chart_version="v1.3.1", models__gemma__inference_pool={"chart_version": "v1.5.0"})

    assert system_machine_type(made) == "e2-standard-4"


def test_a_machine_type_that_is_given_wins() -> None:
    """Whatever the chart asks for."""
    assert system_machine_type(config(cluster__system_pool={"machine_type": "n2-standard-4"})) == "n2-standard-4"


@pytest.mark.parametrize(
    ("weights", "cache"),
    [
        (56, 62),
        (1, 2),
        (15, 17),
        (10, 11),
        (20, 22),
        (100, 110),
    ],
)
def test_the_file_cache_holds_the_weights_and_a_tenth(weights: int, cache: int) -> None:
    """Rounded up to a whole GiB, and not further."""
    assert Model(config(models__gemma__weights__size_gib=weights), "gemma").file_cache_gib == cache


def test_a_cache_that_is_given_wins() -> None:
    """Rules say whether it fits."""
    assert Model(config(models__gemma__server__file_cache_gib=70), "gemma").file_cache_gib == 70
