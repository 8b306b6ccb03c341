"""What Google answers about a platform where all is well."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from constructs_lib.manifests.model_armor import template_path
from constructs_lib.specs import ModelArmorFiltersSpec
from platform_config.model import Model, models_in, models_of
from platform_config.model_armor import own_templates
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.verify_cluster import nodes
from tests.gke_inference.verify_platform import PARTS, HealthyPlatform


@dataclass(frozen=True)
class LoadBalancer:
    """
    What GKE calls the parts of the load balancer of one gateway, and where they are.

    Attributes:
        platform: The platform.
        key: Key of the region of a regional gateway; empty for that of all regions.
    """

    platform: HealthyPlatform
    key: str

    @property
    def prefix(self) -> str:
        """How all names begin: those of one cluster with four letters of it."""
        return f"gkegw1-ab{self.key}" if self.key else "gkemcg1"

    @property
    def proxy(self) -> str:
        """Proxy, and forwarding rule."""
        return f"{self.prefix}-inference-gemma-gateway-abcdefghijkl"

    @property
    def url_map(self) -> str:
        """URL map."""
        return f"{self.prefix}-inference-gemma-gateway-mnopqrstuvwx"

    @property
    def not_found(self) -> str:
        """Backend service for requests that no route takes."""
        return f"{self.prefix}-kube-system-gw-serve404-80-7cq0brelgzex"

    def service(self, model: str) -> str:
        """Backend service of *model*; that of a local InferencePool has a suffix."""
        spec, backend = self.platform.config.models[model], self.platform.names.backend(model)
        suffix = "-ip-4f2a91c0" if self.key and spec.server.has_pool else ""
        return f"{self.prefix}-{self.platform.config.namespace}-{backend}{suffix}-{spec.server.http_port}-abcdefghijkl"

    def link(self, collection: str, name: str) -> str:
        """Return the self link of a part."""
        return self.platform.link(f"{self.platform.scope(self.key)}/{collection}/{name}")

    def add(self, collection: str, name: str, **more: Any) -> None:
        """Add a part."""
        part = {"name": name, "selfLink": self.link(collection, name), **more}
        self.platform.parts(collection, self.key).append(part)


def backend_service(platform: HealthyPlatform, model: str, key: str = "") -> str:
    """Return the name of the backend service of *model*, as the gateway's controller makes it."""
    return LoadBalancer(platform, key).service(model)


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
    if not config.is_regional:
        platform.documents[names.membership(key).partition("/locations/")[2]] = {
            "state": {"code": "READY"},
            "endpoint": {"gkeCluster": {"resourceLink": link}},
        }
    platform.documents[names.gateway_address(key)] = {"address": platform.address(key), "status": "IN_USE"}
    for template, filters in own_templates(config).items():
        name = template_path(config.project, config.regions[key].region, template)
        metadata = {"enforcementType": "INSPECT_AND_BLOCK", "logTemplateOperations": True}
        platform.documents[name.partition("/locations/")[2]] = {
            "name": name,
            "templateMetadata": metadata,
            "filterConfig": filter_config(filters),
        }
    value = {"value": {"doubleValue": 0.25}}
    for model in models_in(config, key):
        gauge = f"gauge of {model.key} in {names.cluster(key)}"
        platform.documents[gauge] = {"timeSeries": [{"points": [copy.deepcopy(value)]}]}
        healthy = {"healthState": "HEALTHY", "ipAddress": "10.0.0.9", "port": model.server.http_port}
        platform.documents[platform.group(key, model.key)] = {"healthStatus": [healthy]}


def tell_of_balancers(platform: HealthyPlatform) -> None:
    """Answer with each gateway's load balancer as Compute Engine has it, and one of another network at its address."""
    config = platform.config
    for key in config.gateway_regions if config.is_regional else ("",):
        _tell_of_balancer(LoadBalancer(platform, key), models_in(config, key) if key else models_of(config))


