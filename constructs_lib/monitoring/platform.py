"""What there is to watch of a platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from constructs_lib.gateway_class import CROSS_REGION, GatewayClass
from constructs_lib.monitoring.load_balancer_names import backend_pattern, url_map_pattern
from constructs_lib.monitoring.metrics import LOAD_BALANCERS, EngineMetrics, LoadBalancerMetrics, PickerMetrics
from constructs_lib.specs import ObjectivesSpec

ALL_CAPACITY = 100


@dataclass(frozen=True, kw_only=True)
class MonitoredRegion:
    """
    A region with its cluster. All known at synth.

    Attributes:
        region: Region of Google Cloud; its zones begin so.
        cluster: Name of the cluster.
        capacity_percent: Share of its capacity that the gateway uses; 0 where it is drained.
        preferred: Whether requests go there first, from wherever they come.
        zones: Zones of its servers, where another cluster is in the same region of Google Cloud; else none.
    """

    region: str
    cluster: str
    capacity_percent: int = ALL_CAPACITY
    preferred: bool = False
    zones: tuple[str, ...] = ()

    @property
    def scopes(self) -> str:
        """A pattern of the load balancer's name of where its servers are, which is their zone."""
        return "|".join(self.zones) or f"{self.region}-.*"


@dataclass(frozen=True, kw_only=True)
class MonitoredModel:
    """
    One model with its servers. All known at synth.

    Attributes:
        server: Name of its servers, which is the `job` of their metrics too.
        container: Name of the container of a server.
        backend: What the gateway sends its requests to: the imported pool or Service.
        regions: Keys of the regions that serve it.
        fewest_servers: Servers that each of these regions has at least, by its key.
        picker: What its endpoint pickers export; None where it is behind a Service.
        engine: What its servers export; None for a custom server.
        gauge: Gauge of a server from 0 to 1 that shows how full it is; empty where there is none.
        spill_percent: Fill of that gauge at which a region's requests spill over; None where they do so by number.
        uses: `tpu` or `gpu`, whichever it runs on.
        mounts_bucket: Whether its servers mount their weights from a bucket.
        start_sec: Seconds that a server may take until it is ready, with its node.
        objectives: What its owner promises.
    """

    server: str
    container: str
    backend: str
    regions: tuple[str, ...]
    fewest_servers: Mapping[str, int]
    picker: PickerMetrics | None
    engine: EngineMetrics | None
    gauge: str = ""
    spill_percent: int | None = None
    uses: frozenset[str] = frozenset()
    mounts_bucket: bool = False
    start_sec: int = 0
    objectives: ObjectivesSpec = field(default_factory=ObjectivesSpec)

    @property
    def pool(self) -> str:
        """Name of its InferencePool, which is the label `name` of the picker's gauges; empty behind a Service."""
        return self.backend if self.picker else ""


@dataclass(frozen=True, kw_only=True)
class MonitoredPlatform:
    """
    What there is to watch of a platform. All known at synth.

    Attributes:
        name: Name of the platform.
        project: Project of everything.
        namespace: Namespace of its objects in each cluster.
        gateway: Name of its Gateway.
        regions: Its regions, by key.
        models: Its models, by key.
        gateway_class: Class of its Gateway, or of that of each region.
        log_sample_percent: Share of the requests that are logged.
        proxy_errors: Name of the metric of the load balancer's logged errors; empty where there is none.
        mount_errors: Name of the metric of failed mounts; empty where there is none.
        certificate_hosts: Hosts whose TLS certificate is watched.
        model_armor_templates: IDs of Model Armor templates whose blocked requests are watched.
        endpoints: Public addresses outside that names of DNS lead to, by key.
        has_promql: Whether its universe of Google Cloud evaluates PromQL.
        outside: Whether these are its servers in clusters outside Google Cloud, whose Prometheus may know no more of
            a server than its namespace and pod. It has no regions then.
    """

    name: str
    project: str
    namespace: str
    gateway: str
    regions: Mapping[str, MonitoredRegion]
    models: Mapping[str, MonitoredModel]
    gateway_class: GatewayClass = CROSS_REGION
    log_sample_percent: float = 1.0
    proxy_errors: str = ""
    mount_errors: str = ""
    certificate_hosts: tuple[str, ...] = ()
    model_armor_templates: tuple[str, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    has_promql: bool = True
    outside: bool = False

    def clusters(self, regions: Iterable[str] = ()) -> str:
        """Return a pattern of the names of the clusters of *regions*, of all without; the order does not matter."""
        return "|".join(sorted(self.regions[key].cluster for key in regions or self.regions))

    def region_names(self, regions: Iterable[str] = ()) -> str:
        """Return a pattern of the names of *regions* of Google Cloud, of all without; the order does not matter."""
        return "|".join(sorted({self.regions[key].region for key in regions or self.regions}))

    def open_regions(self, model: str) -> tuple[str, ...]:
        """Return the keys of the regions that serve *model* and are not drained."""
        return tuple(key for key in self.models[model].regions if self.regions[key].capacity_percent)

    @property
    def load_balancer(self) -> LoadBalancerMetrics:
        """What its load balancers export."""
        return LOAD_BALANCERS[self.gateway_class.name]

    @property
    def url_map(self) -> str:
        """A pattern of the name of the gateway's URL map in metrics and logs."""
        return url_map_pattern(self.gateway_class, self.namespace, self.gateway)

    def backend_target(self, model: str) -> str:
        """Return a pattern of the name of the backend service of *model* in metrics."""
        return backend_pattern(self.gateway_class, self.namespace, self.models[model].backend)

    @property
    def backend_targets(self) -> str:
        """A pattern of the names of all backend services, whose first group is what the gateway sends requests to."""
        return backend_pattern(self.gateway_class, self.namespace, *(model.backend for model in self.models.values()))
