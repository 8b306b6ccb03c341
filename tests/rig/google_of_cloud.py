"""Google's REST APIs for what is in the cloud of a rig: the same resources, read in the other form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

from gke_inference.adopt.cluster_objects import TYPED
from gke_inference.api_error import ApiError
from gke_inference.cluster_api import ClusterApi
from gke_inference.live_platform import Clusters
from platform_config.config import Config
from platform_config.names import Names
from tests.gke_inference.google_stand_in import Answer, Fault, GoogleStandIn
from tests.rig.cloud import Cloud
from tests.rig.planning import body
from tests.rig.wire import Message

Document = dict[str, Any]
PLURALS = {"policy": "policies", "class": "classes"}
"""Ends of kinds whose resource is not their name and an s."""
COMPUTE = "https://www.googleapis.com/compute/v1/"
NUMBER = "100000000001"
"""Of the project, as the rig answers it."""


def show(stand_in: GoogleStandIn, cloud: Cloud) -> None:
    """Have *stand_in* answer with what is in *cloud* at the time of each call."""
    stand_in.answers |= {
        **_simple(cloud),
        **_compute("networks", "google_compute_network", _network, cloud),
        **_compute("subnetworks", "google_compute_subnetwork", _subnet, cloud),
        **_compute("addresses", "google_compute_address", _address, cloud),
        **_compute("firewalls", "google_compute_firewall", _firewall, cloud),
        **_compute("routers", "google_compute_router", lambda held: _router(held, cloud), cloud),
        "container.projects.locations.clusters.get": _by_name(cloud, "google_container_cluster", _cluster_in(cloud)),
        "container.projects.locations.clusters.list": lambda params, body: {
            "clusters": [_cluster_in(cloud)(held) for held in _all(cloud, "google_container_cluster")]
        },
        "container.projects.locations.clusters.nodePools.get": _by_name(cloud, "google_container_node_pool", _pool),
        "gkehub.projects.locations.memberships.get": _by_name(cloud, "google_gke_hub_membership", _membership),
        "gkehub.projects.locations.memberships.list": lambda params, body: {
            "resources": [_membership(held) for held in _all(cloud, "google_gke_hub_membership")]
        },
        "gkehub.projects.locations.features.get": _by_name(cloud, "google_gke_hub_feature", _feature),
        "iam.projects.serviceAccounts.get": _by_name(cloud, "google_service_account", _account),
        "storage.buckets.get": lambda params, body: _bucket(_one(cloud, "google_storage_bucket", params["bucket"])),
        "logging.projects.metrics.get": lambda params, body: {
            "name": _one(cloud, "google_logging_metric", params["metricName"].rpartition("/")[2])["name"]
        },
        "cloudresourcemanager.projects.get": {"projectNumber": NUMBER},
        "monitoring.projects.alertPolicies.list": lambda params, body: {
            "alertPolicies": [_labelled(held) for held in _all(cloud, "google_monitoring_alert_policy")]
        },
        "monitoring.projects.notificationChannels.list": lambda params, body: {
            "notificationChannels": [_labelled(held) for held in _all(cloud, "google_monitoring_notification_channel")]
        },
        "monitoring.projects.dashboards.list": lambda params, body: {
            "dashboards": [_dashboard(held) for held in _all(cloud, "google_monitoring_dashboard")]
        },
    }


class RigCluster:
    """
    The Kubernetes API of one cluster of a rig, as far as it is read by names.

    Args:
        cloud: The cloud of the rig.
        host: Address of the cluster.
    """

    def __init__(self, cloud: Cloud, host: str) -> None:
        self._objects: dict[str, Document] = {}
        for (kind, place, id_), held in cloud.objects.items():
            if place == host:
                path, document = _object(kind, id_, held)
                self._objects[path] = document

    def get(self, path: str, **query: str) -> Document:
        """Return the object at *path*, or the list of those below it."""
        if path in self._objects:
            return self._objects[path]
        if path.endswith("/deployments"):
            return {"items": [held for at, held in self._objects.items() if at.startswith(f"{path}/")]}
        raise ApiError(status=404, reason="NotFound", message=path)


def clusters_of(cloud: Cloud, config: Config) -> Clusters:
    """Return the clusters of *config* in *cloud*, by the keys of their regions."""

    def cluster(key: str) -> ClusterApi:
        path = Names(config).cluster_path(key)
        held = cloud.read(("google_container_cluster", "", path))
        if held is None:
            raise ApiError(status=404, reason="NOT_FOUND", message=path)
        endpoint = held["control_plane_endpoints_config"][0]["dns_endpoint_config"][0]["endpoint"]
        return cast(ClusterApi, RigCluster(cloud, f"https://{endpoint}"))

    return cluster


def _object(kind: str, id_: str, held: Message) -> tuple[str, Document]:
    """Return the path of an object, and the object; for a release, a Deployment of its chart."""
    if kind == "helm_release":
        metadata = {"name": f"{held['name']}-epp", "annotations": {"meta.helm.sh/release-name": held["name"]}}
        return f"/apis/apps/v1/namespaces/{held['namespace']}/deployments/{held['name']}-epp", {"metadata": metadata}
    manifest = body(held)
    if manifest is None:
        metadata, (version, name) = held["metadata"][0], TYPED.get(kind, ("v1", kind))
        manifest = {"apiVersion": version, "kind": name, "metadata": metadata}
    version, metadata = manifest["apiVersion"], manifest["metadata"]
    inside = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
    root = "/apis" if "/" in version else "/api"
    word = manifest["kind"].lower()
    ends = (word.removesuffix(end) + many for end, many in PLURALS.items() if word.endswith(end))
    return f"{root}/{version}{inside}/{next(ends, f'{word}s')}/{metadata['name']}", manifest


def _all(cloud: Cloud, kind: str) -> Iterator[Message]:
    return (held for key, held in cloud.objects.items() if key[0] == kind)


def _one(cloud: Cloud, kind: str, id_: str) -> Message:
    found = cloud.read((kind, "", id_))
    if found is None:
        raise Fault(404)
    return found


def _by_name(cloud: Cloud, kind: str, document: Callable[[Message], Document]) -> Answer:
    return lambda params, body: document(_one(cloud, kind, params["name"]))


def _compute(collection: str, kind: str, document: Callable[[Message], Document], cloud: Cloud) -> dict[str, Answer]:
    """Answer `get` and `list` of one collection of Compute Engine."""

    def full(held: Message) -> Document:
        return {"name": held["name"], "selfLink": COMPUTE + held["id"], **document(held)}

    def get(params: Document, body: Any) -> Document:
        place = f"regions/{params['region']}" if "region" in params else "global"
        name = params[collection.removesuffix("es") if collection == "addresses" else collection.removesuffix("s")]
        return full(_one(cloud, kind, f"projects/{params['project']}/{place}/{collection}/{name}"))

    def list_(params: Document, body: Any) -> Document:
        return {"items": [full(held) for held in _all(cloud, kind) if params.get("region") in (None, held["region"])]}

    return {f"compute.{collection}.get": get, f"compute.{collection}.list": list_}


def _simple(cloud: Cloud) -> dict[str, Answer]:
    """Answer for types of which no argument but the name matters."""

    def policy(kind: str, collection: str, name: str) -> Answer:
        return lambda params, body: {
            "name": _one(
                cloud, kind, f"projects/{params['project']}/regions/{params['region']}/{collection}/{params[name]}"
            )["name"]
        }

    def named(kind: str) -> Answer:
        return lambda params, body: {"name": _one(cloud, kind, params["name"])["id"]}

    certificates, place = "google_certificate_manager", "certificatemanager.projects.locations"
    return {
        "compute.regionSslPolicies.get": policy("google_compute_region_ssl_policy", "sslPolicies", "sslPolicy"),
        "compute.regionSecurityPolicies.get": policy(
            "google_compute_region_security_policy", "securityPolicies", "securityPolicy"
        ),
        "compute.resourcePolicies.get": policy("google_compute_resource_policy", "resourcePolicies", "resourcePolicy"),
        "modelarmor.projects.locations.templates.get": named("google_model_armor_template"),
        f"{place}.certificates.get": named(f"{certificates}_certificate"),
        f"{place}.dnsAuthorizations.get": named(f"{certificates}_dns_authorization"),
    }


def _link(text: str) -> str:
    return COMPUTE + text if text.startswith("projects/") else text


def _network(held: Message) -> Document:
    return {"autoCreateSubnetworks": held["auto_create_subnetworks"], "mtu": held["mtu"]}


def _subnet(held: Message) -> Document:
    ranges = held["secondary_ip_range"] or []
    return {
        "network": _link(held["network"]),
        "ipCidrRange": held["ip_cidr_range"],
        **({"purpose": held["purpose"]} if held["role"] else {}),
        "secondaryIpRanges": [
            {"rangeName": one["range_name"], "ipCidrRange": one["ip_cidr_range"]} for one in ranges
        ],
    }  # fmt: skip


def _address(held: Message) -> Document:
    users = held["users"] or []
    return {
        "addressType": held["address_type"], "subnetwork": _link(held["subnetwork"]), "users": users,
        "status": "IN_USE" if users else "RESERVED",
    }  # fmt: skip


def _firewall(held: Message) -> Document:
    return {"network": _link(held["network"]), "direction": held["direction"]}


def _router(held: Message, cloud: Cloud) -> Document:
    nats = [one["name"] for one in _all(cloud, "google_compute_router_nat") if one["router"] == held["name"]]
    return {"network": _link(held["network"]), "nats": [{"name": name} for name in nats]}


def _cluster_in(cloud: Cloud) -> Callable[[Message], Document]:
    def document(held: Message) -> Document:
        pools = [one for one in _all(cloud, "google_container_node_pool") if one["id"].startswith(held["id"] + "/")]
        [policy] = held["ip_allocation_policy"]
        return {
            "name": held["name"],
            "location": held["location"],
            "selfLink": f"https://container.googleapis.com/v1/{held['id']}",
            "autopilot": {"enabled": bool(held["enable_autopilot"])},
            "networkConfig": {
                "network": held["network"], "subnetwork": held["subnetwork"],
                "datapathProvider": "ADVANCED_DATAPATH" if held["enable_autopilot"] else held["datapath_provider"],
            },
            "ipAllocationPolicy": {
                "clusterSecondaryRangeName": policy["cluster_secondary_range_name"],
                "servicesSecondaryRangeName": policy["services_secondary_range_name"],
            },
            "nodePools": [*_default_pool(held), *(_pool(one) for one in pools)],
        }  # fmt: skip

    return document


def _default_pool(cluster: Message) -> list[Document]:
    """Return the pool that GKE makes with a cluster, where that was not removed."""
    if cluster["remove_default_node_pool"] or not cluster["node_config"]:
        return []
    return [_pool({"name": "default-pool", "node_config": cluster["node_config"], "network_config": []})]


def _pool(held: Message) -> Document:
    [config] = held["node_config"]
    network = (held["network_config"] or [{}])[0]
    shielded = (config["shielded_instance_config"] or [{}])[0]
    return {
        "name": held["name"],
        "config": {
            "machineType": config["machine_type"],
            "serviceAccount": config["service_account"],
            "oauthScopes": config["oauth_scopes"],
            "spot": bool(config["spot"]),
            "accelerators": [
                {"acceleratorType": one["type"], "acceleratorCount": str(one["count"])}
                for one in config["guest_accelerator"]
            ],
            "shieldedInstanceConfig": {"enableSecureBoot": bool(shielded.get("enable_secure_boot"))},
        },
        "networkConfig": {"acceleratorNetworkProfile": network.get("accelerator_network_profile") or ""},
    }


def _membership(held: Message) -> Document:
    [endpoint] = held["endpoint"]
    [cluster] = endpoint["gke_cluster"]
    return {"name": held["id"], "endpoint": {"gkeCluster": {"resourceLink": cluster["resource_link"]}}}


def _feature(held: Message) -> Document:
    spec = held["spec"]
    if not spec:
        return {"name": held["id"]}
    [inner] = spec[0]["multiclusteringress"]
    return {"name": held["id"], "spec": {"multiclusteringress": {"configMembership": inner["config_membership"]}}}


def _account(held: Message) -> Document:
    return {"name": held["name"], "email": held["email"]}


def _labelled(held: Message) -> Document:
    return {"name": held["id"], "displayName": held["display_name"], "userLabels": held["user_labels"] or {}}


def _dashboard(held: Message) -> Document:
    return {"name": held["id"], "displayName": json.loads(held["dashboard_json"])["displayName"]}


def _bucket(held: Message) -> Document:
    return {"name": held["name"], "location": held["location"], "projectNumber": NUMBER}
