"""Two clusters that behave when they are changed, and a gateway whose requests go where servers are ready."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from constructs_lib.manifests.autoscaler import horizontal_pod_autoscaler, native_metric
from constructs_lib.manifests.gateway import gateway, gcp_backend_policy
from platform_config.config import Config
from platform_config.names import Names
from tests.gke_inference.cluster_stand_in import ClusterStandIn, Manifest
from tests.gke_inference.pod_stand_in import RunningPods
from tests.gke_inference.stand_in_server import StandInServer


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
        self.servers = f"{self.pods}/{names.model_server}-"
        self.labels = {"app": names.model_server}
        container = {"name": "vllm", "image": self.config.model_server.image}
        template = {"metadata": {"labels": self.labels}, "spec": {"containers": [container]}}
        spec = {"replicas": self.replicas, "selector": {"matchLabels": self.labels}, "template": template}
        self.api.objects[self.deployment] = workload("Deployment", names.model_server, namespace, self.labels, spec)
        machine = self.config.serving_nodes(self.key).first.machine
        self.running = RunningPods(self.api)
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

    def add_gateway(self, *addresses: str) -> None:
        """The gateway, with the addresses that it was given."""
        names, namespace, spec = Names(self.config), self.config.namespace, self.config.gateway
        path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/gateways/{names.gateway}"
        made = gateway(
            name=names.gateway, namespace=namespace, gateway_class="gke-l7-cross-regional-internal-managed-mc",
            port=spec.port, addresses=[(region.region, None) for region in self.config.regions.values()],
        )  # fmt: skip
        self.api.objects[path] = made
        # The status is the controller's: the schema of what is applied does not know it.
        given = [{"type": "IPAddress", "value": address} for address in addresses]
        self.api.objects[path]["status"] = {"addresses": given}

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
        if path.startswith(f"{self.pods}/") and not path.startswith(self.servers):
            (self.running.start if method == "POST" else self.running.stop)(path)
            return
        room = [name for name in ("node-0", "node-1") if name not in self.cordoned]
        here = [path for path in self.api.objects if path.startswith(self.servers)]
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
        pods = sum(path.startswith(self.servers) for path in self.api.objects)
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
