"""An API's refusal in one form for Google's APIs and Kubernetes, and what to do about it."""

from __future__ import annotations

from platform_config.stack_graph import NETWORK_STACK

SIGN_IN = "gcloud auth application-default login"
OTHER_UNIVERSE = "otherUniverse"
"""The reason where the caller's credentials are for another universe of Google Cloud than the config."""
WITHOUT_CREDENTIALS = ("noCredentials", "noToken", "RefreshError", OTHER_UNIVERSE)
LONGEST = 300
"""Characters of an error in a report; some messages are a whole page."""


class ApiError(Exception):
    """
    A call that failed, after the retries that could help.

    Attributes:
        status: HTTP status; None where there was no answer at all.
        reason: The API's own code, such as `PERMISSION_DENIED` or `notFound`.
        message: The API's message for people.
    """

    def __init__(self, *, status: int | None, reason: str, message: str) -> None:
        self.status = status
        self.reason = reason
        self.message = message
        super().__init__(f"{status or 'no answer'} {reason}: {message}")

    @property
    def summary(self) -> str:
        """The error on one line of a report."""
        text = " ".join(str(self).split())
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."

    @property
    def without_credentials(self) -> bool:
        """Whether the caller has not signed in, so that no question is answered."""
        return self.status == 401 or self.reason in WITHOUT_CREDENTIALS

    @property
    def sign_in(self) -> str:
        """How the caller signs in."""
        other = self.reason == OTHER_UNIVERSE
        return f"gcloud config set universe_domain to the config's, then {SIGN_IN}" if other else SIGN_IN

    @property
    def denied(self) -> bool:
        """Whether the caller may not ask this; nothing is known then."""
        return self.status in (401, 403)

    @property
    def refused(self) -> bool:
        """Whether the API surely did nothing: it refused. No answer, or an error of the server, leaves that open."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def turned_off(self) -> bool:
        """Whether the project has the API turned off, for which Google answers 403 too."""
        return self.status == 403 and ("it is disabled" in self.message or self.reason == "accessNotConfigured")

    @property
    def missing(self) -> bool:
        """Whether there is no such thing."""
        return self.status == 404


def unreadable(error: Exception) -> str:
    """Return the reason of a finding where an answer in an unexpected form broke its reader with *error*."""
    return f"the answer cannot be read ({type(error).__name__}: {error})"


def remedy(error: ApiError, needed: str, *, otherwise: str = "run it again") -> str:
    """
    Return what to do about *error*.

    Args:
        error: The API's refusal.
        needed: Role or permission that the question needs.
        otherwise: What to do where nothing better is known.
    """
    if error.without_credentials:
        return f"sign in with `{error.sign_in}` and run it again"
    if error.turned_off:
        return f"turn that API on (gcloud services enable) or apply {NETWORK_STACK}, which does; then run it again"
    return f"have {needed} granted to whoever runs this" if error.denied else otherwise