def _tell_of_balancer(balancer: LoadBalancer, models: Sequence[Model]) -> None:
    platform = balancer.platform
    keys = [balancer.key] if balancer.key else list(platform.config.gateway_regions)
    network = f"https://www.googleapis.com/compute/v1/{platform.names.network_path}"
    spare = balancer.link("backendServices", balancer.not_found)
    services = [balancer.link("backendServices", balancer.service(model.key)) for model in models]
    weights = [{"backendService": service, "weight": 1} for service in services]
    routes = [{"priority": 1, "routeAction": {"weightedBackendServices": [weight]}} for weight in weights]
    matcher = {"name": "all", "defaultService": spare, "routeRules": routes}
    for key in keys:
        target = balancer.link("targetHttpProxies", balancer.proxy)
        mine = {"IPAddress": platform.address(key), "network": network, "target": target}
        balancer.add("forwardingRules", f"{balancer.proxy}-{key}", **mine)
    balancer.add("targetHttpProxies", balancer.proxy, urlMap=balancer.link("urlMaps", balancer.url_map))
    balancer.add("urlMaps", balancer.url_map, defaultService=spare, pathMatchers=[matcher])
    for model in models:
        served = [key for key in model.regions if balancer.key in ("", key)]
        groups = [{"group": platform.group(key, model.key)} for key in served]
        balancer.add("backendServices", balancer.service(model.key), backends=groups, **_guards(balancer))
    balancer.add("backendServices", balancer.not_found)
    _tell_of_another(balancer, platform.address(keys[0]))


def _guards(balancer: LoadBalancer) -> dict[str, Any]:
    """Return what stands before the servers: the limits of clients, and Identity-Aware Proxy."""
    gateway, name = balancer.platform.config.gateway, balancer.platform.names.client_limits(balancer.key)
    limits = {"securityPolicy": balancer.link("securityPolicies", name)} if gateway.limits else {}
    return limits | ({"iap": {"enabled": True}} if gateway.iap else {})


def _tell_of_another(balancer: LoadBalancer, address: str) -> None:
    """Add a load balancer of another network."""
    others, target = balancer.platform.link("global/networks/default"), balancer.link("targetHttpProxies", "proxy")
    balancer.add("forwardingRules", "other", IPAddress=address, network=others, target=target)
    balancer.add("targetHttpProxies", "proxy", urlMap=balancer.link("urlMaps", "map"))
    balancer.add("urlMaps", "map", defaultService=balancer.link("backendServices", "service"))
    balancer.add("backendServices", "service", backends=[{"group": "that nobody may ask for"}])


def tell_of_fleet(platform: HealthyPlatform) -> None:
    """Add Google's answers about the fleet, where there is one."""
    if platform.config.is_regional:
        return
    config, documents = platform.config, platform.documents
    paths = [platform.names.membership(key).partition("/locations/")[2] for key in config.regions]
    members = [f"projects/123456/locations/{path}" for path in paths]
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
        "modelarmor.projects.locations.templates.get": by_name,
        "monitoring.projects.timeSeries.list": gauge,
        "compute.addresses.get": lambda params, body: there(params["address"]),
        "compute.backendServices.getHealth": lambda params, body: there(body["group"]),
        "compute.regionBackendServices.getHealth": lambda params, body: there(body["group"]),
    }
    for collection in PARTS:
        answers[f"compute.{collection}.aggregatedList"] = partial(_list, documents, collection)


def _list(documents: dict[str, dict[str, Any]], collection: str, params: dict[str, Any], body: Any) -> dict[str, Any]:
    return documents.get(collection, {})


def filter_config(filters: ModelArmorFiltersSpec) -> dict[str, Any]:
    """Return *filters* as Model Armor's API has them."""
    on, level = {"filterEnforcement": "ENABLED"}, filters.prompt_injection
    harms = [{"filterType": kind, "confidenceLevel": one} for kind, one in filters.harms.items() if one != "OFF"]
    return {
        "raiSettings": {"raiFilters": harms},
        **({"piAndJailbreakFilterSettings": {**on, "confidenceLevel": level}} if level != "OFF" else {}),
        **({"maliciousUriFilterSettings": on} if filters.malicious_urls else {}),
        **({"sdpSettings": {"basicConfig": on}} if filters.sensitive_data else {}),
    }
