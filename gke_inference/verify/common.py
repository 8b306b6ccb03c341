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


class CommonChecks:
    """
    The fleet's feature, and the gateway with its policies on the config cluster.

    Args:
        live: The platform's live objects.
        google: Google's APIs.
        keys: Regions to look at; the gateway is looked at as a whole in any case.
    """

    def __init__(self, live: LivePlatform, *, google: GoogleApi, keys: Collection[str]) -> None:
        self._live = live
        self._config = live.config
        self._google = google
        self._keys = keys
        self._gateway = Once(live.gateway)
        self._policy = Once(lambda: self._get(live.policy_path))
        self._backends = Backends(live, google=google, gateway=self._gateway, policy=self._policy)

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

    def answering(self, key: str) -> set[str]:
        """Return Google's names of the regions that should answer in region *key*, while none is too full."""
        regions = self._config.regions
        try:
            drained = drained_regions(self._policy())
        except ApiError:
            drained = {spec.region for spec in regions.values() if spec.capacity_percent == 0}
        open_regions = {spec.region: spec for spec in regions.values() if spec.region not in drained}
        preferred = {name for name, spec in open_regions.items() if spec.preferred}
        own = regions[key].region
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
        live, config = self._live, self._config
        clusters = [live.names.cluster(key) for key in config.regions]
        judges: dict[Topic, Callable[[], Verdict]] = {
            topics.IMPORT: lambda: judge_import(self._get(live.import_path), clusters=clusters),
            topics.GATEWAY: lambda: judge_gateway(self._gateway(), addresses=len(config.gateway_regions)),
            topics.ROUTE: lambda: judge_route(self._get(live.route_path)),
            topics.HEALTH_CHECK: lambda: judge_policy(self._get(live.health_check_path)),
            topics.BALANCING: lambda: judge_policy(self._policy()),
        }
        if config.scoped_regions:
            judges[topics.SCOPES] = lambda: judge_scopes(self._get(backend_policy.PATH))
        yield from (topic.check(judge) for topic, judge in judges.items())

    def _region_checks(self) -> Iterator[Check]:
        for key in self._keys:
            if key in self._config.gateway_regions and self._config.gateway.addresses == "named":
                yield topics.ADDRESS.check(partial(self._address, key), key)
            yield topics.BACKENDS.check(partial(self._backends.judge, key), key)

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
