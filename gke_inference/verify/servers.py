"""What `verify` looks at of one model inside the cluster of one region: its servers, and what they depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from constructs_lib.picker_chart import CHARTS
from constructs_lib.serving_plan import server_labels
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.cluster_api import ClusterApi
from gke_inference.concurrency import Once
from gke_inference.live_platform import LivePlatform
from gke_inference.verify import topics
from gke_inference.verify.cluster import (
    judge_autoscaler,
    judge_inference_pool,
    judge_interfaces,
    judge_server,
    judge_service,
    picker_name,
)
from gke_inference.verify.topic import Topic
from gke_inference.verify.verdict import Verdict
from platform_config.model import Model


@dataclass(frozen=True, kw_only=True)
class ModelServers:
    """
    The servers of one model in one region.

    Attributes:
        live: The platform's live objects.
        key: Key of the region.
        api: The API of its cluster.
        model: The model, one that the region serves.
    """

    live: LivePlatform
    key: str
    api: ClusterApi
    model: Model

    def checks(self) -> Iterator[Check]:
        """Return all checks."""
        labels = ",".join(f"{name}={value}" for name, value in server_labels(self._name).items())
        deployment = Once(lambda: self.api.get(self.live.deployment_path(self.model.key)))
        pods = Once(lambda: self.live.items(self.key, self.live.pods_path, labelSelector=labels))
        yield self._check(topics.SERVER, lambda: self._server(deployment(), pods()))
        first = self.model.serving_nodes(self.key).first
        if first.dranet and first.machine.dra_device_class:
            yield self._check(topics.INTERFACES, lambda: self._interfaces(deployment, pods()))
        if self.model.autoscaling:
            yield self._check(topics.AUTOSCALER, self._autoscaler)
        if self.model.has_pool:
            yield self._check(topics.INFERENCE_POOL, self._inference_pool)
        else:
            yield self._check(topics.SERVICE, self._service)
        if self._has_metric:
            yield self._check(topics.METRIC, self._metric)

    def _server(self, deployment: dict[str, Any], pods: list[Any]) -> Verdict:
        fewest, most = self.model.server_counts(self.key)
        return judge_server(deployment, pods, fewest=fewest, most=most, ready_path=self.model.server.ready_path)

    def _interfaces(self, deployment: Once[dict[str, Any]], pods: list[Any]) -> Verdict:
        try:
            ready = deployment().get("status", {}).get("readyReplicas", 0)
        except ApiError as error:
            if not error.missing:
                raise
            ready = 0
        claims = self.live.items(self.key, self.live.object_path("resource.k8s.io/v1", "resourceclaims"))
        return judge_interfaces(pods, claims, ready=ready)

    def _autoscaler(self) -> Verdict:
        found = self._get("autoscaling/v2", "horizontalpodautoscalers", self._name)
        return judge_autoscaler(found, spills=self._exported)

    def _inference_pool(self) -> Verdict:
        name = self.live.names.inference_pool(self.model.key)
        pool = self._get("inference.networking.k8s.io/v1", "inferencepools", name)
        try:
            picker = self._get("apps/v1", "deployments", picker_name(pool))
        except ApiError as error:
            if not error.missing:
                raise
            picker = None
        return judge_inference_pool(pool, picker, exported=self._exported, left=self._left_pickers(picker_name(pool)))

    def _left_pickers(self, name: str) -> list[Any]:
        """Return the pods of the picker *name* that another chart than the model's has made."""
        own = CHARTS[self.model.inference_pool.chart]
        labels = [f"{chart.label}={name}" for chart in CHARTS.values() if chart != own]
        return [pod for label in labels for pod in self.live.items(self.key, self.live.pods_path, labelSelector=label)]

    def _service(self) -> Verdict:
        service, export = self._get("v1", "services", self._name), None
        try:
            export = self.api.get(self.live.export_path(self.model.key)) if self._exported else None
        except ApiError as error:
            if not error.missing:
                raise
        return judge_service(service, export, port=self.model.server.http_port, exported=self._exported)

    def _metric(self) -> Verdict:
        self._get("autoscaling.gke.io/v1beta1", "autoscalingmetrics", self._name)
        return Verdict(found=f"AutoscalingMetric {self._name} is there")

    def _check(self, topic: Topic, judge: Callable[[], Verdict]) -> Check:
        return topic.of_model(self.model).check(judge, self.key)

    def _get(self, api: str, plural: str, name: str) -> dict[str, Any]:
        return self.api.get(self.live.object_path(api, plural, name))

    @property
    def _exported(self) -> bool:
        """Whether a fleet joins the regions, to which each of them exports its servers."""
        return not self.live.config.is_regional

    @property
    def _has_metric(self) -> bool:
        """Whether the servers' own metric is handed on: to the load balancer of a fleet, or to GKE's autoscaler."""
        scales = self.model.autoscaling is not None and self.model.metric_source == "native"
        return self.model.has_metrics and (self._exported or scales)

    @property
    def _name(self) -> str:
        return self.live.names.model_server(self.model.key)
