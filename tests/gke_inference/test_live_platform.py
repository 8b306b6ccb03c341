"""Where a platform's objects are, model by model, and how a client reaches each model."""

from __future__ import annotations

from typing import Any

import pytest

from gke_inference.live_platform import LivePlatform, ModelEndpoint
from platform_config.config import Config
from platform_config.model import Model
from tests.configs import config

GATEWAY = "http://10.8.0.9"


def two_models(**address: Any) -> Config:
    """Return the example with a second model, a custom server with *address*."""
    server = {"kind": "custom", "image": "ghcr.io/remsky/kokoro-fastapi-gpu:v0.2.4", "port": 8880}
    speech = {"server": {**server, "health_path": "/health"}, "address": address}
    return config(models__speech=speech, models__gemma__address={"path": "/gemma"})


def live(platform: Config) -> LivePlatform:
    """Return the live objects of *platform*, whose clusters nobody asks."""
    return LivePlatform(config=platform, clusters=lambda key: pytest.fail(f"{key} was asked"))


@pytest.mark.parametrize(
    ("address", "url", "headers"),
    [
        ({"path": "/speech"}, f"{GATEWAY}/speech", {}),
        ({"host": "speech.example.com"}, GATEWAY, {"Host": "speech.example.com"}),
        ({"headers": {"x-model": "speech"}}, GATEWAY, {"x-model": "speech"}),
        (
            {"path": "/a/b", "host": "speech.example.com", "headers": {"x-model": "speech"}},
            f"{GATEWAY}/a/b",
            {"Host": "speech.example.com", "x-model": "speech"},
        ),
    ],
)
def test_a_client_sends_what_the_route_of_a_model_asks_for(
    address: dict[str, Any], url: str, headers: dict[str, str]
) -> None:
    """The path prefix is in the address; host name and exact values are headers."""
    endpoint = ModelEndpoint.at(GATEWAY, Model(two_models(**address), "speech"))

    assert endpoint == ModelEndpoint(url=url, model="speech", headers=headers)


@pytest.mark.parametrize(
    ("given", "url"),
    [("http://speech", "http://speech/speech"), ("http://10.8.0.9/speech", "http://10.8.0.9/speech")],
)
def test_an_address_that_has_the_path_of_the_model_already_is_taken_as_it_is(given: str, url: str) -> None:
    """A host of the same name is no path."""
    assert ModelEndpoint.at(given, Model(two_models(path="/speech"), "speech")).url == url


def test_the_only_model_needs_no_address() -> None:
    """One model alone gets every request."""
    assert ModelEndpoint.at(GATEWAY, Model(config(), "gemma")) == ModelEndpoint(url=GATEWAY, model="gemma-3-27b-it")


def test_objects_of_a_model_carry_its_key() -> None:
    """Every object of one model has a path of its own; a server without a metric is an imported Service."""
    made = live(two_models(path="/speech"))

    for where in (made.deployment_path, made.route_path, made.health_check_path, made.policy_path, made.import_path):
        assert "/speech-" in where("speech")
        assert "/gemma-" in where("gemma")
    assert made.import_path("gemma").startswith("/apis/networking.gke.io/v1/namespaces/inference/gcpinferencepoolim")
    assert made.import_path("speech").startswith("/apis/net.gke.io/v1/namespaces/inference/serviceimports/speech-")
