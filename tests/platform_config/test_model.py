"""One model of a config: what follows for it from the rest."""

from __future__ import annotations

from typing import Any

import pytest

from platform_config.model import Model, models_of
from tests.configs import changed, config

REPOSITORY = {"repository": "google/gemma-3-4b-it", "revision": "1" * 40}
DRAFT = {"draft": {"repository": "google/gemma-3-270m-it", "revision": "2" * 40}}


def gemma(**changes: Any) -> Model:
    """Return the example's model, with keys of the config changed."""
    return Model(config(**changes), "gemma")


@pytest.mark.parametrize(
    ("settings", "percent", "requests"),
    [
        ({}, 60, None),
        ({"max_utilization_percent": 80}, 80, None),
        ({"max_in_flight_requests": 8}, None, 8),
    ],
)
def test_the_gateway_says_when_a_region_is_full(
    settings: dict[str, Any], percent: int | None, requests: int | None
) -> None:
    """By the fill of the KV cache, or by requests, which have no percentage."""
    balancing = gemma(**{f"gateway__{name}": value for name, value in settings.items()}).balancing

    assert (balancing.max_utilization_percent, balancing.max_in_flight_requests) == (percent, requests)


def by_body(**changes: Any) -> Model:
    """Return the example's model, where bodies are read and a second model `next` has the same servers."""
    second = {**changed()["models"]["gemma"], "served_name": "next"}
    regional = {"gateway__scope": "regional", "gateway__body_routing": {}, "models__next": second}
    return gemma(**(regional | changes))


def test_a_route_asks_for_the_name_of_a_model_that_has_no_address() -> None:
    """Exactly the served name, in the header that the bodies' reader writes: an adapter of it has the same."""
    address = by_body().route_address

    assert address is not None
    assert (address.path, address.host) == (None, None)
    assert address.headers == {"X-Gateway-Base-Model-Name": "gemma-3-27b-it"}


def test_an_address_counts_where_bodies_are_read_too() -> None:
    """The model is then found by that alone."""
    addressed = by_body(models__gemma__address={"path": "/gemma"})

    assert (addressed.by_name, addressed.is_routed) == (False, True)
    assert addressed.route_address == addressed.spec.address


def test_a_canary_and_a_model_that_leaves_are_found_by_no_name() -> None:
    """The canary answers to the other's name, by the other's route."""
    canary = {"models__gemma__canary": {"model": "next", "percent": 10}}
    both = by_body(**canary, models__next__served_name="gemma-3-27b-it").config
    drained = by_body(models__gemma__drain=True)

    assert [(model.by_name, model.is_routed) for model in models_of(both)] == [(True, True), (False, False)]
    assert (drained.by_name, drained.is_routed) == (False, False)


@pytest.mark.parametrize(
    ("weights", "gib"),
    [
        (REPOSITORY, 62),
        ({**REPOSITORY, "size_gib": 10}, 11),
        ({**REPOSITORY, "source": "hugging_face", "size_gib": 10}, 11),
        ({"bucket_path": "gs://my-models/v3", "size_gib": 20}, 22),
        ({"image_path": "/opt/gemma", "size_gib": 20}, 0),
        ({"image_path": "/opt/gemma", "size_gib": 20, "other_repositories": DRAFT}, 11),
        (None, 0),
    ],
)
def test_a_node_s_disk_holds_what_is_read_and_a_tenth(weights: dict[str, Any] | None, gib: int) -> None:
    """Nothing where the image has the weights: no cache, no request for disk."""
    assert gemma(models__gemma__weights=weights).file_cache_gib == gib


def test_a_file_cache_is_as_large_as_given() -> None:
    """But there is none where nothing is read, whatever the setting says."""
    given = {"models__gemma__server__file_cache_gib": 30}

    assert gemma(**given).file_cache_gib == 30
    assert gemma(**given, models__gemma__weights={"image_path": "/opt/gemma"}).file_cache_gib == 0


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        (REPOSITORY, "gemma-3-4b-it"),
        ({"bucket_path": "gs://acme-models/support-8b/v3"}, "gemma"),
        ({"image_path": "/opt/model"}, "gemma"),
        (None, "gemma"),
    ],
)
def test_the_name_for_clients_outlives_a_version_of_the_weights(weights: dict[str, Any] | None, name: str) -> None:
    """The repository's own, or the model's key: a folder may be called v3, and two models have one of that name."""
    assert gemma(models__gemma__weights=weights).name == name
    assert gemma(models__gemma__weights=weights, models__gemma__served_name="chat").name == "chat"


def test_nodes_of_its_servers_are_found_by_their_pools_or_by_their_class() -> None:
    """Autopilot calls its node pools as it likes; each node has the label of its class."""
    pools = {"one": {"machine_type": "g2-standard-24"}, "two": {"machine_type": "g2-standard-48"}}
    choices = {"node_pools": pools, "models__gemma__node_pools": ["one", "two"]}

    found = gemma(**choices).node_selectors("us")
    assert found == ("cloud.google.com/gke-nodepool=one", "cloud.google.com/gke-nodepool=two")
    assert gemma(**choices, cluster__mode="autopilot").node_selectors("us") == (
        "cloud.google.com/compute-class=serving-one",
    )


def test_a_model_has_a_class_for_one_pool_in_an_autopilot_cluster_alone() -> None:
    """There nothing else makes nodes."""
    assert gemma().serving_nodes("us").compute_class is None
    assert gemma(cluster__mode="autopilot").serving_nodes("us").compute_class == "serving-tpu"


@pytest.mark.parametrize(
    ("pool", "servers"),
    [({}, 1), ({"nodes_per_zone": 3}, 3), ({"autoscaling": {"max_nodes": 4}}, 4)],
)
def test_servers_of_an_autopilot_cluster_fill_what_the_pool_says(pool: dict[str, Any], servers: int) -> None:
    """As in a Standard cluster, though there is no pool."""
    platform = {"cluster__mode": "autopilot", "node_pools__tpu": {"machine_type": "ct6e-standard-4t", **pool}}

    assert gemma(**platform).server_counts("us") == (servers, servers)
