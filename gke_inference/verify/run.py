"""A whole run of `verify`: what is looked at, in which order, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gke_inference.concurrency import Task, run_tasks
from gke_inference.findings import Finding
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform
from gke_inference.progress import Note
from gke_inference.verify.common import CommonChecks
from gke_inference.verify.completion import Completion
from gke_inference.verify.no_key import RequestWithoutKey
from gke_inference.verify.region import Region
from platform_config.model import models_of

COMPLETIONS_SHARE = 1 / 3
"""Of the time: a check that hangs leaves them that much."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """
    One look at a platform.

    Args:
        live: The platform's live objects.
        google: Google's APIs.
        keys: Regions to look at, by their key in the config.
        models: Models to look at, by their key in the config.
        urls: Base addresses to ask for completions instead of the gateway's own, by the key of the region.
        secret_headers: Headers of completions whose values nobody may see, by name.
        completion: Whether to ask for completions at all.
        timeout_sec: Time for all of it.
        note: Called with the progress.
    """

    live: LivePlatform
    google: GoogleApi
    keys: Collection[str]
    models: Collection[str]
    urls: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    completion: bool
    timeout_sec: float
    note: Note

    def findings(self) -> list[Finding]:
        """
        Look at everything.

        What is in a cluster that is gone is not asked for. Completions come last, when nothing else is asked, so that
        their time is that of the platform.
        """
        common = CommonChecks(self.live, google=self.google, keys=self.keys, models=self.models)
        regions = [Region(self.live, key, self.google, self.models).task() for key in self.keys]
        completions = list(self.requests(common)) if self.completion else []
        share = COMPLETIONS_SHARE if completions else 0
        found = self._run("checks", [*regions, *common.tasks()], 1 - share)
        return found + self._run("completions", completions, share)

    def requests(self, common: CommonChecks) -> Iterator[Task]:
        """Yield the requests of clients: one of each model with a route in each region, with a key and without."""
        routed = [model for model in models_of(self.live.config) if model.is_routed and model.key in self.models]
        apigee = self.live.config.gateway.apigee
        asks_for_key = apigee is not None and apigee.enabled
        for key in self.keys:
            if key not in self.urls and key not in self.live.config.gateway_regions:
                continue
            address = partial(self._url, common, key)
            for model in routed:
                yield Completion(
                    key=key,
                    model=model,
                    address=address,
                    answers=partial(common.answering, key, model),
                    secret_headers=self.secret_headers,
                    lacks_key=asks_for_key and not self.secret_headers,
                ).task()
                if asks_for_key:
                    yield RequestWithoutKey(key=key, model=model, address=address).task()

    def _url(self, common: CommonChecks, key: str) -> str:
        return self.urls.get(key) or common.url(key)

    def _run(self, what: str, tasks: Sequence[Task], share: float) -> list[Finding]:
        """Run *tasks* in their *share* of the time."""
        return run_tasks(tasks, timeout_sec=self.timeout_sec * share, note=partial(self.note, what))
