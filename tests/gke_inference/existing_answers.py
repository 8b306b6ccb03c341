"""Google's answers for platforms in networks and clusters of others, where all that exists fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from constructs_lib.google_names import GATEWAY_FEATURE
from constructs_lib.google_roles import CONTROLLER_ROLE, HOST_ROLE, NODE_ROLES, SUBNET_ROLE
from platform_config.config import Config
from platform_config.names import Names
from platform_config.network_plan import region_ranges
from tests.gke_inference.google_stand_in import Answer, Fault

COMPUTE = "https://www.googleapis.com/compute/v1/"
GKE_AGENT = "serviceAccount:service-123456@container-engine-robot.iam.gserviceaccount.com"
APIS_AGENT = "serviceAccount:123456@cloudservices.gserviceaccount.com"
CONTROLLER = "serviceAccount:service-123456@gcp-sa-multiclusteringress.iam.gserviceaccount.com"


def by_name(parameter: str, there: dict[str, dict[str, Any]]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Answer with what has the name that *parameter* gives."""

    def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
        if params[parameter] not in there:
            raise Fault(404, f"{params[parameter]} was not found")
        return there[params[parameter]]

    return answer


def subnets(config: Config) -> dict[str, dict[str, Any]]:
    """Return the subnets that exist, by name."""
    names, made = Names(config), dict[str, dict[str, Any]]()
    network = COMPUTE + names.network_path
    for key, region in config.regions.items():
        existing, ranges = region.existing, region_ranges(config, key)
        if existing.subnet:
            pods = {"rangeName": existing.pods_range, "ipCidrRange": str(ranges.pods)}
            services = {"rangeName": existing.services_range, "ipCidrRange": str(ranges.services)}
            made[existing.subnet] = {
                "name": existing.subnet, "network": network, "ipCidrRange": str(ranges.nodes), "purpose": "PRIVATE",
                "privateIpGoogleAccess": True, "secondaryIpRanges": [pods, services],
                "selfLink": COMPUTE + names.node_subnet_path(key),
            }  # fmt: skip
        if existing.proxy_subnet:
            made[existing.proxy_subnet] = {
                "name": existing.proxy_subnet, "network": network, "ipCidrRange": str(ranges.proxy),
                "purpose": config.gateway.gateway_class.proxy_purpose, "role": "ACTIVE",
            }  # fmt: skip
    return made


def node_pool(name: str, machine_type: str, mode: str = "GKE_METADATA", **fields: Any) -> dict[str, Any]:
    """Return a node pool."""
    config = {"machineType": machine_type, "workloadMetadataConfig": {"mode": mode}}
    return {"name": name, "config": config, "networkConfig": {"acceleratorNetworkProfile": "auto"}, **fields}


def cluster(config: Config, key: str) -> dict[str, Any]:
    """Return the cluster that region *key* has, with all that it needs."""
    names, existing = Names(config), config.regions[key].existing
    on = {"enabled": True}
    found: dict[str, Any] = {
        "name": names.cluster(key), "location": names.cluster_location(key), "status": "RUNNING",
        "currentMasterVersion": "1.35.2-gke.100", "secretManagerConfig": on, "network": names.network,
        "networkConfig": {
            "network": names.network_path, "subnetwork": names.node_subnet_path(key),
            "datapathProvider": "ADVANCED_DATAPATH", "gatewayApiConfig": {"channel": "CHANNEL_STANDARD"},
        },
        "ipAllocationPolicy": {"clusterSecondaryRangeName": existing.pods_range},
        "workloadIdentityConfig": {"workloadPool": names.workload_pool},
        "addonsConfig": {"httpLoadBalancing": {}, "gcsFuseCsiDriverConfig": on},
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": "x.gke.goog", "allowExternalTraffic": True}},
        "monitoringConfig": {"managedPrometheusConfig": on},
        "nodePools": [
            node_pool(name, config.pools(key)[pool].machine.machine_type) for pool, name in existing.node_pools.items()
        ],
    }  # fmt: skip
    if existing.membership:
        found["fleet"] = {"membership": f"//gkehub.googleapis.com/{existing.membership}"}
    return found


