"""A platform as we deploy it, on stand-ins, where all is well; for tests of `verify`, which break one thing of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from constructs_lib.manifests.region_header import HEADER
from stacks.config import Config
from stacks.load import load
from stacks.names import SYSTEM_POOL, Names
from tests.checks.kubernetes_objects import objects
from tests.configs import ELASTIC, EXAMPLE
from tests.operations import stand_in_server
from tests.operations.cluster_stand_in import ClusterStandIn, Manifest, Objects
from tests.operations.conftest import InferenceOps, Ran
from tests.operations.google_stand_in import Fault, GoogleStandIn
from tests.operations.stand_in_server import StandInServer
from tests.synthesized import Synthesized, synthesize

ADDRESSES = {"us": "10.0.4.2", "eu": "10.1.4.2"}
BACKEND_SERVICE = "gkemcg1-inference-gemma-pool-8000-abcdefghijkl"
PLURALS = {
    "APIService": "apiservices", "AutoscalingMetric": "autoscalingmetrics", "GCPBackendPolicy": "gcpbackendpolicies",
    "Gateway": "gateways", "HTTPRoute": "httproutes", "HealthCheckPolicy": "healthcheckpolicies",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers", "Deployment": "deployments",
    "InferencePool": "inferencepools", "Namespace": "namespaces", "Node": "nodes", "Pod": "pods",
    "ResourceClaim": "resourceclaims", "ResourceClaimTemplate": "resourceclaimtemplates",
    "GCPInferencePoolImport": "gcpinferencepoolimports",
}  # fmt: skip


def path_of(kind: str, version: str, name: str, namespace: str = "inference") -> str:
    """Where the Kubernetes API has the object; an empty *namespace* for one that is in none."""
    root = "/apis" if "/" in version else "/api"
    return "/".join(filter(None, (root, version, namespace and f"namespaces/{namespace}", PLURALS[kind], name)))


def true(*types: str) -> list[dict[str, str]]:
    """Conditions that all hold."""
    time = "2026-01-01T00:00:00Z"
    return [
        {"type": name, "status": "True", "reason": name, "message": "", "lastTransitionTime": time} for name in types
    ]


@dataclass
class Platform:
    """
    A whole platform on stand-ins, healthy when made.

    Attributes:
        google: Google's APIs; what they answer is in `documents`, by its name or address.
        clusters: The Kubernetes API of each region.
        gateways: What answers completions at the gateway's address in each region.
        urls: Where each of them is, while it listens.
        command: `inference-ops` with these arguments.
    """

    config: Config
    google: GoogleStandIn = field(default_factory=GoogleStandIn)
    clusters: dict[str, ClusterStandIn] = field(default_factory=dict)
    gateways: dict[str, StandInServer] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    command: Callable[..., Ran] = lambda *arguments: Ran(0, "", "")

    def run(self, *arguments: str, output: str = "json", only: str = "") -> Ran:
        """`inference-ops verify` with these arguments, of all regions or *only* one."""
        keys = [only] if only else list(self.urls)
        urls = [part for key in keys for part in ("--url-for", f"{key}={self.urls[key]}")]
        region = ("--region", only) if only else ()
        path = next(path for path in (EXAMPLE, ELASTIC) if load(path).name == self.config.name)
        return self.command("--config", str(path), "--output", output, "verify", *region, *urls, *arguments)

    @property
    def names(self) -> Names:
        """Its cloud names."""
        return Names(self.config)

    def object(self, key: str, kind: str) -> Manifest:
        """The first object of *kind* in the cluster of region *key*, to change its status."""
        return next(made for made in self.clusters[key].objects.values() if made["kind"] == kind)

    def named(self, key: str, kind: str, name: str) -> Manifest:
        """The object of this kind and name."""
        made = self.clusters[key].objects.values()
        return next(entry for entry in made if (entry["kind"], entry["metadata"]["name"]) == (kind, name))

    def cluster(self, key: str) -> dict[str, Any]:
        """What Google tells of the cluster."""
        return self.documents[f"{self.names.cluster_location(key)}/clusters/{self.names.cluster(key)}"]

    def health(self, key: str) -> dict[str, Any]:
        """What the load balancer tells of the region's servers."""
        zone = self.config.regions[key].zones[0]
        return next(told for name, told in self.documents.items() if f"/zones/{zone}/" in name)

    def forget(self, key: str, kind: str) -> None:
        """Take all objects of *kind* away, so that it has none of them."""
        made = self.clusters[key].objects
        for path in [path for path, entry in made.items() if entry["kind"] == kind]:
            del made[path]

    def put(self, key: str, manifest: Manifest) -> None:
        """Put an object in; it is held against its schema, all but the status that only controllers write."""
        manifest = copy.deepcopy(manifest)
        status = manifest.pop("status", None) if "." in manifest["apiVersion"].partition("/")[0] else None
        meta = manifest["metadata"]
        path = path_of(manifest["kind"], manifest["apiVersion"], meta["name"], meta.get("namespace", ""))
        self.clusters[key].objects[path] = manifest
        if status:
            self.clusters[key].objects[path]["status"] = status


