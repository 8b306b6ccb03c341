"""What `verify` looks at of a cluster outside Google Cloud: its servers, and what leads to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from constructs_lib.manifests.gateway import GATEWAY_API
from constructs_lib.serving_plan import server_labels
from constructs_lib.specs import OutsideModelSpec, OutsideSpec
from gke_inference.api_error import ApiError
from gke_inference.check import NO_ANSWER, Check
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status
from gke_inference.live_platform import LivePlatform
from gke_inference.outside_cluster import OutsideCluster
from gke_inference.verify import topics
from gke_inference.verify.cluster import judge_server
from gke_inference.verify.gateway import judge_route
from gke_inference.verify.topic import Topic
from gke_inference.verify.verdict import Object, Verdict
from platform_config.model import Model
from platform_config.outside_plan import outside_models


@dataclass(frozen=True, kw_only=True)
class Outside:
    """
    The checks of one cluster outside.

    Attributes:
        live: The platform's live objects.
        key: Key of the cluster.
        models: Models to look at, by their key in the config.
    """

    live: LivePlatform
    key: str
    models: Collection[str]

    def task(self) -> Task:
        """Return the task: the cluster first, then what is in it, so that one that does not answer is one finding."""
        cluster = topics.OUTSIDE.check(lambda: Verdict(found=""), self.key)
        return Task(ask=lambda: self._look(cluster), unknown=cluster.unknown)

    def _look(self, cluster: Check) -> tuple[list[Finding], list[Task]]:
        try:
            self._api.get(self.live.namespace_path)
        except ApiError as error:
            if error.missing:
                found = f"there is no namespace {self.live.config.namespace}"
                return [cluster.finding(Status.WRONG, found, f"apply {topics.OUTSIDE.stack_of(self.key)}")], []
            found, fix = f"{NO_ANSWER}: {error.summary}", self._api.remedy(error)
            return [cluster.finding(Status.UNKNOWN, found, fix)], []
        reached = cluster.finding(Status.GOOD, f"answers; namespace {self.live.config.namespace} is there")
        return [reached], [check.task() for check in self._checks()]

    def _checks(self) -> Iterator[Check]:
        for secret in self._secrets():
            yield topics.OUTSIDE_SECRET.check(partial(self._secret, secret), self.key)
        for model, pods in outside_models(self.live.config, self.key).items():
            if model not in self.models:
                continue
            yield self._check(topics.OUTSIDE_SERVER, model, partial(self._server, model, pods))
            entry = self._route if self._spec.gateway is not None else self._ingress
            yield self._check(topics.OUTSIDE_ENTRY, model, partial(entry, model))

    def _check(self, topic: Topic, model: str, judge: Callable[[], Verdict]) -> Check:
        return topic.of_model(Model(self.live.config, model)).check(judge, self.key)

    @property
    def _spec(self) -> OutsideSpec:
        return self.live.config.outside[self.key]

    @property
    def _api(self) -> OutsideCluster:
        return OutsideCluster(spec=self._spec)

    def _secrets(self) -> Iterator[str]:
        """Yield the name of each Secret that its owner makes in the platform's namespace."""
        token, tunnel = self._spec.hugging_face_token, self._spec.tunnel
        named = (self._spec.tls_secret, token.name if token else None, tunnel.secret if tunnel else None)
        yield from dict.fromkeys(name for name in named if name is not None)

    def _secret(self, name: str) -> Verdict:
        there = self._api.has_secret(self.live.config.namespace, name)
        problems = () if there else (f"there is no Secret {name} in {self.live.config.namespace}",)
        return Verdict(found=f"{name} is there", problems=problems)

    def _server(self, model: str, pods: OutsideModelSpec) -> Verdict:
        labels = ",".join(f"{name}={value}" for name, value in server_labels(self._name(model)).items())
        deployment = self._api.get(self.live.deployment_path(model))
        found = self._api.get(f"{self.live.pods_path}?{urlencode({'labelSelector': labels})}").get("items", [])
        scaling = pods.autoscaling
        fewest, most = (scaling.min_replicas, scaling.max_replicas) if scaling else (pods.replicas, pods.replicas)
        ready_path = Model(self.live.config, model).server.ready_path
        return judge_server(deployment, found, fewest=fewest, most=most, ready_path=ready_path)

    def _ingress(self, model: str) -> Verdict:
        return judge_ingress(self._get("networking.k8s.io/v1", "ingresses", model))

    def _route(self, model: str) -> Verdict:
        return judge_route(self._get(GATEWAY_API, "httproutes", model))

    def _get(self, api: str, plural: str, model: str) -> dict[str, Any]:
        return self._api.get(self.live.object_path(api, plural, self._name(model)))

    def _name(self, model: str) -> str:
        return self.live.names.model_server(model)


def judge_ingress(found: Object) -> Verdict:
    """Judge whether a controller has taken the Ingress: it writes where it is reached."""
    given = found.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    places = [str(entry.get("ip") or entry.get("hostname")) for entry in given]
    problems = () if places else ("no controller has written an address into its status",)
    return Verdict(found=f"an Ingress at {', '.join(places)}", problems=problems)
