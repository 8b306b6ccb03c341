"""Two clusters that behave when they are changed, and a gateway whose requests go where servers are ready."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import trustme

from constructs_lib.manifests.autoscaler import horizontal_pod_autoscaler, native_metric
from constructs_lib.manifests.gateway import gcp_backend_policy
from stacks.config import Config
from stacks.names import Names
from tests.configs import EXAMPLE
from tests.operations.cluster_stand_in import TOKEN, ClusterStandIn, Manifest
from tests.operations.stand_in_server import StandInServer

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import json, os, sys
from operations.cli import main
from operations.drill import command as drill
from operations.cluster_api import ClusterApi
hosts = json.loads(os.environ["DRILL_CLUSTERS"])
apis = {key: ClusterApi(host=host, token=lambda: os.environ["DRILL_TOKEN"]) for key, host in hosts.items()}
drill.clusters_of = lambda config: apis.__getitem__
sys.exit(main())
"""
"""The command line with the clusters of a test."""


def workload(kind: str, name: str, namespace: str, labels: dict[str, str], spec: dict[str, Any]) -> Manifest:
    """A Deployment or Pod."""
    version = "apps/v1" if kind == "Deployment" else "v1"
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


@dataclass
class DrillCluster:
    """The cluster of one region: its Deployment follows its scale, its pods follow its nodes."""

    config: Config
    key: str
    replicas: int = 2
    start_sec: float = 0.05
    api: ClusterStandIn = field(default_factory=ClusterStandIn)

    def __post_init__(self) -> None:
        names, namespace = Names(self.config), self.config.namespace
        self.deployment = f"/apis/apps/v1/namespaces/{namespace}/deployments/{names.model_server}"
        self.policy = f"/apis/networking.gke.io/v1/namespaces/{namespace}/gcpbackendpolicies/{names.gateway}-backend"
        self.pods = f"/api/v1/namespaces/{namespace}/pods"
        self.labels = {"app": names.model_server}
        container = {"name": "vllm", "image": self.config.model_server.image}
        template = {"metadata": {"labels": self.labels}, "spec": {"containers": [container]}}
        spec = {"replicas": self.replicas, "selector": {"matchLabels": self.labels}, "template": template}
        self.api.objects[self.deployment] = workload("Deployment", names.model_server, namespace, self.labels, spec)
        machine = self.config.serving_nodes(self.key).first.machine
        for number in range(self.replicas + 1):
            node = {"name": f"node-{number}", "labels": {machine.label: machine.label_value}}
            # The last one was cordoned by somebody else.
            spec = {"unschedulable": True} if number == self.replicas else {}
            self.api.objects[f"/api/v1/nodes/node-{number}"] = {
                "apiVersion": "v1", "kind": "Node", "metadata": node, "spec": spec,
            }  # fmt: skip
        self._place_pods()
        self.api.changed = self.follow

    def add_policy(self) -> None:
        """The gateway's backend policy, as the config cluster has it."""
        names = Names(self.config)
        self.api.objects[self.policy] = gcp_backend_policy(
            name=f"{names.gateway}-backend", namespace=self.config.namespace, pool=names.inference_pool,
            spec=self.config.gateway, export_name="kv-cache", regions=tuple(self.config.regions.values()),
        )  # fmt: skip

    def add_autoscaler(self) -> None:
        """The autoscaler of the config."""
        assert self.config.autoscaling
        name, namespace = Names(self.config).model_server, self.config.namespace
        metric = native_metric(object_name="kv-cache", export_name="kv-cache", target_percent=50)
        path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}"
        self.api.objects[path] = horizontal_pod_autoscaler(
            name=name, namespace=namespace, deployment=name, metric=metric, spec=self.config.autoscaling
        )

    @property
    def wanted(self) -> int:
        """Replicas that are asked for."""
        return int(self.api.objects[self.deployment]["spec"]["replicas"])

    @property
    def ready(self) -> int:
        """Replicas that answer."""
        return int(self.api.objects[self.deployment].get("status", {}).get("readyReplicas", 0))

    @property
    def cordoned(self) -> list[str]:
        """Names of the nodes that take no pods."""
        nodes = [manifest for path, manifest in self.api.objects.items() if path.startswith("/api/v1/nodes/")]
        return [node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")]

    def scopes(self) -> Any:
        """The scopes of the gateway's policy."""
        return self.api.objects[self.policy]["spec"]["default"].get("scopes")

    def follow(self, method: str, path: str) -> None:
        """What the controllers do after a change."""
        if path == self.policy:
            return
        room = [name for name in ("node-0", "node-1") if name not in self.cordoned]
        here = [path for path in self.api.objects if path.startswith(f"{self.pods}/")]
        for path in here[self.wanted :]:
            del self.api.objects[path]
        self._count()
        if room and self.wanted and len(here) < self.wanted:
            threading.Timer(self.start_sec, self._place_pods).start()

    def _place_pods(self) -> None:
        with self.api.lock:
            for number in range(self.wanted):
                if f"node-{number}" not in self.cordoned:
                    spec = {"containers": [{"name": "vllm", "image": self.config.model_server.image}]}
                    name = f"{Names(self.config).model_server}-{number}"
                    self.api.objects[f"{self.pods}/{name}"] = workload(
                        "Pod", name, self.config.namespace, self.labels, spec
                    )
            self._count()

    def _count(self) -> None:
        pods = sum(path.startswith(f"{self.pods}/") for path in self.api.objects)
        deployment = self.api.objects[self.deployment]
        # Fields that are 0 are left out, as the API server does.
        status = {"replicas": pods, "readyReplicas": pods} if pods else {}
        self.api.objects[self.deployment] = {**deployment, "status": status}


@dataclass
class DrillGateway(StandInServer):
    """Requests go to the first region that the gateway takes for up; it finds out after *detection_sec*."""

    clusters: tuple[DrillCluster, ...] = ()
    policy_of: DrillCluster | None = None
    detection_sec: float = 0.15
    ignores_drains: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.believed = dict.fromkeys(self.regions, True)
        self.differs_since: dict[str, float] = {}
        self.tokens, self.token_sec = 2, 0.001

    def answer(self, http: BaseHTTPRequestHandler) -> None:
        """Choose a region as the load balancer would; one that is down but not known to be gives 503."""
        with self.lock:
            up = {cluster.config.regions[cluster.key].region: cluster.ready > 0 for cluster in self.clusters}
            self._look(up)
            taken = [name for name in self.regions if self.believed[name] and name not in self._drained()]
            chosen = taken[0] if taken else ""
            self.home_slots = 1000 if chosen == self.regions[0] else 0
            self.failure = "" if chosen and up[chosen] else "503"
        super().answer(http)

    def _look(self, up: dict[str, bool]) -> None:
        now = time.monotonic()
        for name in self.regions:
            if up[name] == self.believed[name]:
                self.differs_since.pop(name, None)
            elif now - self.differs_since.setdefault(name, now) >= self.detection_sec:
                self.believed[name] = up[name]

    def _drained(self) -> set[str]:
        assert self.policy_of
        scopes = [] if self.ignores_drains else self.policy_of.scopes() or []
        return {s["selector"]["gke.io/region"] for s in scopes if s.get("capacityScalerPercent") == 0}


@dataclass
class Rig:
    """Everything that a drill touches."""

    config: Config
    file: Path
    home: DrillCluster
    other: DrillCluster
    gateway: DrillGateway
    hosts: dict[str, str]
    url: str

    @property
    def clusters(self) -> tuple[DrillCluster, DrillCluster]:
        """Both."""
        return self.home, self.other

    def scale(self, cluster: DrillCluster, replicas: int) -> None:
        """Another number of servers, at once."""
        deployment = cluster.api.objects[cluster.deployment]
        cluster.api.objects[cluster.deployment] = {**deployment, "spec": {**deployment["spec"], "replicas": replicas}}
        cluster.follow("PATCH", cluster.deployment)

    def drain(self, region: str) -> None:
        """Region *region* drained by somebody else."""
        assert self.gateway.policy_of
        holder = self.gateway.policy_of
        policy = copy.deepcopy(holder.api.objects[holder.policy])
        policy["spec"]["default"]["scopes"] = [{"selector": {"gke.io/region": region}, "capacityScalerPercent": 0}]
        holder.api.objects[holder.policy] = policy

    def arguments(self, *more: str, journal: Path) -> list[str]:
        """A short drill of the first region."""
        return [
            "--config", str(self.file), "--output", "json", "drill", "--region", self.home.key, "--url", self.url,
            "--rate-per-sec", "50", "--baseline-sec", "0.2", "--outage-sec", "0.4", "--recovery-sec", "5",
            "--max-error-rate", "0.6", "--restore-timeout-sec", "20", "--journal", str(journal), *more,
        ]  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command line in a process of its own."""
        known = {"DRILL_CLUSTERS": json.dumps(self.hosts), "DRILL_TOKEN": TOKEN, "COLUMNS": "100"}
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, env=os.environ | known, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


@contextmanager
def rig(
    config: Config, home: str, other: str, file: Path = EXAMPLE, *, authority: trustme.CA | None = None
) -> Iterator[Rig]:
    """Clusters and gateway of *config*, running; requests go to the region *home* first."""
    clusters = DrillCluster(config, home), DrillCluster(config, other)
    holder = next(cluster for cluster in clusters if config.regions[cluster.key].config_cluster)
    holder.add_policy()
    names = config.regions[home].region, config.regions[other].region
    gateway = DrillGateway(regions=names, clusters=clusters, policy_of=holder)
    with ExitStack() as stack:
        hosts = {cluster.key: stack.enter_context(cluster.api.serving(authority)) for cluster in clusters}
        url = stack.enter_context(gateway.serving())
        yield Rig(config, file, *clusters, gateway, hosts, url)
