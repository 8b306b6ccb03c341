"""One question to an API, and the findings that its answer or its refusal becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gke_inference.api_error import ApiError, remedy, unreadable
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status, unknown

NO_ANSWER = "could not be checked"
CREDENTIALS = "application default credentials that give a token"


@dataclass(frozen=True, kw_only=True)
class Check:
    """
    One question to one API.

    Attributes:
        id: Id of its finding; where it has several, theirs begin with it.
        needed: What must hold.
        role: Role or permission that the caller needs for an answer.
        ask: Asks, and returns the findings; its `ApiError` becomes a finding.
        where: Key of the region; empty for what all regions share.
        kind: Class of the finding where there is no answer, for a command whose findings have more fields.
    """

    id: str
    needed: str
    role: str
    ask: Callable[[], Iterable[Finding]]
    where: str = ""
    kind: type[Finding] = Finding

    def task(self) -> Task:
        """Return this check as one of several that run side by side."""
        return Task(ask=lambda: (self.run(), ()), unknown=self.unknown)

    def run(self) -> list[Finding]:
        """Ask, and return what was found; what could not be asked is a finding too."""
        try:
            found = list(self.ask())
        except ApiError as error:
            return [self.unknown(error.summary, fix=remedy(error, self.role))]
        # Whatever an unexpected answer breaks, it must not hide the other checks.
        except Exception as error:
            return [self.unknown(unreadable(error), fix="look at it with gcloud or kubectl, then run it again")]
        return [replace(finding, where=self.where) for finding in found]

    def unknown(self, why: str, *, fix: str = "run it again") -> Finding:
        """Return the finding that this could not be checked, and *why*."""
        return self.finding(Status.UNKNOWN, f"{NO_ANSWER}: {why}", fix)

    def skipped(self) -> Finding:
        """Return the finding that nobody asked, because the caller wanted it so."""
        return self.finding(Status.SKIPPED, "not checked, as asked for")

    def finding(self, status: Status, found: str, fix: str = "") -> Finding:
        """Return a finding of this check."""
        return self.kind(id=self.id, where=self.where, status=status, found=found, needed=self.needed, fix=fix)


def without_credentials(error: ApiError) -> Finding:
    """Return the only finding of a command that has no credentials: nothing else can be asked."""
    return unknown("CREDENTIALS", f"{NO_ANSWER}: {error.message}", CREDENTIALS, error.sign_in)
