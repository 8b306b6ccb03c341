"""What an API said no with, in one form for Google's and Kubernetes' own."""

from __future__ import annotations


class ApiError(Exception):
    """
    A call that did not work, after the retries that could help.

    Attributes:
        status: HTTP status; None where there was no answer at all.
        reason: The API's own word, such as `PERMISSION_DENIED` or `notFound`.
        message: What it told, for people.
    """

    def __init__(self, *, status: int | None, reason: str, message: str) -> None:
        self.status = status
        self.reason = reason
        self.message = message
        super().__init__(f"{status or 'no answer'} {reason}: {message}")

    @property
    def denied(self) -> bool:
        """Whether the caller may not ask this; nothing is known then."""
        return self.status in (401, 403)

    @property
    def refused(self) -> bool:
        """Whether it was surely not done: the API said no. No answer, or a fault of its own, leaves that open."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def turned_off(self) -> bool:
        """Whether the project has the API turned off, for which Google answers 403 too."""
        return self.status == 403 and ("it is disabled" in self.message or self.reason == "accessNotConfigured")

    @property
    def missing(self) -> bool:
        """Whether there is no such thing."""
        return self.status == 404