def healthy(config: Config, synthesized: Synthesized) -> Platform:
    """The platform of *config*, with every object that is applied, and the status of one where all is well."""
    platform = Platform(config)
    for key, spec in config.regions.items():
        platform.clusters[key] = ClusterStandIn()
        others = [other.region for other in config.regions.values() if other.region != spec.region]
        answering = next((other.region for other in config.regions.values() if other.preferred), spec.region)
        platform.gateways[key] = StandInServer(regions=(answering, others[0]))
        _fill(platform, key, synthesized)
        _tell_of_cluster(platform, key)
    _fill_config_cluster(platform, synthesized)
    _tell_of_fleet(platform)
    return platform


def _fill(platform: Platform, key: str, synthesized: Synthesized) -> None:
    """The cluster of one region."""
    names, namespace = platform.names, platform.config.namespace
    platform.put(key, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for pool, count in _nodes(platform, key).items():
        for number in range(count):
            platform.put(key, _node(f"{pool}-{number}", pool))
    for _, manifest in objects(synthesized.stacks[f"workload-serving-{key}"]):
        if manifest["kind"] in PLURALS:
            platform.put(key, manifest | _status(platform, manifest))
    template = platform.named(key, "Deployment", names.model_server)["spec"]["template"]
    replicas = platform.named(key, "Deployment", names.model_server)["spec"].get("replicas", 1)
    for number in range(replicas):
        _add_pod(platform, key, template, f"{names.model_server}-{number}")
    picker = f"{names.inference_pool}-epp"
    ref = {"name": picker, "port": {"number": 9002}}
    spec = {"selector": {"matchLabels": {"app": names.model_server}}, "targetPorts": [{"number": 8000}]}
    metadata = {"name": names.inference_pool, "namespace": namespace}
    metadata["annotations"] = {"networking.gke.io/export": "True"}  # type: ignore[assignment]
    version = "inference.networking.k8s.io/v1"
    pool_object = {"apiVersion": version, "kind": "InferencePool", "metadata": metadata}
    platform.put(key, pool_object | {"spec": spec | {"endpointPickerRef": ref}})
    platform.put(key, _picker(picker, namespace))


def _nodes(platform: Platform, key: str) -> dict[str, int]:
    return {SYSTEM_POOL: 1, **{name: max(1, pool.min_nodes) for name, pool in platform.config.pools(key).items()}}


def _node(name: str, pool: str) -> Manifest:
    metadata = {"name": name, "labels": {"cloud.google.com/gke-nodepool": pool}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"conditions": true("Ready")}}


def _status(platform: Platform, manifest: Manifest) -> Manifest:
    """What a controller writes where all is well."""
    if manifest["kind"] == "Deployment":
        count = manifest["spec"].get("replicas", 1)
        return {"status": {"replicas": count, "readyReplicas": count, "updatedReplicas": count}}
    if manifest["kind"] == "APIService":
        return {"status": {"conditions": true("Available")}}
    if manifest["kind"] == "HorizontalPodAutoscaler":
        metric = manifest["spec"]["metrics"][0]["pods"]["metric"]
        current = {"type": "Pods", "pods": {"metric": metric, "current": {"averageValue": "420m"}}}
        told = {"currentReplicas": 1, "desiredReplicas": 1, "currentMetrics": [current]}
        return {"status": {**told, "conditions": true("AbleToScale", "ScalingActive")}}
    return {}


def _add_pod(platform: Platform, key: str, template: Manifest, name: str) -> None:
    """A server that runs, with its claim."""
    namespace = platform.config.namespace
    containers = [entry["name"] for entry in template["spec"]["containers"]]
    running = {"ready": True, "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    status: Manifest = {
        "phase": "Running",
        "conditions": true("PodScheduled", "Ready"),
        "containerStatuses": [{"name": entry, "image": "i", "imageID": "i", **running} for entry in containers],
    }
    metadata = {"name": name, "namespace": namespace, "labels": template["metadata"]["labels"], "uid": f"{key}-{name}"}
    for claim in template["spec"].get("resourceClaims", []):
        made = f"{name}-{claim['name']}-x1y2z"
        status["resourceClaimStatuses"] = [{"name": claim["name"], "resourceClaimName": made}]
        platform.put(key, _claim(platform.object(key, "ResourceClaimTemplate"), made, metadata))
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"], "status": status}
    platform.put(key, pod)


