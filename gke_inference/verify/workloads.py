"""What `verify` looks at inside the cluster of one region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from constructs_lib.manifests.metrics_adapter import CUSTOM, EXTERNAL, api_services
from constructs_lib.manifests.network_policies import network_policies
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.once import Once
from gke_inference.verify import cluster as verify_cluster
from gke_inference.verify import network_policies as verify_policies
from gke_inference.verify import topics
from gke_inference.verify.check import Check, Seen, Topic
from platform_config.config import Config
from platform_config.names import Names
from platform_config.network_plan import network_policy_plan
from platform_config.versions import metric_source

NETWORKING = "networking.k8s.io/v1"
CLUSTERWIDE = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies"
"""Only in clusters that have turned them on."""
ADAPTER_GROUPS = {"pods": CUSTOM, "external": EXTERNAL}
"""The API that the autoscaler reads, by where its metric is from; with `native` it is GKE's own business."""


@dataclass(frozen=True, kw_only=True)
class Workloads:
    """The servers of region *key*, and what is around them in its cluster."""

    config: Config
    key: str
    api: ClusterApi

    def checks(self) -> Iterator[Check]:
        """All of them."""
        labels = f"app={self._names.model_server}"
        deployment = Once(lambda: self.api.get(self._path("apps/v1", "deployments", self._names.model_server)))
        pods = Once(lambda: self.api.get(self._path("v1", "pods"), labelSelector=labels).get("items", []))
        yield self._check(topics.SERVER, lambda: self._server(deployment(), pods()))
        first = self.config.serving_nodes(self.key).first
        if first.dranet and first.machine.dra_device_class:
            yield self._check(topics.INTERFACES, lambda: self._interfaces(deployment, pods()))
        if self.config.autoscaling:
            yield self._check(topics.AUTOSCALER, self._autoscaler)
            if metric_source(self.config) in ADAPTER_GROUPS:
                yield self._check(topics.ADAPTER, self._adapter)
        yield self._check(topics.INFERENCE_POOL, self._pool_endpoints)
        yield self._check(topics.METRIC, self._metric)
        yield self._check(topics.NETWORK, self._network)

    def _server(self, deployment: dict[str, Any], pods: list[Any]) -> Seen:
        spec, given = self.config.autoscaling, self.config.model_server.replicas
        fixed = self.config.serving_nodes(self.key).replicas if given is None else given
        fewest, most = (spec.min_replicas, spec.max_replicas) if spec else (fixed, fixed)
        return verify_cluster.server(deployment, pods, fewest=fewest, most=most)

    def _interfaces(self, deployment: Once[dict[str, Any]], pods: list[Any]) -> Seen:
        try:
            ready = deployment().get("status", {}).get("readyReplicas", 0)
        except ApiError as error:
            if not error.missing:
                raise
            ready = 0
        claims = self.api.get(self._path("resource.k8s.io/v1", "resourceclaims")).get("items", [])
        return verify_cluster.interfaces(pods, claims, ready=ready)

    def _autoscaler(self) -> Seen:
        path = self._path("autoscaling/v2", "horizontalpodautoscalers", self._names.model_server)
        return verify_cluster.autoscaler(self.api.get(path))

    def _adapter(self) -> Seen:
        names = [name["metadata"]["name"] for name in api_services(ADAPTER_GROUPS[metric_source(self.config)]).values()]
        path = "/apis/apiregistration.k8s.io/v1/apiservices"
        return verify_cluster.adapter({name: self.api.get(f"{path}/{name}") for name in names})

    def _pool_endpoints(self) -> Seen:
        pool = self.api.get(
            self._path("inference.networking.k8s.io/v1", "inferencepools", self._names.inference_pool)
        )  # fmt: skip
        try:
            picker = self.api.get(self._path("apps/v1", "deployments", verify_cluster.picker_name(pool)))
        except ApiError as error:
            if not error.missing:
                raise
            picker = None
        return verify_cluster.pool_endpoints(pool, picker)

    def _metric(self) -> Seen:
        name = self.config.model_server.metric_export_name
        self.api.get(self._path("autoscaling.gke.io/v1beta1", "autoscalingmetrics", name))
        return Seen(found=f"AutoscalingMetric {name} is there")

    def _network(self) -> Seen:
        plan = network_policy_plan(self.config)
        policies = self.api.get(self._path(NETWORKING, "networkpolicies")).get("items", [])
        try:
            clusterwide = self.api.get(CLUSTERWIDE).get("items", [])
        except ApiError as error:
            if not error.missing:
                raise
            clusterwide = []
        ours = network_policies(plan) if self.config.cluster.network_policies else {}
        return verify_policies.admitted(
            policies,
            verify_policies.clusterwide_that_deny(clusterwide, namespace=plan.namespace),
            needs=verify_policies.needs(plan),
            ours=[policy["metadata"]["name"] for policy in ours.values()],
        )

    def _check(self, topic: Topic, look: Callable[[], Seen]) -> Check:
        return Check(topic=topic, where=self.key, look=look)

    @property
    def _names(self) -> Names:
        return Names(self.config)

    def _path(self, version: str, plural: str, *name: str) -> str:
        root = "/apis" if "/" in version else "/api"
        return "/".join((root, version, "namespaces", self.config.namespace, plural, *name))
