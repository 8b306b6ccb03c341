"""Two clusters that behave when they are changed, and a gateway whose requests go where servers are ready."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from constructs_lib.serving_nodes import POOL_LABEL
from platform_config.config import Config
from platform_config.model import Model, models_in
from platform_config.names import Names
from platform_config.stack_graph import GATEWAY_STACK, serving_stack
from tests.checks.kubernetes_objects import objects
from tests.gke_inference.cluster_stand_in import ClusterStandIn, Manifest
from tests.gke_inference.pod_stand_in import RunningPods
from tests.gke_inference.stand_in_server import StandInServer
from tests.gke_inference.verify_platform import path_of
from tests.synthesized import Synthesized


@dataclass(frozen=True)
class DrillServers:
    """
    The servers of one model in a cluster.

    Attributes:
        deployment: Path of the Deployment.
        pods: What the paths of its pods begin with.
        template: Its pods.
        nodes: What the names of its nodes begin with.
    """

    deployment: str
    pods: str
    template: Manifest
    nodes: str


@dataclass
class DrillCluster:
    """
    The cluster of one region: its Deployment follows its scale, its pods follow its nodes.

    Attributes:
        config: The platform.
        key: Key of the region.
        synthesized: What Terraform applies; the objects of the cluster are taken from there.
        model: Key of the model that the gateway asks; the servers of the others are there and get no request.
        replicas: Model servers that are wanted and ready at first, of each model.
        start_sec: How long a pod takes to be ready.
    """

    config: Config
    key: str
    synthesized: Synthesized
    model: str
    replicas: int = 2
    start_sec: float = 0.05
    api: ClusterStandIn = field(default_factory=ClusterStandIn)

    def __post_init__(self) -> None:
        self.pods = path_of("Pod", "v1", "", self.config.namespace)
        self.policy, self.policies = "", dict[str, str]()
        self.running = RunningPods(self.api)
        self.models = {model.key: self._add_servers(model) for model in models_in(self.config, self.key)}
        self.deployment, self.servers = self.models[self.model].deployment, self.models[self.model].pods
        for autoscaler in self._applied(serving_stack(self.key), "HorizontalPodAutoscaler"):
            self._put(autoscaler)
        for model in self.models.values():
            self._place_pods(model)
        if self.config.regions[self.key].config_cluster:
            applied = {
                policy["metadata"]["name"]: policy for policy in self._applied(GATEWAY_STACK, "GCPBackendPolicy")
            }
            names = {model: Names(self.config).backend_policy(model) for model in self.config.models}
            self.policies = {model: self._put(applied[name]) for model, name in names.items()}
            self.policy = self.policies[self.model]
        self.api.changed = self.follow

    def _add_servers(self, model: Model) -> DrillServers:
        """Add the Deployment of *model*, and the nodes of its pool."""
        name = Names(self.config).model_server(model.key)
        [server] = (
            one for one in self._applied(serving_stack(self.key), "Deployment") if name == one["metadata"]["name"]
        )
        nodes = model.serving_nodes(self.key)
        pool = next(iter(nodes.pools))
        first = next(iter(Model(self.config, self.model).serving_nodes(self.key).pools))
        prefix = "node" if pool == first else f"node-{pool}"
        for number in range(self.replicas + 1):
            node = {"name": f"{prefix}-{number}", "labels": {POOL_LABEL: pool, **nodes.first.node_selector}}
            # The last one was cordoned by somebody else.
            spec = {"unschedulable": True} if number == self.replicas else {}
            status = {"conditions": [{"type": "Ready", "status": "True"}]}
            self._put({"apiVersion": "v1", "kind": "Node", "metadata": node, "spec": spec, "status": status})
        deployment = self._put({**server, "spec": {**server["spec"], "replicas": self.replicas}})
        return DrillServers(deployment, f"{self.pods}/{name}-", server["spec"]["template"], prefix)

    def add_gateway(self, *addresses: str) -> None:
        """Put in the gateway, with the addresses that its controller gave it."""
        [gateway] = self._applied(GATEWAY_STACK, "Gateway")
        path = self._put(gateway)
        # The status is the controller's: the schema of what is applied does not know it.
        given = [{"type": "IPAddress", "value": address} for address in addresses]
        self.api.objects[path]["status"] = {"addresses": given}

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
        nodes = [manifest for manifest in self.api.objects.values() if manifest["kind"] == "Node"]
        return [node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")]

    def replicas_of(self, model: str) -> int:
        """Return how many servers of *model* are asked for."""
        return int(self.api.objects[self.models[model].deployment]["spec"]["replicas"])

    def scopes(self, model: str = "") -> Any:
        """Return the scopes of the policy of *model*, or of the one that is asked."""
        policy = self.policies[model] if model else self.policy
        return self.api.objects[policy]["spec"]["default"].get("scopes")

    def follow(self, method: str, path: str) -> None:
        """Do what the controllers do after a change."""
        if path in self.policies.values():
            return
        is_server = any(path.startswith(model.pods) for model in self.models.values())
        if path.startswith(f"{self.pods}/") and not is_server:
            (self.running.start if method == "POST" else self.running.stop)(path)
            return
        for key, model in self.models.items():
            wanted = self.replicas_of(key)
            room = [number for number in range(2) if f"{model.nodes}-{number}" not in self.cordoned]
            here = [path for path in self.api.objects if path.startswith(model.pods)]
            for path in here[wanted:]:
                del self.api.objects[path]
            self._count(model)
            if room and wanted and len(here) < wanted:
                threading.Timer(self.start_sec, self._place_pods, (model,)).start()

    def _applied(self, stack: str, kind: str) -> Iterator[Manifest]:
        """Yield the Kubernetes objects of *kind* that Terraform applies from *stack*."""
        return (manifest for _, manifest in objects(self.synthesized.stacks[stack]) if manifest["kind"] == kind)

    def _put(self, manifest: Manifest) -> str:
        """Put an object in, and return its path."""
        metadata = manifest["metadata"]
        path = path_of(manifest["kind"], manifest["apiVersion"], metadata["name"], metadata.get("namespace", ""))
        self.api.objects[path] = manifest
        return path

    def _place_pods(self, model: DrillServers) -> None:
        with self.api.lock:
            container = model.template["spec"]["containers"][0]
            spec = {"containers": [{"name": container["name"], "image": container["image"]}]}
            for number in range(int(self.api.objects[model.deployment]["spec"]["replicas"])):
                if f"{model.nodes}-{number}" not in self.cordoned:
                    name = f"{model.pods.rpartition('/')[2]}{number}"
                    labels = model.template["metadata"]["labels"]
                    metadata = {"name": name, "namespace": self.config.namespace, "labels": labels}
                    self._put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
            self._count(model)

    def _count(self, model: DrillServers) -> None:
        pods = sum(path.startswith(model.pods) for path in self.api.objects)
        deployment = self.api.objects[model.deployment]
        # Fields that are 0 are left out, as the API server does.
        status = {"replicas": pods, "readyReplicas": pods} if pods else {}
        self.api.objects[model.deployment] = {**deployment, "status": status}


@dataclass
class DrillGateway(StandInServer):
    """Requests go to the first region that the gateway takes for up; it finds out after *detection_sec*."""

    clusters: tuple[DrillCluster, ...] = ()
    policy_of: DrillCluster | None = None
    detection_sec: float = 0.06
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
        """Regional gateways have no drain, and no cluster that holds the policies of all."""
        scopes = (self.policy_of.scopes() or []) if self.policy_of and not self.ignores_drains else []
        return {s["selector"]["gke.io/region"] for s in scopes if s.get("capacityScalerPercent") == 0}
