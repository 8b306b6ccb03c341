"""The whole of `verify`: what is looked at, in which order, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gke_inference.findings import Finding
from gke_inference.google_api import GoogleApi
from gke_inference.progress import Note
from gke_inference.side_by_side import Task, side_by_side
from gke_inference.verify.completion import Asked
from gke_inference.verify.region import Connect, Region
from gke_inference.verify.shared import Shared
from platform_config.config import Config

COMPLETIONS_SHARE = 1 / 3
"""Of the time: a check that hangs leaves them that much."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """
    A platform to look at.

    Args:
        google: Google's APIs.
        connect: Reaches the clusters.
        keys: Regions to look at, by their key in the config.
        urls: Base addresses to ask for completions instead of the gateway's own, by the key of the region.
        completion: Whether to ask for completions at all.
        timeout_sec: Time for all of it.
        note: Is told how it goes.
    """

    config: Config
    google: GoogleApi
    connect: Connect
    keys: Collection[str]
    urls: Mapping[str, str] = field(default_factory=dict)
    completion: bool
    timeout_sec: float
    note: Note

    def findings(self) -> list[Finding]:
        """
        Look at everything.

        What is in a cluster that is gone is not asked for. Completions come last, when nothing else is asked, so that
        their time is that of the platform.
        """
        shared = Shared(self.config, google=self.google, connect=self.connect, keys=self.keys)
        regions = [Region(self.config, key, self.google, self.connect).task() for key in self.keys]
        asked = [asked.task() for asked in self._completions(shared)] if self.completion else []
        share = COMPLETIONS_SHARE if asked else 0
        found = self._asked("checks", [*regions, *shared.tasks()], 1 - share)
        return found + self._asked("completions", asked, share)

    def _completions(self, shared: Shared) -> Iterator[Asked]:
        for key in self.keys:
            if key in self.urls or key in self.config.gateway_regions:
                yield Asked(
                    key=key,
                    region=self.config.regions[key].region,
                    address=partial(self._url, shared, key),
                    model=self.config.model.name,
                    answers=partial(shared.answering, key),
                )

    def _url(self, shared: Shared, key: str) -> str:
        return self.urls.get(key) or shared.url(key)

    def _asked(self, what: str, tasks: Sequence[Task], share: float) -> list[Finding]:
        """What *tasks* find in their *share* of the time."""
        return side_by_side(tasks, timeout_sec=self.timeout_sec * share, note=partial(self.note, what))