def _claim(template: Manifest, name: str, pod: Manifest) -> Manifest:
    result = {"request": "interfaces", "driver": "dra.networking.gke.io", "pool": "node", "device": "eth1"}
    user = {"resource": "pods", "name": pod["name"], "uid": pod["uid"]}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": name, "namespace": pod["namespace"]},
        "spec": template["spec"]["spec"],
        "status": {"allocation": {"devices": {"results": [result]}}, "reservedFor": [user]},
    }


def _picker(name: str, namespace: str) -> Manifest:
    labels = {"inferencepool": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "epp", "image": "epp:v1.5.0"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod},
        "status": {"replicas": 1, "readyReplicas": 1},
    }


def _fill_config_cluster(platform: Platform, synthesized: Synthesized) -> None:
    """The gateway, and what its controller tells of it."""
    config, names = platform.config, platform.names
    key = config.config_region
    parent = {"parentRef": {"name": names.gateway}, "controllerName": "networking.gke.io/gateway"}
    statuses: dict[str, Any] = {
        "Gateway": {
            "conditions": true("Accepted", "Programmed"),
            "addresses": [{"type": "IPAddress", "value": ADDRESSES[region]} for region in config.gateway_regions],
        },
        "HTTPRoute": {"parents": [parent | {"conditions": true("Accepted", "ResolvedRefs")}]},
        "HealthCheckPolicy": {"conditions": true("Attached")},
        "GCPBackendPolicy": {"conditions": true("Attached")},
    }
    for _, manifest in objects(synthesized.stacks["workload-gateway"]):
        if manifest["kind"] in statuses:
            platform.put(key, manifest | {"status": statuses[manifest["kind"]]})
    services = f"/projects/1/global/backendServices/{BACKEND_SERVICE}"
    not_found = "/projects/1/global/backendServices/gkemcg1-kube-system-gw-serve404-80-7cq0brelgzex"
    annotations = {"networking.gke.io/backend-services": f"{not_found}, {services}"}
    platform.object(key, "Gateway")["metadata"]["annotations"] = annotations
    # No schema of it is public, so it goes past the check.
    metadata = {"name": names.inference_pool, "namespace": config.namespace}
    made = {"apiVersion": "networking.gke.io/v1", "kind": "GCPInferencePoolImport", "metadata": metadata}
    path = path_of(made["kind"], str(made["apiVersion"]), names.inference_pool)  # type: ignore[arg-type]
    dict.__setitem__(platform.clusters[key].objects, path, made)


def _tell_of_cluster(platform: Platform, key: str) -> None:
    """Google's answers about one region."""
    config, names, region = platform.config, platform.names, platform.config.regions[key]
    cluster = f"{names.cluster_location(key)}/clusters/{names.cluster(key)}"
    platform.documents[cluster] = {
        "name": names.cluster(key),
        "status": "RUNNING",
        "currentMasterVersion": "1.35.2-gke.1842000",
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": "", "allowExternalTraffic": True}},
        "nodePools": [{"name": pool, "status": "RUNNING"} for pool in _nodes(platform, key)],
    }
    link = f"//container.googleapis.com/projects/{config.project}/locations/{cluster}"
    platform.documents[f"global/memberships/{names.cluster(key)}"] = {
        "state": {"code": "READY"},
        "endpoint": {"gkeCluster": {"resourceLink": link}},
    }
    platform.documents[names.gateway_address(key)] = {"address": ADDRESSES[key], "status": "IN_USE"}
    value = {"value": {"doubleValue": 0.25}}
    platform.documents[f"gauge of {names.cluster(key)}"] = {"timeSeries": [{"points": [value]}]}
    group = f"https://www.googleapis.com/compute/v1/projects/p/zones/{region.zones[0]}/networkEndpointGroups/k8s-{key}"
    platform.documents[group] = {"healthStatus": [{"healthState": "HEALTHY", "ipAddress": "10.0.0.9", "port": 8000}]}
    backends = platform.documents.setdefault(BACKEND_SERVICE, {"name": BACKEND_SERVICE, "backends": []})
    backends["backends"].append({"group": group})


