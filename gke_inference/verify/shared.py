"""Everything that `verify` looks at once for all regions: the fleet's feature and the gateway."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from gke_inference import scopes
from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, gateway_addresses
from gke_inference.once import Once
from gke_inference.side_by_side import Task
from gke_inference.verify import gateway as verify_gateway
from gke_inference.verify import google as verify_google
from gke_inference.verify import topics
from gke_inference.verify.backends import Backends
from gke_inference.verify.check import Check, Seen, Topic, told
from gke_inference.verify.region import Connect
from platform_config.config import Config
from platform_config.names import Names


class Shared:
    """
    The fleet's feature, and the gateway with what is around it on the config cluster.

    Args:
        connect: Reaches clusters.
        keys: Regions that are looked at; the gateway is looked at as a whole in any case.
    """

    def __init__(self, config: Config, *, google: GoogleApi, connect: Connect, keys: Collection[str]) -> None:
        self._config = config
        self._names = Names(config)
        self._google = google
        self._keys = keys
        self._platform = LivePlatform(config=config, clusters=connect)
        self._api = Once(lambda: connect(config.config_region))
        self._gateway = Once(lambda: self._get(self._platform.gateway_path))
        self._balancing = Once(lambda: self._get(self._platform.policy_path))
        self._backends = Backends(
            config, google=google, connect=connect, gateway=self._gateway, balancing=self._balancing
        )
        self._addresses = {key: Once(partial(self._ask_address, key)) for key in config.gateway_regions}

    def tasks(self) -> Iterator[Task]:
        """Look at the feature, and at the gateway where its cluster can be reached."""
        yield Check(topic=topics.FEATURE, look=self._feature).task()
        gateway = Check(topic=topics.GATEWAY, look=lambda: Seen(found=""))
        yield Task(ask=partial(self._look, gateway), untold=gateway.unknown)

    def _look(self, gateway: Check) -> tuple[list[Finding], list[Task]]:
        try:
            self._api().get(f"/api/v1/namespaces/{self._config.namespace}")
        except ApiError as error:
            name = self._names.cluster(self._config.config_region)
            found = f"nothing of the gateway was looked at, the config cluster {name} does not answer; {told(error)}"
            fix = f"see to CLUSTER and KUBERNETES of {self._config.config_region} first"
            return [gateway.finding(Status.UNKNOWN, found, fix)], []
        return [], [check.task() for check in (*self._around(), *self._by_region())]

    def _around(self) -> Iterator[Check]:
        platform = self._platform
        looks: dict[Topic, Callable[[], Seen]] = {
            topics.IMPORT: lambda: verify_gateway.imported_pool(
                self._get(platform.import_path), clusters=self._clusters
            ),
            topics.GATEWAY: lambda: verify_gateway.gateway(
                self._gateway(), addresses=len(self._config.gateway_regions)
            ),
            topics.ROUTE: lambda: verify_gateway.route(self._get(platform.route_path)),
            topics.HEALTH_CHECK: lambda: verify_gateway.policy(self._get(platform.health_check_path)),
            topics.BALANCING: lambda: verify_gateway.policy(self._balancing()),
        }
        if self._config.scoped_regions:
            looks[topics.SCOPES] = lambda: verify_gateway.scopes(self._api().get(scopes.PATH))
        yield from (Check(topic=topic, look=look) for topic, look in looks.items())

    def _by_region(self) -> Iterator[Check]:
        for key in self._keys:
            if key in self._addresses and self._config.gateway.addresses == "named":
                yield Check(topic=topics.ADDRESS, where=key, look=partial(self._address, key))
            yield Check(topic=topics.BACKENDS, where=key, look=partial(self._backends.look, key))

    def url(self, key: str) -> str:
        """
        Base address of the gateway in region *key*, one of the gateway's regions.

        Raises:
            ApiError: It cannot be told.
        """
        return self._platform.url_in(self._gateway(), key)

    def answering(self, key: str) -> set[str]:
        """Google's names of the regions that shall answer at the address of region *key*, while none is too full."""
        try:
            drained = verify_gateway.drained_regions(self._balancing())
        except ApiError:
            drained = {spec.region for spec in self._config.regions.values() if spec.capacity_percent == 0}
        regions = {spec.region: spec for spec in self._config.regions.values() if spec.region not in drained}
        preferred = {name for name, spec in regions.items() if spec.preferred}
        own = self._config.regions[key].region
        return preferred or ({own} if own in regions else set(regions))

    def _feature(self) -> Seen:
        name = f"projects/{self._config.project}/locations/global/features/multiclusteringress"
        return verify_google.feature(
            self._google.call("gkehub", "v1", "projects.locations.features.get", name=name),
            config_membership=self._names.membership(self._config.config_region),
            memberships=[self._names.membership(key) for key in self._config.regions],
        )

    def _address(self, key: str) -> Seen:
        given = gateway_addresses(self._gateway())
        return verify_google.address(self._addresses[key](), gateway_addresses=given)

    def _ask_address(self, key: str) -> dict[str, Any]:
        region, name = self._config.regions[key].region, self._names.gateway_address(key)
        return self._google.call(
            "compute", "v1", "addresses.get", project=self._config.project, region=region, address=name
        )

    def _get(self, path: str) -> dict[str, Any]:
        return self._api().get(path)

    @property
    def _clusters(self) -> list[str]:
        return [self._names.cluster(key) for key in self._config.regions]
