"""What Google answers about a platform where all is well."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from platform_config.model import models_in, models_of
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.verify_cluster import nodes
from tests.gke_inference.verify_platform import PARTS, HealthyPlatform

PROXY = "gkemcg1-inference-gemma-gateway-abcdefghijkl"
URL_MAP = "gkemcg1-inference-gemma-gateway-mnopqrstuvwx"
NOT_FOUND = "gkemcg1-kube-system-gw-serve404-80-7cq0brelgzex"


def backend_service(platform: HealthyPlatform, model: str) -> str:
    """Return the name of the backend service of *model*, as the gateway's controller makes it."""
    port = platform.config.models[model].server.http_port
    return f"gkemcg1-{platform.config.namespace}-{platform.names.backend(model)}-{port}-abcdefghijkl"


def tell_of_cluster(platform: HealthyPlatform, key: str) -> None:
    """Add Google's answers about one region."""
    config, names = platform.config, platform.names
    cluster = f"{names.cluster_location(key)}/clusters/{names.cluster(key)}"
    platform.documents[cluster] = {
        "name": names.cluster(key),
        "status": "RUNNING",
        "currentMasterVersion": "1.35.2-gke.1842000",
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": "", "allowExternalTraffic": True}},
        "nodePools": [{"name": pool, "status": "RUNNING"} for pool in nodes(platform, key)],
    }
    link = f"//container.googleapis.com/projects/{config.project}/locations/{cluster}"
    platform.documents[f"global/memberships/{names.cluster(key)}"] = {
        "state": {"code": "READY"},
        "endpoint": {"gkeCluster": {"resourceLink": link}},
    }
    platform.documents[names.gateway_address(key)] = {"address": platform.address(key), "status": "IN_USE"}
    value = {"value": {"doubleValue": 0.25}}
    for model in models_in(config, key):
        gauge = f"gauge of {model.key} in {names.cluster(key)}"
        platform.documents[gauge] = {"timeSeries": [{"points": [copy.deepcopy(value)]}]}
        healthy = {"healthState": "HEALTHY", "ipAddress": "10.0.0.9", "port": model.server.http_port}
        platform.documents[platform.group(key, model.key)] = {"healthStatus": [healthy]}


def tell_of_balancer(platform: HealthyPlatform) -> None:
    """Answer with the gateway's load balancer as Compute Engine has it, and one of another network at its address."""
    network, links = platform.link(f"global/networks/{platform.names.network}"), _links(platform)
    spare, weights = (
        links[NOT_FOUND],
        [{"backendService": links[backend_service(platform, model)], "weight": 1} for model in platform.config.models],
    )
    routes = [{"priority": 1, "routeAction": {"weightedBackendServices": [weight]}} for weight in weights]
    matcher = {"name": "all", "defaultService": spare, "routeRules": routes}
    for key in platform.config.gateway_regions:
        mine = {"IPAddress": platform.address(key), "network": network, "target": links[PROXY]}
        _add(platform, "forwardingRules", f"{PROXY}-{key}", **mine)
    _add(platform, "targetHttpProxies", PROXY, urlMap=links[URL_MAP])
    _add(platform, "urlMaps", URL_MAP, defaultService=spare, pathMatchers=[matcher])
    for model in models_of(platform.config):
        groups = [{"group": platform.group(key, model.key)} for key in model.regions]
        _add(platform, "backendServices", backend_service(platform, model.key), backends=groups)
    _add(platform, "backendServices", NOT_FOUND)
    others = platform.link("global/networks/default")
    _add(platform, "forwardingRules", "other", IPAddress=platform.address("us"), network=others, target=links["proxy"])
    _add(platform, "targetHttpProxies", "proxy", urlMap=links["map"])
    _add(platform, "urlMaps", "map", defaultService=links["service"])
    _add(platform, "backendServices", "service", backends=[{"group": "that nobody may ask for"}])


def _links(platform: HealthyPlatform) -> dict[str, str]:
    """Of all that is named by another part."""
    names = {
        "targetHttpProxies": (PROXY, "proxy"), "urlMaps": (URL_MAP, "map"),
        "backendServices": (*(backend_service(platform, key) for key in platform.config.models), NOT_FOUND, "service"),
    }  # fmt: skip
    return {name: platform.link(f"global/{kind}/{name}") for kind, found in names.items() for name in found}


def _add(platform: HealthyPlatform, collection: str, name: str, **more: Any) -> None:
    part = {"name": name, "selfLink": platform.link(f"global/{collection}/{name}"), **more}
    platform.parts(collection).append(part)


def tell_of_fleet(platform: HealthyPlatform) -> None:
    """Add Google's answers about the fleet."""
    config, documents = platform.config, platform.documents
    members = [f"projects/123456/locations/global/memberships/{platform.names.cluster(key)}" for key in config.regions]
    documents["global/features/multiclusteringress"] = {
        "resourceState": {"state": "ACTIVE"},
        "state": {"state": {"code": "OK"}},
        "spec": {"multiclusteringress": {"configMembership": platform.names.membership(config.config_region)}},
        "membershipStates": {member: {"state": {"code": "OK"}} for member in members},
    }


def answer(platform: HealthyPlatform) -> None:
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
        jobs = {model: platform.names.model_server(model) for model in config.models}
        [model] = [model for model, job in jobs.items() if f'job = "{job}"' in params["filter"]]
        return there(f"gauge of {model} in {platform.names.cluster(key)}")

    answers = platform.google.answers
    answers |= {
        "container.projects.locations.clusters.get": by_name,
        "gkehub.projects.locations.memberships.get": by_name,
        "gkehub.projects.locations.features.get": by_name,
        "monitoring.projects.timeSeries.list": gauge,
        "compute.addresses.get": lambda params, body: there(params["address"]),
        "compute.backendServices.getHealth": lambda params, body: there(body["group"]),
    }
    for collection in PARTS:
        answers[f"compute.{collection}.aggregatedList"] = partial(_list, documents, collection)


def _list(documents: dict[str, dict[str, Any]], collection: str, params: dict[str, Any], body: Any) -> dict[str, Any]:
    return documents.get(collection, {})
