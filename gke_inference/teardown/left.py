"""What is left, and what it costs to leave it there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.teardown.answers import UNTOLD, untold
from platform_config.stack_graph import FLEET_STACK, NETWORK_STACK

NOTHING_LEFT = "nothing of ours"
FLEET_FIX = f"destroy {FLEET_STACK}, see above"
NETWORK_FIX = f"destroy {NETWORK_STACK}, see above"


@dataclass(frozen=True, kw_only=True)
class Left(Finding):
    """
    Something that is left, or a look for it.

    Attributes:
        costs: `high` (accelerator nodes), `medium` (other nodes, control planes), `small`, `per GiB` or `none`.
    """

    costs: str = "none"


@dataclass(frozen=True, kw_only=True)
class Search:
    """
    A look for one kind of thing.

    Attributes:
        id: Of the finding where there is none, or where it could not be asked for.
        role: May ask.
        look: Tells each that is left.
    """

    id: str
    role: str
    look: Callable[[], Iterator[Left]]

    def run(self) -> list[Left]:
        """One per thing that is left, or one that tells that there is none, or that nobody knows."""
        id_ = f"LEFT-{self.id}"
        try:
            found = list(self.look())
        except UNTOLD as error:
            told, fix = untold(error, self.role)
            return [Left(id=id_, status=Status.UNKNOWN, found=told, needed="an answer", fix=fix)]
        return found or [Left(id=id_, status=Status.GOOD, found=NOTHING_LEFT, needed=NOTHING_LEFT)]


def bucket_kept(name: str) -> Left:
    """The bucket was not named, so it stays."""
    return Left(
        id="LEFT-BUCKET", status=Status.GOOD, found=f"bucket {name}", needed="stays: it was not named", costs="per GiB",
        fix=f"to delete it too: bucket.force_destroy: true, apply {NETWORK_STACK}, then --delete-bucket and its name",
    )  # fmt: skip


def wrong(id_: str, found: str, costs: str, fix: str) -> Left:
    """Something that should be gone."""
    return Left(id=f"LEFT-{id_}", status=Status.WRONG, found=found, needed="gone", fix=fix, costs=costs)


def last(path: str) -> str:
    """The name at the end of *path*."""
    return path.rsplit("/", 1)[-1]


def there(google: GoogleApi, service: str, version: str, method: str, **arguments: str) -> bool:
    """
    Whether the thing that *method* gets is there.

    Raises:
        ApiError: It cannot be told.
    """
    try:
        google.call(service, version, method, **arguments)
    except ApiError as error:
        if error.missing:
            return False
        raise
    return True
