"""Everything that `verify` looks at in one region: its cluster, and what runs there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from constructs_lib import vllm
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.once import Once
from gke_inference.remedy import remedy
from gke_inference.side_by_side import Task
from gke_inference.verify import google as verify_google
from gke_inference.verify import topics
from gke_inference.verify.check import Check, Seen, Topic, told
from gke_inference.verify.workloads import Workloads
from platform_config.config import Config
from platform_config.names import SYSTEM_POOL, Names
from platform_config.versions import version_floor

Connect = Callable[[str], ClusterApi]
"""Gives the Kubernetes API of the cluster of the region with this key, or raises `ApiError`."""

GAUGE_MINUTES = 10
"""Managed Prometheus hands values on after a minute or two."""


@dataclass(frozen=True)
class Region:
    """
    One region to look at.

    Args:
        key: Its key in the config.
        connect: Reaches clusters.
    """

    config: Config
    key: str
    google: GoogleApi
    connect: Connect

    def task(self) -> Task:
        """Look at the cluster itself; next at what is in it and around it, so that a cluster that is gone is one."""
        answer = Once(self._ask)
        cluster = self._check(topics.CLUSTER, partial(self._cluster, answer))
        return Task(ask=partial(self._look, cluster, answer), untold=cluster.unknown)

    def _look(self, cluster: Check, answer: Once[dict[str, Any]]) -> tuple[list[Finding], list[Task]]:
        found = cluster.run()
        inside = self._check(topics.KUBERNETES, lambda: Seen(found=""))
        try:
            answer()
        except ApiError:
            unseen = "nothing in the cluster was looked at: see CLUSTER"
            return [found, inside.finding(Status.UNKNOWN, unseen, "see to CLUSTER first")], []
        around = [self._check(topics.MEMBERSHIP, self._member), self._check(topics.GAUGE, self._gauge)]
        inner = Task(ask=partial(self._look_inside, inside, answer), untold=inside.unknown)
        return [found], [inner, *(check.task() for check in around)]

    def _look_inside(self, inside: Check, answer: Once[dict[str, Any]]) -> tuple[list[Finding], list[Task]]:
        try:
            api = self._reach()
        except ApiError as error:
            return [self._unreached(inside, error)], []
        reached = inside.finding(Status.GOOD, f"answers; namespace {self.config.namespace} is there")
        workloads = Workloads(config=self.config, key=self.key, api=api)
        return [reached], [check.task() for check in (*self._pools(answer, api), *workloads.checks())]

    def _reach(self) -> ClusterApi:
        """The cluster's API; asked for the namespace first, so that what fails fails once and not for each check."""
        api = self.connect(self.key)
        api.get(f"/api/v1/namespaces/{self.config.namespace}")
        return api

    def _unreached(self, inside: Check, error: ApiError) -> Finding:
        unseen = "nothing in the cluster was looked at"
        if error.missing:
            found = f"there is no namespace {self.config.namespace}; {unseen}"
            return inside.finding(Status.WRONG, found, f"apply {inside.topic.stack}")
        return inside.finding(Status.UNKNOWN, f"{unseen}; {told(error)}", remedy(error, inside.topic.role))

    def _pools(self, answer: Once[dict[str, Any]], api: ClusterApi) -> Iterator[Check]:
        nodes = Once(lambda: api.get("/api/v1/nodes").get("items", []))
        spec, zones = self.config.cluster.system_pool, len(self.config.regions[self.key].zones)
        bounds = {SYSTEM_POOL: (spec.min_nodes_per_zone * zones, spec.max_nodes_per_zone * zones)}
        bounds |= {name: (pool.min_nodes, pool.nodes) for name, pool in self.config.pools(self.key).items()}
        for name, (fewest, most) in bounds.items():
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            topic = replace(topics.POOL, id=f"POOL-{name.upper()}", needed=f"{wanted} nodes, all ready")
            yield self._check(topic, partial(_pool, answer, nodes, name, fewest, most))

    def _cluster(self, answer: Once[dict[str, Any]]) -> Seen:
        return verify_google.cluster(answer(), floor=version_floor(self.config, self.key))

    def _member(self) -> Seen:
        name = self._names.membership(self.key)
        answer = self.google.call("gkehub", "v1", "projects.locations.memberships.get", name=name)
        return verify_google.membership(answer, cluster_path=self._path)

    def _gauge(self) -> Seen:
        now = datetime.now(timezone.utc)
        labels = {"cluster": self._names.cluster(self.key), "namespace": self.config.namespace}
        terms = [f'metric.type = "prometheus.googleapis.com/{vllm.kv_cache_metric(self.config.model_server)}/gauge"']
        terms += [f'resource.labels.{label} = "{value}"' for label, value in labels.items()]
        series = self.google.pages(
            "monitoring",
            "v3",
            "projects.timeSeries.list",
            items="timeSeries",
            name=f"projects/{self.config.project}",
            filter=" AND ".join(terms),
            interval_startTime=_rfc3339(now - timedelta(minutes=GAUGE_MINUTES)),
            interval_endTime=_rfc3339(now),
        )
        return verify_google.gauge(series, minutes=GAUGE_MINUTES)

    def _ask(self) -> dict[str, Any]:
        return self.google.call("container", "v1", "projects.locations.clusters.get", name=self._path)

    def _check(self, topic: Topic, look: Callable[[], Seen]) -> Check:
        return Check(topic=topic, where=self.key, look=look)

    @property
    def _names(self) -> Names:
        return Names(self.config)

    @property
    def _path(self) -> str:
        return self._names.cluster_path(self.key)


def _pool(answer: Once[dict[str, Any]], nodes: Once[list[Any]], name: str, fewest: int, most: int) -> Seen:
    return verify_google.pool(answer(), nodes(), name=name, fewest=fewest, most=most)


def _rfc3339(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
