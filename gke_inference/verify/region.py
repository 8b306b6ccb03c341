"""What `verify` looks at in one region: its cluster, and what runs there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from constructs_lib import body_routing_chart
from constructs_lib.manifests.body_routing import ROUTING_EXTENSIONS
from constructs_lib.manifests.metrics_adapter import CUSTOM, EXTERNAL, api_services
from constructs_lib.manifests.network_policies import network_policies
from constructs_lib.model_servers import gauge
from gke_inference.api_error import ApiError, remedy
from gke_inference.check import NO_ANSWER, Check
from gke_inference.cluster_api import ClusterApi
from gke_inference.concurrency import Once, Task
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform
from gke_inference.verify import topics
from gke_inference.verify.cluster import judge_adapter, judge_compute_class
from gke_inference.verify.google import judge_cluster, judge_gauge, judge_membership, judge_pool
from gke_inference.verify.guard_rails import judge_body_routing
from gke_inference.verify.network_policies import connections, denying_policies, judge_network_policies
from gke_inference.verify.servers import ModelServers
from gke_inference.verify.verdict import Verdict
from platform_config.model import Model, compute_classes, models_in
from platform_config.names import SYSTEM_POOL
from platform_config.network_plan import network_policy_plan
from platform_config.requirements import version_floor

ADAPTER_GROUPS = {"pods": CUSTOM, "external": EXTERNAL}
"""The API that the autoscaler reads, by where its metric is from; `native` is GKE's own and has none."""
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
COMPUTE_CLASSES = "/apis/cloud.google.com/v1/computeclasses"
CLUSTERWIDE = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies"
"""Only in clusters that have turned them on."""
GAUGE_MINUTES = 10
"""Managed Prometheus hands values on after a minute or two."""


