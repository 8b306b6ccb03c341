"""The bucket: private, kept, where it was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf_cdktf_provider_google.project_service import ProjectService
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.model_store import ModelStore
from constructs_lib.specs import BucketSpec
from tests.conftest import Synth
from tests.synthesized import Block


def build(**settings: Any) -> Callable[[Any], ModelStore]:
    """Build a store in a bare stack, after its API."""

    def made(stack: Any) -> ModelStore:
        google = GoogleProvider(stack, "google", project="my-project")
        api = ProjectService(stack, "storage", provider=google, service="storage.googleapis.com")
        spec = BucketSpec(**{"location": "US", **settings})
        return ModelStore(
            stack, "weights", google=google, project="my-project", name="my-weights", spec=spec, after=[api]
        )

    return made


def bucket(synth: Synth, **settings: Any) -> Block:
    """Synthesize a store and return the bucket's block."""
    return synth(build(**settings)).one("google_storage_bucket")


def test_nobody_outside_can_read_it(synth: Synth) -> None:
    """Uniform access, no public access, and no grant of its own."""
    app = synth(build())
    made = app.one("google_storage_bucket")

    assert (made["name"], made["project"], made["storage_class"]) == ("my-weights", "my-project", "STANDARD")
    assert (made["uniform_bucket_level_access"], made["public_access_prevention"]) == (True, "enforced")
    assert set(app.stacks["test"]["resource"]) == {"google_storage_bucket", "google_project_service"}
    assert made["depends_on"] == ["google_project_service.storage"]


def test_weights_are_kept_by_default(synth: Synth) -> None:
    """A destroy stops at a bucket with data; what is deleted can be restored for a week; old versions are not kept."""
    made = bucket(synth)

    assert made["force_destroy"] is False
    assert made["soft_delete_policy"] == {"retention_duration_seconds": 604800}
    assert made["versioning"] == {"enabled": False}


@pytest.mark.parametrize(("days", "seconds"), [(0, 0), (30, 2592000)])
def test_soft_delete_is_set_in_days(synth: Synth, days: int, seconds: int) -> None:
    """0 turns it off, in so many words: left out, Google keeps a week."""
    assert bucket(synth, soft_delete_days=days)["soft_delete_policy"] == {"retention_duration_seconds": seconds}


def test_versions_and_forced_destroy_are_as_given(synth: Synth) -> None:
    """Both can be turned on."""
    made = bucket(synth, versioning=True, force_destroy=True)

    assert (made["versioning"], made["force_destroy"]) == ({"enabled": True}, True)


@pytest.mark.parametrize("location", ["us-east5", "US-EAST5", "nam4", "EU"])
def test_a_location_is_written_as_google_answers_it(synth: Synth, location: str) -> None:
    """In capitals, so that a plan never finds a difference."""
    assert bucket(synth, location=location)["location"] == location.upper()


def test_name_and_address_are_known_at_synth(synth: Synth) -> None:
    """Other stacks use them without reading a state."""
    seen: list[ModelStore] = []
    synth(lambda stack: seen.append(build()(stack)))

    assert (seen[0].name, seen[0].url) == ("my-weights", "gs://my-weights")
