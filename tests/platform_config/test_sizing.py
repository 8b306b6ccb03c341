"""Sizes: of the system nodes, and of the file cache."""

from __future__ import annotations

import pytest

from constructs_lib.inferencepool_chart import VERSIONS, endpoint_picker_requests
from platform_config.sizing import MACHINES, file_cache_gib, system_machine_type
from tests.configs import config


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
    assert file_cache_gib(config(model__weights_gib=weights)) == cache


def test_a_cache_that_is_given_wins() -> None:
    """Rules say whether it fits."""
    assert file_cache_gib(config(model_server__file_cache_gib=70)) == 70
