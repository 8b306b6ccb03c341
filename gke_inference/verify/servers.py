"""What `verify` looks at inside the cluster of one region: the model servers, and what they depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from constructs_lib.manifests.metrics_adapter import CUSTOM, EXTERNAL, api_services
from constructs_lib.manifests.network_policies import network_policies
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.cluster_api import ClusterApi
from gke_inference.concurrency import Once
from gke_inference.live_platform import LivePlatform
from gke_inference.verify import topics
from gke_inference.verify.cluster import (
    judge_adapter,
    judge_autoscaler,
    judge_inference_pool,
    judge_interfaces,
    judge_server,
    picker_name,
)
from gke_inference.verify.network_policies import connections, denying_policies, judge_network_policies
from gke_inference.verify.topics import Topic
from gke_inference.verify.verdict import Verdict
from platform_config.config import Config
from platform_config.names import Names
from platform_config.network_plan import network_policy_plan

API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
CLUSTERWIDE = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies"
"""Only in clusters that have turned them on."""
ADAPTER_GROUPS = {"pods": CUSTOM, "external": EXTERNAL}
"""The API that the autoscaler reads, by where its metric is from; `native` is GKE's own and has none."""


@dataclass(frozen=True, kw_only=True)
class Servers:
    """
    The model servers of one region.

    Attributes:
        live: The platform's live objects.
        key: Key of the region.
        api: The API of its cluster.
    """

    live: LivePlatform
    key: str
    api: ClusterApi

    def checks(self) -> Iterator[Check]:
        """Return all checks."""
        labels = f"app={self._names.model_server}"
        deployment = Once(lambda: self.api.get(self.live.deployment_path))
        pods = Once(lambda: self._items(self.live.pods_path, labelSelector=labels))
        yield self._check(topics.SERVER, lambda: self._server(deployment(), pods()))
        first = self._config.serving_nodes(self.key).first
        if first.dranet and first.machine.dra_device_class:
            yield self._check(topics.INTERFACES, lambda: self._interfaces(deployment, pods()))
        if self._config.autoscaling:
            yield self._check(topics.AUTOSCALER, self._autoscaler)
            if metric_source(self._config) in ADAPTER_GROUPS:
                yield self._check(topics.ADAPTER, self._adapter)
        yield self._check(topics.INFERENCE_POOL, self._inference_pool)
        yield self._check(topics.METRIC, self._metric)
        yield self._check(topics.NETWORK, self._network)

    def _server(self, deployment: dict[str, Any], pods: list[Any]) -> Verdict:
        spec, given = self._config.autoscaling, self._config.model_server.replicas
        fixed = self._config.serving_nodes(self.key).replicas if given is None else given
        fewest, most = (spec.min_replicas, spec.max_replicas) if spec else (fixed, fixed)
        return judge_server(deployment, pods, fewest=fewest, most=most)

    def _interfaces(self, deployment: Once[dict[str, Any]], pods: list[Any]) -> Verdict:
        try:
            ready = deployment().get("status", {}).get("readyReplicas", 0)
        except ApiError as error:
            if not error.missing:
                raise
            ready = 0
        claims = self._items(self.live.object_path("resource.k8s.io/v1", "resourceclaims"))
        return judge_interfaces(pods, claims, ready=ready)

    def _autoscaler(self) -> Verdict:
        return judge_autoscaler(self._get("autoscaling/v2", "horizontalpodautoscalers", self._names.model_server))

    def _adapter(self) -> Verdict:
        services = api_services(ADAPTER_GROUPS[metric_source(self._config)]).values()
        names = [service["metadata"]["name"] for service in services]
        return judge_adapter({name: self.api.get(f"{API_SERVICES}/{name}") for name in names})

    def _inference_pool(self) -> Verdict:
        pool = self._get("inference.networking.k8s.io/v1", "inferencepools", self._names.inference_pool)
        try:
            picker = self._get("apps/v1", "deployments", picker_name(pool))
        except ApiError as error:
            if not error.missing:
                raise
            picker = None
        return judge_inference_pool(pool, picker)

    def _metric(self) -> Verdict:
        name = self._config.model_server.metric_export_name
        self._get("autoscaling.gke.io/v1beta1", "autoscalingmetrics", name)
        return Verdict(found=f"AutoscalingMetric {name} is there")

    def _network(self) -> Verdict:
        plan = network_policy_plan(self._config)
        policies = self._items(self.live.object_path("networking.k8s.io/v1", "networkpolicies"))
        try:
            clusterwide = self._items(CLUSTERWIDE)
        except ApiError as error:
            if not error.missing:
                raise
            clusterwide = []
        own = network_policies(plan) if self._config.cluster.network_policies else {}
        return judge_network_policies(
            policies,
            denying_policies(clusterwide, namespace=plan.namespace),
            needed=connections(plan),
            own=[policy["metadata"]["name"] for policy in own.values()],
        )

    def _check(self, topic: Topic, judge: Callable[[], Verdict]) -> Check:
        return topic.check(judge, self.key)

    def _get(self, api: str, plural: str, name: str) -> dict[str, Any]:
        return self.api.get(self.live.object_path(api, plural, name))

    def _items(self, path: str, **query: str) -> list[Any]:
        items: list[Any] = self.api.get(path, **query).get("items", [])
        return items

    @property
    def _config(self) -> Config:
        return self.live.config

    @property
    def _names(self) -> Names:
        return self.live.names