def _tell_of_fleet(platform: Platform) -> None:
    """Google's answers about the fleet."""
    config, documents = platform.config, platform.documents
    members = [f"projects/123456/locations/global/memberships/{platform.names.cluster(key)}" for key in config.regions]
    documents["global/features/multiclusteringress"] = {
        "resourceState": {"state": "ACTIVE"},
        "state": {"state": {"code": "OK"}},
        "spec": {"multiclusteringress": {"configMembership": platform.names.membership(config.config_region)}},
        "membershipStates": {member: {"state": {"code": "OK"}} for member in members},
    }


def _answer(platform: Platform) -> None:
    """Which of Google's answers is to which question."""
    config, documents = platform.config, platform.documents

    def there(name: str) -> dict[str, Any]:
        if name not in documents:
            raise Fault(404, f"{name} was not found")
        return documents[name]

    def by_name(params: dict[str, Any], body: Any) -> dict[str, Any]:
        return there(params["name"].partition("/locations/")[2])

    def gauge(params: dict[str, Any], body: Any) -> dict[str, Any]:
        assert 'metric.type = "prometheus.googleapis.com/vllm:kv_cache_usage_perc/gauge"' in params["filter"]
        [key] = [key for key in config.regions if f'cluster = "{platform.names.cluster(key)}"' in params["filter"]]
        return there(f"gauge of {platform.names.cluster(key)}")

    platform.google.answers |= {
        "container.projects.locations.clusters.get": by_name,
        "gkehub.projects.locations.memberships.get": by_name,
        "gkehub.projects.locations.features.get": by_name,
        "monitoring.projects.timeSeries.list": gauge,
        "compute.addresses.get": lambda params, body: there(params["address"]),
        "compute.backendServices.get": lambda params, body: there(params["backendService"]),
        "compute.backendServices.getHealth": lambda params, body: there(body["group"]),
    }


@dataclass(frozen=True)
class Running:
    """A platform whose stand-ins listen for all tests, what it was when all was well, and where it is."""

    platform: Platform
    documents: dict[str, dict[str, Any]]
    objects: dict[str, dict[str, Manifest]]
    environment: dict[str, str]

    def renewed(self) -> Platform:
        """The platform with all well again: that it is true to the schemas was seen when it was made."""
        platform = self.platform
        platform.documents.clear()
        platform.documents.update(copy.deepcopy(self.documents))
        platform.google.faults.clear()
        platform.google.requests.clear()
        for key, cluster in platform.clusters.items():
            cluster.objects = Objects(copy.deepcopy(self.objects[key]))
            cluster.faults.clear()
            cluster.requests.clear()
        for gateway in platform.gateways.values():
            gateway.home_slots, gateway.failure, gateway.region_header = 1000, "", HEADER
            gateway.requests.clear()
        return platform


@contextmanager
def running(platform: Platform, folder: Path) -> Iterator[Running]:
    """All stand-ins of *platform* listen; they do so for all tests, since each new address costs a client anew."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    _answer(platform)
    with ExitStack() as served:
        served.enter_context(platform.google.serving())
        for key, cluster in platform.clusters.items():
            url = served.enter_context(cluster.serving(authority))
            endpoint = platform.cluster(key)["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]
            endpoint["endpoint"] = url.removeprefix("https://")
            platform.urls[key] = served.enter_context(platform.gateways[key].serving())
        yield Running(
            platform,
            copy.deepcopy(platform.documents),
            {key: dict(copy.deepcopy(dict(cluster.objects))) for key, cluster in platform.clusters.items()},
            {"SSL_CERT_FILE": str(folder / "ca.pem"), **platform.google.environment(folder)},
        )


@pytest.fixture(scope="session")
def example_running(platform: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The platform of config/example.yaml."""
    with running(healthy(load(EXAMPLE), platform), tmp_path_factory.mktemp("example")) as made:
        yield made


@pytest.fixture(scope="session")
def elastic_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The platform of config/h100-elastic.yaml."""
    config, folder = load(ELASTIC), tmp_path_factory.mktemp("elastic")
    with running(healthy(config, synthesize(config, folder / "out")), folder) as made:
        yield made


@pytest.fixture
def example(example_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The platform of config/example.yaml, healthy, to break."""
    return _to_break(example_running, inference_ops, monkeypatch)


@pytest.fixture
def elastic(elastic_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The platform of config/h100-elastic.yaml, healthy, to break."""
    monkeypatch.setattr(stand_in_server, "MODEL", "Llama-3.1-8B-Instruct")
    return _to_break(elastic_running, inference_ops, monkeypatch)


def _to_break(made: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> Platform:
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    platform = made.renewed()
    platform.command = inference_ops
    return platform
