"""Which template screens which model, and which templates are watched."""

from __future__ import annotations

from typing import Any

from platform_config.config import Config
from platform_config.model_armor import own_templates, screened_names, screening_templates
from platform_config.monitored_platform import monitored_platform
from platform_config.requirements import project_services
from tests.configs import REGIONAL, config
from tests.platform_config.rules.case import beside

HIGH = {"dangerous": "HIGH"}


def screened(**settings: Any) -> Config:
    """Return the example with two models, a gateway in each region, and *settings* of Model Armor."""
    return config(**REGIONAL, **beside(regions=["eu"]), gateway__model_armor=settings)


def test_all_models_share_a_template() -> None:
    """One, with the filters of all."""
    [(name, filters)] = own_templates(screened(filters=HIGH)).items()

    assert (name, filters.dangerous) == ("gemma-prompts", "HIGH")


def test_a_model_with_filters_of_its_own_has_a_template_of_its_own() -> None:
    """The other keeps the one of all; where each has its own, there is no other."""
    one = own_templates(screened(models={"llama": HIGH}))
    both = own_templates(screened(models={"llama": HIGH, "gemma": {}}))

    assert {name: filters.dangerous for name, filters in one.items()} == {
        "gemma-prompts": "MEDIUM_AND_ABOVE", "gemma-prompts-llama": "HIGH",
    }  # fmt: skip
    assert set(both) == {"gemma-prompts-gemma", "gemma-prompts-llama"}


def test_an_existing_template_needs_none_of_ours() -> None:
    """It screens every model, in each region."""
    existing = screened(template="llm")

    assert own_templates(existing) == {}
    assert set(screened_names(existing, "eu").values()) == {
        "projects/my-project-id/locations/europe-west4/templates/llm"
    }


def test_a_region_screens_every_name_that_it_serves() -> None:
    """Names of models and of their adapters; not those of a model that the region does not serve."""
    adapters = {"legal": {"repository": "owner/adapter"}}
    several = screened(models={"llama": HIGH})
    places = "projects/my-project-id/locations/{}/templates/gemma-prompts"
    with_adapter = config(
        **REGIONAL, **beside(regions=["eu"]), gateway__model_armor={}, models__gemma__weights__lora_adapters=adapters
    )
    assert set(screened_names(with_adapter, "us")) == {"gemma-3-27b-it", "legal"}
    assert set(screened_names(with_adapter, "eu")) >= {"gemma-3-27b-it", "legal", "llama"}
    assert screened_names(several, "eu") == {
        "gemma-3-27b-it": places.format("europe-west4"),
        "llama": f"{places.format('europe-west4')}-llama",
    }


def test_a_custom_server_is_screened_where_it_is_named() -> None:
    """Else it takes no room from the names of others, and has neither a template nor an alert."""
    server = {"kind": "custom", "image": "example.com/speech:v1", "port": 8000, "health_path": "/health"}
    speech = {**REGIONAL, "models__speech": {"server": server, "address": {"path": "/speech"}}}
    without = config(**speech, gateway__model_armor={})
    named = config(**speech, gateway__model_armor={"models": {"speech": {}}})

    assert set(screened_names(without, "us")) == {"gemma-3-27b-it"}
    assert set(own_templates(without)) == set(screening_templates(without)) == {"gemma-prompts"}
    assert set(screened_names(named, "us")) == {"gemma-3-27b-it", "speech"}
    assert set(own_templates(named)) == set(screening_templates(named)) == {"gemma-prompts", "gemma-prompts-speech"}


def test_templates_that_screen_are_watched_by_themselves() -> None:
    """Ours, or the one that is named, beside those of the section `observability`; none while it is turned off."""
    assert screening_templates(screened(enabled=False)) == ()
    for settings, watched in (
        ({}, ("gemma-prompts",)),
        ({"template": "llm"}, ("llm",)),
        ({"enabled": False}, ()),
        ({"models": {"llama": HIGH}}, ("gemma-prompts", "gemma-prompts-llama")),
    ):
        assert monitored_platform(screened(**settings)).model_armor_templates == watched
    also = config(**REGIONAL, gateway__model_armor={}, observability__model_armor_templates=["theirs", "gemma-prompts"])
    assert monitored_platform(also).model_armor_templates == ("gemma-prompts", "theirs")


def test_its_api_is_on_where_it_is_used() -> None:
    """And as long as its templates are there."""
    assert "modelarmor" not in project_services(config())
    for settings in ({}, {"enabled": False}):
        assert "modelarmor" in project_services(screened(**settings))
