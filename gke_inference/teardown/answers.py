"""What becomes of a question to Google that got no answer, or one that cannot be read."""

from __future__ import annotations

from gke_inference.api_error import ApiError, remedy

UNTOLD = (ApiError, KeyError, IndexError, TypeError, AttributeError, ValueError)
"""No answer, and what an answer breaks with that is not as it should be."""
VIEWER = "roles/compute.viewer"
CLUSTER_VIEWER = "roles/container.clusterViewer"


def untold(error: Exception, role: str) -> tuple[str, str]:
    """What is told of *error*, one of UNTOLD, and what to do about it; *role* may ask."""
    if isinstance(error, ApiError):
        return f"could not be told: {error}", remedy(error, role)
    found = f"could not be told: the answer cannot be read ({type(error).__name__}: {error})"
    return found, "look at it with gcloud or in the console"
