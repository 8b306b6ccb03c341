"""Google APIs: turned on, never off."""

from __future__ import annotations

from typing import Any

from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.project_services import ProjectServices
from tests.conftest import Synth


def build(stack: Any, *services: str) -> ProjectServices:
    """Build some services in a bare stack."""
    google = GoogleProvider(stack, "google", project="my-project")
    return ProjectServices(stack, "services", google=google, project="my-project", services=services)


def test_each_service_is_turned_on_by_its_full_name(synth: Synth) -> None:
    """One resource for each, so that one more changes no other."""
    found = synth(lambda stack: build(stack, "compute", "container")).all("google_project_service")

    assert {block["service"] for block in found} == {"compute.googleapis.com", "container.googleapis.com"}
    assert {block["project"] for block in found} == {"my-project"}


def test_a_destroy_leaves_every_service_on(synth: Synth) -> None:
    """Said in so many words: the provider's default changed between versions."""
    for block in synth(lambda stack: build(stack, "compute", "storage")).all("google_project_service"):
        assert (block["disable_on_destroy"], block["disable_dependent_services"]) == (False, False)


def test_what_is_enabled_can_be_waited_for(synth: Synth) -> None:
    """One thing to depend on for each service."""
    made: list[ProjectServices] = []
    synth(lambda stack: made.append(build(stack, "compute", "storage", "iam")))

    assert len(made[0].enabled) == 3
