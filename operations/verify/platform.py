"""The whole of `verify`: what is looked at, in which order, and how many things at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from operations.findings import Finding
from operations.google_api import GoogleApi
from operations.verify.check import Check
from operations.verify.completion import Asked, ask
from operations.verify.region import Connect, Region
from operations.verify.shared import Shared
from stacks.config import Config

T = TypeVar("T")
MOST_AT_ONCE = 8

Note = Callable[[str, int, int], None]
"""Is told what is looked at, how many of it are done, and how many there are."""


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
        note: Is told how it goes.
    """

    config: Config
    google: GoogleApi
    connect: Connect
    keys: Collection[str]
    urls: Mapping[str, str] = field(default_factory=dict)
    completion: bool = True
    note: Note = lambda what, done, of: None

    def findings(self) -> list[Finding]:
        """
        Look at everything.

        Clusters come first, so that what is in one that is gone is not asked for; completions last, when nothing else
        is asked, so that their time is that of the platform.
        """
        shared = Shared(self.config, google=self.google, connect=self.connect, keys=self.keys)
        regions = [Region(self.config, key, self.google, self.connect) for key in self.keys]
        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            looks = [*(region.look for region in regions), shared.look]
            seen = list(self._done("clusters", pool.map(lambda look: look(), looks), len(looks)))
            checks = [check for _, found in seen for check in found]
            found = [finding for findings, _ in seen for finding in findings]
            found += self._done("checks", pool.map(Check.run, checks), len(checks))
            asked = list(self._completions(shared)) if self.completion else []
            found += self._done("completions", pool.map(ask, asked), len(asked))
        return found

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

    def _done(self, what: str, results: Iterable[T], of: int) -> Iterator[T]:
        """*results* as they come, told to whoever watches."""
        for done, result in enumerate(results, start=1):
            self.note(what, done, of)
            yield result