def member(config: Config, key: str) -> dict[str, Any]:
    """Return the membership that the cluster of region *key* has."""
    link = f"//container.googleapis.com/{Names(config).cluster_path(key)}"
    return {"endpoint": {"gkeCluster": {"resourceLink": link}}}


def routers(config: Config) -> dict[str, dict[str, Any]]:
    """Return the routers that exist, by name."""
    nat = {"name": "nat", "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}
    named = [region.existing.router for region in config.regions.values() if region.existing.router]
    network = COMPUTE + Names(config).network_path
    return {name: {"name": name, "network": network, "nats": [nat]} for name in named}


def addresses(config: Config) -> dict[str, dict[str, Any]]:
    """Return the gateway's addresses that exist, by name."""
    return {
        region.existing.gateway_address: {
            "name": region.existing.gateway_address, "addressType": "INTERNAL", "status": "RESERVED",
            "address": "10.64.0.5", "subnetwork": COMPUTE + Names(config).node_subnet_path(key),
        }
        for key, region in config.regions.items()
        if region.existing.gateway_address
    }  # fmt: skip


def policy(*grants: tuple[str, str]) -> dict[str, Any]:
    """Return a policy that gives each role to its member."""
    return {"bindings": [{"role": role, "members": [to]} for role, to in grants]}


def existing_answers(config: Config) -> dict[str, Answer]:
    """Return the answers about what the config says exists."""
    names, existing = Names(config), config.existing
    clusters = {names.cluster_path(key): cluster(config, key) for key in config.regions if _exists(config, key)}
    members = {names.membership(key): member(config, key) for key in config.regions if _member(config, key)}
    feature = {"spec": {GATEWAY_FEATURE: {"configMembership": names.membership(config.config_region)}}}
    nodes = f"serviceAccount:{existing.node_service_account}"
    grants = [*((role, nodes) for role in NODE_ROLES.values()), (CONTROLLER_ROLE, CONTROLLER), (HOST_ROLE, GKE_AGENT)]
    answers: dict[str, Answer] = {
        "compute.subnetworks.get": by_name("subnetwork", subnets(config)),
        "compute.routers.get": by_name("router", routers(config)),
        "compute.routers.list": {},
        "compute.addresses.get": by_name("address", addresses(config)),
        "compute.projects.getXpnHost": {"name": names.network_project},
        "compute.subnetworks.getIamPolicy": policy((SUBNET_ROLE, GKE_AGENT), (SUBNET_ROLE, APIS_AGENT)),
        "cloudresourcemanager.projects.getIamPolicy": policy(*grants),
        "container.projects.locations.clusters.get": by_name("name", clusters),
        "gkehub.projects.locations.memberships.get": by_name("name", members),
        "storage.buckets.get": {
            "location": "US", "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        },
        "storage.buckets.testIamPermissions": lambda params, body: {"permissions": params["permissions"]},
        "iam.projects.serviceAccounts.get": {"email": existing.node_service_account or ""},
    }  # fmt: skip
    if existing.network:
        answers["compute.networks.get"] = {"name": names.network, "autoCreateSubnetworks": True}
        listed: dict[str, Any] = {}
        for region in config.regions.values():
            mine = (region.existing.subnet, region.existing.proxy_subnet)
            own = listed.setdefault(f"regions/{region.region}", {"subnetworks": []})["subnetworks"]
            own += [subnet for name, subnet in subnets(config).items() if name in mine]
        answers["compute.subnetworks.aggregatedList"] = {"items": listed}
    if existing.fleet_features:
        answers["gkehub.projects.locations.features.get"] = feature
    return answers


def _exists(config: Config, key: str) -> bool:
    return config.regions[key].existing.cluster is not None


def _member(config: Config, key: str) -> bool:
    return config.regions[key].existing.membership is not None
