"""One model of a platform: what its section says, with what follows from the rest of the config."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from constructs_lib.body_routing_chart import BASE_MODEL_HEADER
from constructs_lib.gke_version import NATIVE_CUSTOM_METRICS, GkeVersion
from constructs_lib.manifests.compute_class import NODE_LABEL
from constructs_lib.manifests.gateway import Balancing
from constructs_lib.manifests.model_armor import SCREENED_PATHS
from constructs_lib.serving_nodes import POOL_LABEL, ServingNodes
from constructs_lib.serving_plan import MetricSource
from constructs_lib.specs import (
    DEFAULT_SPILL_OVER_PERCENT,
    AddressSpec,
    AutoscalingSpec,
    InferencePoolSpec,
    ModelSpec,
    ServerSpec,
    WeightsSpec,
)
from platform_config.config import Config
from platform_config.shutdown import served_server

API_PATH, MODELS_PATH = "/v1", "/v1/models"
"""Of OpenAI's API, which vLLM and SGLang have."""


@dataclass(frozen=True)
class Model:
    """
    One model of *config*.

    Attributes:
        config: The platform.
        key: Key of the model.
    """

    config: Config
    key: str

    @property
    def spec(self) -> ModelSpec:
        """Its section of the file."""
        return self.config.models[self.key]

    @property
    def server(self) -> ServerSpec:
        """Its servers, with the time that the platform gives them to end."""
        return served_server(self.config, self.spec.server)

    @property
    def weights(self) -> WeightsSpec | None:
        """Its weights; None where the image of a custom server brings them."""
        return self.spec.weights

    @property
    def name(self) -> str:
        """The name that clients send as `model`: a folder's own would be another with each version of the weights."""
        repository = self.weights.repository if self.weights else None
        return self.spec.served_name or (repository.split("/")[-1] if repository else self.key)

    @property
    def names(self) -> tuple[str, ...]:
        """What clients may send as `model`: its name, and the name of each adapter, which it serves too."""
        return (self.name, *(self.weights.lora_adapters if self.weights else ()))

    @property
    def regions(self) -> tuple[str, ...]:
        """Keys of the regions that serve it, in the order of the file."""
        return tuple(key for key in self.config.serving_regions if not self.spec.regions or key in self.spec.regions)

    @property
    def has_pool(self) -> bool:
        """Whether it is behind an InferencePool; else it is behind a multi-cluster Service."""
        return self.server.has_pool

    @property
    def has_metrics(self) -> bool:
        """Whether its servers have a metric that shows how full they are."""
        return self.server.kind != "custom" or self.server.metric is not None

    @property
    def inference_pool(self) -> InferencePoolSpec:
        """Pool and endpoint picker: its own, or those of all models."""
        return self.spec.inference_pool or self.config.inference_pool

    @property
    def autoscaling(self) -> AutoscalingSpec | None:
        """How its servers scale; None for a fixed number."""
        return self.spec.autoscaling

    @property
    def metric_source(self) -> MetricSource:
        """Where its autoscalers read the servers' load: as given, or GKE itself if `gke_version` is new enough."""
        if self.autoscaling and self.autoscaling.metric_source:
            return self.autoscaling.metric_source
        try:
            given = GkeVersion.parse(self.config.cluster.gke_version or "")
        except ValueError:  # No version is given, or one that the rule GKE-VERSION refuses.
            return "native"
        return "native" if given.reaches(GkeVersion.parse(NATIVE_CUSTOM_METRICS.version)) else "pods"

    @property
    def mounts_bucket(self) -> bool:
        """Whether its servers mount a bucket with its weights."""
        return bool(self.weights and (self.weights.reads_bucket or self.weights.own_buckets))

    @property
    def file_cache_gib(self) -> int:
        """GiB of a node's disk that hold the weights: as given, or the weights and a tenth; 0 where the image does."""
        if self.weights is None or not self.weights.is_mounted:
            return 0
        return self.server.file_cache_gib or math.ceil(self.weights.mounted_gib * 11 / 10)

    @property
    def balancing(self) -> Balancing:
        """How long a request may take, and when a region is full: its own measure, or the gateway's."""
        traffic, gateway = self.spec.traffic, self.config.gateway
        if self.config.is_regional:
            return Balancing(timeout_sec=traffic.timeout_sec or gateway.timeout_sec)
        limits = traffic if traffic.limits else gateway
        counted = traffic.limits and "max_utilization_percent" not in traffic.limits
        by_fill = not counted and limits.max_in_flight_requests is None
        return Balancing(
            timeout_sec=traffic.timeout_sec or gateway.timeout_sec,
            export_name=self.server.metric_export_name,
            max_utilization_percent=(limits.max_utilization_percent or DEFAULT_SPILL_OVER_PERCENT) if by_fill else None,
            max_in_flight_requests=limits.max_in_flight_requests,
            max_requests_per_second=traffic.max_requests_per_second,
            measure=self.server.metric or "the KV cache",
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """Prefixes of the paths that clients may ask for; empty where they may ask for all that the servers have."""
        gateway = self.config.gateway
        if gateway.paths is not None:
            return gateway.paths
        if gateway.model_armor is not None and gateway.model_armor.enabled:
            return (*SCREENED_PATHS, MODELS_PATH)
        return (API_PATH,) if gateway.gateway_class.public and self.server.kind != "custom" else ()

    @property
    def is_routed(self) -> bool:
        """
        Whether the gateway has a route of its own for it.

        It has one for its address, for its name where bodies are read, or for every request where no other model takes
        requests of its own.
        """
        if self.spec.drain:
            return False
        return self.spec.address is not None or self.by_name or models_with_requests(self.config) == (self.key,)

    @property
    def by_name(self) -> bool:
        """Whether the gateway finds its requests by the name in their bodies."""
        routing = self.config.gateway.body_routing
        return routing is not None and self.spec.address is None and self.key in models_with_requests(self.config)

    @property
    def route_address(self) -> AddressSpec | None:
        """Which requests its route takes: those of its address, or of its name; None for every request."""
        return AddressSpec(headers={BASE_MODEL_HEADER: self.name}) if self.by_name else self.spec.address

    def server_counts(self, region: str) -> tuple[int, int]:
        """Return the fewest and the most servers that *region* has by the config; the same where they are fixed."""
        if self.autoscaling:
            return self.autoscaling.min_replicas, self.autoscaling.max_replicas
        given = self.spec.replicas
        fixed = self.serving_nodes(region).replicas if given is None else given
        return fixed, fixed

    def pool_keys(self, region: str) -> tuple[str, ...]:
        """Return the pools of *region* that it may run on, in order."""
        pools = self.config.pools(region)
        wanted = self.spec.node_pools or tuple(pools)[:1]
        return tuple(pool for pool in wanted if pool in pools)

    def serving_nodes(self, region: str) -> ServingNodes:
        """Return the pools of *region* that it may run on, in order, with what a pod takes of a node."""
        pools = self.config.pools(region)
        chosen = {self._pool_name(region, pool): pools[pool] for pool in self.pool_keys(region)}
        return ServingNodes(
            pools=chosen,
            tensor_parallel_size=self.server.tensor_parallel_size,
            cpus=self.server.cpus,
            memory_gib=self.server.memory_gib,
            compute_class=self._compute_class(region),
        )

    def node_selectors(self, region: str) -> tuple[str, ...]:
        """Return the labels of the nodes of *region* that its servers may run on, each as a list of nodes takes it."""
        if self.config.cluster.autopilot:
            return (f"{NODE_LABEL}={self._compute_class(region)}",)
        return tuple(f"{POOL_LABEL}={self._pool_name(region, pool)}" for pool in self.pool_keys(region))

    def _pool_name(self, region: str, pool: str) -> str:
        """Return the name of the node pool with the key *pool* in the cluster of *region*: as it is there."""
        return self.config.regions[region].existing.node_pools.get(pool, pool)

    def _compute_class(self, region: str) -> str | None:
        """
        Return the name of the ComputeClass that it has in *region*; None where it needs none.

        It needs one for the order of several pools; in an Autopilot cluster always, since nothing else makes nodes.
        Models with the same list share it. The word comes first: GKE refuses classes that begin with gke or autopilot.
        """
        keys = self.pool_keys(region)
        if len(keys) > 1 or (keys and self.config.cluster.autopilot):
            return f"serving-{(self.spec.node_pools or keys)[0]}"
        return None


def models_of(config: Config) -> tuple[Model, ...]:
    """Return every model of *config*, in the order of the file."""
    return tuple(Model(config, key) for key in config.models)


def models_with_requests(config: Config) -> tuple[str, ...]:
    """
    Return the keys of the models of *config* that have requests of their own.

    A model that leaves has none, nor has one without an address that only answers a part of another's.
    """
    models = config.models
    canaries = {model.canary.model for model in models.values() if model.canary}
    return tuple(key for key, model in models.items() if not model.drain and (model.address or key not in canaries))


def models_in(config: Config, region: str) -> tuple[Model, ...]:
    """Return the models that *region* serves."""
    return tuple(model for model in models_of(config) if region in model.regions)


def reads_bodies(config: Config, region: str) -> bool:
    """Return whether the gateway of *region* has bodies read: where it finds a model by its name."""
    return config.is_regional and any(model.by_name for model in models_in(config, region))


def compute_classes(config: Config, region: str) -> Iterator[tuple[str, Model]]:
    """Yield the name of each ComputeClass of *region*, with the first model that uses it."""
    seen = set()
    for model in models_in(config, region):
        name = model.serving_nodes(region).compute_class
        if name is not None and name not in seen:
            seen.add(name)
            yield name, model
