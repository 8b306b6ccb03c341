"""Names that GKE gives to the parts of a load balancer."""

from __future__ import annotations

import re

import pytest

from constructs_lib.gateway_class import CROSS_REGION, REGIONAL_EXTERNAL, REGIONAL_INTERNAL
from constructs_lib.monitoring.load_balancer_names import backend_pattern, url_map_pattern


@pytest.mark.parametrize(
    ("backend", "name", "fits"),
    [
        ("gemma-pool", "gkemcg1-inference-gemma-pool-8000-abcdefghijkl", True),
        ("gemma-pool", "gkemcg1-inference-gemma-pool-ip-0a1b2c3d-54321-abcdefghijkl", True),
        ("gemma-pool", "gkemcg1-inference-gemma-pool-pool-54321-abcdefghijkl", False),
        ("gemma-pool", "gkemcg1-inference-my-gemma-pool-54321-abcdefghijkl", False),
        ("gemma-pool", "gkemcg1-other-gemma-pool-54321-abcdefghijkl", False),
    ],
)
def test_a_backend_is_no_other_models(backend: str, name: str, fits: bool) -> None:
    """After its name come port and hash, and before them at most what GKE makes of a pool."""
    assert bool(re.fullmatch(backend_pattern(CROSS_REGION, "inference", backend), name)) is fits


def test_a_gateway_is_no_other_whose_name_begins_with_it() -> None:
    """Two platforms of one project do not mix."""
    pattern = url_map_pattern(CROSS_REGION, "inference", "gemma-gateway")

    assert re.fullmatch(pattern, "gkemcg1-inference-gemma-gateway-a5et3e3itxsv")
    assert not re.fullmatch(pattern, "gkemcg1-inference-gemma-gateway-gateway-a5et3e3itxsv")


@pytest.mark.parametrize(
    ("backend", "name"),
    [
        ("qwen2-3b-pattern1-inference-pool", "llm-d-infere-qwen2-3b-pattern1-i-54321-12oqnptayf7u"),
        ("qwen2-3b-pattern1-kserve-workload-svc", "llm-d-inferenc-qwen2-3b-pattern1--8000-jfiarzj058qe"),
    ],
)
def test_shortened_names_are_those_that_clusters_have(backend: str, name: str) -> None:
    """As a public report has them, of a single cluster's Gateway."""
    pattern = backend_pattern(REGIONAL_INTERNAL, "llm-d-inference-scheduling", backend)

    assert re.fullmatch(pattern, f"gkegw1-pzx5-{name}")


def test_a_regional_gateway_is_known_by_the_prefix_of_its_cluster() -> None:
    """Which has four letters that no config knows."""
    pattern = url_map_pattern(REGIONAL_EXTERNAL, "inference", "gemma-gateway")

    assert re.fullmatch(pattern, "gkegw1-pzx5-inference-gemma-gateway-a5et3e3itxsv")
    assert not re.fullmatch(pattern, "gkemcg1-inference-gemma-gateway-a5et3e3itxsv")


def test_a_long_url_map_is_known_by_what_is_left_of_it() -> None:
    """Of namespace and Gateway; another namespace stays another one."""
    pattern = url_map_pattern(CROSS_REGION, "namespace-quite-long-for-inference", "platform-long-name-gateway")

    assert re.fullmatch(pattern, "gkemcg1-namespace-quite-long-for-platform-long-nam-0a1b2c3d4e5f")
    assert not re.fullmatch(pattern, "gkemcg1-inference-platform-long-nam-0a1b2c3d4e5f")


def test_the_group_of_several_backends_is_the_backend() -> None:
    """By which a panel names a model."""
    found = re.fullmatch(
        backend_pattern(CROSS_REGION, "inference", "a-pool", "a-pool-pool"), "gkemcg1-inference-a-pool-pool-80-0a1b"
    )

    assert found
    assert found[1] == "a-pool-pool"


def test_a_long_backend_beside_a_short_one_is_found() -> None:
    """Although less of the namespace is left for it."""
    pattern = backend_pattern(CROSS_REGION, "inference", "a-pool", "llama-3-1-8b-instruct-fp8-pool")

    assert re.fullmatch(pattern, "gkemcg1-inferenc-llama-3-1-8b-instruct-fp8-p-54321-0a1b2c3d4e5f")
    assert re.fullmatch(pattern, "gkemcg1-inference-a-pool-54321-0a1b2c3d4e5f")
