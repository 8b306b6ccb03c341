"""Kubernetes service accounts as principals: each grant, its role, and where it lands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.workload_identity import WorkloadIdentity
from tests.conftest import Synth

PRINCIPAL = (
    "principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/"
    "my-project.svc.id.goog/subject/ns/inference/sa/model-server"
)


def build(stack: Any) -> WorkloadIdentity:
    """Build the model server's identity in a bare stack."""
    return WorkloadIdentity(
        stack,
        "model-server",
        google=GoogleProvider(stack, "google", project="my-project"),
        project="my-project",
        project_number="123456789",
        namespace="inference",
        service_account="model-server",
    )


def test_the_principal_is_the_account_itself(synth: Synth) -> None:
    """Known at synth; no Google service account, no annotation, no key, and no grant until one is asked for."""
    seen: list[WorkloadIdentity] = []
    app = synth(lambda stack: seen.append(build(stack)))

    assert seen[0].principal == PRINCIPAL
    assert "resource" not in app.stacks["test"]


@pytest.mark.parametrize(
    ("grant", "role"),
    [
        (lambda who: who.grant_read("my-weights"), "roles/storage.objectViewer"),
        (lambda who: who.grant_write("my-weights"), "roles/storage.objectUser"),
    ],
)
def test_readers_and_writers_are_bound_on_the_bucket(
    synth: Synth, grant: Callable[[WorkloadIdentity], object], role: str
) -> None:
    """On that bucket alone, beside whoever else has the role."""
    app = synth(lambda stack: grant(build(stack)))
    made = app.one("google_storage_bucket_iam_member")

    assert (made["bucket"], made["role"], made["member"]) == ("my-weights", role, PRINCIPAL)
    assert list(app.stacks["test"]["resource"]) == ["google_storage_bucket_iam_member"]


def test_a_secret_is_granted_by_itself(synth: Synth) -> None:
    """Its versions can be read, no other secret's."""
    app = synth(lambda stack: build(stack).grant_secret("hugging-face-token"))
    made = app.one("google_secret_manager_secret_iam_member")

    assert (made["secret_id"], made["project"]) == ("hugging-face-token", "my-project")
    assert (made["role"], made["member"]) == ("roles/secretmanager.secretAccessor", PRINCIPAL)
    assert list(app.stacks["test"]["resource"]) == ["google_secret_manager_secret_iam_member"]


def test_one_identity_may_have_several_grants(synth: Synth) -> None:
    """Read, write and a secret stand side by side."""

    def grants(stack: Any) -> None:
        who = build(stack)
        who.grant_read("my-weights")
        who.grant_write("my-weights")
        who.grant_secret("hugging-face-token")

    app = synth(grants)

    assert len(app.all("google_storage_bucket_iam_member")) == 2
    assert len(app.all("google_secret_manager_secret_iam_member")) == 1
