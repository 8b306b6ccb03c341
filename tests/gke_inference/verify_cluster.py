"""What is in the clusters of a platform where all is well."""

from __future__ import annotations

from typing import Any

from constructs_lib.serving_plan import server_labels
from gke_inference import backend_policy
from platform_config.model import Model, models_in, models_of
from platform_config.names import SYSTEM_POOL
from platform_config.stack_graph import gateway_stack
from tests.checks.kubernetes_objects import objects
from tests.gke_inference.cluster_stand_in import Manifest
from tests.gke_inference.policy_definition import definition
from tests.gke_inference.verify_platform import PLURALS, HealthyPlatform, path_of, true
from tests.synthesized import Synthesized


def fill(platform: HealthyPlatform, key: str, synthesized: Synthesized) -> None:
    """Fill the cluster of one region."""
    names, namespace = platform.names, platform.config.namespace
    platform.put(key, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for pool, count in nodes(platform, key).items():
        for number in range(count):
            platform.put(key, _node(f"{pool}-{number}", pool))
    parts = ("base", "serving") if platform.config.regions[key].serves else ("base",)
    stacks = (synthesized.stacks[f"workload-{part}-{key}"] for part in parts)
    for _, manifest in (found for stack in stacks for found in objects(stack)):
        if manifest["kind"] in PLURALS:
            platform.put(key, manifest | _status(platform, manifest))
    for model in models_in(platform.config, key):
        server = platform.named(key, "Deployment", names.model_server(model.key))
        for number in range(server["spec"].get("replicas", 1)):
            _add_pod(platform, key, server["spec"]["template"], f"{names.model_server(model.key)}-{number}")
        if model.has_pool:
            _add_pool(platform, key, model)


def _add_pool(platform: HealthyPlatform, key: str, model: Model) -> None:
    """Add what the chart makes for one model: its InferencePool, exported to a fleet, and the endpoint picker."""
    name, namespace = platform.names.inference_pool(model.key), platform.config.namespace
    picker = f"{name}-epp"
    labels = server_labels(platform.names.model_server(model.key))
    spec = {
        "selector": {"matchLabels": labels},
        "targetPorts": [{"number": model.server.http_port}],
        "endpointPickerRef": {"name": picker, "port": {"number": 9002}},
    }
    exported = {} if platform.config.is_regional else {"networking.gke.io/export": "True"}
    metadata = {"name": name, "namespace": namespace, "annotations": exported}
    version = "inference.networking.k8s.io/v1"
    platform.put(key, {"apiVersion": version, "kind": "InferencePool", "metadata": metadata, "spec": spec})
    platform.put(key, _picker(picker, namespace))


def nodes(platform: HealthyPlatform, key: str) -> dict[str, int]:
    """Return how many nodes each pool of a region has; none in an Autopilot cluster, whose nodes follow the pods."""
    if platform.config.cluster.autopilot:
        return {}
    existing = platform.config.regions[key].existing
    system = {} if existing.cluster else {SYSTEM_POOL: 1}
    pools = platform.config.pools(key).items()
    return {**system, **{existing.node_pools.get(name, name): max(1, pool.min_nodes) for name, pool in pools}}


def _node(name: str, pool: str) -> Manifest:
    metadata = {"name": name, "labels": {"cloud.google.com/gke-nodepool": pool}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"conditions": true("Ready")}}


def _status(platform: HealthyPlatform, manifest: Manifest) -> Manifest:
    """Return what a controller writes where all is well."""
    if manifest["kind"] == "Deployment":
        count = manifest["spec"].get("replicas", 1)
        return {"status": {"replicas": count, "readyReplicas": count, "updatedReplicas": count}}
    if manifest["kind"] == "ComputeClass":
        return {"status": {"conditions": true("Health")}}
    if manifest["kind"] == "APIService":
        return {"status": {"conditions": true("Available")}}
    if manifest["kind"] == "HorizontalPodAutoscaler":
        metric = manifest["spec"]["metrics"][0]["pods"]["metric"]
        current = {"type": "Pods", "pods": {"metric": metric, "current": {"averageValue": "420m"}}}
        status = {"currentReplicas": 1, "desiredReplicas": 1, "currentMetrics": [current]}
        return {"status": {**status, "conditions": true("AbleToScale", "ScalingActive")}}
    return {}


def _add_pod(platform: HealthyPlatform, key: str, template: Manifest, name: str) -> None:
    """Add a server that runs, with its claim."""
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


def fill_gateways(platform: HealthyPlatform, synthesized: Synthesized) -> None:
    """Add each gateway to its cluster, with the status that its controller writes."""
    config = platform.config
    homes = {config.gateway_home(key): gateway_stack(config, key) for key in config.gateway_regions}
    for key, stack in homes.items():
        statuses = _gateway_statuses(platform, key)
        for _, manifest in objects(synthesized.stacks[stack]):
            if manifest["kind"] in statuses:
                platform.put(key, manifest | {"status": statuses[manifest["kind"]]})
    if not config.is_regional:
        key = config.config_region
        for model in models_of(config):
            _add_import(platform, key, model)
        dict.__setitem__(platform.clusters[key].objects, backend_policy.PATH, definition(takes_scopes=True))


def _gateway_statuses(platform: HealthyPlatform, home: str) -> dict[str, dict[str, Any]]:
    """Return what the controllers write, by kind: that of one cluster also says that it has reconciled a route."""
    config = platform.config
    parent = {"parentRef": {"name": platform.names.gateway}, "controllerName": "networking.gke.io/gateway"}
    listeners = [
        {
            "name": "http",
            "attachedRoutes": len(config.models),
            "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
            "conditions": true("Accepted", "Programmed", "ResolvedRefs"),
        }
    ]
    reconciled = ("Reconciled",) if config.is_regional else ()
    keys = (home,) if config.is_regional else config.gateway_regions
    return {
        "Gateway": {
            "conditions": true("Accepted", "Programmed"),
            "addresses": [{"type": "IPAddress", "value": platform.address(key)} for key in keys],
            "listeners": listeners,
        },
        "HTTPRoute": {"parents": [parent | {"conditions": true("Accepted", "ResolvedRefs", *reconciled)}]},
        "HealthCheckPolicy": {"conditions": true("Attached")},
        "GCPBackendPolicy": {"conditions": true("Attached")},
        "GCPGatewayPolicy": {"conditions": true("Attached")},
        "ApigeeBackendService": {"currentState": "CREATED"},
        "GCPTrafficExtension": {
            "ancestors": [
                {
                    "ancestorRef": {"name": platform.names.gateway},
                    "controllerName": "networking.gke.io/gateway",
                    "conditions": true("Accepted", "ResolvedRefs", "Programmed"),
                }
            ]
        },
    }


def _add_import(platform: HealthyPlatform, key: str, model: Model) -> None:
    """Add what the controller makes from the exports of all clusters; no schema of it is public: it is not checked."""
    name = platform.names.backend(model.key)
    made: Manifest = {"metadata": {"name": name, "namespace": platform.config.namespace}}
    if model.has_pool:
        made |= {"apiVersion": "networking.gke.io/v1", "kind": "GCPInferencePoolImport"}
    else:
        clusters = [{"cluster": platform.names.membership(region)} for region in model.regions]
        made |= {"apiVersion": "net.gke.io/v1", "kind": "ServiceImport", "status": {"clusters": clusters}}
    path = path_of(made["kind"], made["apiVersion"], name)
    dict.__setitem__(platform.clusters[key].objects, path, made)
