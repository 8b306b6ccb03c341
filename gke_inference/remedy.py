"""What to do about a refusal of an API."""

from __future__ import annotations

from gke_inference.api_error import ApiError
from platform_config.stack_graph import NETWORK_STACK

SIGN_IN = "gcloud auth application-default login"
WITHOUT_CREDENTIALS = ("noCredentials", "noToken", "RefreshError")


def remedy(error: ApiError, needed: str, *, otherwise: str = "run it again") -> str:
    """
    What to do about it.

    Args:
        error: What the API said no with.
        needed: Role or permission that the question needs.
        otherwise: What to do where nothing is known that helps.
    """
    if error.status == 401 or error.reason in WITHOUT_CREDENTIALS:
        return f"sign in with `{SIGN_IN}` and run it again"
    if error.turned_off:
        return f"turn that API on (gcloud services enable) or apply {NETWORK_STACK}, which does; then run it again"
    return f"have {needed} granted to whoever runs this" if error.denied else otherwise
