"""What `verify` looks at once for all regions: the fleet's feature, and the gateway on the config cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from gke_inference import backend_policy
from gke_inference.api_error import ApiError
from gke_inference.backend_policy import drained_regions
from gke_inference.check import NO_ANSWER, Check
from gke_inference.concurrency import Once, Task
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, gateway_addresses
from gke_inference.verify import topics
from gke_inference.verify.backends import Backends
from gke_inference.verify.gateway import judge_gateway, judge_import, judge_policy, judge_route, judge_scopes
from gke_inference.verify.google import judge_address, judge_feature
from gke_inference.verify.topics import Topic
from gke_inference.verify.verdict import Verdict
from platform_config.model import Model, models_of


class CommonChecks:
    """
    The fleet's feature, and the gateway with its policies on the config cluster.

    Args:
        live: The platform's live objects.
        google: Google's APIs.
        keys: Regions to look at; the gateway is looked at as a whole in any case.
        models: Models to look at.
    """

    def __init__(
        self, live: LivePlatform, *, google: GoogleApi, keys: Collection[str], models: Collection[str]
    ) -> None:
        self._live = live
        self._config = live.config
        self._google = google
        self._keys = keys
        self._gateway = Once(live.gateway)
        self._models = [model for model in models_of(live.config) if model.key in models]
        self._policies = {
            model.key: Once(partial(self._get, live.policy_path(model.key))) for model in models_of(live.config)
        }
        self._backends = Backends(live, google=google, gateway=self._gateway, policies=self._policies)

    def tasks(self) -> Iterator[Task]:
        """Return the tasks: the feature, and the gateway where its cluster can be reached."""
        yield topics.FEATURE.check(self._feature).task()
        gateway = topics.GATEWAY.check(lambda: Verdict(found=""))
        yield Task(ask=partial(self._look, gateway), unknown=gateway.unknown)

    def url(self, key: str) -> str:
        """
        Return the base address of the gateway in region *key*, one of the gateway's regions.

        Raises:
            ApiError: The gateway cannot be read, or has no address there.
        """
        return self._live.url_in(self._gateway(), key)

    def answering(self, key: str, model: Model) -> set[str]:
        """Return Google's names of the regions that answer for *model* in region *key*, while none is too full."""
        regions = {served: self._config.regions[served] for served in model.regions}
        try:
            drained = drained_regions(self._policies[model.key]())
        except ApiError:
            drained = {spec.region for spec in regions.values() if spec.capacity_percent == 0}
        open_regions = {spec.region: spec for spec in regions.values() if spec.region not in drained}
        preferred = {name for name, spec in open_regions.items() if spec.preferred}
        own = self._config.regions[key].region
        return preferred or ({own} if own in open_regions else set(open_regions))

    def _look(self, gateway: Check) -> tuple[list[Finding], list[Task]]:
        key = self._config.config_region
        try:
            self._get(self._live.namespace_path)
        except ApiError as error:
            name = self._live.names.cluster(key)
            found = f"the gateway was not looked at, the config cluster {name} does not answer; "
            fix = f"see to CLUSTER and KUBERNETES of {key} first"
            return [gateway.finding(Status.UNKNOWN, f"{found}{NO_ANSWER}: {error.summary}", fix)], []
        return [], [check.task() for check in (*self._gateway_checks(), *self._region_checks())]

    def _gateway_checks(self) -> Iterator[Check]:
        addresses = len(self._config.gateway_regions)
        yield topics.GATEWAY.check(lambda: judge_gateway(self._gateway(), addresses=addresses))
        if self._config.scoped_regions:
            yield topics.SCOPES.check(lambda: judge_scopes(self._get(backend_policy.PATH)))
        for model in self._models:
            for topic, judge in self._judges(model).items():
                yield topic.of_model(model).check(judge)

    def _judges(self, model: Model) -> dict[Topic, Callable[[], Verdict]]:
        """Return what is looked at of one model: its import, then what the gateway needs where requests reach it."""
        live, key = self._live, model.key
        clusters = [live.names.cluster(region) for region in model.regions]
        platform = [live.names.cluster(region) for region in self._config.regions]
        judges: dict[Topic, Callable[[], Verdict]] = {
            topics.IMPORT: lambda: judge_import(self._get(live.import_path(key)), clusters=clusters, platform=platform)
        }
        if model.is_routed:
            judges[topics.ROUTE] = lambda: judge_route(self._get(live.route_path(key)))
        if is_reached(model):
            judges[topics.HEALTH_CHECK] = lambda: judge_policy(self._get(live.health_check_path(key)))
            judges[topics.BALANCING] = lambda: judge_policy(self._policies[key]())
        return judges

    def _region_checks(self) -> Iterator[Check]:
        for key in self._keys:
            if key in self._config.gateway_regions and self._config.gateway.addresses == "named":
                yield topics.ADDRESS.check(partial(self._address, key), key)
            for model in self._models:
                if key in model.regions and is_reached(model):
                    yield topics.BACKENDS.of_model(model).check(partial(self._backends.judge, key, model), key)

    def _feature(self) -> Verdict:
        names = self._live.names
        return judge_feature(
            self._google.call("gkehub", "v1", "projects.locations.features.get", name=names.gateway_feature),
            config_membership=names.membership(self._config.config_region),
            memberships=[names.membership(key) for key in self._config.regions],
        )

    def _address(self, key: str) -> Verdict:
        region, name = self._config.regions[key].region, self._live.names.gateway_address(key)
        reserved = self._google.call(
            "compute", "v1", "addresses.get", project=self._config.project, region=region, address=name
        )
        return judge_address(reserved, gateway_addresses=gateway_addresses(self._gateway()))

    def _get(self, path: str) -> dict[str, Any]:
        return self._live.clusters(self._config.config_region).get(path)


def is_reached(model: Model) -> bool:
    """Return whether requests reach *model*: by its own route, or by that of a model whose canary it is."""
    others = (other for other in models_of(model.config) if other.is_routed and other.spec.canary)
    return model.is_routed or any(other.spec.canary and other.spec.canary.model == model.key for other in others)
