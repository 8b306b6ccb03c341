"""A check, and what it is made for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.remedy import remedy
from gke_inference.side_by_side import Task
from platform_config.config import Config
from platform_config.names import Names


@dataclass(frozen=True, kw_only=True)
class Subject:
    """
    What is checked.

    Attributes:
        config: The platform.
        keys: Keys of the regions that are looked at, in the order of the file.
        google: Google's APIs, with the caller's rights.
        hugging_face_token: Token for Hugging Face; empty for none.
    """

    config: Config
    keys: tuple[str, ...]
    google: GoogleApi
    hugging_face_token: str = ""

    @property
    def names(self) -> Names:
        """The platform's cloud names."""
        return Names(self.config)

    @property
    def project(self) -> str:
        """Project ID."""
        return self.config.project

    def built(self, key: str) -> bool:
        """
        Whether the cluster of region *key* is there already, so that a part of what is in use is the platform's own.

        Raises:
            ApiError: It cannot be told.
        """
        name = self.names.cluster_path(key)
        try:
            return self.looked_up("container", "v1", "projects.locations.clusters.get", name=name) is not None
        except ApiError as error:
            if error.turned_off:
                return False
            raise

    def looked_up(self, service: str, version: str, method: str, **arguments: Any) -> dict[str, Any] | None:
        """
        What a `get` gives, or None where there is no such thing.

        Raises:
            ApiError: It cannot be told.
        """
        try:
            return self.google.call(service, version, method, **arguments)
        except ApiError as error:
            if error.missing:
                return None
            raise


@dataclass(frozen=True, kw_only=True)
class Check:
    """
    One question to one API.

    Attributes:
        id: The finding's, where there is one only; where there are more, theirs begin with it.
        needed: What must hold.
        permission: What the caller needs to be told.
        ask: Gives the findings, or raises `ApiError`.
        where: Key of the region; empty for what all have in common.
    """

    id: str
    needed: str
    permission: str
    ask: Callable[[], Iterable[Finding]]
    where: str = ""

    def task(self) -> Task:
        """The same for all checks side by side."""
        return Task(ask=lambda: (self.findings(), ()), untold=self.unknown)

    def findings(self) -> list[Finding]:
        """What it finds; what could not be asked is a finding too."""
        try:
            found = list(self.ask())
        except ApiError as error:
            return [self.unknown(f"{error.reason}: {error.message}", fix=remedy(error, self.permission))]
        # Whatever an unexpected answer breaks, it must not hide the other checks.
        except Exception as error:
            return [self.unknown(f"an answer that could not be read ({type(error).__name__}: {error})")]
        return [replace(finding, where=self.where) for finding in found]

    def unknown(self, found: str, *, fix: str = "run it again") -> Finding:
        """That it could not be told."""
        return Finding(
            id=self.id, status=Status.UNKNOWN, where=self.where, found=f"could not be told: {found}",
            needed=self.needed, fix=fix,
        )  # fmt: skip


def good(id_: str, found: str, needed: str) -> Finding:
    """That it is as it should be."""
    return Finding(id=id_, status=Status.GOOD, found=found, needed=needed)


def wrong(id_: str, found: str, needed: str, fix: str) -> Finding:
    """That it is not, and what to do."""
    return Finding(id=id_, status=Status.WRONG, found=found, needed=needed, fix=fix)


def unknown(id_: str, found: str, needed: str, fix: str) -> Finding:
    """That this API does not tell, and where to look."""
    return Finding(id=id_, status=Status.UNKNOWN, found=found, needed=needed, fix=fix)
