"""What to do about a refusal, in the same words for all commands."""

from __future__ import annotations

import pytest

from gke_inference.api_error import ApiError, remedy

OFF = "Compute Engine API has not been used in project 123456 before or it is disabled."


@pytest.mark.parametrize(
    ("status", "reason", "message", "words"),
    [
        (401, "UNAUTHENTICATED", "invalid credentials", "sign in with `gcloud auth application-default login`"),
        (None, "noCredentials", "none found", "sign in with"),
        (None, "RefreshError", "invalid_grant", "sign in with"),
        (403, "PERMISSION_DENIED", OFF, "turn that API on"),
        (403, "PERMISSION_DENIED", "denied", "have roles/compute.viewer granted to whoever runs this"),
        (503, "UNAVAILABLE", "try again", "run it again"),
        (None, "TimeoutError", "timed out", "run it again"),
    ],
)
def test_each_kind_of_refusal_has_its_way_out(status: int | None, reason: str, message: str, words: str) -> None:
    """To sign in, to turn the API on, to be granted what is needed; else to run it again."""
    error = ApiError(status=status, reason=reason, message=message)

    assert remedy(error, "roles/compute.viewer").startswith(words)
