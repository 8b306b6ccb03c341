"""A whole run of `verify`: what is looked at, in which order, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from gke_inference.concurrency import Once, Task, run_tasks
from gke_inference.findings import Finding
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform
from gke_inference.load_balancer import FRONT, Parts, parts_of
from gke_inference.progress import Note
from gke_inference.resolver import Resolver
from gke_inference.verify.completion import Completion, is_llm
from gke_inference.verify.from_git import name_syncs
from gke_inference.verify.gateway_checks import GatewayChecks
from gke_inference.verify.https import HttpsChecks
from gke_inference.verify.names_in_dns import NamesInDns
from gke_inference.verify.no_key import RequestWithoutKey
from gke_inference.verify.outside import Outside
from gke_inference.verify.region import Region
from gke_inference.verify.unknown_name import NAME, RequestForUnknownModel
from platform_config.model import Model, models_in, models_of

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
        resolver: Asks for the platform's names as clients do.
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
    resolver: Resolver = field(default_factory=Resolver)
    timeout_sec: float
    note: Note

    def findings(self) -> list[Finding]:
        """
        Look at everything.

        What is in a cluster that is gone is not asked for. Completions come last, when nothing else is asked, so that
        their time is that of the platform.
        """
        regions = [Region(self.live, key, self.google, self.models).task() for key in self.keys]
        outside = list(self._outside())
        around = [task for gateway in dict.fromkeys(self._gateways.values()) for task in gateway.tasks()]
        completions = list(self.requests()) if self.completion else []
        share = COMPLETIONS_SHARE if completions else 0
        found = self._run("checks", [*regions, *outside, *around], 1 - share)
        return name_syncs(self.live.config, found + self._run("completions", completions, share))

    def _outside(self) -> Iterator[Task]:
        """Yield the clusters outside and the names, unless some regions alone are looked at."""
        config = self.live.config
        if tuple(self.keys) != tuple(config.regions):
            return
        yield from (Outside(live=self.live, key=key, models=self.models).task() for key in config.outside)
        yield from NamesInDns(config=config, google=self.google, resolver=self.resolver).tasks()

    @cached_property
    def _gateways(self) -> dict[str, GatewayChecks]:
        """The gateway that each region to look at asks, by the region's key."""
        homes = {key: self.live.config.gateway_home(key) for key in self.keys}
        parts: Once[Parts] = Once(partial(parts_of, self.google, FRONT))
        made = {
            home: GatewayChecks(
                self.live,
                google=self.google,
                home=home,
                keys=[key for key in self.keys if homes[key] == home],
                models=self.models,
                parts=parts,
            )
            for home in dict.fromkeys(homes.values())
        }
        return {key: made[home] for key, home in homes.items()}

    def requests(self) -> Iterator[Task]:
        """Yield the requests of clients: for HTTPS, and of each model with a route, with a key and without."""
        config = self.live.config
        asks_for_key = config.gateway.apigee is not None and config.gateway.apigee.enabled
        for key, gateway in self._gateways.items():
            address = partial(self._url, gateway, key)
            models = self._asked_models(key)
            # An address by HTTP that somebody gives leads past the front.
            for model in models[:1] if not self.urls.get(key, "").startswith("http:") else ():
                yield from HttpsChecks(key=key, model=model, address=address).tasks()
            for model in models:
                yield Completion(
                    key=key,
                    model=model,
                    address=address,
                    answers=partial(gateway.answering, key, model),
                    secret_headers=self.secret_headers,
                    lacks_key=asks_for_key and not self.secret_headers,
                ).task()
                if asks_for_key:
                    yield RequestWithoutKey(key=key, model=model, address=address).task()
            for model, names in self._unknown_names(models):
                for name in names:
                    yield RequestForUnknownModel(
                        key=key,
                        model=model,
                        name=name,
                        address=address,
                        secret_headers=self.secret_headers,
                        lacks_key=asks_for_key and not self.secret_headers,
                    ).task()

    def _unknown_names(self, models: Sequence[Model]) -> Iterator[tuple[Model, Sequence[str]]]:
        """Yield one of *models* for each address, with the names that are asked for there and are no model's."""
        armor = self.live.config.gateway.model_armor
        screened = armor is not None and armor.enabled
        for model in [model for model in models if model.by_name][:1]:
            yield model, (NAME, "") if screened else (NAME,)
        for model in models if screened else ():
            if not model.by_name and is_llm(model):
                yield model, (NAME, "")

    def _asked_models(self, key: str) -> list[Model]:
        """Return the models with a route at the gateway's address in region *key*; none where it has no address."""
        config = self.live.config
        if key not in self.urls and key not in config.gateway_regions:
            return []
        # A gateway of one region has no route to a model that is not there.
        found = models_in(config, key) if config.is_regional else models_of(config)
        return [model for model in found if model.is_routed and model.key in self.models]

    def _url(self, gateway: GatewayChecks, key: str) -> str:
        return self.urls.get(key) or gateway.url(key)

    def _run(self, what: str, tasks: Sequence[Task], share: float) -> list[Finding]:
        """Run *tasks* in their *share* of the time."""
        return run_tasks(tasks, timeout_sec=self.timeout_sec * share, note=partial(self.note, what))