@dataclass(frozen=True)
class Region:
    """
    One region to look at.

    Args:
        live: The platform's live objects.
        key: Key of the region in the config.
        google: Google's APIs.
        models: Keys of the models to look at.
    """

    live: LivePlatform
    key: str
    google: GoogleApi
    models: Collection[str]

    def task(self) -> Task:
        """Return the task: the cluster first, then what is in it, so that a cluster that is gone is one finding."""
        answer = Once(self._ask)
        cluster = topics.CLUSTER.check(partial(self._cluster, answer), self.key)
        return Task(ask=partial(self._look, cluster, answer), unknown=cluster.unknown)

    def _look(self, cluster: Check, answer: Once[dict[str, Any]]) -> tuple[list[Finding], list[Task]]:
        found = cluster.run()
        inside = topics.KUBERNETES.check(lambda: Verdict(found=""), self.key)
        try:
            answer()
        except ApiError:
            why = "nothing in the cluster was looked at: see CLUSTER"
            return [*found, inside.finding(Status.UNKNOWN, why, "see to CLUSTER first")], []
        joined = not self.live.config.is_regional
        around = [topics.MEMBERSHIP.check(self._membership, self.key)] if joined else []
        measured = [model for model in self._served if gauge(model.server)]
        around += [topics.GAUGE.of_model(each).check(partial(self._gauge, each), self.key) for each in measured]
        inner = Task(ask=partial(self._look_inside, inside, answer), unknown=inside.unknown)
        return found, [inner, *(check.task() for check in around)]

    def _look_inside(self, inside: Check, answer: Once[dict[str, Any]]) -> tuple[list[Finding], list[Task]]:
        try:
            api = self._reach()
        except ApiError as error:
            return [self._unreached(inside, error)], []
        reached = inside.finding(Status.GOOD, f"answers; namespace {self.live.config.namespace} is there")
        checks = [*self._pools(answer, api), topics.NETWORK.check(partial(self._network, api), self.key)]
        for model in self._served:
            checks += ModelServers(live=self.live, key=self.key, api=api, model=model).checks()
        if network_policy_plan(self.live.config, self.key).router:
            checks.append(topics.BODY_ROUTING.check(partial(self._body_routing, api), self.key))
        if services := self._adapter_services():
            checks.append(topics.ADAPTER.check(partial(_adapter, api, services), self.key))
        return [reached], [check.task() for check in checks]

    @property
    def _served(self) -> list[Model]:
        """The models to look at that this region serves."""
        return [model for model in models_in(self.live.config, self.key) if model.key in self.models]

    def _adapter_services(self) -> list[str]:
        """Return the APIs through which autoscalers read a metric that is not GKE's own."""
        used = {model.metric_source for model in self._served if model.autoscaling}
        groups = [group for source, group in ADAPTER_GROUPS.items() if source in used]
        return [service["metadata"]["name"] for service in api_services(groups).values()]

    def _network(self, api: ClusterApi) -> Verdict:
        plan = network_policy_plan(self.live.config, self.key)
        path = self.live.object_path("networking.k8s.io/v1", "networkpolicies")
        policies = api.get(path).get("items", [])
        try:
            clusterwide = api.get(CLUSTERWIDE).get("items", [])
        except ApiError as error:
            if not error.missing:
                raise
            clusterwide = []
        own = network_policies(plan) if self.live.config.cluster.network_policies else {}
        return judge_network_policies(
            policies,
            denying_policies(clusterwide, namespace=plan.namespace),
            needed=connections(plan),
            own=[policy["metadata"]["name"] for policy in own.values()],
        )

    def _body_routing(self, api: ClusterApi) -> Verdict:
        plural, _, group = ROUTING_EXTENSIONS.partition(".")
        extension = api.get(self.live.object_path(f"{group}/v1", plural, body_routing_chart.NAME))
        deployment = api.get(self.live.object_path("apps/v1", "deployments", body_routing_chart.NAME))
        return judge_body_routing(extension, deployment)

    def _reach(self) -> ClusterApi:
        """Return the cluster's API; the namespace is read first, so that what fails fails once, not for each check."""
        api = self.live.clusters(self.key)
        api.get(self.live.namespace_path)
        return api

    def _unreached(self, inside: Check, error: ApiError) -> Finding:
        rest = "nothing in the cluster was looked at"
        if error.missing:
            found = f"there is no namespace {self.live.config.namespace}; {rest}"
            return inside.finding(Status.WRONG, found, f"apply {topics.KUBERNETES.stack_of(self.key)}")
        return inside.finding(Status.UNKNOWN, f"{rest}; {NO_ANSWER}: {error.summary}", remedy(error, inside.role))

    def _pools(self, answer: Once[dict[str, Any]], api: ClusterApi) -> Iterator[Check]:
        if self.live.config.cluster.autopilot:
            yield from self._classes(api)
            return
        config, nodes = self.live.config, Once(lambda: api.get("/api/v1/nodes").get("items", []))
        spec, existing = config.cluster.system_pool, config.regions[self.key].existing
        zones = len(config.regions[self.key].zones)
        bounds = {pool: (plan.min_nodes, plan.nodes) for pool, plan in config.pools(self.key).items()}
        if existing.cluster is None:
            bounds = {SYSTEM_POOL: (spec.min_nodes_per_zone * zones, spec.max_nodes_per_zone * zones), **bounds}
        for pool, (fewest, most) in bounds.items():
            wanted, name = f"{fewest}" if fewest == most else f"{fewest} to {most}", existing.node_pools.get(pool, pool)
            topic = replace(topics.POOL, id=f"POOL-{pool.upper()}", needed=f"{wanted} nodes, all ready")
            yield topic.check(partial(_pool, answer, nodes, name, fewest, most), self.key)

    def _classes(self, api: ClusterApi) -> Iterator[Check]:
        """Yield one check for each ComputeClass: in an Autopilot cluster it stands for node pools."""
        for name, _ in compute_classes(self.live.config, self.key):
            topic = replace(topics.COMPUTE_CLASS, id=f"COMPUTE-CLASS-{name.upper()}")
            yield topic.check(partial(_class, api, name), self.key)

    def _cluster(self, answer: Once[dict[str, Any]]) -> Verdict:
        return judge_cluster(answer(), floor=version_floor(self.live.config, self.key))

    def _membership(self) -> Verdict:
        names = self.live.names
        member = names.membership(self.key)
        answer = self.google.call("gkehub", "v1", "projects.locations.memberships.get", name=member)
        return judge_membership(answer, cluster_path=names.cluster_path(self.key))

    def _gauge(self, model: Model) -> Verdict:
        """Judge the gauge of *model*; managed Prometheus calls its PodMonitoring `job`."""
        config, names, now = self.live.config, self.live.names, datetime.now(timezone.utc)
        labels = {"cluster": names.cluster(self.key), "namespace": config.namespace}
        labels["job"] = names.model_server(model.key)
        terms = [f'metric.type = "prometheus.googleapis.com/{gauge(model.server)}/gauge"']
        terms += [f'resource.labels.{label} = "{value}"' for label, value in labels.items()]
        series = self.google.pages(
            "monitoring",
            "v3",
            "projects.timeSeries.list",
            items="timeSeries",
            name=f"projects/{config.project}",
            filter=" AND ".join(terms),
            interval_startTime=_rfc3339(now - timedelta(minutes=GAUGE_MINUTES)),
            interval_endTime=_rfc3339(now),
        )
        return judge_gauge(series, minutes=GAUGE_MINUTES)

    def _ask(self) -> dict[str, Any]:
        path = self.live.names.cluster_path(self.key)
        return self.google.call("container", "v1", "projects.locations.clusters.get", name=path)


def _pool(answer: Once[dict[str, Any]], nodes: Once[list[Any]], name: str, fewest: int, most: int) -> Verdict:
    return judge_pool(answer(), nodes(), name=name, fewest=fewest, most=most)


def _class(api: ClusterApi, name: str) -> Verdict:
    return judge_compute_class(api.get(f"{COMPUTE_CLASSES}/{name}"))


def _adapter(api: ClusterApi, services: list[str]) -> Verdict:
    return judge_adapter({name: api.get(f"{API_SERVICES}/{name}") for name in services})


def _rfc3339(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
